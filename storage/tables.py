"""Tables: a few columns to search by, and the whole record as versioned JSON.

Rows are not the domain: nothing outside `storage` sees them (docs/decisions/0002-rows-are-not-the-domain.md).
"""

from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Integer, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.orm import registry
from sqlmodel import Field, ForeignKey, Index, SQLModel, UniqueConstraint

NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
COUNTER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only in a column of type INTEGER."""
TIME = DateTime(timezone=True)
_FIRST = text("supersedes IS NULL")
"""An annotator has one first ranking of a ballot; all others are corrections."""


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMES))):
    """Base of all tables; has the metadata that migrations are compared with."""


class RunRow(Row, table=True):
    """One asking of one query."""

    __tablename__ = "run"
    __table_args__: ClassVar = (Index(None, "asked_at", "id"),)

    id: str = Field(primary_key=True, sa_type=Text)
    asked_at: datetime = Field(sa_type=TIME)
    folded_query: str = Field(sa_type=Text)
    """The query without regard to case, to search in."""
    record: str = Field(sa_type=Text)


class TrajectoryRow(Row, table=True):
    """The head of a trajectory; its steps are rows of their own. Totals are null until it is finished."""

    __tablename__ = "trajectory"
    __table_args__: ClassVar = (Index(None, "started_at", "id"), Index(None, "policy", "started_at"))

    id: str = Field(primary_key=True, sa_type=Text)
    run_id: str | None = Field(index=True, sa_type=Text)
    query: str = Field(sa_type=Text)
    policy: str = Field(sa_type=Text)
    pool: str = Field(sa_type=Text)
    seed: int = Field(sa_type=BigInteger)
    started_at: datetime = Field(sa_type=TIME)
    state: str = Field(index=True, sa_type=Text)
    stop_reason: str | None = Field(default=None, sa_type=Text)
    verdict: str = Field(sa_type=Text)
    cost_usd: str | None = Field(default=None, sa_type=Text)
    """Exact decimal dollars."""
    unpriced_calls: int | None = None
    latency_s: float | None = None
    simulated: bool | None = None
    header: str = Field(sa_type=Text)
    """The record without its steps."""
    owner: str | None = Field(default=None, sa_type=Text)
    """The process that drives it, or did so last; null where it was never driven here."""


class StepRow(Row, table=True):
    """One step, kept as soon as it is finished."""

    __tablename__ = "step"
    __table_args__: ClassVar = (UniqueConstraint("trajectory_id", "index"),)

    sequence: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    """Order in which steps were kept, across trajectories."""
    trajectory_id: str = Field(sa_type=Text, sa_column_args=(ForeignKey("trajectory.id"),))
    index: int
    record: str = Field(sa_type=Text)


class TextRow(Row, table=True):
    """A long text that records name by its address."""

    __tablename__ = "text"

    address: str = Field(primary_key=True, sa_type=Text)
    packed: bytes = Field(sa_type=LargeBinary)
    """As `orchestrator.kept_text` packs it."""
    characters: int
    """How long it is when unpacked."""


class BallotRow(Row, table=True):
    """Alternatives as they are shown to people."""

    __tablename__ = "ballot"
    __table_args__: ClassVar = (Index(None, "made_at", "id"),)

    id: str = Field(primary_key=True, sa_type=Text)
    run_id: str | None = Field(index=True, sa_type=Text)
    made_at: datetime = Field(sa_type=TIME)
    record: str = Field(sa_type=Text)


class RankingRow(Row, table=True):
    """What one person said of one ballot. Never changed; a correction names what it supersedes."""

    __tablename__ = "ranking"
    __table_args__: ClassVar = (
        UniqueConstraint("annotator", "idempotency_key"),
        UniqueConstraint("supersedes"),
        Index(None, "made_at", "id"),
        Index(None, "ballot_id", "annotator"),
        Index("uq_ranking_first", "ballot_id", "annotator", unique=True, sqlite_where=_FIRST, postgresql_where=_FIRST),
    )

    id: str = Field(primary_key=True, sa_type=Text)
    ballot_id: str = Field(sa_type=Text, sa_column_args=(ForeignKey("ballot.id"),))
    annotator: str = Field(sa_type=Text)
    supersedes: str | None = Field(default=None, sa_type=Text, sa_column_args=(ForeignKey("ranking.id"),))
    made_at: datetime = Field(sa_type=TIME)
    idempotency_key: str | None = Field(default=None, sa_type=Text)
    record: str = Field(sa_type=Text)
    phase: str | None = Field(default=None, sa_type=Text)
    """`blind` or `revealed`; null where the ballot is ranked once."""


class QueryRow(Row, table=True):
    """A query that somebody wants to have at hand."""

    __tablename__ = "query"
    __table_args__: ClassVar = (UniqueConstraint("id"),)

    sequence: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    """Order of arrival."""
    id: str = Field(sa_type=Text)
    query: str = Field(sa_type=Text)
    reference: str | None = Field(default=None, sa_type=Text)


class RewardModelRow(Row, table=True):
    """A trained reward model; its checkpoint lies in a folder."""

    __tablename__ = "reward_model"
    __table_args__: ClassVar = (Index(None, "made_at", "id"),)

    id: str = Field(primary_key=True, sa_type=Text)
    made_at: datetime = Field(sa_type=TIME)
    base: str = Field(sa_type=Text)
    path: str = Field(sa_type=Text)
    data_sha256: str = Field(index=True, sa_type=Text)
    weights_sha256: str = Field(sa_type=Text)
    code_version: str = Field(sa_type=Text)
    seed: int = Field(sa_type=BigInteger)
    record: str = Field(sa_type=Text)


class StudyRow(Row, table=True):
    """Ballots that several people are asked to rank."""

    __tablename__ = "study"
    __table_args__: ClassVar = (Index(None, "made_at", "id"),)

    id: str = Field(primary_key=True, sa_type=Text)
    made_at: datetime = Field(sa_type=TIME)
    closed_at: datetime | None = Field(default=None, sa_type=TIME)
    record: str = Field(sa_type=Text)


class StudyBallotRow(Row, table=True):
    """A ballot of a study."""

    __tablename__ = "study_ballot"

    study_id: str = Field(primary_key=True, sa_type=Text, sa_column_args=(ForeignKey("study.id"),))
    ballot_id: str = Field(primary_key=True, index=True, sa_type=Text, sa_column_args=(ForeignKey("ballot.id"),))
    place: int
    """In the study's order, from 0."""
    gold: bool


class AssignmentRow(Row, table=True):
    """A ballot of a study in the hands of one person."""

    __tablename__ = "assignment"
    __table_args__: ClassVar = (
        ForeignKeyConstraint(["study_id", "ballot_id"], ["study_ballot.study_id", "study_ballot.ballot_id"]),
        Index(None, "study_id", "annotator"),
    )

    study_id: str = Field(primary_key=True, sa_type=Text)
    ballot_id: str = Field(primary_key=True, sa_type=Text)
    annotator: str = Field(primary_key=True, sa_type=Text)
    state: str = Field(sa_type=Text)
    leased_until: datetime = Field(sa_type=TIME)
    first_leased_at: datetime = Field(sa_type=TIME)
    changed_at: datetime = Field(sa_type=TIME)
    counted: bool | None = None
    """Whether the ranking counts towards the overlap; null before it is ranked."""
    reason: str | None = Field(default=None, sa_type=Text)


class ProfileRow(Row, table=True):
    """One version of a named preference vector; a deleted name keeps its versions."""

    __tablename__ = "profile"

    name: str = Field(primary_key=True, sa_type=Text)
    version: int = Field(primary_key=True)
    made_at: datetime = Field(sa_type=TIME)
    deleted_at: datetime | None = Field(default=None, sa_type=TIME)
    record: str = Field(sa_type=Text)


TABLES = Row.metadata.tables
RUN: Table = TABLES["run"]
TRAJECTORY: Table = TABLES["trajectory"]
STEP: Table = TABLES["step"]
TEXT: Table = TABLES["text"]
BALLOT: Table = TABLES["ballot"]
RANKING: Table = TABLES["ranking"]
QUERY: Table = TABLES["query"]
REWARD_MODEL: Table = TABLES["reward_model"]
STUDY: Table = TABLES["study"]
STUDY_BALLOT: Table = TABLES["study_ballot"]
ASSIGNMENT: Table = TABLES["assignment"]
PROFILE: Table = TABLES["profile"]
