"""Logging in and out where something is odd: cookies of other apps, a new password meanwhile, a full disk."""

from typing import Any

import httpx
import pytest

from storage.accounts import passwords
from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.audit import Act, AuditLog, Entry
from storage.accounts.invitations import Invitations
from storage.accounts.sessions import Sessions
from storage.accounts.throttle import OF_NAME
from storage.errors import StoreFull
from tests.webapp.access.people import CONSOLE, PASSWORD, Town
from webapp.access.people import COOKIE

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLACE = "/srv/secret/podium.db"


def form(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"name": name, "password": password}


async def full(*_: Any, **__: Any) -> None:
    raise StoreFull(f"{PLACE}: the disk is full")


def newest(people: Town, most: int = 1) -> tuple[Entry, ...]:
    return AuditLog(people.services.store).entries(most)


async def status(browser: httpx.AsyncClient) -> int:
    return (await browser.get("/api/v1/me")).status_code


@pytest.mark.parametrize(
    "others",
    ['prefs={"theme":"dark"}', "a b=c", "x[0]=1", "caf\u00e9=cr\u00e8me", "bare", "=empty", "a=b=c", ";;"],
)  # fmt: skip
async def test_cookies_of_other_apps_on_the_same_host_do_not_hide_ones_session(people: Town, others: str) -> None:
    secret = await people.secret("ann")
    for cookies in (f"{others}; {COOKIE}={secret}", f"{COOKIE}={secret}; {others}"):
        async with people.client() as browser:
            sent = await browser.get("/api/v1/me", headers=[(b"cookie", cookies.encode("utf-8"))])
        assert sent.status_code == 200, cookies


async def test_a_session_is_found_in_the_second_of_two_cookie_headers(people: Town) -> None:
    async with people.client() as browser:
        headers = [("cookie", "a=b"), ("cookie", f"{COOKIE}={await people.secret('ann')}")]
        assert (await browser.get("/api/v1/me", headers=headers)).status_code == 200


def changes_meanwhile(people: Town, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the password becomes another one just after it was found to be right."""
    fits = passwords.fits

    async def slowly(text: str, hashed: str | None) -> bool:
        found = await fits(text, hashed)
        await Accounts(people.services.store).set_password(people.accounts[name].id, "taken back for good", CONSOLE)
        return found

    monkeypatch.setattr(passwords, "fits", slowly)


async def test_a_login_in_flight_does_not_outlive_a_new_password(people: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    name = await people.newcomer(Role.VIEWER)
    changes_meanwhile(people, name, monkeypatch)
    async with people.client() as thief:
        assert (await thief.post("/login", data=form(name))).status_code == 401
        assert COOKIE not in thief.cookies
    assert Sessions(people.services.store).list(people.accounts[name].id) == ()
    assert newest(people)[0].act == Act.LOGIN_REFUSED


async def test_whoever_has_an_old_password_does_not_change_the_new_one(
    people: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await people.newcomer(Role.VIEWER)
    async with await people.session(name) as thief:
        changes_meanwhile(people, name, monkeypatch)
        said = {"old": PASSWORD, "password": "mine from now on", "again": "mine from now on"}
        assert (await thief.post("/account/password", data=said)).status_code == 422
        monkeypatch.undo()
        people.forget()
        assert await status(thief) == 401
    assert await Accounts(people.services.store).entered(name, "taken back for good") is not None


async def test_an_invitation_that_cannot_be_kept_says_so_and_not_where_the_database_is(
    people: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, _ = await Invitations(people.services.store).make(Role.VIEWER, CONSOLE)
    monkeypatch.setattr(Invitations, "accept", full)
    async with people.client() as stranger:
        said = {"name": "new", "password": PASSWORD, "again": PASSWORD}
        told = await stranger.post(f"/invitation/{secret}", data=said)
    assert told.status_code == 503
    assert PLACE not in told.text


async def test_a_full_disk_is_not_the_fault_of_the_form(people: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = people.accounts["ann"].id
    new = {"old": PASSWORD, "password": "another battery 7", "again": "another battery 7"}
    for name in ("set_role", "disable", "set_password"):
        monkeypatch.setattr(Accounts, name, full)
    monkeypatch.setattr(Invitations, "make", full)
    async with await people.session("ada") as admin:
        for path, data in (
            (f"/accounts/{ann}/role", {"role": "author"}),
            (f"/accounts/{ann}/disabled", {"disabled": "yes"}),
            ("/accounts/invitations", {"role": "viewer", "days": "7"}),
            ("/account/password", new),
        ):
            assert (await admin.post(path, data=data)).status_code == 503, path


async def test_the_log_is_read_on_from_no_number_that_a_database_cannot_hold(people: Town) -> None:
    async with await people.session("ada") as admin:
        assert (await admin.get(f"/accounts?before={2**63 - 1}")).status_code == 200
        assert (await admin.get(f"/accounts?before={2**63}")).status_code == 422


@pytest.mark.parametrize("path", ["/logout", "/logout-everywhere"])
async def test_the_browser_forgets_its_session_also_where_the_database_cannot_be_told(
    people: Town, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await people.session("vic") as browser:
        monkeypatch.setattr(Sessions, "end", full)
        monkeypatch.setattr(Sessions, "end_all", full)
        left = await browser.post(path)
        assert (left.status_code, left.headers["location"]) == (303, "/login?unended=1")
        assert COOKIE not in browser.cookies
        assert "could not be told" in (await browser.get(left.headers["location"])).text


async def test_a_token_beside_a_login_or_an_invitation_is_left_alone(people: Town) -> None:
    secret, _ = await Invitations(people.services.store).make(Role.VIEWER, CONSOLE)
    async with await people.token("ann", "read") as both:
        assert (await both.post("/login", data=form("vic"))).status_code == 303
        assert COOKIE in both.cookies
        said = {"name": "token bearer", "password": PASSWORD, "again": PASSWORD}
        assert (await both.post(f"/invitation/{secret}", data=said)).status_code == 303
        assert await status(both) == 200


async def test_whoever_accepted_an_invitation_is_known_where_that_was(people: Town) -> None:
    secret, _ = await Invitations(people.services.store).make(Role.VIEWER, CONSOLE)
    async with people.client(address="10.9.9.1") as new, people.client(address="10.9.9.2") as guesser:
        said = {"name": "newly known", "password": PASSWORD, "again": PASSWORD}
        assert (await new.post(f"/invitation/{secret}", data=said)).status_code == 303
        codes = [(await guesser.post("/login", data=form("newly known", "guess"))).status_code for _ in range(6)]
        assert codes == [401] * OF_NAME + [429]
        assert (await new.post("/login", data=form("newly known"))).status_code == 303


async def test_every_wrong_password_is_in_the_log_and_so_is_the_beginning_of_a_wait(people: Town) -> None:
    name = await people.newcomer(Role.VIEWER)
    async with people.client() as guesser:
        codes = [(await guesser.post("/login", data=form(name, "guess"))).status_code for _ in range(OF_NAME + 2)]
    assert codes == [401] * OF_NAME + [429] * 2
    told = newest(people, OF_NAME + 1)
    assert [one.act for one in told[:-1]] == [Act.LOGIN_REFUSED] * OF_NAME
    assert [one.detail for one in told[:-1]] == ["has to wait from now on", *[None] * (OF_NAME - 1)]
    assert told[-1].act == Act.ACCOUNT_ADDED


async def test_a_wrong_password_of_somebody_who_is_in_is_in_the_log(people: Town) -> None:
    name = await people.newcomer(Role.VIEWER)
    async with await people.session(name) as browser:
        said = {"old": "wrong", "password": "another battery 7", "again": "another battery 7"}
        assert (await browser.post("/account/password", data=said)).status_code == 422
        forget = {"name": name, "password": "wrong", "dry_run": True}
        assert (await browser.post("/api/v1/me/forget", json=forget)).status_code == 403
    assert [(one.actor, one.act, one.detail) for one in newest(people, 2)] == [
        (name, Act.WRONG_PASSWORD, "to forget"),
        (name, Act.WRONG_PASSWORD, "to change it"),
    ]
