"""How the model servers are doing, and notices for the person at the page."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from orchestrator.breaker import Breaker
from orchestrator.serving_metrics import ServingMetrics
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.serving import ServerNow, ServingNow

routes = APIRouter(tags=["serving"], responses=ERRORS)


@routes.get("/serving")
async def serving(here: Here) -> dict[str, Any]:
    """The servers of the policy and of the pool's own models as they are now, the licence, the notices.

    Servers are looked at only when this is asked, and at most every two seconds.
    """
    return serving_json(await here.serving.now())


def serving_json(now: ServingNow) -> dict[str, Any]:
    """As it is sent. Unknown is null; shares are 0 to 1."""
    licence = now.licence
    return {
        "policy": now.policy,
        "servers": [_server(server) for server in now.servers],
        "licence": None if licence is None else asdict(licence),
        "notices": list(now.notices),
    }


def _server(server: ServerNow) -> dict[str, Any]:
    role, look = server.role, server.look
    return {
        "base_url": role.endpoint.base_url,
        "model": role.model,
        "of_policy": role.of_policy,
        "aliases": list(role.aliases),
        "state": None if look is None else look.reach,
        "problem": None if look is None else look.problem,
        "at": None if look is None else look.at.isoformat(),
        "breaker": None if server.breaker is None else _breaker(server.breaker),
        "metrics": None if look is None or look.metrics is None else _metrics(look.metrics),
        "rates": None if look is None or look.rates is None else asdict(look.rates),
    }


def _metrics(metrics: ServingMetrics) -> dict[str, Any]:
    told = {**asdict(metrics), "prefix_hit_rate": metrics.prefix_hit_rate}
    # Its buckets are only good for the median, which the rates tell.
    del told["first_token"]
    return told


def _breaker(breaker: Breaker) -> dict[str, Any]:
    return {"state": breaker.state, "wait_s": round(breaker.wait_s, 1), "last_error": breaker.last_error}
