"""Log in, log out, log out everywhere. Whoever logs in gets a new session, whatever cookie came along."""

import logging
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from storage.accounts.account import Account
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, AuditLog
from storage.accounts.sessions import Sessions
from storage.accounts.throttle import LoginThrottle
from webapp.access.caller import (
    actor,
    address,
    form_of,
    give_cookie,
    known,
    onward,
    own_path,
    people,
    take_cookie,
    user,
)
from webapp.account_pages.pages import pages_of
from webapp.api.here import Here
from webapp.oidc.client import OidcClient
from webapp.pages.words import account as words
from webapp.services import Services

logger = logging.getLogger(__name__)

routes = APIRouter(include_in_schema=False)


@routes.get("/login")
async def show(request: Request, next: str = "/", expired: bool = False, forgotten: bool = False) -> Response:
    """The form; whoever is in already goes on."""
    if known(request) is not None:
        return onward(request, own_path(next))
    note = None if await people(request).any_account() else words.NOBODY_YET
    told = words.FORGOTTEN if forgotten else note
    return login_page(request, next=own_path(next), note=told, expired=expired)


@routes.post("/login")
async def log_in(request: Request, here: Here) -> Response:
    """Begin a session."""
    form = await form_of(request)
    name, goal = form.one("name"), own_path(form.one("next"))

    def again(status: HTTPStatus, problem: str) -> Response:
        return login_page(request, status, next=goal, name=name, problem=problem)

    throttle = LoginThrottle(here.store)
    if wait_s := await throttle.attempt(name, address(request)):
        told = again(HTTPStatus.TOO_MANY_REQUESTS, words.waiting(wait_s))
        told.headers["Retry-After"] = str(max(1, round(wait_s)))
        return told
    account = await Accounts(here.store).entered(name, form.one("password"))
    if account is None:
        stranger = Actor("a stranger", None, address(request))
        await AuditLog(here.store).note(stranger, Act.LOGIN_REFUSED)
        return again(HTTPStatus.UNAUTHORIZED, words.WRONG)
    await throttle.succeeded(name, address(request))
    response = onward(request, goal)
    await begin(request, response, here, account)
    return response


@routes.post("/logout")
async def log_out(request: Request, here: Here) -> Response:
    """End this session."""
    asking = user(request)
    if asking.session is not None:
        await Sessions(here.store).end(asking.session, actor(request))
    return _left(request)


@routes.post("/logout-everywhere")
async def log_out_everywhere(request: Request, here: Here) -> Response:
    """End all sessions of whoever asks."""
    asking = user(request)
    if asking.account is not None:
        await Sessions(here.store).end_all(asking.account, actor(request))
    return _left(request)


def login_page(request: Request, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """The form, with what `values` say."""
    client = provider_of(request)
    shown = {"next": "/", "name": "", "note": None, "expired": False} | values
    return pages_of(request).reply(request, "login", status, provider=client and client.provider.host, **shown)


def provider_of(request: Request) -> OidcClient | None:
    """Whose login people may use beside names and passwords, in the app of this request."""
    found: OidcClient | None = request.app.state.oidc
    return found


async def begin(request: Request, response: Response, here: Services, account: Account) -> None:
    """A new session for this browser, in place of the one that it has."""
    before = known(request)
    lifetime = timedelta(hours=here.settings.session_hours)
    sessions = Sessions(here.store)
    secret, _ = await sessions.begin(account, address(request), request.headers.get("user-agent"), lifetime)
    if before is not None and before.session is not None and before.account is not None:
        await sessions.end(before.session, actor(request))
    people(request).forget()
    give_cookie(request, response, secret, int(lifetime.total_seconds()))


def _left(request: Request) -> Response:
    people(request).forget()
    response = onward(request, "/login")
    take_cookie(request, response)
    return response
