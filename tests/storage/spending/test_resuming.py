"""What is resumed spends under limits, whatever happened before: on both databases."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Connection

from orchestrator.trajectory import Fork, Limits, Trajectory
from storage import trajectories
from storage.database import open_engine, writing
from storage.spending import ledger, leftovers, limits, switch
from storage.spending.rules import EACH, Overspent, Payer, Scope, Used
from storage.spending.switch import KillSwitch, RunsStopped
from storage.store import Store
from storage.trajectories import State
from tests.examples import NOON
from tests.kept import run
from tests.storage.spending.spenders import (
    ANN,
    BOB,
    TOTAL,
    begin,
    end,
    everybody,
    for_study,
    for_user,
    keep,
    paid,
    settle_left,
    used,
)

STAND_INS = replace(ANN, free=True)
ON = KillSwitch("runaway bill", NOON, "root")


def dollars(spent: str, reserved: str = "0") -> Used:
    return Used(Decimal(spent), Decimal(reserved))


async def interrupted(store: Store, budget: str | None, payer: Payer = ANN, spent: str | None = None) -> Trajectory:
    (kept,) = await begin(store, "r", budget, payer)
    if spent is not None:
        await store.keep_step(kept.id, paid(0, spent))
    await store.write(trajectories.mark_interrupted)
    found = store.trajectory(kept.id)
    assert found is not None
    return found


async def test_a_run_of_stand_ins_reserves_when_it_goes_on_with_real_models(store: Store) -> None:
    await keep(store, for_user("5", "ann"))
    one = await interrupted(store, None, STAND_INS)
    assert await store.reopen(one.id, ANN) == Decimal("0.5")
    assert used(store, Scope.USER, "ann") == dollars("0", "0.5")
    await end(store, one, paid(0, "0.4"))
    assert used(store) == dollars("0.4")


async def test_a_budget_of_stand_ins_is_reserved_when_real_models_may_spend_it(store: Store) -> None:
    await keep(store, everybody("3"))
    one = await interrupted(store, "2", STAND_INS)
    assert used(store) == dollars("0")
    assert await store.reopen(one.id, ANN) == 2
    assert used(store) == dollars("0", "2")


async def test_a_budget_of_stand_ins_that_does_not_fit_is_refused_with_real_models(store: Store) -> None:
    await keep(store, everybody("3"))
    one = await interrupted(store, "4", STAND_INS)
    with pytest.raises(Overspent):
        await store.reopen(one.id, ANN)
    assert store.state(one.id) is State.INTERRUPTED
    assert await store.reopen(one.id, STAND_INS) == 4
    assert used(store) == dollars("0")


async def test_a_run_that_no_limit_held_reserves_when_one_was_set_meanwhile(store: Store) -> None:
    await keep(store, for_user("1", "bob"))
    one = await interrupted(store, None, spent="3")
    await keep(store, for_user("10", "ann", TOTAL))
    assert await store.reopen(one.id, ANN) == 4
    assert used(store, Scope.USER, "ann") == dollars("3", "1")
    whole = store.trajectory(one.id)
    assert whole is not None
    await end(store, whole, paid(1, "0.5"))
    assert used(store) == dollars("3.5")


async def test_what_it_spent_without_a_limit_counts_when_it_wants_to_go_on(store: Store) -> None:
    await keep(store, for_user("1", "bob"))
    one = await interrupted(store, None, spent="3")
    await keep(store, for_user("2", "ann", TOTAL))
    with pytest.raises(Overspent):
        await store.reopen(one.id, ANN)
    assert store.state(one.id) is State.INTERRUPTED
    assert used(store) == dollars("0"), "what is refused changes nothing"
    await store.reopen(one.id)
    await end(store, one)
    assert used(store) == dollars("3")


@pytest.mark.parametrize("fork", [False, True])
async def test_a_study_pays_for_its_run_also_after_that_was_settled(store: Store, fork: bool) -> None:
    await keep(store, for_study("1", "s1", TOTAL))
    one = await interrupted(store, "0.5", Payer("ann", "s1"), spent="0.2")
    if fork:
        child = replace(one, id="f", fork=Fork(one.id, 1), limits=Limits(usd=Decimal("0.5")))
        await store.begin(run(id="r", asked_at=NOON), [child], BOB)
        await store.write(trajectories.mark_interrupted)
        one = child
    await settle_left(store, NOON, interrupted=True)
    assert await store.reopen(one.id, BOB) == Decimal("0.5")
    assert used(store, Scope.STUDY, "s1") == dollars("0.2", "0.3")
    with pytest.raises(Overspent, match="study s1"):
        await begin(store, "r2", "0.6", Payer("bob", "s1"))


async def meanwhile(url: str, first: Callable[[Connection], object], second: Callable[[Connection], object]) -> object:
    """What the second of two transactions gives that begins before the first ends."""
    engine = writing(open_engine(url))

    def other() -> object:
        with engine.begin() as connection:
            return second(connection)

    try:
        with engine.begin() as connection:
            first(connection)
            trying = asyncio.create_task(asyncio.to_thread(other))
            await asyncio.wait([trying], timeout=0.3)
            assert not trying.done(), "the second one waits"
        return await trying
    finally:
        engine.dispose()


def resumes(connection: Connection) -> Decimal | None:
    return ledger.reopen(connection, "r-0", ANN, datetime.now(UTC))


def settles(connection: Connection) -> tuple[leftovers.Cleared, ...]:
    return leftovers.settle_left(connection, NOON, interrupted=True)


def turns_on(connection: Connection) -> KillSwitch:
    return switch.turn_on(connection, ON)


async def test_what_is_resumed_at_this_moment_is_not_settled_as_interrupted(url: str) -> None:
    with Store.open(url) as store:
        await keep(store, everybody("10"))
        one = await interrupted(store, "5", spent="2")
        assert await meanwhile(url, resumes, settles) == ()
        await end(store, one, paid(1, "1"))
        assert used(store) == dollars("3"), "what it spent after that counts"


async def test_what_is_settled_at_this_moment_reserves_again_when_it_is_resumed(url: str) -> None:
    with Store.open(url) as store:
        await keep(store, everybody("10"))
        await interrupted(store, "5", spent="2")
        assert await meanwhile(url, settles, resumes) == 5
        assert used(store) == dollars("2", "3")


async def test_of_two_admins_who_turn_the_switch_on_at_once_the_first_says_why(url: str) -> None:
    Store.open(url).close()
    again = KillSwitch("again", NOON, "somebody")
    assert await meanwhile(url, turns_on, lambda connection: switch.turn_on(connection, again)) == ON


async def test_under_a_limit_nothing_begins_behind_the_kill_switch(url: str) -> None:
    with Store.open(url) as store:
        await keep(store, for_user("5", EACH))
        await interrupted(store, "1")
    with pytest.raises(RunsStopped, match="runaway bill"):
        await meanwhile(url, turns_on, resumes)


async def test_a_limit_that_is_set_at_this_moment_holds_for_what_is_resumed(url: str) -> None:
    with Store.open(url) as store:
        await keep(store, for_user("1", "bob"))
        await interrupted(store, None)

    def limit(connection: Connection) -> object:
        return limits.keep(connection, for_user("5", "ann"), "admin", NOON)

    assert await meanwhile(url, limit, resumes) == Decimal("0.5")
