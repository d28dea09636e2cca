"""A ballot as one person may see it now: the alternatives side by side, the order to be made, and what may be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.pool import Pool
from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot
from prefs.ranking import MARK_KINDS, Ranking, next_phase
from storage.records import ranking_json
from webapp.views import hiding
from webapp.views.calls import JsonObject
from webapp.views.comparison import ballot_view, comparison_view


@dataclass(frozen=True, slots=True)
class Showing:
    """What the view is made of."""

    ballot: Ballot
    trajectories: Mapping[str, Trajectory]
    """Those on the ballot, by id."""
    last: Ranking | None
    """What the person says of the ballot now."""
    two_phases: bool
    """Whether the ballot is ranked twice."""
    tags: Sequence[str]


def showing_view(showing: Showing, pool: Pool) -> JsonObject:
    """Everything is shown once the person has ranked; after a blind ranking only cost and latency are."""
    ballot, last = showing.ballot, showing.last
    phase = next_phase(last, two_phases=showing.two_phases)
    ranked = last is not None and last.phase != "blind"
    compared = comparison_view(ballot, showing.trajectories, pool, ranked=ranked, phase=phase)
    rank = ballot_view(ballot, showing.trajectories, last, compared["hidden"])
    if "identity" in compared["hidden"]:
        rank["items"] = hiding.NamesHidden(showing.trajectories.values(), pool).of(rank["items"])
    return {
        "ballot": ballot.id,
        "version": ballot.version,
        "query": ballot.query,
        "hidden": compared["hidden"],
        "phase": phase,
        "two_phases": showing.two_phases,
        "columns": compared["columns"],
        "rank": rank,
        "tags_offered": list(showing.tags),
        "mark_kinds": list(MARK_KINDS),
        "last": None if last is None else ranking_json(last),
        "difference": compared["difference"],
    }
