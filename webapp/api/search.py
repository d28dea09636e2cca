"""Searching trajectories over HTTP: pages, counts, percentiles, and files of what was chosen."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.pool import Pool
from orchestrator.preference import PRESETS, preset
from orchestrator.trajectory import StopReason, Verdict
from storage.figures import Period
from storage.records import trajectory_json
from storage.search_wishes import GOING, LARGEST_PAGE, Order, Sorting, Wanted
from webapp.api.here import Here
from webapp.api.named_ids import FEWEST_COMPARED, MOST_COMPARED, named_ids
from webapp.api.problems import ERRORS
from webapp.charts.series import short_name
from webapp.figures_page import METRICS, check_metric, figures_view
from webapp.found import found_row, totals_view
from webapp.services import Services
from webapp.views import words
from webapp.views.aliases import who

routes = APIRouter(tags=["search"], responses=ERRORS)
MOST_AT_ONCE: Final = 500
"""Trajectories in one file."""
Weight = Annotated[float | None, Field(ge=0, le=1)]
Dollars = Annotated[Decimal | None, Field(ge=0, le=1_000_000_000)]
Seconds = Annotated[float | None, Field(ge=0, le=1e12)]


class Filters(BaseModel):
    """All must hold. `words` are sought in queries and answers; a list is any of its values, but each `alias` was
    called; `preference` is a preset; `*_min` and `*_max` of a weight look at P. Times without a zone are UTC."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    words: str = ""
    alias: list[str] = Field(default_factory=list, max_length=12)
    cost_min: Dollars = None
    cost_max: Dollars = None
    latency_min: Seconds = None
    latency_max: Seconds = None
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    verdict: list[Verdict] = Field(default_factory=list)
    stop: list[StopReason | Literal["none"]] = Field(default_factory=list)
    policy: list[str] = Field(default_factory=list, max_length=50)
    preference: str | None = None
    accuracy_min: Weight = None
    accuracy_max: Weight = None
    weight_cost_min: Weight = None
    weight_cost_max: Weight = None
    weight_latency_min: Weight = None
    weight_latency_max: Weight = None
    simulated: bool | None = None
    ranked: bool | None = None
    priced: bool | None = None
    run: str | None = None

    def wanted(self, pool: Pool) -> Wanted:
        """The checked filters; raises ValueError."""
        exact = None if self.preference is None else preset(self.preference, pool.local_aliases)
        return Wanted(
            self.words,
            tuple(self.alias),
            (self.cost_min, self.cost_max),
            (self.latency_min, self.latency_max),
            (_zoned(self.since), _zoned(self.until)),
            tuple(one.value for one in self.verdict),
            tuple(GOING if one == GOING else str(one) for one in self.stop),
            tuple(self.policy),
            exact,
            (self.accuracy_min, self.accuracy_max),
            (self.weight_cost_min, self.weight_cost_max),
            (self.weight_latency_min, self.weight_latency_max),
            self.simulated,
            self.ranked,
            self.priced,
            self.run,
        )


class PageAsked(Filters):
    """Filters, an order, and where the page begins."""

    sort: Order = Order.DATE
    order: Literal["asc", "desc"] = "desc"
    size: int = Field(50, ge=1, le=LARGEST_PAGE)
    after: str | None = Field(None, max_length=1_000)


class FiguresAsked(Filters):
    """Filters, what is drawn, and the viewer's clock."""

    metric: str = METRICS[0]
    by: Period = Period.DAY
    offset_min: int = Field(0, ge=-1440, le=1440)
    """Minutes that the viewer's clock is ahead of UTC."""


@routes.get("/search")
async def search(asked: Annotated[PageAsked, Query()], here: Here) -> dict[str, Any]:
    """A page of trajectories. `next` is the `after` of the page behind it, null on the last one."""
    sorting = Sorting(asked.sort, asked.order == "desc")
    found = await here.searching.page(asked.wanted(here.pool), sorting, asked.size, asked.after)
    after = None if found.after is None else found.after.text
    return {"rows": [found_row(row, here.pool) for row in found.rows], "next": after}


@routes.get("/search/count")
async def count(asked: Annotated[Filters, Query()], here: Here) -> dict[str, Any]:
    """How many trajectories the filters find, how many of them have an unpriced call, how many have not ended."""
    found = await here.searching.count(asked.wanted(here.pool))
    return {"trajectories": found.trajectories, "unpriced": found.unpriced, "going": found.going}


@routes.get("/search/figures")
async def figures(asked: Annotated[FiguresAsked, Query()], here: Here) -> dict[str, Any]:
    """p50, p90 and p99 of cost, latency, turns or errors: by alias (of a call), over time and by policy."""
    check_metric(asked.metric)
    found = await here.searching.figures(asked.wanted(here.pool), asked.by, asked.offset_min)
    return figures_view(found, asked.metric, asked.by)


@routes.get("/search/choices")
async def choices(here: Here) -> dict[str, Any]:
    """What filters can be set to here."""
    policies = await here.searching.policies()
    return {
        "aliases": [who(entry.alias, here.pool) for entry in here.pool.entries],
        "policies": [{"policy": spec, "name": short_name(spec)} for spec in policies],
        "preferences": list(PRESETS),
        "verdicts": dict(words.VERDICTS),
        "stop_reasons": dict(words.STOP_REASONS),
    }


@routes.get("/search/records", response_class=StreamingResponse)
def records(
    here: Here, trajectories: Annotated[str, Query(max_length=40_000)], texts: bool = False
) -> StreamingResponse:
    """The records of these trajectories (ids with commas between), a line each; with their long texts if `texts`."""
    ids = named_ids(trajectories, 1, MOST_AT_ONCE)
    here.runs.check(ids)
    headers = {"Content-Disposition": f'attachment; filename="trajectories-{len(ids)}.jsonl"'}
    return StreamingResponse(_lines(here, ids, texts), media_type="application/x-ndjson", headers=headers)


@routes.get("/comparison")
def comparison(here: Here, trajectories: Annotated[str, Query(max_length=2_000)]) -> dict[str, Any]:
    """Totals of 2 to 6 trajectories side by side; each but the first tells in words how it differs from that."""
    ids = named_ids(trajectories, FEWEST_COMPARED, MOST_COMPARED)
    return {"columns": totals_view([here.runs.trajectory(id) for id in ids], here.pool)}


def _lines(here: Services, ids: list[str], texts: bool) -> Iterator[bytes]:
    for id in ids:
        found = here.runs.trajectory(id)
        yield json.dumps(trajectory_json(here.store.with_texts(found) if texts else found)).encode("ascii") + b"\n"


def _zoned(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
