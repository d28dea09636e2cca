"""The difference between trajectories over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from storage.trajectories import State
from webapp.api.here import Here
from webapp.api.named_ids import FEWEST_COMPARED, MOST_COMPARED, named_ids
from webapp.api.problems import ERRORS
from webapp.views.runs_difference import runs_difference_view

routes = APIRouter(tags=["trajectories"], responses=ERRORS)


@routes.get("/difference")
def difference(
    here: Here,
    trajectories: Annotated[str, Query(max_length=2_000, description="2 to 6 ids with commas between.")] = "",
) -> dict[str, Any]:
    """Trajectories of any runs side by side, labelled A, B, … in the order given: `columns` as each is shown by itself,
    and `difference`: rows of steps that correspond, where they part, and where the dollars and seconds went.
    `queries_differ` says that they did not ask the same.
    """
    ids = named_ids(trajectories, FEWEST_COMPARED, MOST_COMPARED)
    shown = [(here.runs.trajectory(id), here.store.state(id) or State.FINISHED) for id in ids]
    return runs_difference_view(shown, here.pool)
