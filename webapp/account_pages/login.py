"""Log in, log out, log out everywhere. Whoever logs in gets a new session, whatever cookie came along."""

import contextlib
import logging
from collections.abc import Awaitable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from storage.accounts.account import Account
from storage.accounts.account_rows import NotAllowed
from storage.accounts.accounts import Accounts
from storage.accounts.sessions import Sessions
from storage.accounts.throttle import LoginThrottle
from storage.errors import StoreError, StoreMissing
from webapp.access.audited import wrong_password
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
async def show(
    request: Request, next: str = "/", expired: bool = False, forgotten: bool = False, unended: bool = False
) -> Response:
    """The form; whoever is in already goes on."""
    if known(request) is not None:
        return onward(request, own_path(next))
    note = None if await people(request).any_account() else words.NOBODY_YET
    told = words.FORGOTTEN if forgotten else words.UNENDED if unended else note
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
    response = onward(request, goal)
    try:
        found = await Accounts(here.store).proven(name, form.one("password"))
        if found is None:
            raise NotAllowed("the name or the password is wrong")
        await begin(request, response, here, found.account, found.hashed)
    except NotAllowed:
        await wrong_password(request, here.store, name)
        return again(HTTPStatus.UNAUTHORIZED, words.WRONG)
    await throttle.succeeded(name, address(request))
    return response


@routes.post("/logout")
async def log_out(request: Request, here: Here) -> Response:
    """End this session."""
    asking = user(request)
    if asking.session is None:
        return _left(request)
    return await _ended(request, Sessions(here.store).end(asking.session, actor(request)))


@routes.post("/logout-everywhere")
async def log_out_everywhere(request: Request, here: Here) -> Response:
    """End all sessions of whoever asks."""
    asking = user(request)
    if asking.account is None:
        return _left(request)
    return await _ended(request, Sessions(here.store).end_all(asking.account, actor(request)))


def login_page(request: Request, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """The form, with what `values` say."""
    client = provider_of(request)
    shown = {"next": "/", "name": "", "note": None, "expired": False} | values
    return pages_of(request).reply(request, "login", status, provider=client and client.provider.host, **shown)


def provider_of(request: Request) -> OidcClient | None:
    """Whose login people may use beside names and passwords, in the app of this request."""
    found: OidcClient | None = request.app.state.oidc
    return found


async def begin(
    request: Request, response: Response, here: Services, account: Account, hashed: str | None = None
) -> None:
    """A new session for this browser, in place of the one that it has.

    Raises NotAllowed for a disabled account, and where `hashed` is not its password's any more.
    """
    before = known(request)
    lifetime = timedelta(hours=here.settings.session_hours)
    sessions = Sessions(here.store)
    secret, _ = await sessions.begin(account, address(request), request.headers.get("user-agent"), lifetime, hashed)
    if before is not None and before.session is not None and before.scopes is None:
        try:
            await sessions.end(before.session, actor(request))
        except StoreError as error:  # The new one has begun: it is not held back for the sake of the other.
            logger.warning("the session before this login is not ended: %s", error)
    people(request).forget()
    give_cookie(request, response, secret, int(lifetime.total_seconds()))


async def _ended(request: Request, ending: Awaitable[object]) -> Response:
    """The browser forgets its session in any case, and is told where the database did not take its end."""
    try:
        with contextlib.suppress(StoreMissing, NotAllowed):  # it is over already
            await ending
    except StoreError as error:
        logger.error("somebody logged out, and the session goes on: %s", error)
        return _left(request, "/login?unended=1")
    return _left(request)


def _left(request: Request, goal: str = "/login") -> Response:
    people(request).forget()
    response = onward(request, goal)
    take_cookie(request, response)
    return response
