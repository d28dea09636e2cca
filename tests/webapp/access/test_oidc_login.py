"""Logging in by OpenID Connect, against a provider of our own on loopback."""

import base64
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.audit import Act, AuditLog
from storage.accounts.invitations import Invitations
from tests.webapp.access.oidc_server import CLIENT, SECRET, Claims, Login, login_served, signed
from tests.webapp.access.people import CONSOLE, Town, town
from webapp.account_pages.oidc import COOKIE

pytestmark = pytest.mark.asyncio(loop_scope="module")
CALLBACK = "/login/oidc/callback"


@pytest.fixture(scope="module")
def provider() -> Iterator[Login]:
    with login_served() as found:
        yield found


@pytest.fixture(autouse=True)
def well(provider: Login) -> Iterator[None]:
    yield
    provider.well()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(provider: Login, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    oidc = provider.provider(newcomers=Role.VIEWER)
    async with town(Path(tmp_path_factory.mktemp("oidc")), oidc=oidc) as found:
        yield found


async def away(browser: httpx.AsyncClient, path: str = "/login/oidc") -> str:
    """Go to the provider, log in there, and give the path at which it sends the browser back."""
    sent = await browser.get(path)
    assert sent.status_code == 303, sent.text
    async with httpx.AsyncClient() as there:
        back = await there.get(sent.headers["location"])
    goal = urlsplit(back.headers["location"])
    assert f"{goal.scheme}://{goal.netloc}{goal.path}" == f"http://127.0.0.1{CALLBACK}"
    return f"{goal.path}?{goal.query}"


async def entered(browser: httpx.AsyncClient, path: str = "/login/oidc") -> httpx.Response:
    return await browser.get(await away(browser, path))


async def me(browser: httpx.AsyncClient) -> Any:
    return (await browser.get("/api/v1/me")).json()


async def refused(browser: httpx.AsyncClient, reply: httpx.Response, status: int = 401) -> None:
    assert reply.status_code == status, reply.text
    assert 'role="alert"' in reply.text
    assert "podium-session" not in browser.cookies
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_the_login_page_offers_the_provider_and_a_good_login_goes_on_where_one_wanted_to(
    place: Town, provider: Login
) -> None:
    provider.person = {"sub": "nell", "preferred_username": "nell"}
    async with place.client() as browser:
        page = await browser.get("/login?next=/runs?page=2")
        assert f"Log in with {urlsplit(provider.url).netloc}" in page.text
        assert 'href="login/oidc?next=/runs%3Fpage%3D2"' in page.text
        sent = await browser.get("/login/oidc?next=/runs%3Fpage%3D2")
        cookie = sent.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=lax", "Max-Age=600", "Path=/login/oidc"):
            assert part in cookie
        reply = await entered(browser, "/login/oidc?next=/runs%3Fpage%3D2")
        assert (reply.status_code, reply.headers["location"]) == (303, "/runs?page=2")
        assert COOKIE not in browser.cookies
        assert await me(browser) == {"name": "nell", "role": "viewer", "single": False, "scopes": None}
        assert (await browser.get("/login/oidc?next=/tune")).headers["location"] == "/tune"
    acts = [one.act for one in AuditLog(place.services.store).entries(3)]
    assert acts == [Act.LOGGED_IN, Act.IDENTITY_LINKED, Act.ACCOUNT_ADDED]


async def test_over_https_the_cookie_is_secure(place: Town) -> None:
    async with place.client() as browser:
        sent = await browser.get("https://127.0.0.1/login/oidc")
        assert "Secure" in sent.headers["set-cookie"]
        asked = parse_qs(urlsplit(sent.headers["location"]).query)
        assert asked["redirect_uri"] == [f"https://127.0.0.1{CALLBACK}"]


async def test_a_second_login_enters_the_same_account_whatever_the_provider_calls_it_now(
    place: Town, provider: Login
) -> None:
    provider.person = {"sub": "sam", "preferred_username": "sam"}
    async with place.client() as browser:
        await entered(browser)
    provider.person = {"sub": "sam", "preferred_username": "ada"}
    async with place.client() as browser:
        await entered(browser)
        assert (await me(browser))["name"] == "sam"


@pytest.mark.parametrize("spelled", ["ada", "ADA", " \uff41\uff44\uff41 "])
async def test_the_name_or_e_mail_of_somebody_gives_nobody_that_account(
    place: Town, provider: Login, spelled: str
) -> None:
    email = {"email": "ada@example.org", "email_verified": True, "name": "ada"}
    provider.person = {"sub": f"not ada but {spelled}", "preferred_username": spelled, **email}
    async with place.client() as browser:
        await entered(browser)
        found = await me(browser)
    assert found["role"] == "viewer"
    assert found["name"] != "ada"
    assert found["name"].startswith(spelled.strip())


@pytest.mark.parametrize("called", [{"preferred_username": "local"}, {"preferred_username": "\u200b"}, {"name": 7}, {}])
async def test_what_cannot_be_a_name_becomes_none(place: Town, provider: Login, called: Claims) -> None:
    provider.person = {"sub": f"strange {called}", **called}
    async with place.client() as browser:
        await entered(browser)
        assert (await me(browser))["name"].startswith("member")


def written(header: Claims, claims: Claims) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    return ".".join(parts)


def none(claims: Claims, _: RSAKey) -> str:
    return f"{written({'alg': 'none', 'kid': 'first'}, claims)}."


def with_the_public_key(claims: Claims, key: RSAKey) -> str:
    body = written({"alg": "HS256", "kid": "first"}, claims)
    seal = hmac.new(key.as_pem(private=False), body.encode(), "sha256").digest()
    return f"{body}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"


def with_the_secret(claims: Claims, _: RSAKey) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET * 2))


def with_another_key(claims: Claims, _: RSAKey) -> str:
    return signed(claims, RSAKey.generate_key())


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("make", [none, with_the_public_key, with_the_secret, with_another_key])
async def test_a_token_that_the_provider_has_not_signed_proves_nothing(place: Town, provider: Login, make: Any) -> None:
    provider.make = make
    async with place.client() as browser:
        await refused(browser, await entered(browser))


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another journey"}, {"nonce": None}, {"aud": "somebody else"}, {"aud": None},
        {"aud": [CLIENT, "somebody else"]}, {"aud": [CLIENT, "somebody else"], "azp": "somebody else"},
        {"exp": int(time.time()) - 120}, {"exp": None}, {"iat": int(time.time()) + 3600},
        {"iss": "https://elsewhere.example.org"}, {"iss": None}, {"sub": None}, {"sub": 7}, {"sub": ["1"]},
    ],
)  # fmt: skip
async def test_a_token_for_others_of_others_or_of_yesterday_proves_nothing(
    place: Town, provider: Login, claims: Claims
) -> None:
    provider.make = lambda usual, key: signed({k: v for k, v in (usual | claims).items() if v is not None}, key)
    async with place.client() as browser:
        await refused(browser, await entered(browser))


async def test_a_key_that_the_provider_has_changed_is_asked_for_again(place: Town, provider: Login) -> None:
    async with place.client() as browser:
        await entered(browser)
    provider.key = RSAKey.generate_key()
    provider.well()
    client = place.app.state.oidc
    client._keys = (client._keys[0] - 60, client._keys[1])
    async with place.client() as browser:
        assert (await entered(browser)).status_code == 303


@pytest.mark.parametrize("change", ["state=wrong&code=c", "code=c", "state=%C3%A9&code=c", ""])
async def test_whoever_comes_back_with_another_state_has_to_begin_again(place: Town, change: str) -> None:
    async with place.client() as browser:
        back = await away(browser)
        await refused(browser, await browser.get(f"{CALLBACK}?{change}"), 400)
        await refused(browser, await browser.get(back), 400)


async def test_another_browser_cannot_come_back_in_ones_place(place: Town) -> None:
    async with place.client() as browser, place.client() as other:
        back = await away(browser)
        await refused(other, await other.get(back), 400)
        await away(other)
        await refused(other, await other.get(back), 400)


async def test_a_return_is_good_once_even_where_the_provider_takes_its_code_again(place: Town, provider: Login) -> None:
    provider.once = False
    async with place.client() as browser, place.client() as other:
        back = await away(browser)
        kept = browser.cookies[COOKIE]
        assert (await browser.get(back)).status_code == 303
        await refused(other, await other.get(back, headers={"Cookie": f"{COOKIE}={kept}"}), 400)


async def test_a_code_that_was_exchanged_before_opens_nothing_on_another_way_back(
    place: Town, provider: Login, caplog: pytest.LogCaptureFixture
) -> None:
    async with place.client() as browser, place.client() as thief:
        used = httpx.URL(await away(browser))
        assert (await browser.get(str(used))).status_code == 303
        back = httpx.URL(await away(thief))
        await refused(thief, await thief.get(str(back.copy_set_param("code", used.params["code"]))))
    assert "does not take the code: status 400" in caplog.text


async def test_a_cookie_that_somebody_wrote_or_kept_too_long_leads_nowhere(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place.client() as browser:
        back = await away(browser)
        body, _, seal = browser.cookies[COOKIE].partition(".")
        forged = json.loads(base64.urlsafe_b64decode(body)) | {"goal": "https://evil.example.org"}
        wrong = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
        browser.cookies.clear()
        for value in (f"{wrong}.{seal}", f"{body}.", body, "", "\u00e9".encode().hex()):
            await refused(browser, await browser.get(back, headers={"Cookie": f"{COOKIE}={value}"}), 400)
        later_s = time.time() + 601
        monkeypatch.setattr("webapp.account_pages.oidc.time.time", lambda: later_s)
        await refused(browser, await browser.get(back, headers={"Cookie": f"{COOKIE}={body}.{seal}"}), 400)


@pytest.mark.parametrize(
    "goal", ["https://evil.example.org", "//evil.example.org", "/\\evil.example.org", "%2F%2Fevil"]
)
async def test_the_login_leads_to_no_other_site(place: Town, provider: Login, goal: str) -> None:
    provider.person = {"sub": "redirected"}
    async with place.client() as browser:
        sent = await browser.get("/login/oidc", params={"next": goal})
        assert urlsplit(sent.headers["location"]).netloc == urlsplit(provider.url).netloc
        async with httpx.AsyncClient() as there:
            back = urlsplit((await there.get(sent.headers["location"])).headers["location"])
        assert (await browser.get(f"{back.path}?{back.query}")).headers["location"] == "/"


async def test_a_code_of_another_issuer_is_not_exchanged(place: Town, provider: Login) -> None:
    async with place.client() as browser:
        back = await away(browser)
        asked = len(provider.asked)
        elsewhere = httpx.URL(back).copy_set_param("iss", "https://elsewhere.example.org")
        await refused(browser, await browser.get(str(elsewhere)))
    assert len(provider.asked) == asked


async def test_whoever_does_not_finish_there_is_told_so(place: Town) -> None:
    async with place.client() as browser:
        back = httpx.URL(await away(browser))
        told = await browser.get(f"{CALLBACK}?error=access_denied&state={back.params['state']}")
        await refused(browser, told)
        assert "not logged in there" in told.text


async def test_a_disabled_account_stays_out_and_the_log_says_so(place: Town, provider: Login) -> None:
    provider.person = {"sub": "dora", "preferred_username": "dora"}
    async with place.client() as browser:
        await entered(browser)
    accounts = Accounts(place.services.store)
    dora = next(one for one in accounts.all() if one.name == "dora")
    await accounts.disable(dora.id, CONSOLE)
    async with place.client() as browser:
        await refused(browser, await entered(browser), 403)
    entry = AuditLog(place.services.store).entries(1)[0]
    assert (entry.actor, entry.act, entry.detail) == ("dora", Act.LOGIN_REFUSED, "the account is disabled")


async def test_a_provider_that_is_away_or_another_one_is_told_in_plain_words(
    place: Town, provider: Login, caplog: pytest.LogCaptureFixture
) -> None:
    client = place.app.state.oidc
    known, client._metadata = client._metadata, None
    provider.issuer = "https://elsewhere.example.org"
    async with place.client() as browser:
        told = await browser.get("/login/oidc")
        assert told.status_code == 502
        assert "does not answer as it should" in told.text
    assert "otherwise than PODIUM_OIDC_ISSUER" in caplog.text
    client._metadata = known


async def test_nothing_secret_is_in_the_logs(place: Town, provider: Login, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "webapp")
    made: list[str] = []

    def kept(claims: Claims, key: RSAKey) -> str:
        made.append(signed(claims | {"nonce": "wrong"}, key))
        return made[-1]

    provider.make = kept
    async with place.client() as browser:
        back = httpx.URL(await away(browser))
        cookie = browser.cookies[COOKIE]
        await browser.get(str(back))
    assert "InvalidClaimError (nonce)" in caplog.text
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("webapp"))
    for secret in (SECRET, cookie, back.params["code"], back.params["state"], made[0], "opaque"):
        assert secret not in ours
    assert SECRET not in repr(place.services.settings)


async def test_without_leave_for_newcomers_an_invitation_is_needed_and_one_is_enough(
    tmp_path: Path, provider: Login
) -> None:
    provider.person = {"sub": "iris", "preferred_username": "ada"}
    async with town(tmp_path / "data", oidc=provider.provider()) as place, place.client() as browser:
        await refused(browser, await entered(browser), 403)
        secret, _ = await Invitations(place.services.store).make(Role.ANNOTATOR, CONSOLE)
        page = await browser.get(f"/invitation/{secret}")
        assert f'href="{secret}/oidc"' in page.text
        assert (await entered(browser, f"/invitation/{secret}/oidc")).status_code == 303
        assert await me(browser) == {"name": "ada 2", "role": "annotator", "single": False, "scopes": None}
        async with place.client() as other:
            assert (await other.get(f"/invitation/{secret}/oidc")).status_code == 404


async def test_without_a_provider_there_is_no_such_login(people: Town) -> None:
    async with people.client() as browser:
        assert "login/oidc" not in (await browser.get("/login")).text
        for path in ("/login/oidc", f"{CALLBACK}?code=c&state=s"):
            assert (await browser.get(path)).status_code == 404
