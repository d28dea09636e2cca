"""What an evaluation runs, and how it ends: plan, dearest tier, bench."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from orchestrator.policies.scripted import ScriptedPolicy
from orchestrator.policy import Decision, Policy
from orchestrator.pool import Pool, PoolEntry, Price
from orchestrator.preference import PRESETS
from orchestrator.rehearsal.tasks import DOMAINS
from orchestrator.rehearsal.world import rehearsal_pool
from tests.examples import decide
from webapp.evaluation.bench import Bench, Standing
from webapp.evaluation.opening import Opened, opened
from webapp.evaluation.plan import Job, Plan, of_split
from webapp.evaluation.result import scored
from webapp.evaluation.strongest import dearest_tier, strongest_route
from webapp.settings import Settings

BALANCED = {"Balanced": PRESETS["Balanced"]}


def plan(*policies: str, **changes: object) -> Plan:
    values: dict[str, object] = {"policies": policies, "preferences": BALANCED, "baseline": "base", "limit": 3}
    return Plan(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(Settings(data_dir=tmp_path / "data", policy="random"), save=False) as one:
        yield one


def scripted(*aliases: str) -> Policy:
    return ScriptedPolicy(decide(*aliases))


def test_a_few_tasks_are_of_all_domains_and_the_same_for_the_same_seed() -> None:
    few = plan("a", limit=12).tasks
    assert Counter(task.domain for task in few) == dict.fromkeys(DOMAINS, 2)
    assert {task.split for task in few} == {"test"}
    assert plan("a", limit=12).tasks == few
    assert plan("a", limit=12, seed=1).tasks != few
    assert plan("a", limit=24).tasks[:12] == few


def test_without_a_limit_every_task_of_the_split_is_tried_once() -> None:
    assert sorted(task.id for task in plan("a", limit=None).tasks) == sorted(task.id for task in of_split("test"))


def test_seeds_differ_by_task_and_alternative_and_not_by_policy() -> None:
    jobs = list(plan("a", "b", alternatives=4, limit=20).jobs)
    seeds = {(job.task, job.alternative): plan("a").seed_of(job) for job in jobs}
    assert len(set(seeds.values())) == 80
    assert all(plan("a").seed_of(job) == seeds[job.task, job.alternative] for job in jobs)


def test_the_baseline_runs_once_for_all_preferences_and_not_again_where_it_is_listed() -> None:
    both = {name: PRESETS[name] for name in ("Balanced", "Frugal")}
    alone = list(plan("a", preferences=both).jobs)
    assert Counter(job.policy for job in alone) == {"a": 6, "base": 3}
    listed = list(plan("base", preferences=both).jobs)
    assert Counter((job.policy, job.preference) for job in listed) == {("base", "Balanced"): 3, ("base", "Frugal"): 3}


def test_tasks_come_one_after_another() -> None:
    tasks = [job.task for job in islice(plan("a", "b", alternatives=2).jobs, 12)]
    assert tasks == sorted(tasks, key=tasks.index)
    assert Counter(tasks) == dict.fromkeys(tasks, 6)


def test_a_policy_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="named twice"):
        plan("a", "a")


def test_the_dearest_tier_of_the_rehearsal_pool_is_number_one_of_each_tool() -> None:
    pool = rehearsal_pool()
    assert dearest_tier(pool, None) == {"search-1", "reasoner-1", "answer-1"}
    assert strongest_route(pool, None) == "fixed:search-1,reasoner-1,answer-1"


def test_where_the_dearest_is_missing_the_next_one_takes_its_place() -> None:
    pool = rehearsal_pool()
    without = replace(pool, entries=tuple(entry for entry in pool.entries if not entry.alias.endswith("-1")))
    assert strongest_route(without, None) == "fixed:search-2,reasoner-2,answer-2"


def entry(alias: str, price: Price | None) -> PoolEntry:
    return PoolEntry(alias, "m", "d", 10.0, price)


def test_equal_prices_are_one_tier_and_unknown_ones_are_in_none() -> None:
    price = Price("x", None, Decimal(1), Decimal(2))
    pool = Pool("p", (entry("answer-1", None), entry("answer-2", price), entry("answer-3", price)))
    assert dearest_tier(pool, None) == {"answer-2", "answer-3"}
    assert strongest_route(pool, None) == "fixed:answer-2"
    unknown = Pool("p", (entry("search-2", None), entry("answer-4", None)))
    assert dearest_tier(unknown, None) == frozenset()
    assert strongest_route(unknown, None) == "fixed:search-2,answer-4"


def test_gpu_hours_and_token_prices_are_compared_by_the_dollars_of_a_typical_call() -> None:
    rented = Price("x", usd_per_gpu_hour=Decimal(36))  # 10 s cost $0.10
    tokens = Price("x", None, Decimal(1), Decimal(9))  # 2,000 tokens cost $0.01
    pool = Pool("p", (entry("answer-1", tokens), entry("answer-2", rented)))
    assert dearest_tier(pool, None) == {"answer-2"}


def test_a_pool_without_an_answer_cannot_be_evaluated() -> None:
    with pytest.raises(ValueError, match="no answer alias"):
        strongest_route(Pool("p", (entry("search-1", None),)), None)


async def test_trajectories_go_through_the_loop_and_are_judged(made: Opened) -> None:
    policies = {"base": scripted("answer-1"), "a": scripted("search-2", "answer-2")}
    kept: list[tuple[Job, int]] = []

    async def keep(job: Job, trajectory: object) -> None:
        kept.append((job, len(trajectory.steps)))  # type: ignore[attr-defined]

    evaluated = await Bench(plan("a", alternatives=2), made.workshop, policies, keep).run()
    assert evaluated.stopped is None
    assert evaluated.standing.done == evaluated.standing.total == 12
    assert Counter((job.policy, steps) for job, steps in kept) == {("base", 1): 6, ("a", 2): 6}
    (found,) = scored(evaluated, {"answer-1"}, made.workshop.pool).scores
    assert found.alias_share == {"answer-2": 0.5, "search-2": 0.5}
    assert (found.tasks, found.ungraded, dict(found.stop_reasons)) == (3, 0, {"answered": 6})
    assert found.simulated


async def test_a_reply_without_a_valid_call_costs_a_turn_and_is_no_call(made: Opened) -> None:
    policies = {
        "base": scripted("answer-1"),
        "a": ScriptedPolicy([Decision("", None, "no call"), *decide("answer-1")]),
    }
    evaluated = await Bench(plan("a"), made.workshop, policies).run()
    (found,) = scored(evaluated, {"answer-1"}, made.workshop.pool).scores
    assert found.calls is not None
    assert found.calls.mean == 1.0


async def test_stopping_keeps_only_tasks_that_every_policy_finished(made: Opened) -> None:
    stop = asyncio.Event()

    def halt(standing: Standing) -> None:
        if standing.done == 5:
            stop.set()

    policies = {"base": scripted("answer-1"), "a": scripted("answer-2")}
    bench = Bench(plan("a", limit=40, concurrency=1), made.workshop, policies, on_progress=halt)
    evaluated = await bench.run(stop)
    assert evaluated.by_hand
    assert 2 <= len(evaluated.tasks) < 10
    (found,) = scored(evaluated, frozenset(), made.workshop.pool).scores
    assert found.tasks == len(evaluated.tasks)


async def test_an_unexpected_failure_ends_the_whole_evaluation(made: Opened) -> None:
    async def keep(job: Job, trajectory: object) -> None:
        raise OSError("the disk is full")

    bench = Bench(plan("a"), made.workshop, {"base": scripted("answer-1"), "a": scripted("answer-2")}, keep)
    with pytest.raises(OSError, match="the disk is full"):
        await bench.run()
