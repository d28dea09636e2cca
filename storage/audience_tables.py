"""Tables of audiences and of the phones in them. Every value is a column: there is nothing else to say of them."""

from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import Table, Text
from sqlmodel import Field, ForeignKey, Index, UniqueConstraint

from storage.tables import TIME, Row


class AudienceRow(Row, table=True):
    """People in one room who rank one ballot."""

    __tablename__ = "audience"
    __table_args__: ClassVar = (UniqueConstraint("code"), Index(None, "made_at", "id"))

    id: str = Field(primary_key=True, sa_type=Text)
    code: str = Field(sa_type=Text)
    run_id: str = Field(index=True, sa_type=Text)
    ballot_id: str = Field(index=True, sa_type=Text, sa_column_args=(ForeignKey("ballot.id"),))
    made_at: datetime = Field(sa_type=TIME)
    until: datetime = Field(sa_type=TIME)
    closed_at: datetime | None = Field(default=None, sa_type=TIME)


class SeatRow(Row, table=True):
    """A phone in an audience."""

    __tablename__ = "audience_seat"
    __table_args__: ClassVar = (UniqueConstraint("annotator"),)

    audience_id: str = Field(primary_key=True, sa_type=Text, sa_column_args=(ForeignKey("audience.id"),))
    token_sha256: str = Field(primary_key=True, sa_type=Text)
    """Of the secret that the phone shows; who reads the database cannot rank in its place."""
    annotator: str = Field(sa_type=Text)
    joined_at: datetime = Field(sa_type=TIME)
    number: int | None = None
    """The first, second, … of the audience to rank; null before."""


AUDIENCE: Final[Table] = Row.metadata.tables["audience"]
SEAT: Final[Table] = Row.metadata.tables["audience_seat"]
