"""Trajectories that spend real dollars, and limits, built by plain functions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from orchestrator.model_call import unpriced
from orchestrator.trajectory import Limits, Observation, Origin, Step, StopReason, Trajectory
from storage.spending import amounts, leftovers, limits
from storage.spending.rules import Limit, Payer, Period, Scope, Used
from storage.store import Store
from tests.examples import NOON, call, model_call, priced
from tests.kept import going, run

ANN = Payer("ann")
BOB = Payer("bob")
DAY, TOTAL = Period.DAY, Period.TOTAL


def everybody(usd: str, period: Period = DAY) -> Limit:
    return Limit(Scope.EVERYBODY, period, Decimal(usd))


def for_user(usd: str, subject: str, period: Period = DAY) -> Limit:
    return Limit(Scope.USER, period, Decimal(usd), subject)


def for_study(usd: str, subject: str, period: Period = DAY) -> Limit:
    return Limit(Scope.STUDY, period, Decimal(usd), subject)


async def keep(store: Store, *some: Limit) -> None:
    for limit in some:
        await store.write(lambda connection, limit=limit: limits.keep(connection, limit, "admin", NOON))


def paid(index: int, usd: str | None, *, simulated: bool = False) -> Step:
    """A step that costs that much; `None`: nobody knows."""
    charge = unpriced("test price") if usd is None else priced(usd)
    called = model_call(simulated=simulated, charge=charge)
    return Step(index, "I look.", call("search-1"), Observation("found", Origin.MODEL), (called,))


async def begin(
    store: Store, id: str, budget: str | None, payer: Payer = ANN, at: datetime = NOON, count: int = 1
) -> tuple[Trajectory, ...]:
    """A run of `count` alternatives named id-0, id-1, …"""
    limit = Limits(usd=None if budget is None else Decimal(budget))
    some = [replace(going(run=id), id=f"{id}-{one}", limits=limit, started_at=at) for one in range(count)]
    return await store.begin(run(id=id, asked_at=at), some, payer)


async def end(store: Store, going_on: Trajectory, *steps: Step) -> Trajectory:
    for one in steps:
        await store.keep_step(going_on.id, one)
    return await store.finish(replace(going_on, steps=(*going_on.steps, *steps), stop_reason=StopReason.TURNS))


def used(store: Store, scope: Scope = Scope.EVERYBODY, subject: str = "", day: str | None = None) -> Used:
    return store.read(lambda connection: amounts.used(connection, scope, subject, day))


async def settle_left(store: Store, at: datetime, *, interrupted: bool = False) -> Sequence[leftovers.Cleared]:
    return await store.write(lambda connection: leftovers.settle_left(connection, at, interrupted=interrupted))
