"""What a setting would choose of everything stored, over HTTP: totals, thresholds, front, forecast, prices, routes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.preference import PRESETS, PreferenceVector, preset
from orchestrator.rehearsal.tasks import EXAMPLES
from prefs.tuning.flips import Flips
from prefs.tuning.forecast import forecast
from prefs.tuning.packed import Rule, Ungraded
from prefs.tuning.profile import preference_json
from prefs.tuning.winners import Tuning, Winners
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.charts import routes as route_chart
from webapp.charts.chart import packed
from webapp.profiles import preference_named
from webapp.services import Services
from webapp.tuning import NotReadYet, Snapshot
from webapp.tuning_found import flips_of, front_of, orders_of
from webapp.tuning_prices import UnknownPrices, template
from webapp.tuning_revealed import By
from webapp.views import tuning as views
from webapp.views.tuning_rows import Sort, Which, Wish, rows_view

routes = APIRouter(tags=["tuning"], responses=ERRORS)
Json = dict[str, Any]


class Setting(BaseModel):
    """What chooses: P, the rule and the prices. P may be the name of a preset or a profile."""

    model_config = ConfigDict(extra="forbid")

    preference: PreferenceVector | str = PreferenceVector()
    gated: bool = Field(True, description="R(τ): a wrong answer is worth nothing. Otherwise accuracy is weighed.")
    ungraded: Literal["if correct", "left out"] = "if correct"
    prices: str = Field(
        "", max_length=1_000, description="`answer-1*2,search-1*0.5`, or a key of `POST /tuning/prices`."
    )

    @property
    def rule(self) -> Rule:
        """How P chooses."""
        return Rule(self.gated, Ungraded(self.ungraded))


class Page(BaseModel):
    """Which rows of the winners."""

    model_config = ConfigDict(extra="forbid")

    sort: Sort = "query"
    falling: bool = False
    which: Which = "all"
    search: str = Field("", max_length=500)
    offset: int = Field(0, ge=0)
    limit: int = Field(25, ge=1, le=200)


class Winning(Setting):
    """Body of `POST /tuning/winners`."""

    against: PreferenceVector | str | None = Field(None, description="What to compare with, under the same prices.")
    page: Page | None = Field(None, description="Without it there are totals and no rows.")


class Thresholds(Setting):
    """Body of `POST /tuning/flips`."""

    weights: list[str] = Field(["accuracy", "cost", "latency"], max_length=15)


class Daily(Setting):
    """Body of `POST /tuning/forecast`."""

    queries_a_day: int = Field(ge=1, le=1_000_000_000)


class Ways(Setting):
    """Body of `POST /tuning/routes`."""

    of: Literal["winners", "all"] = "winners"


class Book(BaseModel):
    """Body of `POST /tuning/prices`."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=500_000, description="A price book in TOML or JSON; docs/prices.md has the form.")


@dataclass(frozen=True, slots=True)
class _Found:
    snapshot: Snapshot
    tuning: Tuning
    winners: Winners


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    try:
        yield
    except NotReadYet as error:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    except UnknownPrices as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from error


async def _found(setting: Setting, here: Services) -> _Found:
    async with _told():
        snapshot = await here.tuning.now()
        tuning = await here.tuning.tuning(snapshot, setting.rule, setting.prices)
    return _Found(snapshot, tuning, tuning.winners(_vector(setting.preference, here)))


def _vector(wanted: PreferenceVector | str, here: Services) -> PreferenceVector:
    if isinstance(wanted, PreferenceVector):
        return wanted
    return preference_named(here.store, wanted, here.pool.local_aliases)


@routes.get("/tuning")
async def state(here: Here) -> Json:
    """What there is to choose among; asking also looks for what has come. `state` is `reading`, `empty` or `ready`."""
    snapshot, pool = await here.tuning.look(), here.pool
    reading = here.tuning.reading
    known = {
        "presets": {name: preference_json(preset(name, pool.local_aliases)) for name in PRESETS},
        "aliases": [views.alias_json(entry.alias, pool) for entry in pool.entries],
        "examples": list(EXAMPLES) if all(entry.simulated for entry in pool.entries) else [],
    }
    if snapshot is None:
        progress = {"done": reading.done, "total": reading.total, "problem": reading.problem}
        return {"state": "reading", "progress": progress, **known}
    return {
        "state": "ready" if snapshot.routed else "empty",
        "stamp": snapshot.stamp,
        "alternatives": len(snapshot.routed),
        "queries": snapshot.queries,
        "single": snapshot.single,
        "simulated": snapshot.simulated,
        "called": list(snapshot.aliases),
        **known,
    }


@routes.post("/tuning/winners")
async def winners(body: Winning, here: Here) -> Json:
    """The totals of always taking the winner, what changes against a reference, and a page of winners."""
    found = await _found(body, here)
    before = None if body.against is None else found.tuning.winners(_vector(body.against, here))
    wish = None if body.page is None else Wish(**body.page.model_dump())
    return {
        "stamp": found.snapshot.stamp,
        "preference": preference_json(found.winners.preference),
        "totals": views.totals_view(found.winners.totals, gated=body.gated),
        "point": views.point_view(found.tuning, found.winners),
        "against": None if before is None else views.against_view(found.tuning, before, found.winners),
        "page": wish and rows_view(found.tuning, found.snapshot.by_id, found.winners, before, wish),
    }


@routes.post("/tuning/flips")
async def flips(body: Thresholds, here: Here) -> Json:
    """At which values of each weight the choice of a query changes, the others as they are."""
    found = await _found(body, here)
    made = await asyncio.to_thread(flips_of, found.tuning, found.winners.preference, tuple(body.weights))
    totals = found.winners.totals

    def told(one: Flips) -> Json:
        return views.flips_view(found.tuning.packed, one, totals, gated=body.gated)

    return {"weights": {name: told(one) for name, one in made.items()}}


@routes.post("/tuning/front")
async def pareto(body: Setting, here: Here) -> Json:
    """The settings that nothing beats in dollars, seconds and solved queries: a chart and its points."""
    found = await _found(body, here)
    return await asyncio.to_thread(front_of, found.tuning, found.winners)


@routes.post("/tuning/forecast")
async def expected(body: Daily, here: Here) -> Json:
    """Dollars of so many queries a day; `forecast` is null where no winner's dollars are all known."""
    found = await _found(body, here)
    made = await asyncio.to_thread(forecast, found.tuning, found.winners, body.queries_a_day)
    return {"forecast": views.forecast_view(made)}


@routes.post("/tuning/routes")
async def ways(body: Ways, here: Here) -> Json:
    """The routes of the winners, or of everything, as a flow from step to step."""
    found = await _found(body, here)
    everything = found.snapshot.routed
    if body.of == "winners":
        ids, by_id = found.tuning.packed.ids, found.snapshot.by_id
        everything = tuple(by_id[ids[row]] for row in found.winners.rows.tolist() if row >= 0)
    simulated = any(one.stored.simulated for one in everything)
    taken = [one.route for one in everything]
    of = "winners" if body.of == "winners" else "stored alternatives"
    chart = await asyncio.to_thread(lambda: packed(route_chart.chart(taken, of=of, simulated=simulated), "routes"))
    return {"chart": chart}


@routes.get("/tuning/revealed")
async def revealed(here: Here, by: Annotated[By, Query()] = "everybody") -> Json:
    """What rankings reveal, by group; annotators have pseudonyms. Teams are studies: the ballots they were given."""
    return {"by": by, "groups": views.groups_view(await here.tuning.groups.fits(by))}


@routes.get("/tuning/prices")
async def prices(here: Here) -> Json:
    """A price book with the prices of the pool, to be changed and sent to `POST /tuning/prices`."""
    return {"template": template(here.pool)}


@routes.post("/tuning/prices", status_code=201)
async def other_prices(body: Book, here: Here) -> Json:
    """Take a price book, and give the key under which settings name it while this process lives."""
    key, book = here.tuning.prices.add(body.text)
    return {"prices": key, "models": sorted({entry.model for entry in book.entries})}


@routes.post("/tuning/repricing")
async def repricing(body: Setting, here: Here) -> Json:
    """What the prices of this setting change against those that were paid: winners, dollars, the order on ballots."""
    found = await _found(body, here)
    paid = await here.tuning.tuning(found.snapshot, body.rule)
    async with _told():
        variant = await here.tuning.variant(found.snapshot, body.prices)
    judgements = await here.tuning.groups.judgements()
    before = paid.winners(found.winners.preference)
    orders = await asyncio.to_thread(orders_of, judgements, found.snapshot, variant, before.preference, body.rule)
    return views.repricing_view((paid, before), (found.tuning, found.winners), variant.calls, orders)
