"""Reserved before a run starts, settled after it: on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from orchestrator.trajectory import Fork, Limits, Outcome, StopReason
from storage import trajectories
from storage.database import open_engine, writing
from storage.spending import ledger, limits, switch
from storage.spending.rules import EACH, Overspent, Payer, Scope, Used
from storage.spending.switch import KillSwitch, RunsStopped
from storage.store import Store
from storage.trajectories import State
from tests.examples import NOON, model_call
from tests.kept import going, run
from tests.storage.spending.spenders import (
    ANN,
    BOB,
    DAY,
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


def dollars(spent: str, reserved: str = "0", unpriced: int = 0) -> Used:
    return Used(Decimal(spent), Decimal(reserved), unpriced)


async def interrupt(store: Store) -> None:
    await store.write(trajectories.mark_interrupted)


async def test_without_limits_nothing_is_kept_or_changed(store: Store) -> None:
    (kept,) = await begin(store, "r", None)
    assert kept.limits.usd is None
    await end(store, kept, paid(0, "7"))
    assert used(store) == dollars("0")


async def test_a_budget_is_reserved_and_what_was_spent_is_settled_in_full(store: Store) -> None:
    await keep(store, everybody("10"))
    (kept,) = await begin(store, "r", "1")
    assert used(store) == dollars("0", "1")
    await end(store, kept, paid(0, "0.3"), paid(1, "1.1"))
    assert used(store) == dollars("1.4")


async def test_simulated_dollars_do_not_count(store: Store) -> None:
    await keep(store, everybody("10"))
    (kept,) = await begin(store, "r", "1")
    await end(store, kept, paid(0, "0.3", simulated=True), paid(1, "0.2"))
    assert used(store) == dollars("0.2")


async def test_unpriced_calls_are_counted_as_such(store: Store) -> None:
    await keep(store, everybody("10"))
    (kept,) = await begin(store, "r", "1")
    await end(store, kept, paid(0, None), paid(1, None, simulated=True), paid(2, "0.2"))
    assert used(store) == dollars("0.2", unpriced=1)


async def test_a_judge_that_is_paid_after_the_run_counts(store: Store) -> None:
    await keep(store, everybody("10"))
    (kept,) = await begin(store, "r", "1")
    outcome = Outcome(reason="unsure", call=model_call("0.5"))
    await store.finish(replace(kept, stop_reason=StopReason.TURNS, outcome=outcome))
    assert used(store) == dollars("0.5")


async def test_settling_twice_counts_once(store: Store) -> None:
    await keep(store, everybody("10"))
    (kept,) = await begin(store, "r", "1")
    whole = await end(store, kept, paid(0, "0.3"))
    await store.finish(whole)
    assert await settle_left(store, NOON + timedelta(days=9)) == ()
    assert used(store) == dollars("0.3")


async def test_what_is_refused_leaves_nothing(store: Store) -> None:
    await keep(store, everybody("1"))
    with pytest.raises(Overspent):
        await begin(store, "r", "0.6", count=2)
    assert store.run("r") is None
    assert used(store) == dollars("0")
    assert len(await begin(store, "r2", "0.5", count=2)) == 2


async def test_a_run_without_a_budget_gets_one_that_is_kept_in_its_record(store: Store) -> None:
    await keep(store, everybody("10"))
    some = await begin(store, "r", None, count=4)
    assert [one.limits.usd for one in some] == [Decimal("0.25")] * 4
    assert store.trajectory("r-0") == some[0]
    assert used(store) == dollars("0", "1")


async def test_each_user_has_a_limit_and_everybody_one_together(store: Store) -> None:
    await keep(store, for_user("1", EACH), everybody("1.5"))
    await begin(store, "r1", "1", ANN)
    with pytest.raises(Overspent, match=r"for each user \(ann\)"):
        await begin(store, "r2", "0.1", ANN)
    with pytest.raises(Overspent, match="for everybody together"):
        await begin(store, "r3", "0.6", BOB)
    await begin(store, "r4", "0.5", BOB)


async def test_a_study_pays_for_its_runs_and_for_forks_of_them(store: Store) -> None:
    await keep(store, for_study("1", "s1", TOTAL))
    (kept,) = await begin(store, "r", "0.5", Payer("ann", "s1"))
    whole = await end(store, kept, paid(0, "0.3"))
    fork = replace(kept, id="f", steps=(), fork=Fork(whole.id, 0), limits=Limits(usd=Decimal("0.7")))
    await store.begin(run(id="r", asked_at=NOON), [fork], BOB)
    assert used(store, Scope.STUDY, "s1") == dollars("0.3", "0.7")
    with pytest.raises(Overspent, match="study s1"):
        await begin(store, "r2", "0.1", Payer("bob", "s1"))
    await begin(store, "r3", "0.1", BOB)


async def test_a_fork_pays_only_for_what_it_adds(store: Store) -> None:
    await keep(store, everybody("10"))
    (kept,) = await begin(store, "r", "1")
    whole = await end(store, kept, paid(0, "0.3"), paid(1, "0.4"))
    fork = replace(whole, id="f", steps=whole.steps[:1], fork=Fork(whole.id, 1), stop_reason=None)
    (child,) = await store.begin(run(id="r", asked_at=NOON), [fork])
    assert used(store) == dollars("0.7", "0.7"), "of its budget of $1 the shared step used up $0.30"
    await end(store, child, paid(1, "0.05"))
    assert used(store) == dollars("0.75")


async def test_a_fork_without_a_budget_may_spend_its_share_behind_the_shared_steps(store: Store) -> None:
    (kept,) = await begin(store, "r", None)
    whole = await end(store, kept, paid(0, "3"))
    await keep(store, everybody("10"))
    fork = replace(whole, id="f", fork=Fork(whole.id, 1), stop_reason=None)
    (child,) = await store.begin(run(id="r", asked_at=NOON), [fork])
    assert child.limits.usd == 4
    assert used(store) == dollars("0", "1")


async def test_a_run_counts_for_the_day_on_which_it_was_reserved(store: Store) -> None:
    await keep(store, everybody("1"))
    late, next_day = NOON.replace(hour=23, minute=59), NOON + timedelta(days=1)
    (kept,) = await begin(store, "r1", "1", at=late)
    with pytest.raises(Overspent):
        await begin(store, "r2", "0.5", at=late)
    await begin(store, "r3", "1", at=next_day)
    await end(store, kept, paid(0, "0.9"))
    assert used(store, day="2026-05-04") == dollars("0.9")
    assert used(store, day="2026-05-05") == dollars("0", "1")


async def test_stand_ins_alone_reserve_nothing_and_are_never_refused(store: Store) -> None:
    await keep(store, everybody("0"))
    (kept,) = await begin(store, "r", None, replace(ANN, free=True))
    assert kept.limits.usd is None
    await end(store, kept, paid(0, "5", simulated=True))
    assert used(store) == dollars("0")
    with pytest.raises(Overspent):
        await begin(store, "r2", None)


async def test_what_is_called_free_and_is_not_counts_all_the_same(store: Store) -> None:
    await keep(store, everybody("1"))
    (kept,) = await begin(store, "r", None, replace(ANN, free=True))
    await end(store, kept, paid(0, "0.4"))
    assert used(store) == dollars("0.4")


async def test_an_interrupted_run_keeps_its_reservation_until_it_goes_on_and_ends(store: Store) -> None:
    await keep(store, everybody("10"))
    (kept,) = await begin(store, "r", None)
    await store.keep_step(kept.id, paid(0, "0.3"))
    await interrupt(store)
    assert await settle_left(store, NOON + timedelta(days=9)) == ()
    assert used(store) == dollars("0", "1")
    assert await store.reopen(kept.id, BOB) == 1
    assert used(store, Scope.USER, "ann") == dollars("0", "1"), "who resumes it does not pay for it a second time"
    await end(store, replace(kept, steps=(paid(0, "0.3"),)), paid(1, "0.2"))
    assert used(store) == dollars("0.5")


async def test_a_run_from_before_the_first_limit_reserves_when_it_is_resumed(store: Store) -> None:
    (kept,) = await begin(store, "r", None)
    await store.keep_step(kept.id, paid(0, "3"))
    await interrupt(store)
    await keep(store, everybody("10"))
    assert await store.reopen(kept.id, ANN) == 4
    assert used(store) == dollars("0", "1")
    await interrupt(store)
    assert await store.reopen(kept.id, ANN) == 4
    await end(store, replace(kept, steps=(paid(0, "3"),)), paid(1, "0.2"))
    assert used(store) == dollars("0.2")


async def test_a_limit_that_was_lowered_keeps_interrupted_runs_from_going_on_but_not_from_ending(store: Store) -> None:
    await keep(store, everybody("10"))
    (kept,) = await begin(store, "r", "5")
    await interrupt(store)
    await keep(store, everybody("4"))
    with pytest.raises(Overspent):
        await store.reopen(kept.id, ANN)
    assert store.state(kept.id) is State.INTERRUPTED
    await store.reopen(kept.id)
    await end(store, kept)
    assert used(store) == dollars("0")


async def test_settling_interrupted_runs_frees_what_they_did_not_spend(store: Store) -> None:
    await keep(store, everybody("10"))
    (kept,) = await begin(store, "r", "5")
    await store.keep_step(kept.id, paid(0, "2"))
    await interrupt(store)
    (cleared,) = await settle_left(store, NOON, interrupted=True)
    assert (cleared.trajectory, cleared.reserved_usd, cleared.counted_usd) == ("r-0", 5, 2)
    assert used(store) == dollars("2")
    assert await store.reopen(kept.id, BOB) == 5
    assert used(store, Scope.USER, "bob") == dollars("0", "3"), "it reserves what it may still spend"
    await end(store, replace(kept, steps=(paid(0, "2"),)), paid(1, "1"))
    assert used(store) == dollars("3")


async def test_a_reservation_of_nothing_that_is_kept_counts_whole_after_a_day(store: Store) -> None:
    await keep(store, everybody("10"))
    lost = replace(going(), limits=Limits(usd=Decimal(2)))
    await store.write(lambda connection: ledger.reserve(connection, [lost], ANN, NOON))
    assert await settle_left(store, NOON + timedelta(hours=23)) == ()
    (cleared,) = await settle_left(store, NOON + timedelta(hours=25))
    assert cleared.counted_usd == 2
    assert used(store) == dollars("2")


async def test_reserving_again_for_the_same_trajectory_counts_once(store: Store) -> None:
    await keep(store, everybody("10"))
    one = going()
    for _ in range(2):
        (kept,) = await store.write(lambda connection: ledger.reserve(connection, [one], ANN, NOON))
        assert kept.limits.usd == 1
    assert used(store) == dollars("0", "1")


async def test_while_the_kill_switch_is_on_nothing_begins_and_what_runs_can_end(store: Store) -> None:
    (kept,) = await begin(store, "r", None)
    (other,) = await begin(store, "r1", None)
    on = KillSwitch("runaway bill", NOON, "root")
    await store.write(lambda connection: switch.turn_on(connection, on))
    with pytest.raises(RunsStopped, match=r"runaway bill.*podium kill-switch off"):
        await begin(store, "r2", None, replace(ANN, free=True))
    assert store.run("r2") is None
    await end(store, kept, paid(0, "1"))
    await interrupt(store)
    with pytest.raises(RunsStopped):
        await store.reopen(other.id, ANN)
    second = KillSwitch("again", NOON, "somebody")
    assert await store.write(lambda connection: switch.turn_on(connection, second)) == on
    assert await store.write(switch.turn_off) == on
    assert await store.write(switch.turn_off) is None
    await store.reopen(other.id, ANN)


async def test_limits_are_replaced_and_removed(store: Store) -> None:
    await keep(store, everybody("1"), for_user("2", "ann"), everybody("3"))
    assert [one.limit for one in store.read(limits.listed)] == [everybody("3"), for_user("2", "ann")]
    gone = await store.write(lambda connection: limits.remove(connection, Scope.USER, "ann", DAY))
    assert gone == for_user("2", "ann")
    assert [one.limit for one in store.read(limits.listed)] == [everybody("3")]


@pytest.mark.parametrize("stores", [1, 2])
async def test_two_at_once_cannot_both_take_the_last_dollar(url: str, stores: int) -> None:
    opened = [Store.open(url) for _ in range(stores)]
    try:
        await keep(opened[0], everybody("1"))

        def ask(number: int) -> bool:
            try:
                asyncio.run(begin(opened[number % stores], f"r{number}", "1", Payer(f"user{number % 3}")))
            except Overspent:
                return False
            return True

        let_in = await asyncio.gather(*(asyncio.to_thread(ask, number) for number in range(16)))
        assert sum(let_in) == 1
        assert used(opened[0]) == dollars("0", "1")
    finally:
        for one in opened:
            one.close()


async def test_who_reserves_meanwhile_waits_and_is_refused_then(url: str) -> None:
    one, two = replace(going(1), limits=Limits(usd=Decimal(1))), replace(going(2), limits=Limits(usd=Decimal(1)))
    with Store.open(url) as store:
        await keep(store, everybody("1"))
    engine = writing(open_engine(url))

    def second() -> None:
        with engine.begin() as connection:
            ledger.reserve(connection, [two], BOB, NOON)

    with engine.begin() as connection:
        ledger.reserve(connection, [one], ANN, NOON)
        trying = asyncio.create_task(asyncio.to_thread(second))
        await asyncio.wait([trying], timeout=0.3)
        assert not trying.done(), "nobody looks at what is left while somebody else reserves"
    with pytest.raises(Overspent):
        await trying
    engine.dispose()


async def test_of_two_who_settle_at_once_the_first_counts(store: Store) -> None:
    await keep(store, everybody("10"))
    (kept,) = await begin(store, "r", "1")
    row = store.read(lambda connection: ledger._open(connection, kept.id))
    assert row is not None
    for usd in ("0.3", "0.7"):
        real = ledger.Real(Decimal(usd))
        await store.write(lambda connection, real=real: ledger.settle_row(connection, row, real, NOON))
    assert used(store) == dollars("0.3")
