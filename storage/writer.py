"""One thread writes. All writes that wait are committed together, so that many callers share one sync of the disk.

docs/decisions/0003-group-commit.md has the reasons and the numbers.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from storage.database import named, writing
from storage.errors import StoreClosed, StoreConflict, told_plainly
from storage.opened_file import OpenedFile
from storage.outage import Fate, Outage, Receipt, doubtful
from storage.sqlite import driver, sync_commits
from storage.steps import StepToKeep, keep_in_sqlite, keep_steps
from storage.waiting import Waiting, settle_all

T = TypeVar("T")
MOST_AT_ONCE: Final = 1000
"""Writes in one transaction at most."""


@dataclass(slots=True)
class _Attempt:
    """How far the commit of a batch came."""

    begun: bool = False
    receipt: Receipt | None = None
    """Of a transaction whose COMMIT was sent to a server."""
    error: Exception | None = None
    likely: bool = False
    """Whether one before it seems to be kept."""
    doubt: bool = False
    """Whether one of them was sent, so that it may be kept."""


class Writer:
    """Takes writes from any event loop; each is committed when its caller goes on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = writing(engine)
        self._place = named(engine)
        self._sqlite = engine.dialect.name == "sqlite"
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._synced: bool | None = None
        """Whether commits of the held connection wait for the disk; `None` where another use of it may have said."""
        self._outage = Outage(engine)
        self._file = OpenedFile.of(engine)
        self._closed = False

    @property
    def alive(self) -> bool:
        """Whether writes are taken and made."""
        return not self._closed and (self._thread is None or self._thread.is_alive())

    async def do(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, once its transaction is committed; or raises what it raised, with nothing kept.

        `work` may be called twice, each time in a new transaction. A caller who is cancelled stops waiting, but the
        write still happens.
        """
        result: T = await self._put(work)
        return result

    async def keep(self, step: StepToKeep) -> None:
        """Keep a step; many at once cost one statement."""
        await self._put(step)

    def close(self) -> None:
        """Commit what waits, then stop. Safe to call twice."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
            thread = self._thread
        self._outage.hurry()
        if thread is not None:
            thread.join()

    def _put(self, work: StepToKeep | Callable[[Connection], Any]) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        waiting = Waiting(work, loop.create_future(), loop)
        with self._gate:
            if self._closed:
                raise StoreClosed("the store is closed; nothing was kept")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="podium-writer", daemon=True)
                self._thread.start()
            self._queue.put(waiting)
        return waiting.future

    def _work(self) -> None:
        more = True
        while more:
            batch, more = self._drain()
            if batch:
                if not self._kept_alone(batch):
                    self._commit(batch)
                settle_all(batch)
        self._let_go()

    def _drain(self) -> tuple[list[Waiting], bool]:
        """All that waits now, at least one; and whether there can be more."""
        batch: list[Waiting] = []
        waiting = self._queue.get()
        try:
            while waiting is not None:
                batch.append(waiting)
                if len(batch) == MOST_AT_ONCE:
                    return batch, True
                waiting = self._queue.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _commit(self, batch: Sequence[Waiting], *, likely: bool = False) -> None:
        """Commit the batch as one; if that fails, each write alone, so that only the one at fault fails.

        `likely` where it seems to be kept already.
        """
        last = self._insisted(batch, likely=likely)
        if last.error is None:
            return
        if last.begun and len(batch) > 1 and not self._outage.going_on:
            for waiting in batch:
                self._commit([waiting], likely=last.likely)
            return
        if last.likely and isinstance(last.error, StoreConflict):
            return
        for waiting in batch:
            waiting.error = doubtful(last.error) if last.doubt and self._outage.going_on else last.error

    def _insisted(self, batch: Sequence[Waiting], *, likely: bool) -> _Attempt:
        """The last attempt, without an error where the batch is kept.

        A server that is away is waited for, and the batch is made again unless it is known to be kept.
        """
        doubt, sent = False, [waiting.result for waiting in batch]
        while (attempt := self._try(batch)).error is not None:
            if attempt.receipt is not None:  # Only what was sent may be there.
                doubt, sent = True, [waiting.result for waiting in batch]
            fate = self._outage.fate(attempt.error, attempt.receipt)
            likely = likely or fate is Fate.LIKELY
            if fate is Fate.KEPT:
                attempt.error = None
                return attempt
            if fate is Fate.REFUSED:
                for waiting, result in zip(batch, sent, strict=True):
                    waiting.result = result
                break
        attempt.likely, attempt.doubt = likely, doubt
        return attempt

    def _try(self, batch: Sequence[Waiting]) -> _Attempt:
        attempt = _Attempt()
        try:
            alone = all(isinstance(waiting.work, StepToKeep) for waiting in batch)
            with told_plainly(self._place), self._held(synced=not alone) as connection, connection.begin():
                attempt.begun = True
                _apply(connection, batch)
                if not self._sqlite:
                    attempt.receipt = Receipt.of(connection)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller
            attempt.error = error
            return attempt
        self._outage.over()
        return attempt

    def _kept_alone(self, batch: Sequence[Waiting]) -> bool:
        """Commit a step that waits alone past SQLAlchemy, which costs several times as much.

        False where that is not the case, or where the step was refused and `_commit` can tell why.
        """
        step = batch[0].work
        if not self._sqlite or len(batch) > 1 or not isinstance(step, StepToKeep):
            return False
        try:
            with told_plainly(self._place), self._held(synced=False) as connection:
                return keep_in_sqlite(driver(connection), step)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller
            batch[0].error = error
            return True

    @contextmanager
    def _held(self, *, synced: bool) -> Iterator[Connection]:
        """A connection that is held while all goes well: taking it from the pool costs 0.1 ms.

        Without `synced` a power cut, though no crash, may take it back until the next one that is synced.
        """
        if self._connection is None:
            self._connection, self._synced = self._engine.connect(), None
        try:
            if self._file is not None:
                self._file.check()
            if synced is not self._synced and self._sqlite:
                sync_commits(self._connection, synced)
                self._synced = synced
            yield self._connection
        except BaseException as error:
            if isinstance(error, SQLAlchemyError | sqlite3.Error):
                self._connection.invalidate()  # The next write begins afresh, whatever happened to this connection.
            self._let_go()
            raise
        if not self._sqlite:
            self._let_go()  # A server may hang up in between; the pool notices, a held connection would not.

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _apply(connection: Connection, batch: Sequence[Waiting]) -> None:
    """Every write in the order in which they came; neighbouring steps as one statement."""
    for are_steps, neighbours in groupby(batch, key=lambda waiting: isinstance(waiting.work, StepToKeep)):
        if are_steps:
            keep_steps(connection, [w.work for w in neighbours if isinstance(w.work, StepToKeep)])
            continue
        for waiting in neighbours:
            if callable(waiting.work):
                waiting.result = waiting.work(connection)
