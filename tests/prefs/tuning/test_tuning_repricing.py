"""Stored trajectories under other prices."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from orchestrator.model_call import FREE, Attempt, CallRole, Charge, ChargeStatus, ModelCall, Usage, unpriced
from orchestrator.pool import Price
from orchestrator.preference import PreferenceVector
from orchestrator.prices import DatedPrice, PriceBook, charge
from orchestrator.trajectory import Step, Trajectory
from prefs.ballot import ballot
from prefs.judgement import judgement
from prefs.ranking import Ranking
from prefs.tuning.orders import orders_changed
from prefs.tuning.repricing import of_aliases, of_book, recharged, repriced
from prefs.tuning.stored import Stored, stored
from prefs.tuning.winners import Tuning
from tests.examples import NOON, call, model_call, trajectory

DEAR = Price("test", date(2026, 1, 1), input_usd_per_mtok=Decimal(100), output_usd_per_mtok=Decimal(1000))
FRUGAL = PreferenceVector(1, 1, 0)


def run(id: str, alias: str, usd: str, seconds: float = 1.0, **changes: object) -> Trajectory:
    of = model_call(usd, seconds, alias=alias, model=f"model of {alias}", **changes)
    return trajectory(id=id, steps=(Step(0, "", call(alias), None, (of,)),))


def calls_of(*runs: Trajectory) -> dict[str, tuple[ModelCall, ...]]:
    return {one.id: one.calls for one in runs}


def test_new_prices_of_one_alias_change_the_winner_and_leave_the_others_as_they_were() -> None:
    one, other = run("one", "answer-1", "0.01"), run("other", "answer-2", "0.02")
    before = [stored(one), stored(other)]
    found = repriced(before, calls_of(one, other), of_aliases({"answer-1": DEAR}))
    assert [again.known_usd for again in found.alternatives] == [Decimal("0.03"), Decimal("0.02")]
    assert (found.anew, found.kept, found.unknown) == (1, 1, 0)
    old, new = Tuning.of(before), Tuning.of(found.alternatives)
    assert old.ids(old.winners(FRUGAL)) == {one.query: "one"}
    assert new.ids(new.winners(FRUGAL)) == {one.query: "other"}


def test_the_same_prices_give_the_same_dollars() -> None:
    usage = Usage(1234, 567, 200)
    charged = charge(usage, DEAR, at=NOON)
    one = run("one", "answer-1", "0", usage=usage, charge=charged)
    assert repriced([stored(one)], calls_of(one), of_aliases({"answer-1": DEAR})).alternatives == (stored(one),)


def test_unknown_usage_stays_unknown_and_a_known_price_makes_an_unpriced_call_known() -> None:
    silent = model_call(usage=None)
    assert recharged(silent, of_aliases({"answer-1": DEAR})) == (None, "anew")
    nobody_knew = model_call(charge=unpriced("no price"), usage=Usage(10, 10))
    assert recharged(nobody_knew, of_aliases({"answer-1": DEAR}))[0] == Decimal("0.011")
    one = run("one", "answer-1", "0.01", usage=None)
    found = repriced([stored(one)], calls_of(one), of_aliases({"answer-1": DEAR}))
    assert found.unknown == 1
    assert found.alternatives[0].features.cost_usd is None
    assert found.alternatives[0].unpriced_calls == 1


def test_what_failed_attempts_used_is_not_kept_so_their_dollars_are_unknown() -> None:
    paid = Attempt(NOON, 1.0, "broke off", Decimal("0.002"))
    refused = Attempt(NOON, 1.0, "refused", Decimal(0))
    assert recharged(model_call(attempts=(paid,)), of_aliases({"answer-1": DEAR}))[0] is None
    assert recharged(model_call(attempts=(refused,)), of_aliases({"answer-1": DEAR}))[0] == Decimal("0.03")


def test_hours_of_a_gpu_are_shared_and_do_not_count_waiting_here() -> None:
    by_hour = Price("own", date(2026, 1, 1), usd_per_gpu_hour=Decimal(36))
    waited = model_call(latency_s=3.0, queued_s=1.0, in_flight=4)
    assert recharged(waited, of_aliases({"answer-1": by_hour}))[0] == Decimal("0.005")


def test_work_of_this_machine_is_free_under_any_prices() -> None:
    retrieval = model_call(role=CallRole.RETRIEVER, usage=None, charge=FREE)
    assert recharged(retrieval, of_aliases({"answer-1": DEAR})) == (Decimal(0), "kept")


def test_a_price_book_prices_a_call_as_of_its_day() -> None:
    cheap = Price("old", date(2025, 1, 1), input_usd_per_mtok=Decimal(1), output_usd_per_mtok=Decimal(1))
    book = PriceBook((DatedPrice("gpt-5", NOON.date(), DEAR), DatedPrice("gpt-5", date(2025, 1, 1), cheap)))
    assert recharged(model_call(), of_book(book))[0] == Decimal("0.03")
    earlier = model_call(started_at=NOON - timedelta(days=1))
    assert recharged(earlier, of_book(book))[0] == Decimal("0.00012")
    assert recharged(model_call(model="other"), of_book(book)) == (Decimal("0.01"), "kept")


def test_missing_calls_are_refused() -> None:
    with pytest.raises(ValueError, match="the calls of trajectory one are missing"):
        repriced([stored(run("one", "answer-1", "0.01"))], {}, of_aliases({}))


def test_orders_of_ballots_under_other_prices_are_held_against_what_people_said() -> None:
    runs = {one.id: one for one in (run("one", "answer-1", "0.01"), run("other", "answer-2", "0.02"))}
    shown = ballot("b", list(runs), query="What is 17% of 2,340?", run=None, seed=1, made_at=NOON)
    label = {alternative.trajectory: alternative.label for alternative in shown.alternatives}
    said = judgement(Ranking("r", "b", ((label["other"],), (label["one"],)), NOON), shown, runs)
    before = {id: stored(one) for id, one in runs.items()}
    again = repriced(before.values(), calls_of(*runs.values()), of_aliases({"answer-1": DEAR})).alternatives
    after = {one.id: one for one in again}
    found = orders_changed([said], before, after, FRUGAL)
    assert (found.ballots, found.winner_changed, found.order_changed) == (1, ("b",), ("b",))
    assert (found.pairs, found.agreed_before, found.agreed_after) == (1, 0, 1)
    same = orders_changed([said], before, before, FRUGAL)
    assert (same.winner_changed, same.order_changed) == ((), ())
    assert orders_changed([], before, after, FRUGAL).ballots == 0


def test_a_stored_alternative_cannot_contradict_itself() -> None:
    fine = stored(run("one", "answer-1", "0.01"))
    for wrong in ({"unpriced_calls": 1}, {"known_usd": Decimal("0.02")}, {"known_usd": Decimal("NaN")}):
        with pytest.raises(ValueError, match="trajectory one"):
            replace(fine, **wrong)
    estimated = Charge(Decimal("0.5"), ChargeStatus.ESTIMATED, "test")
    assert isinstance(stored(run("two", "answer-1", "0", charge=estimated)), Stored)
