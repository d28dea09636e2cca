"""The page on which admins keep accounts, and authors invite people who are to rank or to look."""

import asyncio
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.audit import AuditLog
from storage.accounts.invitations import Invitations, needed_role
from webapp.access.caller import actor, form_of, invitation_link, onward, people, user
from webapp.access.user import told
from webapp.account_pages.pages import REFUSALS, pages_of
from webapp.api.here import Here
from webapp.services import Services
from webapp.spending import Spending

routes = APIRouter(include_in_schema=False)
ENTRIES = 50
"""Of the log, on one page."""


@routes.get("/accounts")
def show(request: Request, here: Here, before: Annotated[int | None, Query(ge=0, lt=2**63)] = None) -> Response:
    """Accounts, invitations and the log."""
    return _drawn(request, here, before=before)


@routes.post("/accounts/{account_id}/role")
async def set_role(account_id: str, request: Request, here: Here) -> Response:
    """Give somebody another role."""
    role = (await form_of(request)).one("role")
    try:
        await Accounts(here.store).set_role(account_id, Role(role), actor(request))
    except REFUSALS as error:
        return await _page(request, here, HTTPStatus.CONFLICT, problem=told(error, user(request)))
    return _done(request)


@routes.post("/accounts/{account_id}/disabled")
async def set_disabled(account_id: str, request: Request, here: Here) -> Response:
    """Disable somebody, or take that back."""
    accounts, disable = Accounts(here.store), (await form_of(request)).one("disabled") == "yes"
    try:
        await (accounts.disable if disable else accounts.enable)(account_id, actor(request))
    except REFUSALS as error:
        return await _page(request, here, HTTPStatus.CONFLICT, problem=told(error, user(request)))
    return _done(request)


@routes.post("/accounts/invitations")
async def invite(request: Request, here: Here) -> Response:
    """An invitation, whose link is shown once."""
    form = await form_of(request)
    days = form.one("days")
    try:
        lifetime = timedelta(days=int(days) if days.isdecimal() and len(days) <= 4 else 0)
        name, study = form.one("name").strip() or None, form.one("study").strip() or None
        role = Role(form.one("role"))
        secret, _ = await Invitations(here.store).make(role, actor(request), lifetime, name, study)
    except REFUSALS as error:
        return await _page(request, here, HTTPStatus.UNPROCESSABLE_ENTITY, problem=told(error, user(request)))
    return await _page(request, here, link=invitation_link(request, secret))


@routes.post("/accounts/invitations/{invitation_id}/revoke")
async def revoke(invitation_id: str, request: Request, here: Here) -> Response:
    """Take an invitation back."""
    await Invitations(here.store).revoke(invitation_id, actor(request))
    return onward(request, "/accounts")


@routes.post("/accounts/kill-switch")
async def turn(request: Request, here: Here) -> Response:
    """Stop every run in every process, or let them begin again."""
    form, spending = await form_of(request), Spending(here.store)
    try:
        if form.one("on") == "yes":
            await spending.turn_on(form.one("reason").strip(), actor(request))
        else:
            await spending.turn_off(actor(request))
    except REFUSALS as error:
        return await _page(request, here, HTTPStatus.UNPROCESSABLE_ENTITY, problem=told(error, user(request)))
    return onward(request, "/accounts")


def _done(request: Request) -> Response:
    people(request).forget()
    return onward(request, "/accounts")


async def _page(request: Request, here: Services, status: int = 200, **values: Any) -> Response:
    return await asyncio.to_thread(_drawn, request, here, status, **values)


def _drawn(request: Request, here: Services, status: int = 200, before: int | None = None, **values: Any) -> Response:
    asking = user(request)
    admin = asking.role is Role.ADMIN
    shown: dict[str, Any] = {
        "link": None,
        "accounts": Accounts(here.store).all() if admin else (),
        "invitations": Invitations(here.store).list(None if admin else asking.account),
        "entries": AuditLog(here.store).entries(ENTRIES, before) if admin else (),
        "more": ENTRIES,
        "admin": admin,
        "switch": Spending(here.store).switch() if admin else None,
        "limits": Spending(here.store).limits() if admin else (),
        "roles": list(Role),
        "invitable": [role for role in Role if asking.role.covers(needed_role(role))],
    }
    problem = values.pop("problem", None)
    told = None if problem is None else f"{problem[:1].upper()}{problem[1:]}."
    return pages_of(request).reply(request, "accounts", status, problem=told, **(shown | values))
