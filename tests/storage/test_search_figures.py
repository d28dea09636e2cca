"""Percentiles equal those of a sorted list, to 0.1 %; and what a call cost before is told of it alone."""

import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model_call import unpriced
from orchestrator.trajectory import Fork, Step, Trajectory
from storage.figures import Counts, Period, figures
from storage.past_calls import past_calls
from storage.search_rows import amount_of, bucket
from storage.search_wishes import Wanted
from storage.store import Store
from tests.examples import NOON, call, model_call
from tests.kept import ended, going


def nearest(values: list[float], share: float) -> float:
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


@given(st.lists(st.floats(1, 1e12), min_size=1, max_size=60), st.sampled_from([0.05, 0.5, 0.9, 0.99, 1.0]))
def test_percentiles_are_right_to_a_tenth_of_a_percent(values: list[float], share: float) -> None:
    counts = Counts()
    for value in values:
        counts.of[bucket(value)] += 1
    place = counts.at(share)
    assert place is not None
    assert amount_of(place) == pytest.approx(nearest(values, share), rel=0.00101)


def test_nothing_has_no_percentile_and_free_is_zero() -> None:
    assert Counts().at(0.5) is None
    assert amount_of(bucket(0)) == 0


def _with(whole: Trajectory, alias: str, usd: str | None, latency_s: float) -> Trajectory:
    charge = {} if usd is not None else {"charge": unpriced("none")}
    paid = model_call(usd or "0", latency_s, alias=alias, simulated=True, **charge)
    last = Step(len(whole.steps), "", call(alias), None, (paid,))
    return replace(whole, steps=(*whole.steps, last))


async def _keep(store: Store) -> list[Trajectory]:
    made = []
    for number in range(30):
        one = replace(
            ended(going(number, f"r{number}"), number % 3),
            started_at=NOON + timedelta(hours=number),
            policy="random" if number % 2 else "embedded",
        )
        made.append(_with(one, "answer-1", None if number == 7 else f"0.0{number + 10}", 1.0 + number))
    await store.add_all(made)
    return made


async def test_figures_equal_those_of_every_trajectory(store: Store) -> None:
    made = await _keep(store)
    found = figures(store.rows, Wanted())
    known = [float(one.cost_usd) for one in made if not one.unpriced_calls]
    for share in (0.5, 0.9, 0.99):
        assert found.all.cost_usd(share) == pytest.approx(nearest(known, share), rel=0.0011)
        assert found.all.latency_s(share) == pytest.approx(nearest([o.latency_s for o in made], share), rel=0.0011)
        assert found.all.turns.at(share) == nearest([len(one.steps) for one in made], share)
    assert (found.all.count, found.all.unpriced, found.all.simulated) == (30, 1, 30)
    assert {name: one.count for name, one in found.policies.items()} == {"embedded": 15, "random": 15}
    assert found.aliases["answer-1"].count == 30
    assert (found.aliases["answer-1"].unpriced, found.aliases["answer-1"].cost.total) == (1, 29)
    assert sum(one.count for one in found.times.values()) == 30


async def test_filters_apply_to_figures_too(store: Store) -> None:
    made = await _keep(store)
    found = figures(store.rows, Wanted(policies=("random",)), Period.HOUR)
    mine = [one for one in made if one.policy == "random"]
    assert found.all.count == len(mine)
    assert len(found.times) == len(mine)
    assert found.aliases["search-1"].count == sum(len(one.steps) - 1 for one in mine)


async def test_days_are_those_of_the_viewer(store: Store) -> None:
    await store.add(replace(ended(going(1), 1), started_at=NOON + timedelta(hours=11, minutes=45)))
    (here,) = figures(store.rows, Wanted()).times
    (there,) = figures(store.rows, Wanted(), Period.DAY, 30).times
    assert there - here == 1440


async def test_shared_steps_are_counted_where_they_were_paid_for(store: Store) -> None:
    whole = _with(ended(going(1), 2), "answer-1", "0.02", 1.0)
    await store.add(whole)
    await store.add(replace(_with(ended(going(2), 2), "answer-1", "0.03", 1.0), fork=Fork("t1", 2)))
    found = figures(store.rows, Wanted())
    assert (found.aliases["search-1"].count, found.aliases["answer-1"].count) == (2, 2)
    assert figures(store.rows, Wanted(verdicts=("solved",))).aliases["search-1"].count == 2


async def test_past_calls_tell_what_a_call_and_all_behind_it_came_to(store: Store) -> None:
    await store.add(_with(ended(going(1), 2), "answer-1", "0.02", 4.0))
    first, second = past_calls(store.rows, "search-1", "test", simulated=True)
    assert {(first.cost_usd, first.rest_cost_usd), (second.cost_usd, second.rest_cost_usd)} == {
        (Decimal("0.0131"), Decimal("0.0331")),
        (Decimal("0.0131"), Decimal("0.02")),
    }
    assert past_calls(store.rows, "search-1", "test", simulated=False) == []
    assert past_calls(store.rows, "search-1", "another", simulated=True) == []
    assert past_calls(store.rows, "search-1", "test", simulated=True, policy="another") == []
