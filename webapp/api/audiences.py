"""Audiences over HTTP, as the stage and its speaker use them; phones have doors of their own, `webapp.api.join`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from prefs.audience import LONGEST_MINUTES, Audience
from prefs.study import Hidden
from webapp.api.event_stream import MEDIA_TYPE
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.audience.reach import Reach, reach
from webapp.audience.standing import Standing
from webapp.services import Services
from webapp.views.audience import audience_view, standing_view

routes = APIRouter(tags=["audiences"], responses=ERRORS)

Minutes = Annotated[float, Field(ge=1, le=LONGEST_MINUTES, allow_inf_nan=False)]
ALIVE_S: Final = 15.0
"""Seconds of silence after which a stream says that it still is one."""


class NewAudience(BaseModel):
    """Body of `POST /audiences`."""

    model_config = ConfigDict(extra="forbid")

    run: str = Field(min_length=1, max_length=200, description="Its alternatives are what the audience ranks.")
    minutes: Minutes = 30.0
    hidden: list[Hidden] = Field(default_factory=list, max_length=5, description="What phones do not show.")


class More(BaseModel):
    """Body of `POST …/extend`."""

    model_config = ConfigDict(extra="forbid")

    minutes: Minutes = 10.0


@routes.post("/audiences", status_code=201)
async def start(body: NewAudience, request: Request, response: Response, here: Here) -> dict[str, Any]:
    """Open an audience for a run whose alternatives have ended; where one of it is open already, that one."""
    made = await here.hosting.start(body.run, body.minutes, tuple(dict.fromkeys(body.hidden)))
    response.headers["Location"] = f"/api/v1/audiences/{made.id}"
    return await _whole(made, request, here)


@routes.get("/audiences")
def newest(
    request: Request,
    here: Here,
    run: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """Audiences, newest first; of one run, or of all; and whether a room can reach them, with the command if not."""
    reached = _reach(request, here)
    told = [_fixed(one, reached, here) for one in here.hosting.kept.newest(run, limit)]
    return {"audiences": told, "room": reached.room, "command": reached.command}


@routes.get("/audiences/{audience_id}")
async def look(audience_id: str, request: Request, here: Here) -> dict[str, Any]:
    """One audience: how to join it, and how it stands."""
    return await _whole(await asyncio.to_thread(here.hosting.find, audience_id), request, here)


@routes.post("/audiences/{audience_id}/close")
async def close(audience_id: str, request: Request, here: Here) -> dict[str, Any]:
    """End it before its time; what was ranked stays. More time opens it again."""
    return await _whole(await here.hosting.close(audience_id), request, here)


@routes.post("/audiences/{audience_id}/extend")
async def extend(audience_id: str, request: Request, here: Here, body: More | None = None) -> dict[str, Any]:
    """More time, from its end or, where it is over, from now."""
    minutes = (body or More()).minutes
    return await _whole(await here.hosting.extend(audience_id, minutes), request, here)


@routes.get("/audiences/{audience_id}/events", response_class=StreamingResponse)
async def follow(
    audience_id: str, here: Here, last_event_id: Annotated[str | None, Header(max_length=200)] = None
) -> StreamingResponse:
    """Server-sent events `standing`, each all there is to say, at most five a second.

    An event's id tells what it is of, so a stream that comes back gets one only where something changed meanwhile.
    """
    hidden = await asyncio.to_thread(lambda: here.hosting.ballot(here.hosting.find(audience_id)).hidden)
    headers = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(audience_id, here, last_event_id, hidden), media_type=MEDIA_TYPE, headers=headers)


async def _events(audience_id: str, here: Services, sent: str | None, hidden: tuple[str, ...]) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    told_at = loop.time()
    async with aclosing(here.hosting.follow(audience_id)) as standings:
        async for standing in standings:
            is_open = standing.audience.open(here.hosting.clock())
            if (revision := _revision(standing, is_open=is_open)) != sent:
                sent, told_at = revision, loop.time()
                told = json.dumps(standing_view(standing, hidden, is_open=is_open))
                yield f"id: {revision}\nevent: standing\ndata: {told}\n\n"
            elif loop.time() - told_at > ALIVE_S:
                told_at = loop.time()
                yield ": here\n\n"


def _revision(standing: Standing, *, is_open: bool) -> str:
    return f"{standing.joined}.{standing.rankings}.{standing.audience.until.timestamp():.0f}.{int(is_open)}"


async def _whole(audience: Audience, request: Request, here: Services) -> dict[str, Any]:
    standing = await here.hosting.standing(audience.id)

    def told() -> dict[str, Any]:
        fixed = _fixed(audience, _reach(request, here), here)
        is_open = audience.open(here.hosting.clock())
        return {**standing_view(standing, tuple(fixed["hidden"]), is_open=is_open), **fixed}

    return await asyncio.to_thread(told)


def _fixed(audience: Audience, reached: Reach, here: Services) -> dict[str, Any]:
    is_open = audience.open(here.hosting.clock())
    return audience_view(audience, here.hosting.ballot(audience), reached, is_open=is_open)


def _reach(request: Request, here: Services) -> Reach:
    return reach(here.settings, str(request.base_url).rstrip("/"))
