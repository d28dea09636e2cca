"""What is kept about whoever asks, over HTTP: to be seen, and to be forgotten."""

import asyncio
import contextlib
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from storage import askers
from storage.accounts.account import Role
from storage.accounts.account_rows import NotAllowed
from storage.accounts.accounts import Accounts
from storage.accounts.names import folded
from storage.accounts.throttle import LoginThrottle
from storage.privacy.forgetting import Forgetting, Forgotten, Wish
from storage.privacy.own_data import own_data
from storage.privacy.person import LONGEST_NAME, Kept, has_password
from webapp.access.annotator import Asking
from webapp.access.audited import wrong_password
from webapp.access.caller import actor, address, people, take_cookie
from webapp.access.user import SessionUser
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.elsewhere import OwnerSilent
from webapp.problem import problem

routes = APIRouter(tags=["privacy"], responses=ERRORS)
"""What `podium privacy` does at the command line."""
LONGEST_PASSWORD = 1_000


class Forget(BaseModel):
    """Body of `POST /me/forget`."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1,
        max_length=LONGEST_NAME,
        description="Of whoever is to be forgotten: one's own, but for admins.",
    )
    password: str | None = Field(
        None, max_length=LONGEST_PASSWORD, description="Of whoever asks, where the account has one."
    )
    rankings: bool = Field(False, description="Delete the rankings too; else they stay without name and words.")
    runs: bool = Field(False, description="Delete the runs that only this person asked for and nobody else needs.")
    dry_run: bool = Field(False, description="Only tell what is kept.")


@routes.get("/me/data")
async def data(here: Here, asking: Asking) -> dict[str, Any]:
    """All that is kept about whoever asks; nothing that opens a door, and nothing that others said."""
    return await asyncio.to_thread(own_data, here.store, asking.name)


@routes.post("/me/forget", response_model=None)
async def forget(body: Forget, request: Request, here: Here, asking: Asking) -> Response | dict[str, Any]:
    """Forget an account or an annotator for good: one's own, or as an admin another one.

    Whoever has a password here gives it once more. Runs that only this person asked for are ended first.
    """
    refused = await _refused(body, request, here, asking)
    if refused is not None:
        return refused
    forgetting = Forgetting(here.store)
    if body.dry_run:
        return {"before": _counts(await asyncio.to_thread(forgetting.look, body.name))}
    before = await asyncio.to_thread(forgetting.check, body.name, actor(request))
    await _end_runs(here, before.person.name)
    done = await forgetting.forget(Wish(body.name, body.rankings, body.runs), actor(request))
    people(request).forget()
    response = JSONResponse(_told(done))
    if before.person.account is not None and before.person.account.id == asking.account:
        take_cookie(request, response)
    return response


async def _end_runs(here: Here, name: str) -> None:
    """End what goes on in runs that only this person asked for. Where its process is silent, the wish stays."""
    going = await asyncio.to_thread(here.store.read, lambda connection: askers.going(connection, name))
    for run in going:
        with contextlib.suppress(OwnerSilent):
            await here.runs.cancel(run)


async def _refused(body: Forget, request: Request, here: Here, asking: SessionUser) -> Response | None:
    """Why this person may not; `None` where he or she may. Raises NotAllowed, whether or not the name is known."""
    if asking.single:
        return None
    if not asking.role.covers(Role.ADMIN) and folded(body.name) != folded(asking.name):
        raise NotAllowed("only an admin may have somebody else forgotten")
    if not await asyncio.to_thread(here.store.read, lambda connection: has_password(connection, asking.account)):
        return None  # the provider of OpenID Connect knows the password, and nobody here does
    throttle = LoginThrottle(here.store)
    if (wait_s := await throttle.attempt(asking.name, address(request))) > 0:
        return problem(HTTPStatus.TOO_MANY_REQUESTS, f"too many wrong passwords: try again in {wait_s:.0f} seconds")
    account = await Accounts(here.store).entered(asking.name, body.password or "")
    if account is None or account.id != asking.account:
        await wrong_password(request, here.store, asking.name, "to forget")
        return problem(HTTPStatus.FORBIDDEN, "this is not your password; give it in `password`", "body.password")
    await throttle.succeeded(asking.name, address(request))
    return None


def _counts(kept: Kept) -> dict[str, int]:
    return {name: value for name, value in asdict(kept).items() if name != "person"}


def _told(done: Forgotten) -> dict[str, Any]:
    return {**{name: value for name, value in asdict(done).items() if name != "before"}, "before": _counts(done.before)}
