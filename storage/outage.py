"""A database server that is away for a while: what was being committed when it went, and how long to wait for it.

docs/decisions/0023-keeping-through-faults.md has the reasons.
"""

import threading
import time
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Self

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from storage.errors import StoreUnreachable, told_to_anybody

PATIENCE_S: Final = 15.0
"""Seconds from the first failure until callers are told that the server cannot be reached."""
PAUSES_S: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Between attempts; the last one again and again."""
_AWAY: Final = ("57P01", "57P02", "57P03", "08000", "08001", "08003", "08004", "08006")
"""PostgreSQL stops, crashes or starts, or the connection broke."""
_RIVALS: Final = ("40001", "40P01")
"""Two transactions were in each other's way, and this one gave in."""
_RECEIPT: Final = text("SELECT pg_current_xact_id()::text, pg_postmaster_start_time()::text")
_FATE: Final = text("SELECT pg_xact_status(CAST(:transaction AS xid8)), pg_postmaster_start_time()::text")


@dataclass(frozen=True, slots=True)
class Receipt:
    """By which the fate of a transaction can be asked for when the reply to its COMMIT was lost."""

    transaction: str
    server_since: str

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """That of the transaction which goes on."""
        transaction, since = connection.execute(_RECEIPT).one()
        return cls(transaction, since)

    def fate(self, connection: Connection) -> "Fate | None":
        """What became of it; `None` while the server does not know yet.

        A server that was started again may have given the number to another transaction.
        """
        status, since = connection.execute(_FATE, {"transaction": self.transaction}).one()
        if status == "in progress":
            return None
        if status != "committed":
            return Fate.LOST
        return Fate.KEPT if since == self.server_since else Fate.LIKELY


class Fate(Enum):
    """What became of a transaction that failed."""

    REFUSED = auto()
    """It was not kept, and would not be if it were made again; or nobody knows, and patience is at its end."""
    LOST = auto()
    """It was not kept as far as is known: make it again."""
    LIKELY = auto()
    """It seems to be kept, but the server was started again: make it again; a conflict says that it is there."""
    KEPT = auto()
    """It was committed; only the reply was lost."""


class Outage:
    """Waits for a server that does not answer, PATIENCE_S from the first failure; later failures are told at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._since: float | None = None
        self._pauses = 0
        self._hurry = threading.Event()

    @property
    def going_on(self) -> bool:
        """Whether the last attempt failed because the server was away."""
        return self._since is not None

    def over(self) -> None:
        """The server has answered."""
        self._since, self._pauses = None, 0

    def hurry(self) -> None:
        """Wait no longer, because this process is about to end."""
        self._hurry.set()

    def fate(self, error: Exception, receipt: Receipt | None) -> Fate:
        """What became of a transaction that raised this; waits for the server.

        `receipt` is that of a transaction whose COMMIT may have been sent.
        """
        if self._engine.dialect.name == "sqlite" or not (rivalled(error) or server_away(error)):
            self.over()
            return Fate.REFUSED
        while self._wait():
            found = Fate.LOST if receipt is None or rivalled(error) else self._asked(receipt)
            if found is Fate.KEPT:
                self.over()
            if found is not None:
                return found
        return Fate.REFUSED

    def _asked(self, receipt: Receipt) -> Fate | None:
        try:
            with self._engine.connect() as connection:
                return receipt.fate(connection)
        except SQLAlchemyError as failure:
            # A server that does not know the transaction any more has lost it.
            return None if server_away(failure) else Fate.LOST

    def _wait(self) -> bool:
        """Pause, then True; or False at once where patience is at its end."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        pause = PAUSES_S[min(self._pauses, len(PAUSES_S) - 1)]
        if now + pause > self._since + PATIENCE_S:
            return False
        self._pauses += 1
        return not self._hurry.wait(pause)


def server_away(error: BaseException) -> bool:
    """Whether this was raised because the connection to a server broke or could not be made."""
    cause = error if isinstance(error, DBAPIError) else error.__cause__
    if not isinstance(cause, DBAPIError):
        return False
    if cause.connection_invalidated:
        return True
    state = getattr(cause.orig, "sqlstate", None)
    return state in _AWAY or (state is None and isinstance(cause, OperationalError | InterfaceError))


def rivalled(error: BaseException) -> bool:
    """Whether the transaction gave in to another one, so that it may well succeed when it is tried again."""
    cause = error if isinstance(error, DBAPIError) else error.__cause__
    return isinstance(cause, DBAPIError) and getattr(cause.orig, "sqlstate", None) in _RIVALS


def doubtful(error: Exception) -> StoreUnreachable:
    """What a caller is told where the server went away while it committed, and stayed away."""
    still = f"it did not come back within {PATIENCE_S:g} s, and whether this was kept shows when it is back"
    said = StoreUnreachable(f"{error}; {still}")
    said.anybody, said.__cause__ = f"{told_to_anybody(error)}; {still}", error
    return said
