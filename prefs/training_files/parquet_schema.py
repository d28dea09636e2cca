"""The columns of formats that are written as Parquet, so that every batch of a streamed file has the same ones.

Needs pyarrow (extra `parquet`), which is imported when a schema is asked for.
"""

from typing import Any

PARQUET = ("verl",)
"""Formats with a schema."""


def schema(name: str) -> Any:
    """The `pyarrow.Schema` of a format; raises ValueError for one that is written as JSON lines only."""
    if name not in PARQUET:
        raise ValueError(f"{name} is written as JSON lines; these are written as Parquet: {', '.join(PARQUET)}")
    import pyarrow as pa  # noqa: PLC0415 - an extra

    text = pa.string()
    message = pa.struct([("role", text), ("content", text)])
    told = ("query", "preference", "choices", "tools", "quotes", "ballot", "ranges")
    extra = [("split", text), ("index", pa.int64()), ("id", text), *((name, text) for name in told)]
    return pa.schema(
        [
            ("data_source", text),
            ("prompt", pa.list_(message)),
            ("ability", text),
            ("reward_model", pa.struct([("style", text), ("ground_truth", text)])),
            ("extra_info", pa.struct(extra)),
        ]
    )
