"""Runs over HTTP: ask, look, follow, stop."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Limits
from storage.records import trajectory_json
from storage.spending.rules import LOCAL
from webapp.access.payer import payer_of
from webapp.api.event_stream import MEDIA_TYPE, RunStream
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.asking import DEFAULT_LIMITS, MOST_ALTERNATIVES, Asking, varied
from webapp.live_run import RunSnapshot
from webapp.profiles import preference_named, profile_of
from webapp.services import Services

routes = APIRouter(tags=["runs"], responses=ERRORS)


class NewRun(BaseModel):
    """Body of `POST /runs`."""

    model_config = ConfigDict(extra="forbid")

    query: str
    preference: PreferenceVector | str = PreferenceVector()
    """A vector, or the name of a preset or of a saved profile; `NAME@3` is its third version."""
    profile: str | None = None
    """The name of a saved profile; takes the place of `preference`."""
    alternatives: int = Field(1, ge=1, le=MOST_ALTERNATIVES)
    """Under different preferences if `vary` is set, else under the same one with different seeds."""
    vary: bool = False
    preferences: list[PreferenceVector] | None = Field(None, min_length=1, max_length=MOST_ALTERNATIVES)
    """One alternative for each; takes the place of `preference` and `alternatives`."""
    seed: int = Field(0, ge=0, lt=2**31)
    reference: str | None = None
    limits: Limits = DEFAULT_LIMITS
    policy: str | None = None
    one_after_another: bool = False
    study: str | None = None
    """Id of the study that it is run for: its spending limits apply, too."""

    def asking(self, services: Services, payer: str = LOCAL.user) -> Asking:
        """The checked request; raises ValueError."""
        mine = self._preference(services)
        if self.preferences:
            wanted = tuple(self.preferences)
        elif self.vary:
            wanted = varied(mine, self.alternatives, services.pool.local_aliases)
        else:
            wanted = (mine,) * self.alternatives
        return Asking(
            self.query,
            wanted,
            self.seed,
            self.reference,
            self.limits,
            self.policy,
            self.one_after_another,
            payer,
            self.study,
        )

    def _preference(self, services: Services) -> PreferenceVector:
        if self.profile is not None:
            return profile_of(services.store, self.profile).preference
        if isinstance(self.preference, PreferenceVector):
            return self.preference
        return preference_named(services.store, self.preference, services.pool.local_aliases)


class Which(BaseModel):
    """Body of `POST /runs/{id}/cancel`: one trajectory, or all of the run."""

    model_config = ConfigDict(extra="forbid")

    trajectory: str | None = None


def run_json(snapshot: RunSnapshot) -> dict[str, Any]:
    """A run with its trajectories so far, as JSON."""
    run = snapshot.run
    return {
        "id": run.id,
        "query": run.query,
        "asked_at": run.asked_at.isoformat(),
        "reference": run.reference,
        "one_after_another": run.one_after_another,
        "ended": snapshot.ended,
        "problem": snapshot.problem,
        "trajectories": [
            {
                "state": snapshot.states[t.id],
                "where": snapshot.where.get(t.id),
                "interrupted_by": snapshot.reasons.get(t.id),
                **trajectory_json(t),
            }
            for t in snapshot.trajectories
        ],
    }


@routes.post("/runs", status_code=201)
async def start(body: NewRun, request: Request, response: Response, here: Here) -> dict[str, Any]:
    """Start a run; it goes on without its caller. 402 where a spending limit is reached, 409 while runs are stopped."""
    live = await here.ask(body.asking(here, payer_of(request)))
    response.headers["Location"] = f"/api/v1/runs/{live.run.id}"
    return run_json(live.snapshot)


@routes.get("/runs/{run_id}")
async def look(run_id: str, here: Here) -> dict[str, Any]:
    """The run as it is now."""
    return run_json(here.runs.snapshot(run_id))


@routes.get("/runs/{run_id}/events", response_class=StreamingResponse)
async def follow(run_id: str, here: Here, last_event_id: Annotated[str | None, Header()] = None) -> StreamingResponse:
    """Server-sent events: `writing`, `routed`, `step`, `stopped`, `ended`; resumable by `Last-Event-ID`."""
    here.runs.snapshot(run_id)
    stream = RunStream.behind(last_event_id)

    async def events() -> AsyncIterator[str]:
        async for snapshot in here.runs.follow(run_id, every_s=0.05):
            for event in stream.news(snapshot):
                yield event

    headers = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(), media_type=MEDIA_TYPE, headers=headers)


@routes.post("/runs/{run_id}/cancel")
async def cancel(run_id: str, here: Here, body: Which | None = None) -> dict[str, Any]:
    """Stop what still runs of it, and stop paying for it."""
    return run_json(await here.runs.cancel(run_id, body.trajectory if body is not None else None))
