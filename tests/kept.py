"""Runs, trajectories and steps to keep, built by plain functions."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.alternatives import Run
from orchestrator.trajectory import Observation, Origin, Outcome, Step, StopReason, Trajectory, Verdict
from prefs.ballot import Ballot, ballot
from storage.store import Store
from tests.examples import NOON, call, model_call, trajectory


def run(**changes: Any) -> Run:
    """A run."""
    return replace(Run("r1", "What is 17% of 2,340?", NOON), **changes)


def going(number: int = 1, run: str = "r1", **changes: Any) -> Trajectory:
    """A trajectory without steps."""
    return trajectory(id=f"t{number}", run=run, seed=number, **changes)


def step(index: int, text: str = "found") -> Step:
    """A step of $0.0131 and 1.5 s."""
    observation = Observation(text, Origin.SIMULATED)
    return Step(index, "I look.", call("search-1"), observation, (model_call("0.0131", 1.5, simulated=True),))


def ended(of: Trajectory, steps: int) -> Trajectory:
    """The trajectory with that many steps and an answer."""
    return replace(
        of,
        steps=tuple(step(index) for index in range(steps)),
        stop_reason=StopReason.ANSWERED,
        answer="397.8",
        outcome=Outcome(Verdict.SOLVED, "reference"),
    )


async def keep_whole(store: Store, whole: Trajectory, of: Run) -> None:
    """Run it to its end."""
    await store.begin(of, [replace(whole, steps=(), stop_reason=None, answer=None, outcome=Outcome())])
    for one in whole.steps:
        await store.keep_step(whole.id, one)
    await store.finish(whole)


async def keep_ballot(store: Store, id: str = "b1", of: Run | None = None) -> Ballot:
    """Three running alternatives of a run, and a ballot of them."""
    of = of or run()
    shown = [going(number, of.id) for number in (1, 2, 3)]
    shown = [replace(one, id=f"{of.id}-{one.id}") for one in shown]
    await store.begin(of, shown)
    made = ballot(id, [one.id for one in shown], query=of.query, run=of.id, seed=1, made_at=of.asked_at)
    await store.keep_ballot(made)
    return made


def edit(file: Path, statement: str) -> None:
    """Change the database behind the store's back."""
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement)
    connection.close()
