"""The order in which each person comes to a study's ballots, remembered: it changes only when ballots are added."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, func, select

from prefs.study import Study
from storage.tables import STUDY_BALLOT

MOST_STUDIES: Final = 50
MOST_PEOPLE: Final = 2_000
"""Orders of one study that are remembered; whoever comes then makes room by all being forgotten."""

Place = tuple[str, bool]
"""Id of a ballot, and whether it is a gold one."""


@dataclass(slots=True)
class _Remembered:
    """A study's ballots as they were read, and the orders that were made of them by annotator."""

    version: tuple[str, int]
    ballots: Sequence[Any]
    orders: dict[str, Sequence[Place]] = field(default_factory=dict)


_KNOWN: Final[WeakKeyDictionary[Any, dict[str, _Remembered]]] = WeakKeyDictionary()
"""By the pool of connections, that is by database."""


def order(connection: Connection, study: Study, annotator: str) -> Sequence[Place]:
    """All ballots of the study in this person's order. To be called by who writes, one after the other."""
    known = _KNOWN.setdefault(connection.engine.pool, {})
    remembered, version = known.get(study.id), _version(connection, study)
    if version is None:
        return ()
    if remembered is None or remembered.version != version:
        if len(known) >= MOST_STUDIES:
            known.clear()
        remembered = known[study.id] = _Remembered(version, _ballots(connection, study))
    found = remembered.orders.get(annotator)
    if found is None:
        if len(remembered.orders) >= MOST_PEOPLE:
            remembered.orders.clear()
        placed = (
            (study.position(annotator, ballot, place), place, ballot, bool(gold))
            for ballot, place, gold in remembered.ballots
        )
        found = remembered.orders[annotator] = [(ballot, gold) for *_, ballot, gold in sorted(placed)]
    return found


def _version(connection: Connection, study: Study) -> tuple[str, int] | None:
    """The last ballot and how many there are: ballots are only ever added. `None` where there is none."""
    columns = STUDY_BALLOT.c.ballot_id, func.count().over()
    last = select(*columns).where(STUDY_BALLOT.c.study_id == study.id).order_by(STUDY_BALLOT.c.place.desc()).limit(1)
    row = connection.execute(last).first()
    return None if row is None else (row[0], row[1])


def _ballots(connection: Connection, study: Study) -> Sequence[Any]:
    columns = STUDY_BALLOT.c.ballot_id, STUDY_BALLOT.c.place, STUDY_BALLOT.c.gold
    return connection.execute(select(*columns).where(STUDY_BALLOT.c.study_id == study.id)).all()
