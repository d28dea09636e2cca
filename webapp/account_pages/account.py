"""The page on which somebody sees who he or she is here: password, sessions, tokens."""

import asyncio
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from storage.accounts.accounts import Accounts
from storage.accounts.sessions import Sessions
from storage.accounts.throttle import LoginThrottle
from storage.accounts.tokens import Tokens
from storage.errors import StoreMissing
from storage.privacy.person import has_password
from webapp.access.audited import wrong_password
from webapp.access.caller import Form, actor, address, form_of, onward, people, take_cookie, user
from webapp.access.needs import DOORS
from webapp.access.user import SessionUser, told
from webapp.account_pages.browser import browser_words
from webapp.account_pages.login import begin
from webapp.account_pages.pages import REFUSALS, pages_of
from webapp.api import privacy
from webapp.api.here import Here
from webapp.pages.words import account as words
from webapp.services import Services

routes = APIRouter(include_in_schema=False)


@routes.get("/account")
def show(request: Request, here: Here) -> Response:
    """Name, role, sessions and tokens."""
    return _drawn(request, here)


@routes.post("/account/password")
async def change_password(request: Request, here: Here) -> Response:
    """A new password: all other sessions end, and this one gets a new secret."""
    form, asking = await form_of(request), user(request)
    if (wait_s := await LoginThrottle(here.store).attempt(asking.name, address(request))) > 0:
        return await _page(request, here, HTTPStatus.TOO_MANY_REQUESTS, problem=words.waiting(wait_s))
    accounts = Accounts(here.store)
    found = await accounts.proven(asking.name, form.one("old"))
    if found is None or found.account.id != asking.account:
        await wrong_password(request, here.store, asking.name, "to change it")
        return await _page(request, here, HTTPStatus.UNPROCESSABLE_ENTITY, problem=words.WRONG)
    await LoginThrottle(here.store).succeeded(asking.name, address(request))
    if form.one("password") != form.one("again"):
        return await _page(request, here, HTTPStatus.UNPROCESSABLE_ENTITY, problem=words.UNLIKE)
    try:
        new = form.one("password")
        changed = await accounts.set_password(found.account.id, new, actor(request), asking.session, found.hashed)
    except REFUSALS as error:
        return await _page(request, here, HTTPStatus.UNPROCESSABLE_ENTITY, problem=_said(error))
    response = await _page(request, here, note=words.PASSWORD_CHANGED)
    await begin(request, response, here, changed.account, changed.hashed)
    return response


@routes.post("/account/tokens")
async def make_token(request: Request, here: Here) -> Response:
    """A token for a program, whose secret is shown once."""
    form, asking = await form_of(request), user(request)
    account = await asyncio.to_thread(Accounts(here.store).by_id, asking.account or "")
    if account is None:
        raise StoreMissing("there is no such account")
    try:
        lifetime = timedelta(days=_days(form))
        label, scopes = form.one("label"), form.all("scope")
        secret, _ = await Tokens(here.store).make(account, label, scopes, actor(request), lifetime)
    except REFUSALS as error:
        return await _page(request, here, HTTPStatus.UNPROCESSABLE_ENTITY, problem=_said(error))
    return await _page(request, here, secret=secret)


@routes.post("/account/tokens/{token_id}/revoke")
async def revoke_token(token_id: str, request: Request, here: Here) -> Response:
    """Let it open nothing any more."""
    await Tokens(here.store).revoke(token_id, actor(request))
    people(request).forget()
    return onward(request, "/account")


@routes.post("/account/forget")
async def forget(request: Request, here: Here) -> Response:
    """Forget whoever asks, for good: with the name once more, and the password where there is one."""
    form, asking = await form_of(request), user(request)
    if form.one("name").strip() != asking.name:
        return await _page(request, here, HTTPStatus.UNPROCESSABLE_ENTITY, problem=words.NOT_YOUR_NAME)
    body = privacy.Forget(
        name=asking.name,
        password=form.one("password")[: privacy.LONGEST_PASSWORD] or None,
        rankings=form.one("rankings") == "yes",
        runs=form.one("runs") == "yes",
        dry_run=False,
    )
    try:
        told = await privacy.forget(body, request, here, asking)
    except REFUSALS as error:
        return await _page(request, here, HTTPStatus.CONFLICT, problem=_said(error))
    if isinstance(told, Response) and told.status_code != HTTPStatus.OK:
        waits = told.status_code == HTTPStatus.TOO_MANY_REQUESTS
        return await _page(request, here, told.status_code, problem=words.TOO_MANY if waits else words.WRONG_PASSWORD)
    response = onward(request, "/login?forgotten=1")
    take_cookie(request, response)
    return response


async def _page(request: Request, here: Services, status: int = 200, **values: Any) -> Response:
    return await asyncio.to_thread(_drawn, request, here, status, **values)


def _drawn(request: Request, here: Services, status: int = 200, **values: Any) -> Response:
    asking = user(request)
    known: dict[str, Any] = {"secret": None, "note": None, "sessions": (), "tokens": (), "password": True}
    if asking.account is not None:
        known["sessions"] = Sessions(here.store).list(asking.account)
        known["password"] = here.store.read(lambda connection: has_password(connection, asking.account))
        known["tokens"] = Tokens(here.store).list(asking.account)
    known["browser"] = browser_words
    return pages_of(request).reply(request, "account", status, scopes=scopes_of(asking), **(known | values))


def scopes_of(asking: SessionUser) -> dict[str, str]:
    """The scopes that open a door to this role, with what each is for."""
    useful = {door.need.scope for door in DOORS if door.need.roles is not None and asking.role in door.need.roles}
    return {scope: said for scope, said in words.SCOPES.items() if scope in useful}


def _days(form: Form) -> int:
    text = form.one("days")
    if not text.isdecimal() or len(text) > 4:
        raise ValueError("a token is good for a whole number of days, such as 90")
    return int(text)


def _said(error: Exception) -> str:
    text = told(error, None)
    return f"{text[:1].upper()}{text[1:]}."
