"""Invented finished trajectories with rankings, to fill a database for benchmarks and tests of pages."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from orchestrator.model_call import CallRole, Charge, ChargeStatus, ModelCall, Usage
from orchestrator.pool import TOOL_OF
from orchestrator.preference import PRESETS
from orchestrator.rehearsal.tasks import all_tasks
from orchestrator.trajectory import (
    Observation,
    Origin,
    Outcome,
    Step,
    StopReason,
    ToolCall,
    Trajectory,
    Verdict,
)
from prefs.ballot import ballot
from prefs.ranking import Ranking
from storage.store import Store

BEGAN = datetime(2026, 5, 4, tzinfo=UTC)
DEARNESS = {"search-1": 3.0, "search-2": 1.0, "reasoner-1": 2.0, "answer-1": 5.0, "answer-2": 2.0, "answer-3": 0.6}
"""What a call costs and how quick it is: dear ones are quick."""
A_QUERY = 4
AT_ONCE = 1_000


def trajectories(queries: int, *, seed: int = 3, runs: bool = False) -> Iterator[Trajectory]:
    """Four alternatives of each query; a fifth of the answers is wrong, a few are ungraded, all are simulated."""
    chance, tasks = random.Random(seed), all_tasks()
    for query in range(queries):
        text = tasks[query].question if query < len(tasks) else f"Query number {query} of a team"
        for number in range(A_QUERY):
            yield _trajectory(chance, query, number, text, f"r{query}" if runs else None)


def _trajectory(chance: random.Random, query: int, number: int, text: str, run: str | None) -> Trajectory:
    length = chance.choice([1, 2, 2, 3, 3, 4, 5]) if chance.random() < 0.97 else 10
    verdict = chance.choices([Verdict.SOLVED, Verdict.UNSOLVED, Verdict.UNGRADED], [7, 2, 0.5])[0]
    began = BEGAN + timedelta(seconds=10 * query + number)
    return Trajectory(
        id=f"{query}-{number}",
        run=run,
        query=text,
        preference=PRESETS["Balanced"],
        policy="random",
        pool="rehearsal",
        seed=number,
        started_at=began,
        steps=tuple(_step(chance, index, began) for index in range(length)),
        stop_reason=StopReason.ANSWERED,
        answer=f"answer {number}",
        outcome=Outcome(verdict, None if verdict is Verdict.UNGRADED else "reference"),
    )


def _step(chance: random.Random, index: int, at: datetime) -> Step:
    alias = chance.choice(sorted(DEARNESS))
    dear = DEARNESS[alias]
    usd = Decimal(round(dear * chance.lognormvariate(-5, 0.6) * 1e6)).scaleb(-6)
    call = ModelCall(
        role=CallRole.EXPERT,
        alias=alias,
        model="gpt-5" if dear > 2 else "gpt-5-mini",
        usage=Usage(500, 200),
        charge=Charge(usd, ChargeStatus.PRICED, "invented", at.date()),
        started_at=at,
        latency_s=round(chance.lognormvariate(0.9, 0.5) * 6 / (1 + dear), 3),
        simulated=True,
    )
    return Step(index, "", ToolCall(TOOL_OF[alias], alias), Observation("x", Origin.SIMULATED), (call,))


async def fill(store: Store, queries: int, **changes: Any) -> None:
    """Keep them, a thousand at once."""
    some: list[Trajectory] = []
    for one in trajectories(queries, **changes):
        some.append(one)
        if len(some) == AT_ONCE:
            await store.add_all(some)
            some = []
    await store.add_all(some)


async def rank(store: Store, queries: int, people: Sequence[tuple[str, float, float]], *, seed: int = 5) -> None:
    """Everybody ranks the alternatives of the first queries, by name and their weights of cost and latency."""
    chance = random.Random(seed)
    for query in range(queries):
        shown = [one for n in range(A_QUERY) if (one := store.trajectory(f"{query}-{n}")) is not None]
        made = ballot(f"b{query}", [one.id for one in shown], query=shown[0].query, run=None, seed=query, made_at=BEGAN)
        await store.keep_ballot(made)
        labels = {one.trajectory: one.label for one in made.alternatives}
        for name, cost, latency in people:
            worth = {
                one.id: 3.0 * (one.outcome.verdict is Verdict.SOLVED)
                - 40 * cost * float(one.cost_usd)
                - 0.15 * latency * one.latency_s
                + chance.gauss(0, 0.4)
                for one in shown
            }
            order = sorted(worth, key=lambda id: -worth[id])
            groups = tuple((labels[id],) for id in order)
            await store.keep_ranking(Ranking(f"{name}-b{query}", made.id, groups, BEGAN, annotator=name))
