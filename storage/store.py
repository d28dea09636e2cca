"""The store: keeps runs, trajectories, ballots and rankings, and finds them again. Takes and gives domain values."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from sqlalchemy import Connection, Engine

from orchestrator.alternatives import Run
from orchestrator.trajectory import Step, Trajectory
from prefs.ballot import Ballot
from prefs.ranking import Ranking
from storage import askers, queries, ranked, rankings, texts, trajectories
from storage.database import open_engine, read_only, upgrade_engine
from storage.errors import READ_ONLY, StoreReadOnly, told_plainly
from storage.opened_file import OpenedFile
from storage.owner import Owner, owned
from storage.processes.membership import Membership
from storage.queries import SavedQuery
from storage.ranked import Ranked
from storage.reader import Reader
from storage.records import dump_step
from storage.spending import ledger
from storage.spending.rules import LOCAL, Payer
from storage.steps import StepToKeep
from storage.writer import Writer

T = TypeVar("T")
_LONG: Final = 32_000
"""Characters whose packing would hold up the event loop by more than about half a millisecond."""


class Store(Reader):
    """Writes are durable when they return; all raise StoreError. Reads are short and safe from any thread."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        owner = Owner()
        self._writer = Writer(owned(engine, owner))
        self.membership = Membership(engine, owner)
        """This process among those that run trajectories here."""
        self.read_only = read_only(engine)
        """Whether only reading is possible."""

    @property
    def file(self) -> Path | None:
        """The file that it keeps everything in; `None` in memory or on a server."""
        return None if (opened := OpenedFile.of(self._engine)) is None else opened.path

    @property
    def writer_alive(self) -> bool:
        """Whether the thread that writes does its work."""
        return self._writer.alive

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
        self.membership.leave()
        self._engine.dispose()

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

    async def begin(self, run: Run, alternatives: Sequence[Trajectory], payer: Payer = LOCAL) -> tuple[Trajectory, ...]:
        """Keep trajectories as running, with the steps they have, and their run unless it is kept already.

        Gives them as they are kept: with a budget where spending limits apply. Raises Overspent and RunsStopped.
        """

        def begin(connection: Connection) -> tuple[Trajectory, ...]:
            if payer.user != LOCAL.user:
                askers.keep(connection, run.id, payer.user)
            return ledger.begin(connection, run, alternatives, payer)

        return await self.write(begin)

    async def keep_step(self, trajectory_id: str, step: Step) -> Step:
        """Keep the next step of a running trajectory, and give it as it is kept: its long texts are addresses now.

        Keeping the very same step again does nothing.
        """
        self._check_writable()
        long = texts.long_characters(step) > _LONG
        kept, aside = await asyncio.to_thread(texts.step_aside, step) if long else texts.step_aside(step)
        await self._writer.keep(StepToKeep(trajectory_id, step.index, dump_step(kept), aside, self.membership.id))
        return kept

    async def finish(self, trajectory: Trajectory) -> Trajectory:
        """Keep the end and the totals of a trajectory, and give it as it is kept, with addresses of long texts.

        What it spent is settled with it. Raises StoreConflict unless all its steps are kept.
        """
        return await self.write(lambda connection: ledger.finish(connection, trajectory, datetime.now(UTC)))

    async def reopen(self, trajectory_id: str, payer: Payer | None = None) -> Decimal | None:
        """Let an interrupted trajectory run again; of two who try at once, one gets StoreConflict.

        With a `payer` it may spend again: gives the dollars that it may spend in all, `None` for what its own limits
        say. Raises Overspent and RunsStopped then.
        """
        return await self.write(lambda connection: ledger.reopen(connection, trajectory_id, payer, datetime.now(UTC)))

    async def come(self, address: str | None = None) -> tuple[str, ...]:
        """Be counted as a process that runs trajectories here; `address` is where it serves.

        Gives what was left running by processes that are dead: it is interrupted now.
        """
        self._check_writable()
        return () if self.membership.id is not None else await asyncio.to_thread(self.membership.enter, address)

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

    async def keep_ballot_of_run(self, ballot: Ballot) -> Ballot:
        """Keep a ballot of a run unless its newest shows the same, also if several try at once; gives the one kept."""
        return await self.write(lambda connection: rankings.keep_ballot_of_run(connection, ballot))

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
