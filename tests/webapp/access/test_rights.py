"""What an account may do follows its role of now, and a token its scopes as well; the log tells who did what."""

import pytest

from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from tests.webapp.access.people import CONSOLE, Town, ran

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_disabled_account_and_its_tokens_open_nothing_any_more(people: Town) -> None:
    accounts, name = Accounts(people.services.store), await people.newcomer(Role.AUTHOR)
    async with await people.session(name) as browser, await people.token(name, "read") as program:
        assert (await browser.get("/api/v1/profiles")).status_code == 200
        assert (await program.get("/api/v1/profiles")).status_code == 200
        await accounts.disable(people.accounts[name].id, CONSOLE)
        people.forget()
        assert (await browser.get("/api/v1/profiles")).status_code == 401
        assert (await program.get("/api/v1/profiles")).status_code == 401


async def test_a_token_does_what_its_scopes_and_the_role_of_now_both_allow(people: Town) -> None:
    asked, name = {"query": "What is 2 + 2?"}, await people.newcomer(Role.AUTHOR)
    async with await people.token(name, "read") as reader, await people.token(name, "run") as runner:
        refused = await reader.post("/api/v1/runs", json=asked)
        assert refused.status_code == 403
        assert "'run'" in refused.json()["detail"]
        assert (await runner.post("/api/v1/runs", json=asked)).status_code == 201
        assert (await runner.get("/api/v1/profiles")).status_code == 403
        assert (await reader.get("/account")).status_code == 403
        await Accounts(people.services.store).set_role(people.accounts[name].id, Role.VIEWER, CONSOLE)
        people.forget()
        demoted = await runner.post("/api/v1/runs", json=asked)
        assert demoted.status_code == 403
        assert "author or admin" in demoted.json()["detail"]


async def test_the_role_of_an_account_changes_at_once_for_its_sessions(people: Town) -> None:
    name = await people.newcomer(Role.VIEWER)
    async with await people.session(name) as browser, await people.session("ada") as admin:
        assert (await browser.post("/api/v1/profiles/restored", json={})).status_code == 403
        made = await admin.post(f"/api/v1/accounts/{people.accounts[name].id}/role", json={"role": "author"})
        assert made.status_code == 200
        assert (await browser.post("/api/v1/profiles/restored", json={})).status_code == 422


async def test_the_last_admin_stays_one(people: Town) -> None:
    async with await people.session("ada") as admin:
        path = f"/api/v1/accounts/{people.accounts['ada'].id}"
        assert (await admin.post(f"{path}/role", json={"role": "viewer"})).status_code == 409
        assert (await admin.post(f"{path}/disable")).status_code == 409


async def test_the_log_tells_who_did_what(people: Town) -> None:
    async with await people.session("art") as author, await people.session("ada") as admin:
        assert (await author.get("/api/v1/export/rankings")).status_code == 200
        run = await ran(author)
        made = await author.post("/api/v1/studies", json={"name": "Audited", "runs": [run], "alternatives": 3})
        await author.post(f"/api/v1/studies/{made.json()['id']}/close")
        entries = (await admin.get("/api/v1/audit", params={"actor": "art", "limit": 3})).json()["entries"]
    told = [(one["act"], one["subject"] if one["act"] == "exported" else one["detail"]) for one in entries]
    assert told == [("study closed", "Audited"), ("study made", "Audited"), ("exported", "rankings")]
    assert all(one["address"].startswith("10.0.") for one in entries)
