"""What R(τ) promises for every batch: monotone, bounded, indifferent to order and to the unit of money."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model_call import CallRole, Charge, ChargeStatus, ModelCall
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Outcome, Step, ToolCall, Trajectory, Verdict
from prefs.reward import Reward, advantages, rewards

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALIASES = ("answer-1", "answer-2", "search-1")
WEIGHT = st.floats(0, 1)
DOLLARS = st.decimals(0, 1000, places=9)
SECONDS = st.floats(0, 1e6)


def taking(trajectory: Trajectory, *, usd: Decimal | None = None, seconds: float | None = None) -> Trajectory:
    """The same trajectory with another cost or latency, all of it in the first call."""
    first = trajectory.steps[0]
    call = first.calls[0]
    if usd is not None:
        call = replace(call, charge=replace(call.charge, usd=usd))
    if seconds is not None:
        call = replace(call, latency_s=seconds)
    return replace(trajectory, steps=(replace(first, calls=(call,)), *trajectory.steps[1:]))


def graded(trajectory: Trajectory, verdict: Verdict) -> Trajectory:
    return replace(trajectory, outcome=Outcome(verdict, "a test"))


@st.composite
def trajectories(draw: st.DrawFn, verdicts: Sequence[Verdict] = (Verdict.SOLVED, Verdict.UNSOLVED)) -> Trajectory:
    charge = Charge(draw(DOLLARS), ChargeStatus.PRICED, "a test")
    aliases = draw(st.lists(st.sampled_from(ALIASES), min_size=1, max_size=5))
    call = ModelCall(CallRole.EXPERT, aliases[0], "a model", None, charge, NOW, draw(SECONDS))
    steps = tuple(
        Step(i, "", ToolCall("answer", alias), None, (call,) if i == 0 else ()) for i, alias in enumerate(aliases)
    )
    outcome = Outcome(draw(st.sampled_from(verdicts)))
    return Trajectory("t", "a query", PreferenceVector(), "random", "pool", 0, NOW, steps, outcome=outcome)


PREFERENCES = st.builds(
    PreferenceVector, WEIGHT, WEIGHT, WEIGHT, st.dictionaries(st.sampled_from(ALIASES), WEIGHT, max_size=3)
)
BATCHES = st.lists(trajectories(), min_size=1, max_size=6)
ANY_BATCHES = st.lists(trajectories(tuple(Verdict)), min_size=1, max_size=6)


def value(reward: Reward) -> float:
    assert reward.value is not None
    return reward.value


@given(BATCHES, PREFERENCES, DOLLARS)
def test_reward_never_rises_with_cost(batch: list[Trajectory], preference: PreferenceVector, more: Decimal) -> None:
    dearer = [taking(batch[0], usd=batch[0].cost_usd + more), *batch[1:]]
    assert value(rewards(dearer, preference)[0]) <= value(rewards(batch, preference)[0])


@given(BATCHES, PREFERENCES, SECONDS)
def test_reward_never_rises_with_latency(batch: list[Trajectory], preference: PreferenceVector, more: float) -> None:
    slower = [taking(batch[0], seconds=batch[0].latency_s + more), *batch[1:]]
    assert value(rewards(slower, preference)[0]) <= value(rewards(batch, preference)[0])


@given(BATCHES, PREFERENCES)
def test_wrong_never_beats_right(batch: list[Trajectory], preference: PreferenceVector) -> None:
    scored = list(zip(batch, rewards(batch, preference), strict=True))
    wrong = [value(r) for t, r in scored if t.outcome.verdict is Verdict.UNSOLVED]
    right = [value(r) for t, r in scored if t.outcome.verdict is Verdict.SOLVED]
    assert set(wrong) <= {0.0}
    assert all(r >= w for r in right for w in wrong)


@given(BATCHES, PREFERENCES)
def test_becoming_right_never_lowers_the_reward(batch: list[Trajectory], preference: PreferenceVector) -> None:
    wrong = [graded(batch[0], Verdict.UNSOLVED), *batch[1:]]
    right = [graded(batch[0], Verdict.SOLVED), *batch[1:]]
    assert value(rewards(right, preference)[0]) >= value(rewards(wrong, preference)[0])


@given(trajectories(), PREFERENCES, st.integers(1, 6))
def test_what_all_share_contributes_nothing(one: Trajectory, preference: PreferenceVector, times: int) -> None:
    for reward in rewards([one] * times, preference):
        assert [part.contribution for part in reward.parts if part.name != "accuracy"] == [0.0] * (
            len(reward.parts) - 1
        )


@given(ANY_BATCHES, PREFERENCES)
def test_rewards_are_finite_and_within_the_weights(batch: list[Trajectory], preference: PreferenceVector) -> None:
    most = preference.accuracy + preference.cost + preference.latency + sum(preference.tools.values())
    for trajectory, reward in zip(batch, rewards(batch, preference), strict=True):
        assert (reward.value is None) == (trajectory.outcome.verdict is Verdict.UNGRADED)
        assert 0 <= reward.if_correct <= most * (1 + 1e-12)
        if trajectory.outcome.verdict is Verdict.SOLVED:
            assert reward.value == reward.if_correct


@given(BATCHES, PREFERENCES, st.sampled_from([Decimal(1000), Decimal(100), Decimal("0.877")]))
def test_the_unit_of_money_does_not_matter(
    batch: list[Trajectory], preference: PreferenceVector, unit: Decimal
) -> None:
    converted = [taking(t, usd=t.cost_usd * unit) for t in batch]
    assert rewards(converted, preference) == rewards(batch, preference)


@given(ANY_BATCHES, PREFERENCES, st.randoms())
def test_the_order_of_the_alternatives_does_not_matter(
    batch: list[Trajectory], preference: PreferenceVector, chance: object
) -> None:
    order = list(range(len(batch)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    shuffled = rewards([batch[i] for i in order], preference)
    assert shuffled == tuple(rewards(batch, preference)[i] for i in order)


@given(ANY_BATCHES, PREFERENCES)
def test_the_parts_add_up(batch: list[Trajectory], preference: PreferenceVector) -> None:
    for reward in rewards(batch, preference):
        assert abs(reward.if_correct - sum(part.contribution or 0.0 for part in reward.parts)) < 1e-9


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=16))
def test_advantages_have_mean_zero_and_keep_the_order(group: list[float]) -> None:
    scores = advantages(group)
    if scores is not None:
        assert abs(sum(scores)) < 1e-6
        assert all(
            (a <= b) for a, x in zip(scores, group, strict=True) for b, y in zip(scores, group, strict=True) if x <= y
        )
