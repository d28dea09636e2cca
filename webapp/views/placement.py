"""The order that a browser sends, read with distrust."""

from dataclasses import dataclass
from typing import Any

from orchestrator.alternatives import new_id
from prefs.ballot import Ballot
from prefs.ranking import Ranking
from webapp.views import words
from webapp.views.calls import JsonObject


@dataclass(frozen=True, slots=True)
class Placement:
    """Best-first groups of labels, the unranked, and how many groups lie above the acceptability line."""

    groups: tuple[tuple[str, ...], ...]
    unranked: tuple[str, ...]
    acceptable: int | None
    ballot: str
    version: str
    key: str
    """The same for every sending of one submission."""


def placement(value: Any) -> Placement:
    """The placement in an island's value; raises ValueError where it is untouched or has another shape."""
    if not isinstance(value, dict) or value.get("touched") is not True:
        raise ValueError(words.NOT_TOUCHED)
    groups, unranked, acceptable = value.get("groups"), value.get("unranked"), value.get("acceptable")
    if not isinstance(groups, list) or not all(_labels(group) for group in groups) or not _labels(unranked):
        raise ValueError("the ranking has another shape than {'groups': [['B'], ['A', 'C']], 'unranked': ['D']}")
    if acceptable is not None and (isinstance(acceptable, bool) or not isinstance(acceptable, int)):
        raise ValueError(f"the acceptability line must be a whole number or null, not {acceptable!r}")
    if not groups and acceptable is None:
        raise ValueError(words.NOT_TOUCHED)
    return Placement(
        tuple(tuple(group) for group in groups),
        tuple(unranked or ()),
        acceptable,
        str(value.get("ballot", ""))[:64],
        str(value.get("version", ""))[:64],
        str(value.get("key", ""))[:64],
    )


def restated(value: Any, last: Ranking, reason: str | None) -> Placement | None:
    """The last ranking again, where only its reason is new; `None` where the order was touched.

    Raises ValueError where nothing is new.
    """
    if isinstance(value, dict) and value.get("touched") is True:
        return None
    if reason == last.reason:
        raise ValueError(words.ALREADY_STORED)
    return Placement(last.groups, last.unranked, last.acceptable, last.ballot, "", new_id())


def carried(value: Any, old: Ballot, new: Ballot) -> JsonObject:
    """The order of a ballot that another has taken the place of, told in the new labels; newcomers are unranked."""
    placed = placement(value)
    label_of = {alternative.trajectory: alternative.label for alternative in new.alternatives}
    moved = {a.label: label_of[a.trajectory] for a in old.alternatives if a.trajectory in label_of}
    groups = [[moved[label] for label in group if label in moved] for group in placed.groups]
    named = {label for group in groups for label in group}
    return {
        "groups": [group for group in groups if group],
        "unranked": [label for label in new.labels if label not in named],
        "acceptable": placed.acceptable if all(groups) else None,
        "touched": True,
        "key": new_id(),
    }


def _labels(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(label, str) and len(label) == 1 for label in value)
