"""The order in which each person comes to a study's ballots, remembered: it changes only when ballots are added."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, bindparam, func, select

from prefs.study import Study
from storage.tables import STUDY_BALLOT

MOST_PLACES: Final = 5_000_000
"""Of all orders of a database that are remembered, four bytes each; then all are forgotten and made anew."""

_THIS: Final = STUDY_BALLOT.c.study_id == bindparam("study")
_COUNT: Final = select(func.count()).select_from(STUDY_BALLOT).where(_THIS)
_BALLOTS: Final = select(STUDY_BALLOT.c.ballot_id, STUDY_BALLOT.c.gold).where(_THIS).order_by(STUDY_BALLOT.c.place)


class Place(NamedTuple):
    """A ballot in an order."""

    ballot: str
    gold: bool


@dataclass(slots=True)
class _Remembered:
    """A study's ballots by their place in it, and the orders that were made of them by annotator."""

    ballots: Sequence[Place]
    orders: dict[str, "array[int]"] = field(default_factory=dict)

    @property
    def places(self) -> int:
        """That are remembered."""
        return len(self.ballots) * (1 + len(self.orders))


_KNOWN: Final[WeakKeyDictionary[Any, dict[str, _Remembered]]] = WeakKeyDictionary()
"""By the pool of connections, that is by database."""


def order(connection: Connection, study: Study, annotator: str) -> tuple[Sequence[Place], Sequence[int]]:
    """The study's ballots, and their numbers in this person's order.

    To be called by who writes, one after the other. Read anew where there are more ballots. What a write that was taken
    back had added may stand in for one of another process: it is never given out, and that one comes last.
    """
    known = _KNOWN.setdefault(connection.engine.pool, {})
    remembered, count = known.get(study.id), connection.execute(_COUNT, {"study": study.id}).scalar_one()
    if remembered is None or len(remembered.ballots) != count:
        rows = connection.execute(_BALLOTS, {"study": study.id}).all()
        remembered = known[study.id] = _Remembered([Place(ballot, bool(gold)) for ballot, gold in rows])
    found = remembered.orders.get(annotator)
    if found is None:
        if sum(one.places for one in known.values()) + count > MOST_PLACES:
            known.clear()
            known[study.id] = remembered = _Remembered(remembered.ballots)
        found = remembered.orders[annotator] = _ordered(study, annotator, remembered.ballots)
    return remembered.ballots, found


def _ordered(study: Study, annotator: str, ballots: Sequence[Place]) -> "array[int]":
    positions = [study.position(annotator, one.ballot, place) for place, one in enumerate(ballots)]
    return array("I", sorted(range(len(ballots)), key=positions.__getitem__))
