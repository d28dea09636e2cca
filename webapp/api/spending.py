"""Spending over HTTP: limits, who has spent what, and the kill switch."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from storage.accounts.account import Role
from storage.spending.rules import Limit, Period, Scope
from webapp.access import caller
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.spending import Spending
from webapp.spending_json import kept_json, limit_json, statement_json, switch_json

routes = APIRouter(tags=["spending"], responses=ERRORS)


class NewLimit(BaseModel):
    """Body of `PUT /limits`."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope
    subject: str = ""
    """Name of the user, id of the study, or `*` for each of them; left out for everybody."""
    period: Period = Period.DAY
    usd: Decimal


class Switching(BaseModel):
    """Body of `POST /kill-switch`."""

    model_config = ConfigDict(extra="forbid")

    on: bool
    reason: str = ""
    """Needed to turn it on; whoever is stopped reads it."""


@routes.get("/limits")
def listed(here: Here) -> dict[str, Any]:
    """Every limit, who set it and when."""
    return {"limits": [kept_json(one) for one in Spending(here.store).limits()]}


@routes.put("/limits")
async def keep(body: NewLimit, here: Here, request: Request) -> dict[str, Any]:
    """Set a limit, in the place of the one for the same subject and period."""
    limit = Limit(body.scope, body.period, body.usd, body.subject)
    await Spending(here.store).set_limit(limit, caller.actor(request))
    return limit_json(limit)


@routes.delete("/limits")
async def remove(scope: Scope, here: Here, request: Request, subject: str = "", period: Period = Period.DAY) -> Any:
    """Take a limit away; gives it once more."""
    return limit_json(await Spending(here.store).remove_limit((scope, subject, period), caller.actor(request)))


@routes.get("/spending")
def spending(here: Here, request: Request) -> dict[str, Any]:
    """What the caller has spent today (UTC) and in all, what is reserved, and what is left under each limit.

    An admin sees everybody's, too.
    """
    user, found = caller.user(request), Spending(here.store)
    mine = statement_json(found.of_user(user.name))
    if not user.role.covers(Role.ADMIN):
        return mine
    return {**mine, "everybody": [statement_json(one) for one in found.of_everybody()]}


@routes.get("/kill-switch")
def look(here: Here) -> dict[str, Any]:
    """Whether runs are stopped, by whom and why."""
    return switch_json(Spending(here.store).switch())


@routes.post("/kill-switch")
async def turn(body: Switching, here: Here, request: Request) -> dict[str, Any]:
    """Stop every run in every process, and let none begin; or let them begin again."""
    found = Spending(here.store)
    if not body.on:
        await found.turn_off(caller.actor(request))
        return switch_json(None)
    return switch_json(await found.turn_on(body.reason, caller.actor(request)))
