"""Who gets in where, asked from outside."""

import asyncio
import re
import time

import httpx
import pytest

from storage.accounts.account import Role
from storage.accounts.sessions import Sessions
from tests.webapp.access.people import CONSOLE, PASSWORD, Town, ran, streaming
from webapp.access.people import COOKIE

pytestmark = pytest.mark.asyncio(loop_scope="module")


def form(**fields: str) -> dict[str, str]:
    return {"name": "ann", "password": PASSWORD, **fields}


async def test_a_stranger_is_led_to_the_login_and_back(people: Town) -> None:
    async with people.client() as stranger:
        led = await stranger.get("/account?x=1")
        assert (led.status_code, led.headers["location"]) == (303, "/login?next=%2Faccount%3Fx%3D1")
        page = await stranger.get(led.headers["location"])
        assert 'name="next" value="/account?x=1"' in page.text
        entered = await stranger.post("/login", data=form(next="/account?x=1"))
        assert (entered.status_code, entered.headers["location"]) == (303, "/account?x=1")
        assert (await stranger.get("/api/v1/me")).json() == {
            "name": "ann", "role": "annotator", "single": False, "scopes": None,
        }  # fmt: skip


async def test_a_stranger_gets_a_problem_document_from_the_http_interface(people: Town) -> None:
    async with people.client() as stranger:
        told = await stranger.get("/api/v1/studies")
    assert told.status_code == 401
    assert told.headers["www-authenticate"] == "Bearer"
    assert told.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "goal",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/%5cevil.example", "/%2f/evil.example", "\t//evil",
     "/%09/evil", "javascript:alert(1)", "/%255cevil", "evil", "", "/a\\b", "/\r\nX: y"],
)  # fmt: skip
async def test_nobody_is_sent_elsewhere_by_a_login(people: Town, goal: str) -> None:
    async with people.client() as stranger:
        entered = await stranger.post("/login", data=form(next=goal))
    assert (entered.status_code, entered.headers["location"]) == (303, "/")


async def test_the_cookie_is_for_this_server_alone_and_secure_behind_tls(people: Town) -> None:
    async with people.client() as stranger:
        plain = (await stranger.post("/login", data=form())).headers["set-cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Path=/;" in plain
    assert "Secure" not in plain
    transport = httpx.ASGITransport(people.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1") as stranger:
        assert "Secure" in (await stranger.post("/login", data=form())).headers["set-cookie"]


async def test_a_login_gives_a_new_session_and_ends_the_one_before(people: Town) -> None:
    async with await people.session("ann") as browser:
        before = browser.cookies[COOKIE]
        await browser.post("/login", data=form())
        after = browser.cookies[COOKIE]
        assert before != after
    async with people.client({"Cookie": f"{COOKIE}={before}"}) as thief:
        assert (await thief.get("/api/v1/me")).status_code == 401


async def test_a_session_that_somebody_made_up_opens_nothing_and_is_not_taken_over(people: Town) -> None:
    async with people.client({"Cookie": f"{COOKIE}=chosen-by-an-attacker"}) as victim:
        entered = await victim.post("/login", data=form())
        assert "chosen-by-an-attacker" not in entered.headers["set-cookie"]
    async with people.client({"Cookie": f"{COOKIE}=chosen-by-an-attacker"}) as attacker:
        assert (await attacker.get("/api/v1/me")).status_code == 401


async def test_logging_out_is_felt_at_once(people: Town) -> None:
    async with await people.session("ann") as browser, people.client(dict(cookie_of(browser))) as copy:
        assert (await copy.get("/api/v1/me")).status_code == 200
        left = await browser.post("/logout")
        assert (left.status_code, left.headers["location"]) == (303, "/login")
        assert (await copy.get("/api/v1/me")).status_code == 401


async def test_logging_out_everywhere_ends_every_session(people: Town) -> None:
    name = await people.newcomer(Role.ANNOTATOR)
    async with await people.session(name) as here, await people.session(name) as elsewhere:
        assert (await elsewhere.get("/api/v1/me")).status_code == 200
        await here.post("/logout-everywhere")
        assert (await elsewhere.get("/api/v1/me")).status_code == 401


async def test_a_new_password_ends_all_other_sessions_and_changes_this_ones_secret(people: Town) -> None:
    name = await people.newcomer(Role.ANNOTATOR)
    async with await people.session(name) as here, await people.session(name) as elsewhere:
        before = here.cookies[COOKIE]
        wrong = await here.post("/account/password", data={"old": "no", "password": "x" * 12, "again": "x" * 12})
        assert wrong.status_code == 422
        said = {"old": PASSWORD, "password": "another battery 7", "again": "another battery 7"}
        assert (await here.post("/account/password", data=said)).status_code == 200
        assert here.cookies[COOKIE] != before
        assert (await here.get("/api/v1/me")).status_code == 200
        assert (await elsewhere.get("/api/v1/me")).status_code == 401
    async with people.client() as stranger:
        assert (await stranger.post("/login", data=form(name=name))).status_code == 401
        assert (await stranger.post("/login", data=form(name=name, password="another battery 7"))).status_code == 303


async def test_other_spellings_of_a_name_do_not_evade_the_throttle(people: Town) -> None:
    number = (await people.newcomer(Role.ANNOTATOR)).removeprefix("annotator ")
    spellings = [
        f"{name} {number}" for name in ("annotator", "ANNOTATOR", "\uff41nnotator", " annotator", "Annotator ")
    ]
    codes = []
    for place, name in enumerate((*spellings, f"aNNotator  {number}")):
        async with people.client(address=f"203.0.113.{place}") as stranger:
            codes.append((await stranger.post("/login", data=form(name=name, password="wrong"))).status_code)
    assert codes == [401, 401, 401, 401, 401, 429]


async def test_one_address_cannot_try_one_name_after_the_other(people: Town) -> None:
    async with people.client() as stranger:
        codes = [
            (await stranger.post("/login", data=form(name=f"name {number}", password="wrong"))).status_code
            for number in range(22)
        ]
        assert codes.count(429) == 2
        assert "Retry-After" in (await stranger.post("/login", data=form(name="yet another"))).headers


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(people: Town) -> None:
    async with people.client() as stranger:
        wrong = await stranger.post("/login", data=form(name=await people.newcomer(Role.VIEWER), password="wrong"))
        unknown = await stranger.post("/login", data=form(name="nobody", password="wrong"))
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert re.sub('value="[^"]*"', "", wrong.text) == re.sub('value="[^"]*"', "", unknown.text)


async def test_another_sites_page_cannot_log_anybody_in(people: Town) -> None:
    async with people.client({"Origin": "https://evil.example"}) as stranger:
        assert (await stranger.post("/login", data=form())).status_code == 403


async def test_metrics_are_for_admins_tokens_and_programs_on_this_machine(people: Town) -> None:
    async with people.client() as stranger, people.client(address="127.0.0.1") as local:
        assert (await stranger.get("/metrics")).status_code == 401
        assert (await local.get("/metrics")).status_code == 200
        through = {"X-Forwarded-For": "127.0.0.1"}
        assert (await local.get("/metrics", headers=through)).status_code == 401
    async with await people.token("ada", "metrics") as scraper, await people.session("vic") as viewer:
        assert (await scraper.get("/metrics")).status_code == 200
        assert (await viewer.get("/metrics")).status_code == 403


async def test_readiness_tells_strangers_no_detail(people: Town) -> None:
    async with people.client() as stranger, await people.session("vic") as viewer:
        assert (await stranger.get("/readyz")).json() == {"status": "ready"}
        assert (await viewer.get("/readyz")).json()["pool"] == "rehearsal"
        assert (await stranger.get("/healthz")).status_code == 200


async def test_websockets_are_refused(people: Town) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/ui/gradio_api/queue/data", "headers": [], "query_string": b""}
    await people.app(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_a_page_that_a_role_does_not_open_says_so_and_where_to_go(people: Town) -> None:
    async with await people.session("ann") as annotator:
        told = await annotator.get("/accounts")
        assert told.status_code == 403
        assert "author or admin" in told.text
        assert 'href="rank"' in told.text


async def test_an_event_stream_ends_soon_after_its_session(people: Town) -> None:
    services = people.services
    async with await people.session("art") as author:
        run = await ran(author, alternatives=2)
        ballot = await author.get(f"/api/v1/runs/{run}/ballot")
        assert ballot.status_code == 200
        audience = (await author.post("/api/v1/audiences", json={"run": run, "minutes": 5})).json()["id"]
    secret, session = await Sessions(services.store).begin(people.accounts["vic"], None, None)
    stream, sent = await streaming(people, f"/api/v1/audiences/{audience}/events", secret)
    await Sessions(services.store).end(session.id, CONSOLE)
    since = time.monotonic()
    await asyncio.wait_for(stream, 5)
    assert time.monotonic() - since < 3
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


def cookie_of(browser: httpx.AsyncClient) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}


async def test_a_database_that_cannot_be_asked_lets_nobody_in(people: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage.errors import StoreError  # noqa: PLC0415

    def broken(self: Sessions, secret: str) -> None:
        raise StoreError("the disk is gone")

    async with await people.session("ada") as admin:
        monkeypatch.setattr(Sessions, "of", broken)
        assert (await admin.get("/api/v1/accounts")).status_code == 503
        assert (await admin.get("/healthz")).status_code == 200
