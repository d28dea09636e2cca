"""Every filter finds what looking at each trajectory would find, and pages give that once and in order."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.model_call import Charge, ChargeStatus, unpriced
from orchestrator.preference import PRESETS, PreferenceVector
from orchestrator.trajectory import Outcome, Step, StopReason, Trajectory, Verdict
from prefs.ballot import ballot
from prefs.ranking import Ranking
from storage import search
from storage.search_wishes import GOING, Order, Sorting, Wanted
from storage.store import Store
from tests.examples import NOON, call, model_call

WORDS = ("Kenya", "ÄRA", "100%", "a_b", "mount", "17")
ALIASES = ("search-1", "reasoner-2", "answer-1")
FOR_ANSWER_1 = PreferenceVector(1, 0.5, 0.5, {"answer-1": 0.5})
RANKED = 2
"""The first so many trajectories are on a ballot that somebody ranked."""


@st.composite
def pasts(draw: st.DrawFn) -> list[Trajectory]:
    """Trajectories of two runs, whatever they came to."""
    return [draw(_one(number)) for number in range(draw(st.integers(3, 9)))]


@st.composite
def _one(draw: st.DrawFn, number: int) -> Trajectory:
    dollars = st.sampled_from(["0", "0.001", "0.002", "0.01", None])
    calls = st.tuples(st.sampled_from(ALIASES), dollars, st.sampled_from([0.0, 0.5, 2.0]))
    return made(
        number,
        " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))),
        draw(st.lists(calls, max_size=3)),
        draw(st.none() | st.sampled_from([StopReason.ANSWERED, StopReason.TURNS])),
        draw(st.none() | st.sampled_from(WORDS)),
        policy=draw(st.sampled_from(["random", "embedded"])),
        preference=draw(st.sampled_from([*PRESETS.values(), FOR_ANSWER_1])),
        started_at=NOON + timedelta(hours=draw(st.integers(0, 5))),
        outcome=Outcome(draw(st.sampled_from(Verdict))),
    )


def made(
    number: int,
    query: str,
    calls: Sequence[tuple[str, str | None, float]],
    reason: StopReason | None = StopReason.ANSWERED,
    answer: str | None = None,
    **changes: Any,
) -> Trajectory:
    """A trajectory that called aliases for so many dollars (`None` is unpriced) and seconds."""
    steps = tuple(Step(n, "", call(alias), None, (_paid(usd, s),)) for n, (alias, usd, s) in enumerate(calls))
    whole = Trajectory(
        id=f"t{number}",
        query=query,
        preference=PRESETS["Balanced"],
        policy="random",
        pool="test",
        seed=number,
        started_at=NOON,
        steps=steps,
        stop_reason=reason,
        answer=answer if reason is StopReason.ANSWERED else None,
        run=f"r{number % 2}",
    )
    return replace(whole, **changes)


def _paid(usd: str | None, latency_s: float) -> Any:
    charge = unpriced("none") if usd is None else Charge(Decimal(usd), ChargeStatus.PRICED, "test")
    return replace(model_call("0", latency_s), charge=charge, simulated=usd == "0.01")


RANGES = st.tuples(st.none() | st.sampled_from(["0.001", "0.002"]), st.none() | st.sampled_from(["0.002", "0.012"]))
WEIGHTS = st.sampled_from([(None, None), (0.4, 1.0), (None, 0.3), (0.5, None)])
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
    preference=st.none() | st.sampled_from([*PRESETS.values(), FOR_ANSWER_1]),
    accuracy=WEIGHTS,
    cost=WEIGHTS,
    latency=WEIGHTS,
    simulated=st.none() | st.booleans(),
    ranked=st.none() | st.booleans(),
    priced=st.none() | st.booleans(),
    run=st.none() | st.sampled_from(["r0", "r1"]),
)
PAST = (
    made(0, "Kenya 100%", [("search-1", "0.001", 0.5), ("answer-1", "0.002", 2.0)], answer="mount"),
    made(1, "ÄRA a_b", [("search-1", "0.01", 0.0)], StopReason.TURNS, policy="embedded", preference=PRESETS["Frugal"]),
    made(2, "mount", [("answer-1", None, 2.0)], preference=FOR_ANSWER_1, outcome=Outcome(Verdict.SOLVED)),
    made(3, "17", [], None, started_at=NOON + timedelta(hours=3), outcome=Outcome(Verdict.UNSOLVED)),
    made(4, "Kenya", [("reasoner-2", "0.002", 0.5)], started_at=NOON + timedelta(hours=1)),
)
FIXED: tuple[dict[str, Any], ...] = (
    {"words": "kENYA"},
    {"words": "%"},
    {"words": "_"},
    {"words": "ära"},
    {"aliases": ("search-1",)},
    {"aliases": ("search-1", "answer-1")},
    {"cost_usd": (Decimal("0.002"), Decimal("0.003"))},
    {"latency_s": (0.5, 2.0)},
    {"started": (NOON + timedelta(hours=1), None)},
    {"started": (None, NOON + timedelta(hours=3))},
    {"verdicts": ("solved", "unsolved")},
    {"stop_reasons": (GOING, "turns")},
    {"policies": ("embedded", "nowhere")},
    {"preference": PRESETS["Frugal"]},
    {"preference": FOR_ANSWER_1},
    {"accuracy": (None, 0.6)},
    {"cost": (0.7, None)},
    {"latency": (0.4, None)},
    {"simulated": True},
    {"simulated": False},
    {"ranked": True},
    {"ranked": False},
    {"priced": True},
    {"priced": False},
    {"run": "r1"},
)
SORTINGS = st.builds(Sorting, st.sampled_from(Order), st.booleans())


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
        all(_in(getattr(one.preference, name), getattr(wanted, name)) for name in ("accuracy", "cost", "latency")),
        wanted.simulated is None or one.simulated is wanted.simulated,
        wanted.ranked is None or (one.seed < RANKED) is wanted.ranked,
        wanted.priced is None or known is wanted.priced,
        wanted.run is None or one.run == wanted.run,
    ]
    return all(checks)


def _in(value: Any, ends: tuple[Any, Any]) -> bool:
    low, high = ends
    return (low is None or value >= low) and (high is None or value <= high)


async def kept(store: Store, past: Sequence[Trajectory]) -> None:
    """The trajectories, and a ranking of the first of them."""
    await store.add_all(past)
    shown = [one.id for one in past[:RANKED]]
    await store.keep_ballot(ballot("b1", shown, query="q", run=None, seed=1, made_at=NOON))
    await store.keep_ranking(Ranking("k1", "b1", (("A",), ("B",)), NOON))


def check(store: Store, past: Sequence[Trajectory], wanted: Wanted, sorting: Sorting, size: int) -> int:
    """How many are found, which are those that fit."""
    expected = [one.id for one in past if fits(one, wanted)]
    found = all_pages(store, wanted, sorting, size)
    assert sorted(one.id for one in found) == sorted(expected)
    assert search.count(store.rows, wanted).trajectories == len(expected)
    in_order(found, {one.id: one for one in past}, sorting)
    return len(found)


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


def in_order(found: Sequence[search.Found], past: dict[str, Trajectory], sorting: Sorting) -> None:
    """Known keys sorted, unknown ones last."""
    keyed = [keys(past[one.id], sorting.order) for one in found]
    known = [key for key in keyed if key is not None]
    assert keyed == known + [None] * (len(keyed) - len(known))
    assert known == sorted(known, reverse=sorting.descending)


def keys(one: Trajectory, order: Order) -> Any:
    known = None if one.unpriced_calls else one.cost_usd
    return {
        Order.DATE: one.started_at,
        Order.COST: known,
        Order.LATENCY: one.latency_s,
        Order.STEPS: len(one.steps),
    }[order]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(past=pasts(), wishes=st.lists(WISHES, min_size=6, max_size=12), sorting=SORTINGS, size=st.integers(1, 4))
def test_filters_find_what_looking_at_each_would(
    past: list[Trajectory], wishes: list[Wanted], sorting: Sorting, size: int
) -> None:
    with Store.open("sqlite://") as store:
        asyncio.run(kept(store, past))
        for wanted in wishes:
            check(store, past, wanted, sorting, size)


@pytest.mark.parametrize("order", Order)
async def test_each_filter_finds_some_and_leaves_some_out_on_every_database(store: Store, order: Order) -> None:
    await kept(store, PAST)
    for wish in FIXED:
        for descending in (True, False):
            found = check(store, PAST, Wanted(**wish), Sorting(order, descending), 2)
            assert 0 < found < len(PAST), f"{wish} tells nothing apart"
