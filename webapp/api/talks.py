"""Talks over HTTP: what can be shown on the stage, a talk as one JSON value, the file that listeners take home."""

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.leave_behind import leave_behind

routes = APIRouter(tags=["talks"], responses=ERRORS)
_FILE: Final[dict[str, Any]] = {"content": {"text/html": {}}, "description": "One HTML file that needs no network."}


@routes.get("/talks")
def listed(here: Here, search: Annotated[str, Query(max_length=300)] = "") -> dict[str, Any]:
    """Recorded showcases, and the newest runs whose queries have every word of `search`."""
    return here.talks.listed(search)


@routes.get("/runs/{run_id}/talk")
async def run(run_id: str, here: Here) -> dict[str, Any]:
    """Everything that is shown of a run, redacted and without prompts."""
    return await here.talks.about(run_id)


@routes.get("/showcases/{name}/talk")
def showcase(name: str, here: Here) -> dict[str, Any]:
    """Everything that is shown of a recording, redacted and without prompts."""
    return here.talks.of_showcase(name)


@routes.get("/runs/{run_id}/leave-behind", response_class=Response, responses={200: _FILE})
async def run_file(run_id: str, here: Here) -> Response:
    """The talk about a run as one redacted HTML file that opens offline."""
    return _file(await here.talks.about(run_id))


@routes.get("/showcases/{name}/leave-behind", response_class=Response, responses={200: _FILE})
def showcase_file(name: str, here: Here) -> Response:
    """The talk about a recording as one redacted HTML file that opens offline."""
    return _file(here.talks.of_showcase(name))


def _file(talk: dict[str, Any]) -> Response:
    stem = re.sub(r"[^a-z0-9]+", "-", talk["query"].lower()).strip("-")[:60].strip("-") or "run"
    headers = {"Content-Disposition": f'attachment; filename="podium-{stem}.html"', "Cache-Control": "no-cache"}
    body = leave_behind(talk).encode("utf-8", "replace")
    return Response(body, media_type="text/html; charset=utf-8", headers=headers)
