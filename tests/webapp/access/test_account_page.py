"""The page of one's account, and what admins see of spending."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.audit import Act, AuditLog
from storage.accounts.oidc import Identities, Identity
from storage.accounts.sessions import Sessions
from storage.accounts.tokens import SCOPES
from storage.spending.rules import Limit, Period, Scope
from tests.webapp.access.people import CONSOLE, PASSWORD, Town, town
from webapp.access.people import COOKIE
from webapp.pages.words import account as words
from webapp.spending import Spending

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(Path(tmp_path_factory.mktemp("account"))) as found:
        yield found


async def test_somebody_forgets_him_or_herself_with_name_and_password(place: Town) -> None:
    name = await place.newcomer(Role.ANNOTATOR)
    async with await place.session(name) as browser:
        page = await browser.get("/account")
        assert 'href="api/v1/me/data"' in page.text
        for form, status in (
            ({"name": "somebody else", "password": PASSWORD}, 422),
            ({"name": name, "password": "wrong"}, 403),
            ({"name": name}, 403),
        ):
            told = await browser.post("/account/forget", data=form)
            assert (told.status_code, "Nothing was done" in told.text) == (status, True)
        done = await browser.post("/account/forget", data={"name": name, "password": PASSWORD, "rankings": "yes"})
        assert (done.status_code, done.headers["location"]) == (303, "/login?forgotten=1")
        assert COOKIE not in browser.cookies
        assert "You are forgotten" in (await browser.get("/login?forgotten=1")).text
    assert name not in [one.name for one in Accounts(place.services.store).all()]


async def test_the_last_admin_is_told_why_he_or_she_cannot_go(place: Town) -> None:
    async with await place.session("ada") as browser:
        told = await browser.post("/account/forget", data={"name": "ada", "password": PASSWORD})
    assert told.status_code == 409
    assert "admin" in told.text
    assert "ada" in [one.name for one in Accounts(place.services.store).all()]


async def test_whoever_has_no_password_here_is_asked_for_none(place: Town) -> None:
    store = place.services.store
    nell = await Identities(store).welcome(Identity("https://id.example.org", "1"), "nell", Role.VIEWER)
    secret, _ = await Sessions(store).begin(nell, None, None)
    async with place.client() as browser:
        browser.cookies.set(COOKIE, secret, domain="127.0.0.1")
        page = await browser.get("/account")
        assert 'type="password"' not in page.text
        assert (await browser.post("/account/forget", data={"name": "nell"})).status_code == 303
    assert Identities(store).of(Identity("https://id.example.org", "1")) is None


async def test_an_admin_stops_every_run_on_the_page_and_sees_the_limits(place: Town) -> None:
    spending = Spending(place.services.store)
    await spending.set_limit(Limit(Scope.USER, Period.DAY, Decimal(5), "ann"), CONSOLE)
    async with await place.session("ada") as admin, await place.session("art") as author:
        page = (await admin.get("/accounts")).text
        assert "$5 a day for user ann" in page
        assert "the kill switch is off" in page
        assert (await admin.post("/accounts/kill-switch", data={"on": "yes", "reason": " "})).status_code == 422
        assert spending.switch() is None
        assert (await author.post("/accounts/kill-switch", data={"on": "yes", "reason": "no"})).status_code == 403
        stopped = await admin.post("/accounts/kill-switch", data={"on": "yes", "reason": "a <b>bill"})
        assert stopped.status_code == 303
        page = (await admin.get("/accounts")).text
        assert "a &lt;b&gt;bill" in page
        assert "$5" not in (await author.get("/accounts")).text
        refused = await author.post("/api/v1/runs", json={"query": "q", "alternatives": 1, "seed": 1})
        assert refused.status_code == 409
        assert (await admin.post("/accounts/kill-switch", data={"on": "no"})).status_code == 303
    assert spending.switch() is None
    acts = [one.act for one in AuditLog(place.services.store).entries(2)]
    assert acts == [Act.KILL_SWITCH_OFF, Act.KILL_SWITCH_ON]


async def test_there_are_words_for_every_role_and_every_scope() -> None:
    assert set(words.ROLES) == set(Role)
    assert set(words.SCOPES) == SCOPES
