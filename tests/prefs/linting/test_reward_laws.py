"""The laws hold for R(τ) as Podium computes it, whatever the batch; so a reward that breaks one differs from it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.preference import PreferenceVector
from prefs.linting.case import ALIASES, Case, Rollout
from prefs.linting.law import LAWS, Law
from prefs.linting.scorer import Scorer
from prefs.reward import rewards
from storage.records import load_preference, load_trajectory

USES = st.fixed_dictionaries(
    {}, optional={"answer-1": st.just(1), "reasoner-1": st.integers(1, 4), "search-1": st.integers(1, 4)}
)
ROLLOUTS = st.builds(
    Rollout,
    st.integers(0, 1),
    st.decimals(0, 1000, places=8),
    st.integers(0, 10**6).map(lambda quarters: quarters / 4),
    USES,
)
WEIGHTS = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
PREFERENCES = st.builds(
    PreferenceVector, WEIGHTS, WEIGHTS, WEIGHTS, st.dictionaries(st.sampled_from(ALIASES), WEIGHTS, max_size=3)
)
BATCHES = st.one_of(st.lists(ROLLOUTS, min_size=1, max_size=4).map(tuple), ROLLOUTS.map(lambda one: (one, one)))
CASES = st.builds(Case, BATCHES, PREFERENCES)


def ours(records: list[dict[str, Any]], preference: dict[str, Any]) -> list[float | None]:
    """R(τ) by `prefs.reward`, from the records."""
    batch = [load_trajectory(record) for record in records]
    return [found.value for found in rewards(batch, load_preference(preference))]


@pytest.mark.parametrize("law", LAWS, ids=[law.name for law in LAWS])
@settings(max_examples=25, deadline=None)
@given(case=CASES)
def test_our_reward_keeps_the_law(law: Law, case: Case) -> None:
    assert law.broken(Scorer(ours), case) is None


def test_a_case_knows_its_rollouts_as_records_do() -> None:
    rollout = Rollout(0, Decimal("0.05"), 2.5, {"answer-1": 1, "search-1": 2})
    read = load_trajectory(Case((rollout,), PreferenceVector()).records()[0])
    called = [step.call.model for step in read.steps if step.call is not None]
    assert called == ["search-1", "search-1", "answer-1"]
    assert (read.cost_usd, read.latency_s, read.outcome.verdict.value) == (Decimal("0.05"), 2.5, "unsolved")
