"""What a ballot may still be made of: trajectories that came to an end by themselves, and the sets that were asked."""

from collections import OrderedDict
from typing import Final

from sqlalchemy import ColumnElement, and_, select

from orchestrator.trajectory import StopReason
from prefs.asking.pool import AskingPool
from prefs.features import Features, features
from storage.column_text import searchable
from storage.judgements import trajectories
from storage.pages import batches, in_order_of_time
from storage.reader import Reader
from storage.records import load_ballot
from storage.tables import BALLOT, TRAJECTORY
from storage.trajectories import FINAL

NEWEST: Final = 5_000
"""Trajectories among which a ballot is sought: the newest ones."""
_AT_ONCE: Final = 50
"""Trajectories whose steps are in memory at once."""
_CUT_SHORT: Final = (StopReason.CANCELLED, StopReason.FAILED)


def comparable() -> ColumnElement[bool]:
    """That a trajectory has ended, and not by somebody's hand or a failure, which would make it look cheap."""
    return and_(
        TRAJECTORY.c.state.in_([state.value for state in FINAL]),
        TRAJECTORY.c.stop_reason.is_not(None),
        TRAJECTORY.c.stop_reason.not_in([reason.value for reason in _CUT_SHORT]),
    )


class Askable:
    """Reads what there is to ask; the features of as many trajectories as are looked at are remembered.

    Not safe from several threads at once.
    """

    def __init__(self, store: Reader, newest: int = NEWEST) -> None:
        self._read = store.rows
        self._newest = newest
        self._features: OrderedDict[str, Features] = OrderedDict()
        self._asked: dict[str, frozenset[str]] = {}
        """The trajectories of each ballot, by its id."""

    def pools(self, query: str | None = None) -> tuple[AskingPool, ...]:
        """The newest trajectories by query, or those of one query; the query asked last comes first."""
        heads = select(TRAJECTORY.c.id, TRAJECTORY.c.query).where(comparable())
        if query is not None:
            heads = heads.where(TRAJECTORY.c.query == searchable(query))
        latest = heads.order_by(TRAJECTORY.c.started_at.desc(), TRAJECTORY.c.id.desc()).limit(self._newest)
        by_query: dict[str, list[str]] = {}
        for id, text in self._read(latest):
            by_query.setdefault(text, []).append(id)
        known = self._known([id for ids in by_query.values() for id in ids])
        return tuple(
            AskingPool(text, tuple(ids), tuple(known[id] for id in ids))
            for text, ids in ((text, [id for id in ids if id in known]) for text, ids in by_query.items())
        )

    def asked(self) -> frozenset[frozenset[str]]:
        """The sets of trajectories that some ballot shows. A ballot is read once: it never changes."""
        known = self._asked
        ids = [row[0] for row in self._read(select(BALLOT.c.id))]
        if len(ids) - len(known) > _AT_ONCE:
            for id, record in in_order_of_time(self._read, BALLOT, "made_at", "record"):
                known[id] = _shown(record)
        for some in batches(iter([id for id in ids if id not in known]), _AT_ONCE):
            for id, record in self._read(select(BALLOT.c.id, BALLOT.c.record).where(BALLOT.c.id.in_(some))):
                known[id] = _shown(record)
        return frozenset(known.values())

    def _known(self, ids: list[str]) -> dict[str, Features]:
        """The features of these trajectories, as far as they are kept; those of others are forgotten if need be."""
        found = {id: self._features[id] for id in ids if id in self._features}
        for some in batches(iter([id for id in ids if id not in found]), _AT_ONCE):
            found.update((id, features(one)) for id, one in trajectories(self._read, some).items())
        for id, one in found.items():
            self._features[id] = one
            self._features.move_to_end(id)
        while len(self._features) > self._newest:
            self._features.popitem(last=False)
        return found


def _shown(record: str) -> frozenset[str]:
    return frozenset(one.trajectory for one in load_ballot(record).alternatives)
