"""Audiences in SQL: opened, given more time or closed; who has a seat, and how many of them have ranked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, insert, select, update

from orchestrator.model_call import utc
from prefs.audience import Audience, Seat
from prefs.ballot import Ballot
from storage.audience_tables import AUDIENCE, SEAT
from storage.errors import StoreConflict, StoreMissing
from storage.rankings import keep_ballot
from storage.study_assignments import alone
from storage.study_records import aware
from storage.tables import RANKING
from storage.trajectories import check_id

if TYPE_CHECKING:
    from storage.store import Store


@dataclass(frozen=True, slots=True)
class Count:
    """How far an audience is."""

    joined: int
    """Phones with a seat."""
    rankings: int
    """Kept for its ballot, corrected ones too."""


def create(connection: Connection, audience: Audience, ballot: Ballot) -> Audience:
    """Keep an audience with its ballot, unless another one of its run is open: then that one."""
    alone(connection)
    if (other := _open_of(connection, audience.run, audience.made_at)) is not None:
        return other
    keep_ballot(connection, ballot)
    row = {
        "id": check_id("an audience", audience.id),
        "code": audience.code,
        "run_id": check_id("a run", audience.run),
        "ballot_id": ballot.id,
        "made_at": audience.made_at,
    }
    if connection.execute(select(AUDIENCE.c.id).where(AUDIENCE.c.code == audience.code)).first() is not None:
        raise StoreConflict("there is already an audience of that code; draw another one")
    connection.execute(insert(AUDIENCE), row | _times(audience))
    return audience


def find(connection: Connection, *, id: str | None = None, code: str | None = None) -> Audience | None:
    """The audience of that id or of that code."""
    column, value = (AUDIENCE.c.id, id) if id is not None else (AUDIENCE.c.code, code)
    if value is None or not value.isprintable():  # not every database takes such a text as a value
        return None
    row = connection.execute(select(AUDIENCE).where(column == value)).first()
    return None if row is None else _audience(row)


def newest(connection: Connection, run: str | None, limit: int) -> tuple[Audience, ...]:
    """Audiences, newest first; of one run, or of all."""
    wanted = select(AUDIENCE).order_by(AUDIENCE.c.made_at.desc(), AUDIENCE.c.id.desc()).limit(limit)
    if run is not None:
        if not run.isprintable():
            return ()
        wanted = wanted.where(AUDIENCE.c.run_id == run)
    return tuple(_audience(row) for row in connection.execute(wanted))


def change(connection: Connection, id: str, until: datetime | None, closed_at: datetime | None) -> Audience:
    """Give it another end; `until=None` leaves the time as it is."""
    found = _locked(connection, id)
    changed = replace(found, until=until or found.until, closed_at=closed_at)
    connection.execute(update(AUDIENCE).where(AUDIENCE.c.id == id).values(_times(changed)))
    return changed


def seat(connection: Connection, audience: str, token_sha256: str) -> Seat | None:
    """The seat of the phone that shows this token."""
    mine = (SEAT.c.audience_id == audience) & (SEAT.c.token_sha256 == token_sha256)
    row = connection.execute(select(SEAT).where(mine)).first()
    return None if row is None else Seat(row.annotator, aware(row.joined_at), row.number)


def sit(connection: Connection, audience: str, token_sha256: str, new: Seat, most: int) -> Seat | None:
    """Give a phone a seat, or the one it has; `None` where all are taken."""
    _locked(connection, audience)
    if (known := seat(connection, audience, token_sha256)) is not None:
        return known
    if _seats(connection, audience) >= most:
        return None
    values = {"annotator": check_id("an annotator", new.annotator), "joined_at": new.joined_at}
    connection.execute(insert(SEAT), {"audience_id": audience, "token_sha256": token_sha256} | values)
    return new


def number(connection: Connection, audience: str, annotator: str) -> int:
    """The number of a phone that has ranked; it gets the next one the first time."""
    _locked(connection, audience)
    mine = (SEAT.c.audience_id == audience) & (SEAT.c.annotator == annotator)
    known: int | None = connection.execute(select(SEAT.c.number).where(mine)).scalar()
    if known is None:
        highest = select(func.max(SEAT.c.number)).where(SEAT.c.audience_id == audience)
        known = (connection.execute(highest).scalar() or 0) + 1
        connection.execute(update(SEAT).where(mine).values(number=known))
    return known


def count(connection: Connection, audience: str, ballot: str) -> Count:
    """How many sit there, and how often they ranked."""
    ranked = select(func.count()).select_from(RANKING).where(RANKING.c.ballot_id == ballot)
    return Count(_seats(connection, audience), int(connection.execute(ranked).scalar_one()))


class Audiences:
    """The audiences that a store keeps. The clock is passed in."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    async def create(self, audience: Audience, ballot: Ballot) -> Audience:
        """Keep it with its ballot, or give the one of its run that is open. Raises StoreConflict for a known code."""
        return await self._store.write(lambda connection: create(connection, audience, ballot))

    async def give_time(self, id: str, until: datetime) -> Audience:
        """Open until then, also where it was over. Raises StoreMissing."""
        return await self._store.write(lambda connection: change(connection, id, utc(until), None))

    async def close(self, id: str, now: datetime) -> Audience:
        """Nobody joins or ranks any more. Raises StoreMissing."""
        return await self._store.write(lambda connection: change(connection, id, None, utc(now)))

    async def sit(self, audience: str, token_sha256: str, new: Seat, most: int) -> Seat | None:
        """The seat of the phone with this token, a new one where it has none; `None` where all are taken."""
        return await self._store.write(lambda connection: sit(connection, audience, token_sha256, new, most))

    async def number(self, audience: str, annotator: str) -> int:
        """Which one to rank this phone was: 1 for the first."""
        return await self._store.write(lambda connection: number(connection, audience, annotator))

    def find(self, id: str) -> Audience | None:
        """The audience of that id."""
        return self._store.read(lambda connection: find(connection, id=id))

    def of_code(self, code: str) -> Audience | None:
        """The audience of that code, also where it is over."""
        return self._store.read(lambda connection: find(connection, code=code))

    def newest(self, run: str | None = None, limit: int = 20) -> Sequence[Audience]:
        """Audiences, newest first; of one run, or of all."""
        return self._store.read(lambda connection: newest(connection, run, limit))

    def seat(self, audience: str, token_sha256: str) -> Seat | None:
        """The seat of the phone that shows this token."""
        return self._store.read(lambda connection: seat(connection, audience, token_sha256))

    def count(self, audience: Audience) -> Count:
        """How many sit there, and how often they ranked."""
        return self._store.read(lambda connection: count(connection, audience.id, audience.ballot))


def _open_of(connection: Connection, run: str, now: datetime) -> Audience | None:
    return next((one for one in newest(connection, run, 20) if one.open(now)), None)


def _seats(connection: Connection, audience: str) -> int:
    taken = select(func.count()).select_from(SEAT).where(SEAT.c.audience_id == audience)
    return int(connection.execute(taken).scalar_one())


def _locked(connection: Connection, id: str) -> Audience:
    """The audience, while nobody else changes it or its seats; raises StoreMissing."""
    alone(connection)
    row = connection.execute(select(AUDIENCE).where(AUDIENCE.c.id == id)).first()
    if row is None:
        raise StoreMissing(f"there is no audience {id[:200]!r}")
    return _audience(row)


def _audience(row: Row[Any]) -> Audience:
    closed = None if row.closed_at is None else aware(row.closed_at)
    return Audience(row.id, row.code, row.run_id, row.ballot_id, aware(row.made_at), aware(row.until), closed)


def _times(audience: Audience) -> dict[str, datetime | None]:
    return {"until": audience.until, "closed_at": audience.closed_at}
