"""Trajectories over HTTP: read, fork, resume."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.trajectory import ToolCall
from storage.records import trajectory_json
from storage.spending.rules import Payer
from webapp.access.payer import payer_of
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.api.runs import run_json

routes = APIRouter(tags=["trajectories"], responses=ERRORS)


class NewFork(BaseModel):
    """Body of `POST /trajectories/{id}/fork`."""

    model_config = ConfigDict(extra="forbid")

    step: int = Field(ge=0, le=1000)
    call: ToolCall


@routes.get("/trajectories/{trajectory_id}")
def trajectory(
    trajectory_id: str, here: Here, with_texts: Annotated[bool, Query(alias="texts")] = False
) -> dict[str, Any]:
    """One trajectory record; `texts=true` puts the long texts in place of their addresses."""
    found = here.runs.trajectory(trajectory_id)
    return trajectory_json(here.store.with_texts(found) if with_texts else found)


@routes.post("/trajectories/{trajectory_id}/fork", status_code=201)
async def fork(trajectory_id: str, body: NewFork, request: Request, here: Here) -> dict[str, Any]:
    """Another alternative: the same steps before `step`, then this call instead."""
    _, child = await here.runs.fork(trajectory_id, body.step, body.call, Payer(payer_of(request)))
    return trajectory_json(child)


@routes.post("/trajectories/{trajectory_id}/resume")
async def resume(trajectory_id: str, request: Request, here: Here) -> dict[str, Any]:
    """Go on with an interrupted trajectory behind its last kept step."""
    return run_json((await here.runs.resume(trajectory_id, Payer(payer_of(request)))).snapshot)
