"""What somebody who ranks blind is told of studies and ballots: enough to rank, nothing to guess by."""

from collections.abc import Collection
from typing import Any, Final

from prefs.ballot import Ballot
from storage.accounts.account import Role
from webapp.access.user import SessionUser
from webapp.views.hiding import asked

Json = dict[str, Any]
_TELLING: Final = ("gold_share", "seed", "random_share", "ballots", "progress")
"""Of a study: how many gold ballots there are, and in which order they come."""
_COUNTS: Final = ("gold", "annotators", "extra", "skipped", "flagged", "expired", "complete")
"""Of a study's progress: what others did, from which gold ballots could be counted."""
_ORIGIN: Final = ("run", "draw", "seed")
"""Of a ballot: where it comes from."""
_TEXTS: Final = frozenset({"prompt", "reply"})


def may_look(asking: SessionUser) -> bool:
    """Whether somebody may see everything that was run, and how studies are made."""
    return asking.role is not Role.ANNOTATOR


def study_for(asking: SessionUser, study: Json) -> Json:
    """The JSON of a study as that person may see it."""
    if may_look(asking):
        return study
    return {name: value for name, value in study.items() if name not in _TELLING}


def progress_for(asking: SessionUser, progress: Json) -> Json:
    """How far a study is, as that person may see it."""
    if may_look(asking):
        return progress
    return {name: value for name, value in progress.items() if name not in _COUNTS}


def ballot_for(asking: SessionUser, ballot: Ballot) -> Json:
    """The record of a ballot as that person may see it before ranking."""
    record = asked(ballot)
    if may_look(asking):
        return record
    alternatives = [one | {"trajectory": None} for one in record["alternatives"]]
    return {**record, "alternatives": alternatives, **{name: None for name in _ORIGIN if name in record}}


def blind(view: Json, trajectories: Collection[str]) -> Json:
    """The view of a ballot without the ids of its trajectories and the addresses of long texts: who ranks blind could
    look nothing up by them, and compare them with those of other ballots.
    """
    shown: Json = _without(view, frozenset(trajectories))
    return shown


def _without(value: Any, ids: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {name: None if name in _TEXTS else _without(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner, ids) for inner in value]
    return None if isinstance(value, str) and value in ids else value
