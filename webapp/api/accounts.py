"""Accounts over HTTP: who asks, and, for admins, everybody, the open invitations and the log."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from storage.accounts.account import Account, Role
from storage.accounts.accounts import Accounts
from storage.accounts.audit import Act, AuditLog
from storage.accounts.invitations import LIFETIME, LONGEST, Invitations
from webapp.access.annotator import Asking
from webapp.access.caller import actor, invitation_link, people
from webapp.api.here import Here
from webapp.api.problems import ERRORS

routes = APIRouter(tags=["accounts"], responses=ERRORS)


class NewRole(BaseModel):
    """Body of `POST /accounts/{id}/role`."""

    model_config = ConfigDict(extra="forbid")

    role: Role


class NewInvitation(BaseModel):
    """Body of `POST /accounts/invitations`."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    name: str | None = Field(None, max_length=200, description="Of the account; left out: whoever accepts chooses.")
    study: str | None = Field(None, max_length=200, description="The study that it leads to.")
    days: float = Field(LIFETIME.days, gt=0, le=LONGEST.days, description="How long it is open.")


@routes.get("/me")
async def me(asking: Asking) -> dict[str, Any]:
    """Who asks, as Podium knows him or her."""
    scopes = None if asking.scopes is None else sorted(asking.scopes)
    return {"name": asking.name, "role": asking.role, "single": asking.single, "scopes": scopes}


@routes.get("/accounts")
def everybody(here: Here) -> dict[str, Any]:
    """All accounts, by name; disabled ones too."""
    return {"accounts": [asdict(one) for one in Accounts(here.store).all()]}


@routes.post("/accounts/{account_id}/role")
async def set_role(account_id: str, body: NewRole, request: Request, here: Here) -> dict[str, Any]:
    """Give an account another role, at once for its sessions and tokens."""
    return _changed(request, await Accounts(here.store).set_role(account_id, body.role, actor(request)))


@routes.post("/accounts/{account_id}/disable")
async def disable(account_id: str, request: Request, here: Here) -> dict[str, Any]:
    """Let an account do nothing any more: its sessions end, its tokens are void."""
    return _changed(request, await Accounts(here.store).disable(account_id, actor(request)))


@routes.post("/accounts/{account_id}/enable")
async def enable(account_id: str, request: Request, here: Here) -> dict[str, Any]:
    """Take that back; sessions stay ended."""
    return _changed(request, await Accounts(here.store).enable(account_id, actor(request)))


@routes.get("/accounts/invitations")
def invitations(here: Here, asking: Asking) -> dict[str, Any]:
    """Open invitations, without their links: one's own, or an admin's those of everybody."""
    own = None if asking.role is Role.ADMIN else asking.account
    return {"invitations": [asdict(one) for one in Invitations(here.store).list(own)]}


@routes.post("/accounts/invitations", status_code=201)
async def invite(body: NewInvitation, request: Request, here: Here) -> dict[str, Any]:
    """Invite somebody; `link` is told this once. Authors invite those who look or rank, admins everybody."""
    secret, made = await Invitations(here.store).make(
        body.role, actor(request), timedelta(days=body.days), body.name, body.study
    )
    return {**asdict(made), "link": invitation_link(request, secret)}


@routes.delete("/accounts/invitations/{invitation_id}", status_code=204)
async def revoke(invitation_id: str, request: Request, here: Here) -> Response:
    """Take an invitation back."""
    await Invitations(here.store).revoke(invitation_id, actor(request))
    return Response(status_code=204)


@routes.get("/audit")
def audit(
    here: Here,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    who: Annotated[str | None, Query(alias="actor", max_length=200)] = None,
    act: Annotated[Act | None, Query()] = None,
    subject: Annotated[str | None, Query(max_length=200)] = None,
) -> dict[str, Any]:
    """Who did what, the newest first; `before` a sequence reads on."""
    found = AuditLog(here.store).entries(limit, before, who, act, subject)
    return {"entries": [asdict(one) for one in found]}


def _changed(request: Request, account: Account) -> dict[str, Any]:
    people(request).forget()
    return asdict(account)
