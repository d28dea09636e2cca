"""`podium limit` and `podium kill-switch`, and evaluations that pass the ledger."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orchestrator.policies.scripted import ScriptedPolicy
from orchestrator.pool import Endpoint, SearchBackend, SearchKind, ServedModel
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.trajectory import Limits
from storage import trajectories
from storage.accounts.actor import Actor
from storage.accounts.audit import AuditLog
from storage.spending.rules import Limit, Payer, Period, Scope
from storage.store import Store
from tests.examples import decide, toy_tools
from tests.storage.spending.spenders import begin, keep, paid, used
from tests.webapp.test_evaluate_bench import plan
from webapp.cli import main
from webapp.cli.evaluate import _watched
from webapp.evaluation.bench import Bench
from webapp.evaluation.keeping import Keeping
from webapp.evaluation.opening import Opened, opened
from webapp.settings import Settings
from webapp.spending import Spending, costs_nothing

ROOT = Actor.at_console("root")


@pytest.fixture
def db(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'podium.db'}"
    Store.open(url).close()
    return url


def test_limits_are_set_shown_and_removed(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["limit", "list", "--db", db]) == 0
    assert "No limits" in capsys.readouterr().out
    assert main(["limit", "set", "5", "--everybody", "--db", db]) == 0
    assert "$5 a day for everybody together" in capsys.readouterr().out
    assert main(["limit", "set", "0.50", "--user", "*", "--per", "total", "--db", db]) == 0
    with Store.open(db) as store:
        asyncio.run(begin(store, "r", "0.2", Payer("ann")))
    capsys.readouterr()
    assert main(["limit", "list", "--db", db]) == 0
    said = capsys.readouterr().out
    assert "$5 a day for everybody together (set by command line (" in said
    assert "ann: today $0 spent" in said
    assert "$0.50 in total for each user (ann): $0 spent, $0.20 reserved, $0.30 left" in said
    assert main(["limit", "list", "--json", "--db", db]) == 0
    assert json.loads(capsys.readouterr().out)["spending"][1]["total"]["reserved_usd"] == "0.2"
    assert main(["limit", "remove", "--everybody", "--db", db]) == 0
    assert main(["limit", "remove", "--everybody", "--db", db]) == 2
    assert "podium limit list shows them" in capsys.readouterr().err
    with Store.open(db) as store:
        acts = [entry.act for entry in AuditLog(store).entries()]
    assert acts == ["limit removed", "limit set", "limit set"]


def test_what_trajectories_left_behind_is_settled(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def left_behind() -> None:
        with Store.open(db) as store:
            await keep(store, Limit(Scope.EVERYBODY, Period.TOTAL, Decimal(5)))
            (one,) = await begin(store, "r", "2")
            await store.keep_step(one.id, paid(0, "0.5"))
            await store.write(trajectories.mark_interrupted)

    asyncio.run(left_behind())
    assert main(["limit", "settle", "--db", db]) == 0
    assert "0 reservations settled" in capsys.readouterr().err
    assert main(["limit", "settle", "--interrupted", "--db", db]) == 0
    assert "trajectory r-0 of ann: $2 reserved, $0.50 spent" in capsys.readouterr().out


def test_the_kill_switch_from_the_command_line(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kill-switch", "status", "--db", db]) == 0
    assert main(["kill-switch", "on", "--reason", "lunch", "--db", db]) == 0
    assert main(["kill-switch", "status", "--db", db]) == 1
    assert "lunch" in capsys.readouterr().out
    assert main(["kill-switch", "on", "--reason", " ", "--db", db]) == 2
    assert main(["kill-switch", "off", "--db", db]) == 0
    assert main(["kill-switch", "status", "--db", db]) == 0


def test_a_run_is_refused_at_the_command_line_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'podium.db'}"
    Store.open(url).close()
    assert main(["kill-switch", "on", "--reason", "the bill runs away", "--db", url]) == 0
    assert main(["ask", "What is 17% of 2,340?", "--db", url, "--policy", "random"]) == 2
    assert "the bill runs away. An admin can turn it off" in capsys.readouterr().err


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(Settings(data_dir=tmp_path / "data", policy="random"), save=True) as one:
        yield replace(one, workshop=replace(one.workshop, tools=toy_tools(usd="0.2")))


def bench(made: Opened, usd: str | None = None) -> Bench:
    assert made.store is not None
    keeping = Keeping(made.store)
    policies = {"base": ScriptedPolicy(decide("answer-1")), "a": ScriptedPolicy(decide("search-1", "answer-1"))}
    limits = Limits(turns=4, usd=None if usd is None else Decimal(usd))
    return Bench(plan("a", limits=limits, concurrency=2), made.workshop, policies, keeping, purse=keeping)


async def test_a_kept_evaluation_reserves_and_settles_each_trajectory(made: Opened) -> None:
    assert made.store is not None
    await Spending(made.store).set_limit(Limit(Scope.EVERYBODY, Period.TOTAL, Decimal(100)), ROOT)
    evaluated = await bench(made, "1").run()
    assert evaluated.stopped is None
    assert evaluated.standing.done == 6
    assert used(made.store).spent_usd == evaluated.standing.usd == Decimal("1.8")
    assert used(made.store).reserved_usd == 0


async def test_an_evaluation_ends_where_the_limit_is_reached(made: Opened) -> None:
    assert made.store is not None
    await Spending(made.store).set_limit(Limit(Scope.EVERYBODY, Period.TOTAL, Decimal("1.1")), ROOT)
    evaluated = await bench(made, "0.5").run()
    assert evaluated.stopped is not None
    assert "the spending limit is reached" in evaluated.stopped
    assert used(made.store).reserved_usd == 0
    assert 0 < used(made.store).spent_usd == evaluated.standing.usd <= Decimal("1.1")


async def test_what_an_evaluation_breaks_off_is_settled_with_what_it_spent(made: Opened) -> None:
    assert made.store is not None
    await Spending(made.store).set_limit(Limit(Scope.EVERYBODY, Period.TOTAL, Decimal(100)), ROOT)
    slow = replace(made, workshop=replace(made.workshop, tools=toy_tools(usd="0.2", works_s=60)))
    stop = asyncio.Event()
    running = asyncio.create_task(bench(slow, "1").run(stop))
    async with asyncio.timeout(20):
        while used(made.store).reserved_usd < 2:  # noqa: ASYNC110 - what is waited for rings no bell
            await asyncio.sleep(0.01)
        stop.set()
        evaluated = await running
    assert evaluated.by_hand
    assert used(made.store).reserved_usd == 0
    assert used(made.store).spent_usd == Decimal("0.4")


def test_an_evaluation_of_stand_ins_is_kept_whatever_limits_say(
    db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path))
    assert main(["limit", "set", "0", "--everybody", "--db", db]) == 0
    assert main(["evaluate", "--policy", "random", "--limit", "2", "--save", "--db", db]) == 0
    assert "4 trajectories are kept" in capsys.readouterr().err
    with Store.open(db) as store:
        assert (used(store).spent_usd, used(store).reserved_usd) == (Decimal(0), Decimal(0))


async def test_an_evaluation_that_the_kill_switch_ends_says_so(made: Opened) -> None:
    assert made.store is not None
    slow = replace(made, workshop=replace(made.workshop, tools=toy_tools(usd="0.2", works_s=60)))
    running = asyncio.create_task(_watched(bench(slow), slow, asyncio.Event()))
    await asyncio.sleep(0.1)
    await Spending(made.store).turn_on("the bill runs away", ROOT)
    async with asyncio.timeout(20):
        evaluated = await running
    assert evaluated.stopped == "the kill switch was turned on: the bill runs away"
    assert not evaluated.by_hand


def test_only_a_pool_without_any_real_model_costs_nothing() -> None:
    pool, there = rehearsal_pool(), Endpoint("http://127.0.0.1:1/v1")
    real = replace(pool.entries[0], endpoint=there)
    web = SearchBackend(SearchKind.TAVILY, there)
    assert costs_nothing(pool, ["random", "embedded", "transformers:model"])
    assert not costs_nothing(pool, ["random", "openai:http://127.0.0.1:1/v1#m"])
    assert not costs_nothing(replace(pool, entries=(*pool.entries[1:], real)), ["random"])
    assert not costs_nothing(replace(pool, judge=ServedModel("judge", there)), ["random"])
    assert not costs_nothing(replace(pool, search=web), ["random"])
    assert costs_nothing(replace(pool, search=replace(web, usd_per_search=Decimal(0))), ["random"])
