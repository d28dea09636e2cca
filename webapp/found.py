"""Trajectories as rows of a list, and several side by side in sums and differences."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from orchestrator.pool import Pool
from orchestrator.trajectory import Trajectory
from storage.search import Found
from storage.trajectories import State
from webapp.asking import preference_name
from webapp.charts.series import short_name
from webapp.views import amounts, words
from webapp.views.aliases import who
from webapp.views.calls import JsonObject

LONGEST: Final = 300
"""Characters of a query or an answer in a row."""
SAME: Final = "the same"
FIRST: Final = "the others are compared with this one"
UNKNOWN: Final = "unknown: not every call has a price"
_ENOUGH: Final = 0.005
"""Relative difference below which two amounts are called the same."""


def found_row(found: Found, pool: Pool) -> JsonObject:
    """One row; what is unknown or not there yet is `None`."""
    ended = found.steps is not None
    return {
        "id": found.id,
        "run": found.run,
        "query": _short(found.query),
        "answer": None if found.answer is None else _short(found.answer),
        "when": found.started_at.isoformat(),
        "state": found.state.value,
        "verdict": found.verdict,
        "verdict_words": words.VERDICTS.get(found.verdict, found.verdict),
        "stop_reason": found.stop_reason,
        "stop_words": _stopped(found),
        "policy": found.policy,
        "policy_name": short_name(found.policy),
        "preference": preference_name(found.preference, pool.local_aliases) or words.PRESET_OWN,
        "route": [who(alias, pool) for alias in found.route],
        "cost_usd": None if found.cost_usd is None else f"{found.cost_usd:f}",
        "cost": _cost(found) if ended else None,
        "unpriced_calls": found.unpriced_calls,
        "latency_s": found.latency_s,
        "seconds": None if found.latency_s is None else amounts.seconds(found.latency_s),
        "steps": found.steps,
        "failed_steps": found.failed_steps,
        "simulated": found.simulated,
        "ranked": found.ranked,
        "forked_from": found.forked_from,
    }


def _stopped(found: Found) -> str:
    if found.stop_reason is not None:
        return words.STOP_REASONS.get(found.stop_reason, found.stop_reason)
    return found.state.value if found.state is not State.IMPORTED else "imported without an end"


def _cost(found: Found) -> str:
    missing = f"{found.unpriced_calls} unpriced" if found.unpriced_calls else ""
    if not found.cost_usd and missing:
        return missing
    known = amounts.dollars(found.cost_usd or Decimal(0))
    return f"{known} + {missing}" if missing else known


def totals_view(trajectories: Sequence[Trajectory], pool: Pool) -> list[JsonObject]:
    """The totals of each, and in words how they differ from those of the first."""
    first = trajectories[0]
    return [_column(one, first, pool) for one in trajectories]


def _column(one: Trajectory, first: Trajectory, pool: Pool) -> JsonObject:
    is_first = one is first
    return {
        "id": one.id,
        "run": one.run,
        "query": _short(one.query),
        "name": preference_name(one.preference, pool.local_aliases) or words.PRESET_OWN,
        "policy_name": short_name(one.policy),
        "simulated": one.simulated,
        "answer": one.answer,
        "verdict": str(one.outcome.verdict),
        "verdict_words": words.VERDICTS[one.outcome.verdict],
        "totals": {
            "answer": None if is_first else _answer(one, first),
            "cost": [amounts.cost(one.calls), None if is_first else cost_difference(one, first)],
            "seconds": [
                amounts.seconds(one.latency_s),
                None if is_first else _seconds_difference(one.latency_s, first.latency_s),
            ],
            "steps": [str(len(one.steps)), None if is_first else _counted(len(one.steps) - len(first.steps), "step")],
            "tokens": [
                amounts.tokens(one.calls),
                None if is_first else _counted(_tokens(one) - _tokens(first), "token"),
            ],
        },
    }


def cost_difference(one: Trajectory, first: Trajectory) -> str:
    """`$0.0031 less (−24 %)`; unknown unless every call of both has a price."""
    if one.unpriced_calls or first.unpriced_calls:
        return UNKNOWN
    apart, whole = one.cost_usd - first.cost_usd, first.cost_usd
    if apart == 0 or (whole and abs(apart / whole) < _ENOUGH):
        return SAME
    return f"{amounts.dollars(abs(apart))} {'more' if apart > 0 else 'less'}{_share(float(apart), float(whole))}"


def _seconds_difference(one: float, first: float) -> str:
    apart = one - first
    if apart == 0 or (first and abs(apart / first) < _ENOUGH):
        return SAME
    return f"{amounts.seconds(abs(apart))} {'longer' if apart > 0 else 'shorter'}{_share(apart, first)}"


def _share(apart: float, whole: float) -> str:
    """How much that is of the first; several times more is told as such."""
    if whole <= 0:
        return ""
    if apart / whole >= 2:
        return f" ({apart / whole + 1:.1f} times as much)"
    return f" ({'+' if apart > 0 else '−'}{abs(100 * apart / whole):.0f} %)"


def _counted(apart: int, noun: str) -> str:
    return (
        SAME
        if apart == 0
        else f"{amounts.counted(abs(apart), noun)} {'more' if apart > 0 else 'less'}".replace(
            "steps less", "steps fewer"
        ).replace("tokens less", "tokens fewer")
    )


def _answer(one: Trajectory, first: Trajectory) -> str:
    if one.answer is None or first.answer is None:
        return "no answer either" if one.answer == first.answer else "only one of the two answered"
    alike = " ".join(one.answer.casefold().split()) == " ".join(first.answer.casefold().split())
    return "the same answer" if alike else "another answer"


def _tokens(one: Trajectory) -> int:
    return sum(step.total_tokens for step in one.steps)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST].rstrip()}…"
