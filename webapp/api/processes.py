"""The processes that run trajectories on this database, over HTTP."""

from typing import Any

from fastapi import APIRouter

from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.views.processes import process_view

routes = APIRouter(tags=["processes"], responses=ERRORS)


@routes.get("/processes")
def processes(here: Here) -> dict[str, Any]:
    """Every process that is alive or ended in the last 30 days, oldest first, and how much each drives."""
    membership = here.store.membership
    return {"processes": [process_view(one, membership.id) for one in membership.known()]}
