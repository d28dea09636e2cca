"""What is older than it may get is deleted, a little at a time, so that nobody who writes waits for long.

Old things are found by indexed times, never by counting all. A pass looks through the ballots once; see
`storage.privacy.shown`. It may be stopped at any moment and be begun again.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Select, delete, or_, select

from storage.accounts.actor import Actor
from storage.accounts.audit import Act, Said, noted
from storage.accounts.clock import now_utc
from storage.accounts.sessions import were_over
from storage.accounts.tables import AUDIT, INVITATION, LOGIN_FAILURE, LOGIN_PLACE, SESSION, TOKEN
from storage.pages import pages
from storage.privacy import begun, old_rankings, unranked
from storage.privacy.forgetting import Forgetting, Resumed
from storage.privacy.periods import Retention, before
from storage.privacy.removal import Family, families, in_portions, may_go, remove
from storage.privacy.shown import shown
from storage.study_records import aware
from storage.tables import TRAJECTORY
from storage.trajectories import State

if TYPE_CHECKING:
    from storage.store import Store

PASS: Final = 5_000
"""Trajectories that are looked at before the ballots are gone through again."""
PAUSE_S: Final = 0.02
"""Between two transactions."""
EXPIRED: Final = timedelta(days=30)
"""So long sessions, tokens and invitations stay that are over: people ask what became of them."""
FAILED: Final = timedelta(days=1)
_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class Retired:
    """What went, or would go."""

    runs: int = 0
    trajectories: int = 0
    kept: int = 0
    """Old trajectories that rankings, studies, audiences or younger alternatives refer to."""
    rankings: int = 0
    audit: int = 0
    logins: int = 0
    """Sessions, tokens, invitations and attempts to log in that were over long ago."""
    texts: int = 0
    log_emptied: bool = True
    """Whether no old page is left in SQLite's write-ahead log; else that is tried again the next time."""

    @property
    def words(self) -> str:
        """Numbers alone, for people and for the log."""
        return (
            f"{self.trajectories:,} trajectories of {self.runs:,} runs, {self.rankings:,} rankings, "
            f"{self.texts:,} texts, {self.audit:,} entries of the log, {self.logins:,} logins"
        )

    @property
    def anything(self) -> bool:
        """Whether something went."""
        return any((self.trajectories, self.rankings, self.audit, self.logins, self.texts))


class Retirement:
    """Lets nothing get too old."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = now_utc, pause_s: float = PAUSE_S) -> None:
        self._store = store
        self._clock = clock
        self._pause_s = pause_s

    async def retire(self, wanted: Retention, by: Actor, *, dry_run: bool = False) -> Retired:
        """Delete what is older than that; with `dry_run` only say what would go.

        Not counted then are texts, and runs that are free only once old rankings have gone.
        """
        now = self._clock()
        rankings = await self._rankings(wanted, now, dry_run)
        if rankings and not dry_run:
            await unranked.unmark(self._store, now)
        runs, trajectories, kept = await self._runs(wanted, now, dry_run)
        audit = await self._audit(wanted, now, dry_run)
        logins = await self._logins(now, dry_run)
        went = Resumed() if dry_run else await Forgetting(self._store, self._clock).resume()
        found = Retired(runs, trajectories, kept, rankings, audit, logins, went.texts, went.log_emptied)
        if dry_run or not found.anything:
            return found
        said = Said(detail=found.words)
        await self._store.write(lambda connection: noted(connection, by, Act.DATA_RETIRED, said, now))
        return replace(found, log_emptied=await begun.leave_no_trace(self._store, now))

    async def _runs(self, wanted: Retention, now: datetime, dry_run: bool) -> tuple[int, int, int]:
        if wanted.runs_days is None:
            return 0, 0, 0
        cutoff = before(now, wanted.runs_days)
        old = _old(self._store, cutoff)
        gone: set[str] = set()
        runs: set[str] = set()
        kept = 0
        while some := await asyncio.to_thread(lambda: list(islice(old, PASS))):
            left = [one for one in some if one[1] not in gone]  # a run goes whole, with its oldest trajectory
            found = await asyncio.to_thread(self._store.read, partial(_families, some=left, cutoff=cutoff))
            ids = {id for one in found for id in one.trajectories}
            seen = await asyncio.to_thread(shown, self._store.rows, ids, now)
            for portion in in_portions([one for one in found if not seen.needs(one.trajectories)]):
                if dry_run:
                    going = self._store.read(partial(may_go, some=portion, shown=seen))
                else:
                    going = await self._store.write(partial(remove, some=portion, shown=seen))
                    await asyncio.sleep(self._pause_s)
                runs.update(one.run for one in going if one.run is not None)
                gone.update(id for one in going for id in one.trajectories)
            kept += sum(id not in gone for _, id in left)
        return len(runs), len(gone), kept

    async def _rankings(self, wanted: Retention, now: datetime, dry_run: bool) -> int:
        if wanted.rankings_days is None:
            return 0
        cutoff = before(now, wanted.rankings_days)
        gone: set[str] = set()
        for chains in old_rankings.chains(self._store.rows, cutoff):
            if dry_run:
                gone |= self._store.read(partial(old_rankings.old, some=chains, cutoff=cutoff)).keys()
                continue
            gone |= await self._store.write(partial(old_rankings.remove, some=chains, cutoff=cutoff))
            await asyncio.sleep(self._pause_s)
        return len(gone)

    async def _audit(self, wanted: Retention, now: datetime, dry_run: bool) -> int:
        if wanted.audit_days is None:
            return 0
        cutoff = before(now, wanted.audit_days)
        entries = select(AUDIT.c.sequence, AUDIT.c.at)
        sequences: list[int] = []
        for page in pages(self._store.rows, entries, (AUDIT.c.sequence,), size=_ROWS):
            old = [row[0] for row in page if aware(row[1]) < cutoff]
            sequences += old
            if len(old) < len(page):  # they stand in the order of time
                break
        for start in range(0, 0 if dry_run else len(sequences), _ROWS):
            some = sequences[start : start + _ROWS]
            await self._store.write(partial(_delete_entries, sequences=some))
            await asyncio.sleep(self._pause_s)
        return len(sequences)

    async def _logins(self, now: datetime, dry_run: bool) -> int:
        """What let somebody in and does not any more."""
        over = now - EXPIRED
        conditions = (
            (SESSION, were_over(over)),
            (TOKEN, or_(TOKEN.c.expires_at < over, TOKEN.c.revoked_at < over)),
            (INVITATION, or_(*(INVITATION.c[name] < over for name in ("expires_at", "revoked_at", "accepted_at")))),
            (LOGIN_PLACE, LOGIN_PLACE.c.at < over),
            (LOGIN_FAILURE, LOGIN_FAILURE.c.failed_at < now - FAILED),
        )
        if dry_run:
            return sum(len(self._store.rows(select(table).where(old))) for table, old in conditions)
        return await self._store.write(
            lambda c: sum(int(c.execute(delete(table).where(old)).rowcount) for table, old in conditions)
        )


def _old(store: "Store", cutoff: datetime) -> Iterator[tuple[str | None, str]]:
    """Run and id of trajectories that began before that and do not run, the oldest first."""
    query: Select[Any] = select(TRAJECTORY.c.run_id, TRAJECTORY.c.id).where(
        TRAJECTORY.c.started_at < cutoff, TRAJECTORY.c.state != State.RUNNING.value
    )
    for page in pages(store.rows, query, (TRAJECTORY.c.started_at, TRAJECTORY.c.id), size=_ROWS):
        yield from ((row[0], row[1]) for row in page)


def _families(connection: Connection, some: Sequence[tuple[str | None, str]], cutoff: datetime) -> list[Family]:
    """Their runs, but for those in which something younger or still going is."""
    alone = [Family(None, (id,)) for run, id in some if run is None]
    runs = sorted({run for run, _ in some if run is not None})
    young: set[str] = set()
    for start in range(0, len(runs), _ROWS):
        own = TRAJECTORY.c.run_id.in_(runs[start : start + _ROWS])
        lively = (TRAJECTORY.c.started_at >= cutoff) | (TRAJECTORY.c.state == State.RUNNING.value)
        young.update(connection.scalars(select(TRAJECTORY.c.run_id).where(own, lively)))
    return alone + families(connection, [run for run in runs if run not in young])


def _delete_entries(connection: Connection, sequences: Sequence[int]) -> None:
    connection.execute(delete(AUDIT).where(AUDIT.c.sequence.in_(sequences)))
