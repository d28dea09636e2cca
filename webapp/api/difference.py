"""The difference between trajectories over HTTP."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from storage.trajectories import State
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.views.runs_difference import runs_difference_view

routes = APIRouter(tags=["trajectories"], responses=ERRORS)

FEWEST: Final = 2
MOST: Final = 6


@routes.get("/difference")
def difference(
    here: Here,
    trajectories: Annotated[str, Query(max_length=2_000, description="2 to 6 ids with commas between.")] = "",
) -> dict[str, Any]:
    """Trajectories of any runs side by side, labelled A, B, … in the order given: `columns` as each is shown by itself,
    and `difference`: rows of steps that correspond, where they part, and where the dollars and seconds went.
    `queries_differ` says that they did not ask the same.
    """
    shown = [(here.runs.trajectory(id), here.store.state(id) or State.FINISHED) for id in _ids(trajectories)]
    return runs_difference_view(shown, here.pool)


def _ids(named: str) -> list[str]:
    """The ids; raises ValueError that says what to do."""
    ids = [id.strip() for id in named.split(",") if id.strip()]
    if not FEWEST <= len(ids) <= MOST:
        raise ValueError(f"name {FEWEST} to {MOST} trajectories to compare, with commas between, not {len(ids)}")
    twice = next((id for id in ids if ids.count(id) > 1), None)
    if twice is not None:
        raise ValueError(f"trajectory {twice[:200]} is named twice; name each once")
    return ids
