"""Searching equals looking at every trajectory, and paging gives each once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.model_call import Charge, ChargeStatus, unpriced
from orchestrator.preference import PRESETS, PreferenceVector
from orchestrator.trajectory import Fork, Outcome, Step, StopReason, Trajectory, Verdict
from prefs.ballot import ballot
from prefs.ranking import Ranking
from storage import search, search_rows
from storage.search_tables import FINDING, ROUTED_CALL
from storage.search_wishes import GOING, Mark, Order, Sorting, Wanted
from storage.store import Store
from tests.examples import NOON, call, model_call
from tests.kept import ended, going, keep_whole, run
from tests.strategies import trajectories

WORDS = ("Kenya", "ÄRA", "100%", "a_b", "mount", "17")
ALIASES = ("search-1", "reasoner-2", "answer-1")


@st.composite
def pasts(draw: st.DrawFn) -> list[Trajectory]:
    """Trajectories whose every filter finds some and leaves some out."""
    return [draw(_one(number)) for number in range(draw(st.integers(3, 9)))]


@st.composite
def _one(draw: st.DrawFn, number: int) -> Trajectory:
    aliases = draw(st.lists(st.sampled_from(ALIASES), max_size=3))
    dollars = st.sampled_from(["0", "0.001", "0.002", "0.01", None])
    steps = tuple(
        Step(index, "", call(alias), None, (_paid(draw(dollars), draw(st.sampled_from([0.0, 0.5, 2.0]))),))
        for index, alias in enumerate(aliases)
    )
    reason = draw(st.none() | st.sampled_from([StopReason.ANSWERED, StopReason.TURNS]))
    return Trajectory(
        id=f"t{number}",
        query=" ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))),
        preference=draw(st.sampled_from([*PRESETS.values(), PreferenceVector(1, 0.5, 0.5, {"answer-1": 0.5})])),
        policy=draw(st.sampled_from(["random", "embedded"])),
        pool="test",
        seed=number,
        started_at=NOON + timedelta(hours=draw(st.integers(0, 5))),
        steps=steps,
        stop_reason=reason,
        answer=draw(st.none() | st.sampled_from(WORDS)) if reason is StopReason.ANSWERED else None,
        outcome=Outcome(draw(st.sampled_from(Verdict))),
        run=f"r{number % 2}-{number}",
    )


def _paid(usd: str | None, latency_s: float) -> Any:
    charge = unpriced("none") if usd is None else Charge(Decimal(usd), ChargeStatus.PRICED, "test")
    return replace(model_call("0", latency_s), charge=charge, simulated=usd == "0.01")


RANGES = st.tuples(st.none() | st.sampled_from(["0.001", "0.002"]), st.none() | st.sampled_from(["0.002", "0.012"]))
WISHES = st.builds(
    Wanted,
    words=st.lists(st.sampled_from([*WORDS, "ära", "kENYA mount", "%", "_"]), max_size=1).map(" ".join),
    aliases=st.lists(st.sampled_from(ALIASES), max_size=2, unique=True).map(tuple),
    cost_usd=RANGES.map(lambda ends: tuple(None if end is None else Decimal(end) for end in ends)),
    latency_s=st.sampled_from([(None, None), (0.5, None), (None, 2.0), (0.5, 2.5)]),
    started=st.sampled_from([(None, None), (NOON + timedelta(hours=2), None), (NOON, NOON + timedelta(hours=3))]),
    verdicts=st.sampled_from([(), ("solved",), ("solved", "ungraded")]),
    stop_reasons=st.sampled_from([(), ("answered",), (GOING,), (GOING, "turns")]),
    policies=st.sampled_from([(), ("random",)]),
    preference=st.none() | st.sampled_from([*PRESETS.values(), PreferenceVector(1, 0.5, 0.5, {"answer-1": 0.5})]),
    cost=st.sampled_from([(None, None), (0.4, 1.0)]),
    simulated=st.none() | st.booleans(),
    priced=st.none() | st.booleans(),
)


def fits(one: Trajectory, wanted: Wanted) -> bool:
    """The filters, looked at one trajectory at a time."""
    said = f"{one.query}\n{one.answer or ''}".casefold()
    called = {step.call.model for step in one.steps if step.call is not None}
    known = one.unpriced_calls == 0
    reason = GOING if one.stop_reason is None else one.stop_reason.value
    checks = [
        all(word in said for word in wanted.words.casefold().split()),
        set(wanted.aliases) <= called,
        wanted.cost_usd == (None, None) or (known and _in(one.cost_usd, wanted.cost_usd)),
        _in(one.latency_s, wanted.latency_s),
        wanted.started[0] is None or one.started_at >= wanted.started[0],
        wanted.started[1] is None or one.started_at < wanted.started[1],
        not wanted.verdicts or one.outcome.verdict.value in wanted.verdicts,
        not wanted.stop_reasons or reason in wanted.stop_reasons,
        not wanted.policies or one.policy in wanted.policies,
        wanted.preference is None or one.preference == wanted.preference,
        _in(one.preference.cost, wanted.cost),
        wanted.simulated is None or one.simulated is wanted.simulated,
        wanted.priced is None or known is wanted.priced,
    ]
    return all(checks)


def _in(value: Any, ends: tuple[Any, Any]) -> bool:
    low, high = ends
    return (low is None or value >= low) and (high is None or value <= high)


def keys(one: Trajectory, order: Order) -> Any:
    known = None if one.unpriced_calls else one.cost_usd
    return {
        Order.DATE: one.started_at,
        Order.COST: known,
        Order.LATENCY: one.latency_s,
        Order.STEPS: len(one.steps),
    }[order]


def all_pages(store: Store, wanted: Wanted, sorting: Sorting, size: int) -> list[search.Found]:
    found: list[search.Found] = []
    after = None
    while True:
        page = search.page(store.rows, wanted, sorting, size=size, after=after)
        found += page.rows
        if page.after is None:
            return found
        assert len(page.rows) == size
        after = page.after.text


SORTINGS = st.builds(Sorting, st.sampled_from(Order), st.booleans())


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(past=pasts(), wishes=st.lists(WISHES, min_size=6, max_size=12), sorting=SORTINGS, size=st.integers(1, 4))
def test_filters_find_what_looking_at_each_would(
    past: list[Trajectory], wishes: list[Wanted], sorting: Sorting, size: int
) -> None:
    with Store.open("sqlite://") as store:
        asyncio.run(store.add_all(past))
        for wanted in wishes:
            expected = [one for one in past if fits(one, wanted)]
            found = all_pages(store, wanted, sorting, size)
            assert sorted(one.id for one in found) == sorted(one.id for one in expected)
            assert search.count(store.rows, wanted).trajectories == len(expected)
            in_order(found, {one.id: one for one in past}, sorting)


def in_order(found: Sequence[search.Found], past: dict[str, Trajectory], sorting: Sorting) -> None:
    """Known keys sorted, unknown ones last."""
    keyed = [keys(past[one.id], sorting.order) for one in found]
    known = [key for key in keyed if key is not None]
    assert keyed == known + [None] * (len(keyed) - len(known))
    assert known == sorted(known, reverse=sorting.descending)


async def test_paging_gives_each_row_once_while_new_runs_come_in(store: Store) -> None:
    await store.add_all(ended(going(n, run=f"r{n}", started_at=NOON + timedelta(hours=n)), n % 3) for n in range(20))
    for sorting in (Sorting(), Sorting(Order.STEPS, descending=False), Sorting(Order.COST)):
        seen: list[str] = []
        after = None
        for turn in range(100):
            page = search.page(store.rows, Wanted(), sorting, size=3, after=after)
            seen += [one.id for one in page.rows]
            new = going(100 + turn, run=f"n{sorting.order}{turn}", started_at=NOON + timedelta(hours=turn))
            await store.add(ended(replace(new, id=f"{sorting.order}{turn}"), turn % 4))
            if page.after is None:
                break
            after = page.after.text
        old = [id for id in seen if id.startswith("t")]
        assert sorted(old) == sorted(f"t{n}" for n in range(20))
        assert len(seen) == len(set(seen))


async def test_a_running_trajectory_is_found_and_its_totals_come_with_its_end(store: Store) -> None:
    whole = ended(going(1), 2)
    await store.begin(run(), [going(1)])
    await store.keep_step("t1", whole.steps[0])
    found = search.page(store.rows, Wanted(stop_reasons=(GOING,)), Sorting(Order.COST)).rows[0]
    assert (found.state, found.cost_usd, found.steps, found.route) == ("running", None, None, ("search-1",))
    assert search.count(store.rows, Wanted()).going == 1
    await store.keep_step("t1", whole.steps[1])
    await store.finish(whole)
    found = search.page(store.rows, Wanted(words="397.8", cost_usd=(Decimal("0.0262"), None)), Sorting()).rows[0]
    assert (found.state, found.cost_usd, found.steps) == ("finished", whole.cost_usd, 2)
    assert search.page(store.rows, Wanted(stop_reasons=(GOING,)), Sorting()).rows == ()


async def test_what_is_ranked_is_found_as_ranked(store: Store) -> None:
    await store.begin(run(), [going(1), going(2), going(3)])
    await store.keep_ballot(ballot("b1", ["t1", "t2"], query="q", run="r1", seed=1, made_at=NOON))
    assert search.page(store.rows, Wanted(ranked=True), Sorting()).rows == ()
    await store.keep_ranking(Ranking("k1", "b1", (("A",), ("B",)), NOON))
    assert {one.id for one in search.page(store.rows, Wanted(ranked=True), Sorting()).rows} == {"t1", "t2"}
    assert [one.id for one in search.page(store.rows, Wanted(ranked=False), Sorting()).rows] == ["t3"]


async def test_a_fork_is_found_from_what_it_was_forked_from_and_pays_only_its_own_calls(store: Store) -> None:
    await keep_whole(store, ended(going(1), 2), run())
    child = replace(ended(going(2), 3), fork=Fork("t1", 2))
    await store.begin(run(), [replace(going(2), steps=child.steps[:2], fork=child.fork)])
    await store.keep_step("t2", child.steps[2])
    await store.finish(child)
    assert search.forks_of(store.rows, "t1") == ["t2"]
    shared = [row["shared"] for row in search_rows.routed_calls(child)]
    assert shared == [False, True, True]


@settings(max_examples=40)
@given(whole=trajectories())
def test_any_trajectory_can_be_kept_to_search_by(whole: Trajectory) -> None:
    finding = search_rows.finding(whole, ended=True)
    assert set(finding) | {"ranked"} == {column.name for column in FINDING.c}
    for row in search_rows.routed_calls(whole):
        assert set(row) == {column.name for column in ROUTED_CALL.c}


@pytest.mark.parametrize("text", ["", "x", "bm8", "W10", "WyJjb3N0Iiwgd"])
def test_a_mark_that_no_page_gave_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="first page"):
        Mark.read(text, Sorting())


def test_a_mark_of_another_order_is_refused() -> None:
    mark = Mark(Sorting(), NOON.astimezone(UTC), "t1")
    assert Mark.read(mark.text, Sorting()) == mark
    with pytest.raises(ValueError, match="another order"):
        Mark.read(mark.text, Sorting(Order.DATE, descending=False))


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"words": "x" * 501}, "at most 500"),
        ({"cost_usd": (Decimal(2), Decimal(1))}, "ends before it begins"),
        ({"latency_s": (3.0, 1.0)}, "ends before it begins"),
    ],
)
def test_wishes_that_nothing_can_fit_are_refused(wish: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Wanted(**wish)
