"""What the rankings reveal, over HTTP."""

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Query

from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.fit_record import fit_record
from webapp.learned import stated_aliases

routes = APIRouter(tags=["preferences"], responses=ERRORS)


@routes.get("/preferences/fit")
async def preferences_fit(here: Here, aliases: Literal["stated", "all", "none"] = Query("stated")) -> dict[str, Any]:
    """Rankings → P with 95 % intervals, agreement and noise ceiling, as `podium fit --json` prints it.

    Everything is computed anew, which takes seconds for many thousands of rankings; `GET /preferences/now` does not.
    """
    return await asyncio.to_thread(_fitted, here, aliases)


@routes.get("/preferences/now")
async def preferences_now(here: Here) -> dict[str, Any]:
    """P as the rankings so far reveal it, taken in one by one as they come; `weights` is empty before the first."""
    standing = await here.revealed.standing()
    return {
        "weights": {name: {"mean": e.mean, "low": e.low, "high": e.high} for name, e in standing.weights.items()},
        "rankings": standing.rankings,
        "left_out": standing.left_out,
        "updated_s": standing.updated_s,
    }


def _fitted(here: Here, aliases: str) -> dict[str, Any]:
    judgements = list(here.store.iter_judgements())
    if not judgements:
        raise ValueError("nothing has been ranked yet")
    wanted = {"stated": stated_aliases(judgements), "all": None, "none": ()}[aliases]
    return fit_record(judgements, wanted)
