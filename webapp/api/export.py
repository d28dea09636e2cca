"""Files over HTTP: what the store keeps, streamed."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from storage.accounts.audit import Act
from webapp.access.audited import audited
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.exports.asked import options, wants_pool
from webapp.exports.kinds import Wishes, open_export, redacts
from webapp.exports.pseudonyms import pseudonyms
from webapp.redaction import Redaction

routes = APIRouter(tags=["export"], responses=ERRORS)
Shown = Literal["shown", "withheld"]


class Asked(BaseModel):
    """How the file is wanted. All but `format` and `texts` belong to training formats."""

    format: Literal["jsonl", "parquet"] | None = None
    texts: bool = False
    redact: bool | None = None
    """Strike keys, tokens, addresses and the server's own patterns out; left out: of kinds that people publish."""
    cost: Shown | None = None
    latency: Shown | None = None
    margin: str | None = None
    ties: bool | None = None
    chosen: str | None = None
    preference: str | None = Field(None, max_length=10_000)
    """P as JSON."""
    split: str | None = Field(None, max_length=100)


@routes.get("/export/{kind}", response_class=StreamingResponse)
async def export(kind: str, request: Request, here: Here, asked: Annotated[Asked, Query()]) -> Response:
    """`rankings`, `trajectories` or a training format as JSON lines or Parquet, or `card`, the data card in Markdown.

    Annotators have pseudonyms. With `redact=true` each secret becomes `[redacted]`. `texts=true` puts the long texts
    of trajectories in place of their addresses. A parameter that the kind does not read is refused.
    """
    wishes = Wishes(
        asked.format,
        asked.texts,
        pseudonyms(here.settings.data_dir),
        options(kind, asked.model_dump(exclude={"format", "texts", "redact"})),
        here.pool if wants_pool(kind) else None,
        redaction=Redaction.read(here.settings.redact) if redacts(kind, asked.redact) else None,
    )
    made = await asyncio.to_thread(open_export, here.store, kind, wishes)
    await audited(request, here.store, Act.EXPORTED, kind, made.file_name)
    headers = {"Content-Disposition": f'attachment; filename="{made.file_name}"'}
    return StreamingResponse(made.chunks, media_type=made.media_type, headers=headers)
