"""One trajectory as a page shows it, and what a fork of it would cost."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from orchestrator.pool import TOOL_OF, TOOLS, UnknownAlias
from orchestrator.prices import priced
from orchestrator.progress import Progress
from orchestrator.run import forked
from storage.trajectories import State
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.api.trajectories import NewFork
from webapp.fork_estimate import estimate
from webapp.services import Services
from webapp.single_page import Single, single_view
from webapp.views.aliases import who
from webapp.views.forking import estimate_view, spent_view

routes = APIRouter(tags=["trajectories"], responses=ERRORS)


@routes.get("/trajectories/{trajectory_id}/view")
async def view(trajectory_id: str, request: Request, here: Here) -> dict[str, Any]:
    """The trajectory with its charts, the tree of its forks and the commands that run it again."""
    base = str(request.base_url)

    def made() -> dict[str, Any]:
        found = here.runs.trajectory(trajectory_id)
        state = here.store.state(trajectory_id) or State.FINISHED
        return single_view(Single(found, state, base), here.pool, here.store.rows)

    return await asyncio.to_thread(made)


@routes.get("/trajectories/{trajectory_id}/spent")
def spent(trajectory_id: str, here: Here) -> dict[str, Any]:
    """What a fork has paid for itself so far, without what it took over, and whether it has ended."""
    found = here.runs.trajectory(trajectory_id)
    return {**spent_view(found), "ended": here.store.state(trajectory_id) is not State.RUNNING, "answer": found.answer}


@routes.get("/trajectories/{trajectory_id}/fork/offers")
def offers(trajectory_id: str, step: Annotated[int, Query(ge=0, le=1000)], here: Here) -> dict[str, Any]:
    """The aliases that can do something at that step, and which of them was called there."""
    origin = here.runs.trajectory(trajectory_id)
    child = forked(origin, step, "offer", datetime.now(UTC))
    workshop = here.workshop.now
    request = Progress.behind(child).request("", ())
    offered = [alias for tool in workshop.tools.values() for alias in tool.offered(request)]
    called = origin.steps[step].call
    return {
        "called": None if called is None else called.model,
        "tools": [
            {"tool": tool, "aliases": [who(alias, here.pool) for alias in aliases if alias in offered]}
            for tool, aliases in TOOLS.items()
        ],
        "problem": _problem(here, origin.policy, run=origin.run),
    }


@routes.post("/trajectories/{trajectory_id}/fork/estimate")
async def estimated(trajectory_id: str, body: NewFork, here: Here) -> dict[str, Any]:
    """What calling that alias at that step would cost, with what the estimate rests on; nothing is spent."""
    if TOOL_OF.get(body.call.model) != body.call.tool:
        raise UnknownAlias(body.call.model, TOOLS.get(body.call.tool, tuple(TOOL_OF)))

    def made() -> dict[str, Any]:
        origin = here.runs.trajectory(trajectory_id)
        entry = priced(here.pool, here.book, datetime.now(UTC))[body.call.model]
        return estimate_view(estimate(here.store.rows, origin, body.step, entry))

    return await asyncio.to_thread(made)


def _problem(here: Services, policy: str, *, run: str | None) -> str | None:
    """Why nothing can be forked here, in words."""
    if run is None:
        return "This trajectory was imported without its run, so it cannot be forked here."
    try:
        here.workshop.now.policy_of(policy)
    except ValueError as error:
        return str(error)
    return None
