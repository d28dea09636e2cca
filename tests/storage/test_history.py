"""Past runs: newest first, with totals, searched by words, page by page."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.model_call import unpriced
from orchestrator.trajectory import Step
from storage.store import Store
from storage.trajectories import State
from tests.examples import NOON, model_call
from tests.kept import ended, going, keep_whole, run, step


async def test_history_shows_newest_runs_first_with_totals(store: Store) -> None:
    later = run(id="r2", query="How long is a Straße?", asked_at=NOON + timedelta(hours=1))
    await store.begin(run(), [going(1)])
    await store.keep_step("t1", step(0))
    await keep_whole(store, ended(going(2, "r2"), 2), later)
    unknown = Step(0, "", None, None, (replace(model_call(), charge=unpriced("?")),))
    await store.begin(later, [going(3, "r2")])
    await store.keep_step("t3", unknown)
    newest, oldest = store.runs()
    assert (newest.id, newest.query, newest.asked_at) == (later.id, later.query, later.asked_at)
    assert (newest.trajectories, newest.states) == (2, (State.FINISHED, State.RUNNING))
    assert (newest.cost_usd, newest.unpriced_calls, newest.latency_s) == (Decimal("0.0262"), 1, 4.0)
    assert (newest.simulated, newest.ranked) == (True, False)
    assert (oldest.id, oldest.cost_usd, oldest.latency_s) == ("r1", Decimal("0.0131"), 1.5)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (None, ["r2", "r1"]),
        ("", ["r2", "r1"]),
        ("STRASSE", ["r2"]),
        ("100% of", ["r1"]),
        ("of 100%", ["r1"]),
        ("of nothing", []),
        ("_", []),
        ("\0\ud83dof 100%", ["r1"]),
    ],
)
async def test_history_is_searched_by_words_in_any_case(store: Store, search: str | None, found: list[str]) -> None:
    await store.begin(run(query="What is 100% of 5?"), [])
    await store.begin(run(id="r2", query="How long is a Straße?", asked_at=NOON + timedelta(hours=1)), [])
    assert [summary.id for summary in store.runs(search)] == found


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10, deadline=None)
async def test_history_is_paged_without_gaps_or_repeats(store: Store, data: st.DataObject) -> None:
    for number in range(7):
        await store.begin(run(id=f"r{number}", asked_at=NOON + timedelta(hours=number // 3)), [])
    size = data.draw(st.integers(1, 8))
    seen: list[str] = []
    while page := store.runs(limit=size, before=seen[-1] if seen else None):
        seen += [summary.id for summary in page]
    assert seen == ["r6", "r5", "r4", "r3", "r2", "r1", "r0"]


def test_history_refuses_a_page_of_nothing_or_from_nowhere(store: Store) -> None:
    with pytest.raises(ValueError, match="1 to 500 runs at once, not 0"):
        store.runs(limit=0)
    with pytest.raises(ValueError, match="there is no run r9"):
        store.runs(before="r9")
