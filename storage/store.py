"""The store: keeps runs, trajectories, ballots and rankings, and finds them again. Takes and gives domain values."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Final, Self, TypeVar

from sqlalchemy import Connection, Engine

from orchestrator.alternatives import Run
from orchestrator.trajectory import Step, Trajectory
from prefs.ballot import Ballot
from prefs.ranking import Ranking
from storage import queries, ranked, rankings, texts, trajectories
from storage.database import named, open_engine, read_only, upgrade_engine
from storage.errors import READ_ONLY, StoreReadOnly, told_plainly
from storage.presence import Presence
from storage.queries import SavedQuery
from storage.ranked import Ranked
from storage.reader import Reader
from storage.records import dump_step
from storage.sqlite import place
from storage.steps import StepToKeep
from storage.writer import Writer

T = TypeVar("T")
_LONG: Final = 32_000
"""Characters whose packing would hold up the event loop by more than about half a millisecond."""


class Store(Reader):
    """Writes are durable when they return; all raise StoreError. Reads are short and safe from any thread."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._writer = Writer(engine)
        self._presence: Presence | None = None
        self.read_only = read_only(engine)
        """Whether only reading is possible."""

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """The store at a database URL (see `storage.database.open_engine`), brought up to date first."""
        with told_plainly():
            engine = open_engine(url, create=create)
        try:
            upgrade_engine(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        """Finish what is being written and let go of the database."""
        self._writer.close()
        self._engine.dispose()
        if self._presence is not None:
            self._presence.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    async def begin(self, run: Run, alternatives: Sequence[Trajectory]) -> None:
        """Keep trajectories as running, with the steps they have, and their run unless it is kept already."""
        await self.write(lambda connection: trajectories.begin(connection, run, alternatives))

    async def keep_step(self, trajectory_id: str, step: Step) -> Step:
        """Keep the next step of a running trajectory, and give it as it is kept: its long texts are addresses now.

        Keeping the very same step again does nothing.
        """
        self._check_writable()
        long = texts.long_characters(step) > _LONG
        kept, aside = await asyncio.to_thread(texts.step_aside, step) if long else texts.step_aside(step)
        await self._writer.keep(StepToKeep(trajectory_id, step.index, dump_step(kept), aside))
        return kept

    async def finish(self, trajectory: Trajectory) -> Trajectory:
        """Keep the end and the totals of a trajectory, and give it as it is kept, with addresses of long texts.

        Raises StoreConflict unless all its steps are kept.
        """
        return await self.write(lambda connection: trajectories.finish(connection, trajectory))

    async def reopen(self, trajectory_id: str) -> None:
        """Let an interrupted trajectory run again; of two who try at once, one gets StoreConflict."""
        await self.write(lambda connection: trajectories.reopen(connection, trajectory_id))

    async def come(self) -> tuple[str, ...]:
        """Be counted as a process that runs trajectories here.

        If it is the only one, what is kept as running was left behind: it is marked as interrupted, and named.
        """
        if self._presence is not None:
            return ()
        with told_plainly(named(self._engine)):
            self._presence = Presence(place(self._engine))
        if not self._presence.alone:
            return ()
        left = await self.write(trajectories.mark_interrupted)
        self._presence.share()
        return left

    async def add(self, trajectory: Trajectory) -> bool:
        """Keep a trajectory made elsewhere. False where it is here already; StoreConflict where it differs."""
        return await self.write(lambda connection: trajectories.add(connection, trajectory))

    async def add_all(self, some: Iterable[Trajectory]) -> int:
        """Keep trajectories made elsewhere, all or none, and tell how many of them are new.

        They are read one by one in the thread that writes, and from the beginning again if it has to try twice.
        """
        return await self.write(lambda connection: sum(trajectories.add(connection, one) for one in some))

    async def keep_ballot(self, ballot: Ballot) -> None:
        """Keep a ballot; keeping the same one again does nothing."""
        await self.write(lambda connection: rankings.keep_ballot(connection, ballot))

    async def keep_ranking(
        self, ranking: Ranking, ballot_version: str | None = None, idempotency_key: str | None = None
    ) -> Ranking:
        """Keep what an annotator says of a ballot, and give it as stored.

        The same content, or the same idempotency key, again gives the ranking that is stored. Other content becomes
        a correction that supersedes the annotator's current ranking. Raises RankingMismatch where it does not fit
        the ballot, StoreMissing without the ballot, and StoreConflict where `ballot_version` is not the ballot's, or
        the key was used for other content.
        """
        return await self.write(
            lambda connection: rankings.keep_ranking(connection, ranking, ballot_version, idempotency_key)
        )

    async def add_rankings(self, some: Iterable[Ranked]) -> int:
        """Keep rankings made elsewhere with their ballots, all or none, and tell how many of them are new.

        They are read one by one in the thread that writes, and from the beginning again if it has to try twice.
        Raises ranked.NotAdded, which names the place of the one at fault.
        """
        return await self.write(lambda connection: ranked.add(connection, some))

    async def add_queries(self, some: Sequence[SavedQuery]) -> int:
        """Keep queries to have at hand; gives how many were not here yet."""
        return await self.write(lambda connection: queries.add(connection, some))

    async def write(self, write: Callable[[Connection], T]) -> T:
        """Write in turn with all others, and give what `write` gives: for the other modules of this floor."""
        self._check_writable()
        return await self._writer.do(write)

    def _check_writable(self) -> None:
        if self.read_only:
            raise StoreReadOnly(READ_ONLY)
