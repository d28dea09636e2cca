"""Tables of whose a run is, of what is about to go and of what has gone."""

from datetime import datetime
from typing import Final

from sqlalchemy import LargeBinary, Table, Text
from sqlmodel import Field

from storage.tables import TIME, Row


class ForgettingRow(Row, table=True):
    """Somebody who is being forgotten; see storage.privacy.begun."""

    __tablename__ = "forgetting"

    pseudonym: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    """Empty once all that is left to do is to empty the write-ahead log of SQLite."""
    rankings: bool
    """Whether the rankings are deleted; else they stay without a name."""
    begun_at: datetime = Field(sa_type=TIME)


class LeavingRunRow(Row, table=True):
    """A run that is to be deleted as soon as it does not run."""

    __tablename__ = "leaving_run"

    run_id: str = Field(primary_key=True, sa_type=Text)


class ForgottenRankingRow(Row, table=True):
    """The id of a ranking that was deleted because its author asked for it: it is not imported again."""

    __tablename__ = "forgotten_ranking"

    id: str = Field(primary_key=True, sa_type=Text)


class AskerRow(Row, table=True):
    """Who asked for a run, or had something more run in it. Nothing is kept of who has no account."""

    __tablename__ = "asker"

    run_id: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(primary_key=True, index=True, sa_type=Text)


class FadingTextRow(Row, table=True):
    """A text that perhaps no record names any more.

    At first it lies in `text` as before; then here, where it waits for a last look through the records.
    """

    __tablename__ = "fading_text"

    address: str = Field(primary_key=True, sa_type=Text)
    packed: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Null while the text lies in `text`."""
    characters: int | None = None


_TABLES: Final = Row.metadata.tables
FORGETTING: Final[Table] = _TABLES["forgetting"]
LEAVING_RUN: Final[Table] = _TABLES["leaving_run"]
FORGOTTEN_RANKING: Final[Table] = _TABLES["forgotten_ranking"]
ASKER: Final[Table] = _TABLES["asker"]
FADING_TEXT: Final[Table] = _TABLES["fading_text"]
