"""Spending limits and the kill switch from outside, over a pool whose every call costs money."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.trajectory import Limits, StopReason
from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.audit import AuditLog
from storage.accounts.tokens import Tokens
from storage.spending.rules import Limit, Overspent, Period, Scope
from storage.spending.switch import RunsStopped
from storage.store import Store
from storage.studies import Studies
from tests.servers.conformance import MODEL, Conformance, conforming
from tests.servers.orchestra import EXPERT
from tests.servers.patience import until
from tests.servers.reply import Reply
from tests.studies import study
from tests.webapp.orchestra_app import OrchestraApp, app_over, following, orchestra_app
from tests.webapp.test_metrics import scraped, total
from webapp.asking import Asking
from webapp.spending import Spending

API = "/api/v1"
QUERY = {"query": "What is the capital?"}
ROOT = Actor.at_console("root")


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[OrchestraApp]:
    async with orchestra_app(tmp_path) as opened:
        yield opened


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[OrchestraApp]:
    """Experts never reply here."""

    def plan(asked: Any) -> Any:
        return following()(asked) if asked.model == MODEL else Reply(EXPERT, waits_s=60)

    async with orchestra_app(tmp_path, plan) as opened:
        yield opened


async def limit(app: OrchestraApp, usd: str, **more: str) -> httpx.Response:
    return await app.http.put(f"{API}/limits", json={"scope": "everybody", "usd": usd} | more)


async def ended(app: OrchestraApp, reply: httpx.Response) -> Any:
    assert reply.status_code == 201, reply.text
    async with asyncio.timeout(30):
        async for _ in app.services.runs.follow(reply.json()["id"], every_s=0.0):
            pass
    return (await app.http.get(f"{API}/runs/{reply.json()['id']}")).json()


async def test_a_run_reserves_its_share_and_settles_what_it_spent(app: OrchestraApp) -> None:
    assert (await limit(app, "5")).json() == {"scope": "everybody", "subject": None, "period": "day", "usd": "5"}
    run = await ended(app, await app.http.post(f"{API}/runs", json=QUERY | {"alternatives": 2}))
    assert [one["limits"]["usd"] for one in run["trajectories"]] == ["0.25"] * 2
    cost = sum(Decimal(one["cost_usd"]) for one in run["trajectories"])
    assert cost > 0
    told = (await app.http.get(f"{API}/spending")).json()
    assert told["subject"] == "local"
    assert {name: Decimal(told["today"][name]) for name in ("spent_usd", "reserved_usd")} == {
        "spent_usd": cost,
        "reserved_usd": 0,
    }
    assert Decimal(told["limits"][0]["left_usd"]) == 5 - cost
    assert [one["scope"] for one in told["everybody"]] == ["everybody", "user"]


async def test_who_would_spend_too_much_is_told_so_and_nothing_is_asked_of_anybody(app: OrchestraApp) -> None:
    await limit(app, "0.5")
    reply = await app.http.post(f"{API}/runs", json=QUERY | {"limits": {"turns": 4, "usd": "0.6"}})
    assert reply.status_code == 402
    assert reply.headers["content-type"] == "application/problem+json"
    told = reply.json()
    assert (told["type"], told["title"]) == ("urn:podium:spending-limit", "Payment Required")
    assert "this needs $0.60" in told["detail"]
    assert "$0.50 a day for everybody together: $0 spent, $0 reserved, $0.50 left" in told["detail"]
    assert app.server.requests == 0
    assert app.services.store.runs() == []
    samples = await scraped(app.http)
    assert total(samples, "podium_limit_refusals_total", scope="everybody") == 1


async def test_what_is_reserved_is_on_the_metrics_while_a_run_goes_on(slow: OrchestraApp) -> None:
    await limit(slow, "5")
    live = await slow.services.ask(Asking("Where?", payer="ann"))
    assert total(await scraped(slow.http), "podium_reserved_dollars") == 0.5
    await slow.services.runs.cancel(live.run.id)
    assert total(await scraped(slow.http), "podium_reserved_dollars") == 0


async def test_a_run_stops_before_it_exceeds_its_share(app: OrchestraApp) -> None:
    await limit(app, "0.002")
    trajectory = await app.ran()
    assert trajectory.stop_reason is StopReason.BUDGET
    assert trajectory.cost_usd <= Decimal("0.0002")


async def test_a_limit_of_one_user_leaves_others_alone(app: OrchestraApp) -> None:
    await limit(app, "0", scope="user", subject="ann")
    with pytest.raises(Overspent, match="user ann"):
        await app.services.ask(Asking("Where?", payer="ann"))
    await app.ran(payer="bob")


async def test_a_run_for_a_study_is_limited_by_it(app: OrchestraApp) -> None:
    await Studies(app.services.store).create(study(), [])
    await limit(app, "0", scope="study", subject="s1", period="total")
    reply = await app.http.post(f"{API}/runs", json=QUERY | {"study": "s1"})
    assert (reply.status_code, "study s1" in reply.json()["detail"]) == (402, True)
    assert (await app.http.post(f"{API}/runs", json=QUERY | {"study": "s\x002"})).status_code == 404
    await ended(app, await app.http.post(f"{API}/runs", json=QUERY))


async def test_forks_are_refused_where_the_limit_is_reached(app: OrchestraApp) -> None:
    origin = await app.ran()
    await limit(app, "0")
    call = {"step": 0, "call": {"tool": "answer", "model": "answer-2"}}
    reply = await app.http.post(f"{API}/trajectories/{origin.id}/fork", json=call)
    assert reply.status_code == 402
    assert len(app.services.store.trajectories_of(origin.run or "")) == 1


async def test_an_interrupted_run_keeps_its_money_until_it_is_resumed_or_ended(tmp_path: Path) -> None:
    silent = Reply(EXPERT, waits_s=60)
    server = Conformance(lambda asked: following()(asked) if asked.model == MODEL else silent)
    async with conforming(server) as there:
        async with app_over(server, there.url, tmp_path) as app:
            await limit(app, "5")
            one = await app.services.ask(Asking("Where?"))
            two = await app.services.ask(Asking("Where else?"))
        server.plan = following()
        async with app_over(server, there.url, tmp_path) as app:
            spending = Spending(app.services.store)
            assert spending.reserved_usd() == 1
            await limit(app, "0.5")
            (first,), (second,) = one.snapshot.trajectories, two.snapshot.trajectories
            assert (await app.http.post(f"{API}/trajectories/{first.id}/resume")).status_code == 402
            await app.http.post(f"{API}/runs/{two.run.id}/cancel")
            assert app.services.store.trajectory(second.id).stop_reason is StopReason.CANCELLED  # type: ignore[union-attr]
            assert spending.reserved_usd() == Decimal("0.5")
            trajectory = await app.ended(await app.services.runs.resume(first.id))
            assert trajectory.stop_reason is StopReason.ANSWERED
            assert trajectory.limits.usd == Decimal("0.5")
            assert spending.reserved_usd() == 0
            assert spending.of_user("local").total.spent_usd == trajectory.cost_usd


async def test_a_pool_of_stand_ins_spends_nothing_whatever_they_say(http: httpx.AsyncClient) -> None:
    await http.put(f"{API}/limits", json={"scope": "everybody", "usd": "0"})
    reply = await http.post(f"{API}/runs", json=QUERY)
    assert reply.status_code == 201
    assert reply.json()["trajectories"][0]["limits"]["usd"] is None
    told = (await http.get(f"{API}/spending")).json()["total"]
    assert told == {"spent_usd": "0", "reserved_usd": "0", "unpriced_calls": 0}


async def test_the_kill_switch_ends_what_runs_within_two_seconds_in_every_process(tmp_path: Path) -> None:
    silent = Reply(EXPERT, waits_s=60)
    server = Conformance(lambda asked: following()(asked) if asked.model == MODEL else silent)
    async with conforming(server) as there, app_over(server, there.url, tmp_path) as app:
        await limit(app, "5")
        live = await app.services.ask(Asking("Where?", (Asking("q").preferences[0],) * 3, one_after_another=True))
        await until(lambda: any(asked.model != MODEL for asked in server.asked))
        with Store.open(app.services.settings.database) as elsewhere:
            await Spending(elsewhere).turn_on("the bill runs away", ROOT)
        await until(lambda: live.snapshot.ended, 3)
        for one in live.snapshot.trajectories:
            assert one.stop_reason is StopReason.CANCELLED
            assert one.stop_detail == "the kill switch was turned on: the bill runs away"
        assert Spending(app.services.store).reserved_usd() == 0
        reply = await app.http.post(f"{API}/runs", json=QUERY)
        assert (reply.status_code, reply.json()["type"]) == (409, "urn:podium:kill-switch")
        assert "the bill runs away" in reply.json()["detail"]
        notices = (await app.http.get(f"{API}/serving")).json()["notices"]
        assert any("the bill runs away" in one for one in notices)
        assert total(await scraped(app.http), "podium_limit_refusals_total", scope="kill_switch") == 1


async def test_the_kill_switch_over_http(app: OrchestraApp) -> None:
    assert (await app.http.post(f"{API}/kill-switch", json={"on": True})).status_code == 422
    on = (await app.http.post(f"{API}/kill-switch", json={"on": True, "reason": " lunch "})).json()
    assert (on["on"], on["reason"], on["turned_on_by"]) == (True, "lunch", "local")
    assert (await app.http.get(f"{API}/kill-switch")).json() == on
    with pytest.raises(RunsStopped):
        await app.services.ask(Asking("Where?", limits=Limits(turns=2)))
    off = await app.http.post(f"{API}/kill-switch", json={"on": False})
    assert off.json()["on"] is False
    await app.ran()
    acts = [(one.act, one.actor, one.detail) for one in AuditLog(app.services.store).entries()]
    assert acts == [("kill switch off", "local", "lunch"), ("kill switch on", "local", "lunch")]


async def test_limits_over_http(app: OrchestraApp) -> None:
    await limit(app, "5")
    await limit(app, "7.50")
    await limit(app, "1", scope="user", subject="*", period="total")
    kept = (await app.http.get(f"{API}/limits")).json()["limits"]
    assert [(one["scope"], one["subject"], one["period"], one["usd"], one["set_by"]) for one in kept] == [
        ("everybody", None, "day", "7.50", "local"),
        ("user", "*", "total", "1", "local"),
    ]
    gone = await app.http.delete(f"{API}/limits", params={"scope": "user", "subject": "*", "period": "total"})
    assert gone.json()["usd"] == "1"
    again = await app.http.delete(f"{API}/limits", params={"scope": "user", "subject": "*", "period": "total"})
    assert again.status_code == 404
    details = [one.detail for one in AuditLog(app.services.store).entries()]
    assert details[2] == "$7.50 a day for everybody together; before: $5 a day for everybody together"


@pytest.mark.parametrize(
    "wrong",
    [{"usd": "-1"}, {"usd": "NaN"}, {"usd": "1e99"}, {"scope": "user"}, {"subject": "x"}, {"subject": "a\x00b"}],
)
async def test_what_is_no_limit_is_refused(app: OrchestraApp, wrong: dict[str, str]) -> None:
    reply = await app.http.put(f"{API}/limits", json={"scope": "everybody", "usd": "1"} | wrong)
    assert reply.status_code == 422
    assert reply.json()["detail"]


async def test_people_see_their_own_spending_and_pay_for_their_own_runs(app: OrchestraApp) -> None:
    store = app.services.store
    heads = {}
    for name, role in (("ada", Role.ADMIN), ("art", Role.AUTHOR)):
        account = await Accounts(store).add(name, role, None, ROOT)
        scopes = ("read", "run", "admin") if role is Role.ADMIN else ("read", "run")
        secret, _ = await Tokens(store).make(account, "tests", scopes, ROOT)
        heads[name] = {"Authorization": f"Bearer {secret}"}
    await Spending(store).set_limit(Limit(Scope.USER, Period.DAY, Decimal("0.3"), "art"), ROOT)
    big = QUERY | {"limits": {"turns": 4, "usd": "0.31"}}
    assert (await app.http.post(f"{API}/runs", json=big, headers=heads["art"])).status_code == 402
    run = await app.http.post(f"{API}/runs", json=big, headers=heads["ada"])
    assert run.status_code == 201
    mine = (await app.http.get(f"{API}/spending", headers=heads["art"])).json()
    assert (mine["subject"], "everybody" in mine) == ("art", False)
    for method, path in (("GET", "limits"), ("PUT", "limits"), ("DELETE", "limits"), ("POST", "kill-switch")):
        refused = await app.http.request(method, f"{API}/{path}", headers=heads["art"], json={})
        assert refused.status_code == 403, (method, path)
    everybody = (await app.http.get(f"{API}/spending", headers=heads["ada"])).json()["everybody"]
    assert [one["subject"] for one in everybody] == [None, "ada"]
