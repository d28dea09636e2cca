"""Files over HTTP: what the store keeps, one JSON record per line."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.export import exported

routes = APIRouter(tags=["export"], responses=ERRORS)


@routes.get("/export/{kind}", response_class=StreamingResponse)
def export(kind: str, here: Here, texts: Annotated[bool, Query()] = False) -> StreamingResponse:
    """`rankings` or `trajectories` as JSON, one record per line.

    `texts=true` puts the long texts of trajectories in place of their addresses.
    """
    lines = exported(here.store, kind, texts=texts)
    headers = {"Content-Disposition": f'attachment; filename="podium-{kind}.jsonl"'}
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)
