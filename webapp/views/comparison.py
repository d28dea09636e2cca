"""Alternatives side by side under the labels of their ballot, and what a ranking of them stored."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.pool import Pool
from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot
from prefs.ranking import Phase, Ranking, hidden_from
from storage.trajectories import State
from webapp.views import amounts, hiding, trace
from webapp.views.calls import JsonObject
from webapp.views.difference import difference_view


@dataclass(frozen=True, slots=True)
class Rewarded:
    """R(τ) of one trajectory, and what it would be if the answer were right; `None` where unknown."""

    reward: float | None
    if_correct: float | None


def comparison_view(
    ballot: Ballot,
    trajectories: Mapping[str, Trajectory],
    pool: Pool,
    *,
    ranked: bool,
    phase: Phase | None = None,
) -> JsonObject:
    """One column for each alternative in the ballot's order.

    What the ballot hides appears once it is `ranked`, and cost and latency in the phase `revealed`.
    """
    hidden = frozenset() if ranked else frozenset(hidden_from(ballot, phase))
    columns = []
    for alternative in ballot.alternatives:
        trajectory = trajectories[alternative.trajectory]
        view = trace.trace_view(trajectory, pool, state=_state(trajectory))
        columns.append(hiding.without(view, trajectory, hidden) | {"label": alternative.label})
    if "identity" in hidden:
        columns = hiding.NamesHidden(trajectories.values(), pool).of(columns)
    labelled = [(alternative.label, trajectories[alternative.trajectory]) for alternative in ballot.alternatives]
    return {
        "ballot": ballot.id,
        "query": ballot.query,
        "columns": columns,
        "hidden": sorted(hidden),
        "difference": difference_view(labelled, columns, hidden),
    }


def ballot_view(
    ballot: Ballot,
    trajectories: Mapping[str, Trajectory],
    last: Ranking | None = None,
    hidden: Collection[str] | None = None,
) -> JsonObject:
    """The ranking list: untouched, or as it was last submitted.

    Without what is `hidden`, or all that the ballot hides where nothing is said.
    """
    hides = frozenset(ballot.hidden if hidden is None else hidden)
    cards = []
    for alternative in ballot.alternatives:
        trajectory = trajectories[alternative.trajectory]
        facts = [
            "" if "cost" in hides else amounts.cost(trajectory.calls),
            "" if "latency" in hides else amounts.seconds(trajectory.latency_s),
        ]
        cards.append(
            {
                "label": alternative.label,
                "text": trajectory.answer or hiding.state_words(trajectory, hides),
                "facts": " · ".join(fact for fact in facts if fact),
                "simulated": trajectory.simulated,
            }
        )
    return {
        "ballot": ballot.id,
        "version": ballot.version,
        "items": cards,
        "groups": [] if last is None else [list(group) for group in last.groups],
        "unranked": list(ballot.labels) if last is None else list(last.unranked),
        "acceptable": None if last is None else last.acceptable,
        "touched": False,
        "last": None if last is None else last.id,
    }


def result_view(
    ranking: Ranking,
    ballot: Ballot,
    trajectories: Mapping[str, Trajectory],
    rewards: Mapping[str, Rewarded],
    pool: Pool,
) -> JsonObject:
    """What was stored, who stood behind each label, and R(τ) of each."""
    place = {label: number for number, group in enumerate(ranking.groups, 1) for label in group}
    order = sorted(ballot.alternatives, key=lambda a: (place.get(a.label, len(place) + 1), a.label))
    return {
        "ranking": ranking.id,
        "sentence": _sentence(ranking),
        "reason": ranking.reason,
        "rows": [
            {
                "label": alternative.label,
                "place": place.get(alternative.label),
                "below": _below(ranking, place.get(alternative.label)),
                "who": trace.alternative_name(trajectories[alternative.trajectory], pool),
                "preference": trace.preference_words(trajectories[alternative.trajectory].preference),
                "reward": reward_words(rewards.get(alternative.trajectory)),
                "verdict": str(trajectories[alternative.trajectory].outcome.verdict),
                "verdict_words": trace.answer_view(trajectories[alternative.trajectory])["verdict_words"],
            }
            for alternative in order
        ],
    }


def reward_words(rewarded: Rewarded | None) -> str:
    """`0.83`, or `0.83 if correct` where nobody has graded the answer."""
    if rewarded is None:
        return "–"
    if rewarded.reward is not None:
        return f"{rewarded.reward:.2f}"
    return "–" if rewarded.if_correct is None else f"{rewarded.if_correct:.2f} if correct"


def order_words(groups: Sequence[Sequence[str]]) -> str:
    """`B > A = C`."""
    return " > ".join(" = ".join(group) for group in groups)


def _sentence(ranking: Ranking) -> str:
    parts = [order_words(ranking.groups) or "nothing ranked"]
    if ranking.unranked:
        parts.append(f"not ranked: {', '.join(ranking.unranked)}")
    if ranking.acceptable is not None:
        above = [label for group in ranking.groups[: ranking.acceptable] for label in group]
        parts.append(f"acceptable: {', '.join(above)}" if above else "none is acceptable")
    return "; ".join(parts)


def _below(ranking: Ranking, place: int | None) -> bool:
    return ranking.acceptable is not None and place is not None and place > ranking.acceptable


def _state(trajectory: Trajectory) -> State:
    return State.INTERRUPTED if trajectory.stop_reason is None else State.FINISHED
