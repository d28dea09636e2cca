"""The columns of rankings and trajectories as Parquet, and the way back from rankings."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from prefs.training_files import Row
from webapp.exports.parquet import arrow

RANKING: Final = ("format", "id", "ballot", "groups", "made_at", "unranked", "annotator", "query", "shown")
"""Columns without which a ranking cannot be read back."""
_PLAIN: Final = (
    "id", "query", "policy", "pool", "seed", "stop_reason", "answer", "run", "cost_usd", "unpriced_calls", "latency_s",
    "simulated",
)  # fmt: skip
"""What a trajectory's columns share with its record."""


def ranking_schema() -> Any:
    """The columns of rankings: those of the JSON record. Raises MissingPyarrow."""
    arrow()
    import pyarrow as pa  # noqa: PLC0415 - an extra

    text, time, texts = pa.string(), pa.timestamp("us", "UTC"), pa.list_(pa.string())
    alternative = pa.struct([("label", text), ("trajectory", text)])
    draw = pa.struct([("drawn", text), ("random_share", pa.float64()), ("probability", pa.float64())])
    mark = pa.struct([("label", text), ("step", pa.int32()), ("kind", text), ("note", text)])
    shown = [("run", text), ("alternatives", pa.list_(alternative)), ("seed", text), ("made_at", time)]
    return pa.schema(
        [
            ("format", pa.int32()),
            *((name, text) for name in ("id", "ballot")),
            ("groups", pa.list_(texts)),
            ("made_at", time),
            ("unranked", texts),
            ("acceptable", pa.int32()),
            *((name, text) for name in ("reason", "annotator", "supersedes", "phase", "query")),
            ("tags", texts),
            ("marks", pa.list_(mark)),
            ("active_s", pa.map_(text, pa.float64())),
            ("trajectories", pa.map_(text, text)),
            ("shown", pa.struct([*shown, ("hidden", texts), ("draw", draw), ("version", text)])),
        ]
    )


def ranking_row(record: Row) -> Row:
    """A ranking's JSON record as a row. The seed is text, since it may be longer than 64 bits."""
    shown = record["shown"]
    return record | {
        "made_at": datetime.fromisoformat(record["made_at"]),
        "trajectories": list(record["trajectories"].items()),
        "active_s": list(record["active_s"].items()),
        "shown": shown | {"made_at": datetime.fromisoformat(shown["made_at"]), "seed": str(shown["seed"])},
    }


def ranking_record(row: Mapping[str, Any]) -> Row:
    """The JSON record of such a row; files of older versions lack some columns."""
    shown = row["shown"]
    return dict(row) | {
        "active_s": dict(row.get("active_s") or ()),
        "made_at": _written(row["made_at"]),
        "trajectories": dict(row["trajectories"]),
        "shown": dict(shown) | {"made_at": _written(shown["made_at"]), "seed": int(shown["seed"])},
    }


def trajectory_schema() -> Any:
    """The columns of trajectories: some to search by, and the whole record as JSON. Raises MissingPyarrow."""
    arrow()
    import pyarrow as pa  # noqa: PLC0415 - an extra

    kinds = {"seed": pa.int64(), "unpriced_calls": pa.int64(), "latency_s": pa.float64(), "simulated": pa.bool_()}
    columns = [(name, kinds.get(name, pa.string())) for name in _PLAIN]
    return pa.schema(
        [
            *columns,
            ("started_at", pa.timestamp("us", "UTC")),
            ("verdict", pa.string()),
            ("steps", pa.int64()),
            ("record", pa.string()),
        ]
    )


def trajectory_row(record: Row) -> Row:
    """A trajectory's JSON record as a row."""
    return {name: record[name] for name in _PLAIN} | {
        "started_at": datetime.fromisoformat(record["started_at"]),
        "verdict": record["outcome"]["verdict"],
        "steps": len(record["steps"]),
        "record": json.dumps(record),
    }


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()
