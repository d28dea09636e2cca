"""The JSON record of a study, and the rows of its assignments as values."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row

from prefs.study import Assignment, Study
from storage.records import Json, RecordError, dump_line

FORMAT: Final = 1
"""Version of the record."""
_STUDY: Final = TypeAdapter(Study)


def study_json(study: Study) -> Json:
    """The record of a study as JSON values."""
    return {"format": FORMAT, **_STUDY.dump_python(study, mode="json")}


def dump_study(study: Study) -> str:
    """The record of a study as one line of JSON."""
    return dump_line(study_json(study))


def load_study(record: str | Mapping[str, Any]) -> Study:
    """The study of a record; raises RecordError where it is malformed or of another Podium version."""
    try:
        read = dict(json.loads(record) if isinstance(record, str) else record)
        version = read.pop("format")
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"a study's record must be a JSON object with a format: {error}") from error
    if version != FORMAT:
        raise RecordError(f"a study's record has format {version}; this version reads {FORMAT}")
    try:
        return _STUDY.validate_python(read)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "record"
        raise RecordError(f"a study's record is wrong at {where}: {first['msg']}") from error


def assignment_of(row: Row[Any]) -> Assignment:
    """The assignment of a row that has the columns of `assignment` and whether its ballot is gold."""
    return Assignment(
        row.study_id,
        row.ballot_id,
        row.annotator,
        row.state,
        aware(row.leased_until),
        aware(row.first_leased_at),
        aware(row.changed_at),
        row.counted,
        row.reason,
        bool(row.gold),
    )


def aware(moment: datetime) -> datetime:
    """A moment as a database gives it: SQLite keeps UTC without saying so, PostgreSQL has its own time zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
