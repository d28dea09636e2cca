"""Profiles in SQL: every save of a name is a new version, and none ever changes. Deleting hides; it can be undone."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from orchestrator.model_call import utc
from orchestrator.preference import PreferenceVector
from prefs.tuning.profile import BadProfile, Profile, dump_profile, load_profile
from storage.errors import StoreMissing
from storage.records import RecordError
from storage.tables import PROFILE

if TYPE_CHECKING:
    from storage.store import Store

_KEPT: ColumnElement[bool] = PROFILE.c.deleted_at.is_(None)


@dataclass(frozen=True, slots=True)
class Wish:
    """A profile to save; its version is the store's to say."""

    name: str
    preference: PreferenceVector
    why: str = ""


def save(connection: Connection, wish: Wish, now: datetime) -> Profile:
    """Keep the next version of the name. The same weights and reason as the newest one again change nothing."""
    newest = find(connection, wish.name)
    if newest is not None and (newest.preference, newest.why) == (wish.preference, wish.why):
        return newest
    last = connection.execute(select(func.max(PROFILE.c.version)).where(PROFILE.c.name == wish.name)).scalar() or 0
    made = Profile(wish.name, last + 1, wish.preference, utc(now), wish.why)
    row = {"name": made.name, "version": made.version, "made_at": made.made_at, "record": dump_profile(made)}
    connection.execute(insert(PROFILE), row)
    return made


def find(connection: Connection, name: str, version: int | None = None) -> Profile | None:
    """That version of the name, else the newest."""
    found = history(connection, name)
    return next((one for one in found if version in (None, one.version)), None)


def history(connection: Connection, name: str) -> tuple[Profile, ...]:
    """All versions of the name, the newest first; none where there is no such profile, or it was deleted."""
    if not name.isprintable():  # not every database takes such a text as a value
        return ()
    wanted = select(PROFILE.c.record).where(PROFILE.c.name == name, _KEPT).order_by(PROFILE.c.version.desc())
    return tuple(_loaded(record) for record in connection.execute(wanted).scalars())


def newest(connection: Connection) -> tuple[Profile, ...]:
    """The newest version of every name, by name."""
    wanted = select(PROFILE.c.record).where(_KEPT).order_by(PROFILE.c.name, PROFILE.c.version)
    by_name = {one.name: one for one in map(_loaded, connection.execute(wanted).scalars())}
    return tuple(sorted(by_name.values(), key=lambda one: (one.name.casefold(), one.name)))


def delete(connection: Connection, name: str, now: datetime) -> int:
    """Hide all versions of the name; gives how many. Raises StoreMissing."""
    versions = len(history(connection, name))
    if not versions:
        raise StoreMissing(f"there is no profile {name!r}")
    connection.execute(update(PROFILE).where(PROFILE.c.name == name, _KEPT).values(deleted_at=utc(now)))
    return versions


def restore(connection: Connection, name: str) -> Profile:
    """Bring back what was deleted last under that name; raises StoreMissing where nothing was."""
    last = None
    if name.isprintable():
        last = connection.execute(select(func.max(PROFILE.c.deleted_at)).where(PROFILE.c.name == name)).scalar()
    if last is None:
        raise StoreMissing(f"no profile {name!r} was deleted")
    connection.execute(
        update(PROFILE).where(PROFILE.c.name == name, PROFILE.c.deleted_at == last).values(deleted_at=None)
    )
    found = find(connection, name)
    assert found is not None  # noqa: S101 - its rows were just brought back
    return found


def _loaded(record: str) -> Profile:
    try:
        return load_profile(record)
    except BadProfile as error:
        raise RecordError(f"the record of a profile is damaged: {error}") from error


class Profiles:
    """The profiles that a store keeps. The clock is passed in."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    async def save(self, wish: Wish, now: datetime) -> Profile:
        """Keep the next version of the name, durably when it returns; raises BadProfile for a name that cannot be."""
        return await self._store.write(lambda connection: save(connection, wish, now))

    async def delete(self, name: str, now: datetime) -> int:
        """Hide all versions of the name; gives how many. Raises StoreMissing."""
        return await self._store.write(lambda connection: delete(connection, name, now))

    async def restore(self, name: str) -> Profile:
        """Undo the last deletion of the name, and give its newest version. Raises StoreMissing."""
        return await self._store.write(lambda connection: restore(connection, name))

    def find(self, name: str, version: int | None = None) -> Profile | None:
        """That version of the name, else the newest."""
        return self._store.read(lambda connection: find(connection, name, version))

    def history(self, name: str) -> tuple[Profile, ...]:
        """All versions of the name, the newest first."""
        return self._store.read(lambda connection: history(connection, name))

    def newest(self) -> tuple[Profile, ...]:
        """The newest version of every name, by name."""
        return self._store.read(newest)
