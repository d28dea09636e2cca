"""The page behind the link of an invitation: whoever has the link makes one account."""

import asyncio
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from storage.accounts.invitations import BadInvitation, Invitation, Invitations
from storage.accounts.throttle import LoginThrottle
from webapp.access.caller import address, form_of, onward
from webapp.access.user import told
from webapp.account_pages.login import begin, provider_of
from webapp.account_pages.pages import REFUSALS, pages_of
from webapp.api.here import Here
from webapp.pages.words import account as words

routes = APIRouter(include_in_schema=False)


@routes.get("/invitation/{secret}")
def show(secret: str, request: Request, here: Here) -> Response:
    """The form, or that the invitation is no longer open. Looking does not use it up."""
    return _page(request, Invitations(here.store).look(secret))


@routes.post("/invitation/{secret}")
async def accept(secret: str, request: Request, here: Here) -> Response:
    """Make the account, and log in."""
    form = await form_of(request)
    invitations = Invitations(here.store)
    found = await asyncio.to_thread(invitations.look, secret)
    name = form.one("name")
    if form.one("password") != form.one("again"):
        return _page(request, found, name, words.UNLIKE)
    try:
        account = await invitations.accept(secret, name, form.one("password"), address(request))
    except BadInvitation:
        return _page(request, None)
    except REFUSALS as error:
        return _page(request, found, name, told(error, None))
    goal = "/" if found is None or found.study is None else f"/rank?study={found.study}"
    response = onward(request, goal)
    await begin(request, response, here, account)
    await LoginThrottle(here.store).succeeded(account.name, address(request))
    return response


def _page(request: Request, found: Invitation | None, name: str = "", problem: str | None = None) -> Response:
    if found is None:
        shown: dict[str, Any] = {"invitation": None, "name": "", "provider": None}
        return pages_of(request).reply(request, "invitation", HTTPStatus.NOT_FOUND, **shown)
    client = provider_of(request)
    status = HTTPStatus.OK if problem is None else HTTPStatus.UNPROCESSABLE_ENTITY
    told = None if problem is None else f"{problem[:1].upper()}{problem[1:]}"
    return pages_of(request).reply(
        request,
        "invitation",
        status,
        invitation=found,
        name=found.name or name,
        provider=client and client.provider.host,
        way=f"{request.path_params['secret']}/oidc",
        problem=told,
    )
