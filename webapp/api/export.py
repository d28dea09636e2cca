"""Files over HTTP: what the store keeps, streamed."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.exports.asked import options, wants_pool
from webapp.exports.kinds import Wishes, open_export
from webapp.exports.pseudonyms import pseudonyms

routes = APIRouter(tags=["export"], responses=ERRORS)
Shown = Literal["shown", "withheld"]


class Asked(BaseModel):
    """How the file is wanted. All but `format` and `texts` belong to training formats."""

    format: Literal["jsonl", "parquet"] | None = None
    texts: bool = False
    cost: Shown | None = None
    latency: Shown | None = None
    margin: str | None = None
    ties: bool | None = None
    chosen: str | None = None
    preference: str | None = Field(None, max_length=10_000)
    """P as JSON."""
    split: str | None = Field(None, max_length=100)


@routes.get("/export/{kind}", response_class=StreamingResponse)
def export(kind: str, here: Here, asked: Annotated[Asked, Query()]) -> Response:
    """`rankings`, `trajectories` or a training format as JSON lines or Parquet, or `card`, the data card in Markdown.

    Annotators have pseudonyms. `texts=true` puts the long texts of trajectories in place of their addresses. A
    parameter that the kind does not read is refused.
    """
    wishes = Wishes(
        asked.format,
        asked.texts,
        pseudonyms(here.settings.data_dir),
        options(kind, asked.model_dump(exclude={"format", "texts"})),
        here.pool if wants_pool(kind) else None,
    )
    made = open_export(here.store, kind, wishes)
    headers = {"Content-Disposition": f'attachment; filename="{made.file_name}"'}
    return StreamingResponse(made.chunks, media_type=made.media_type, headers=headers)
