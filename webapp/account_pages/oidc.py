"""Log in with an organisation's own login: away to the provider, and back from it."""

import asyncio
import hmac
import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from storage.accounts.account import Account
from storage.accounts.account_rows import NotAllowed
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, AuditLog
from storage.accounts.invitations import Invitations
from storage.accounts.names import LONGEST, BadName, check_name
from storage.accounts.oidc import Identities, Identity
from storage.errors import StoreConflict, StoreMissing
from webapp.access.caller import address, known, onward, own_path
from webapp.account_pages.login import begin, login_page, provider_of
from webapp.api.here import Here
from webapp.oidc.client import OidcClient, Refused, Unreachable
from webapp.oidc.journey import LIFETIME_S, Journey, opened
from webapp.pages.words import account as words
from webapp.services import Services

logger = logging.getLogger(__name__)

routes = APIRouter(include_in_schema=False)
COOKIE: Final = "podium-oidc"
NAMES: Final = ("preferred_username", "name", "nickname")
"""What a provider calls somebody; the first that can be a name here."""
NAMELESS: Final = "member"
_LONGEST_CODE: Final = 4_000


class _Stop(Exception):
    """The way back ends here; the message is for people."""

    def __init__(self, status: HTTPStatus, told: str) -> None:
        super().__init__(told)
        self.status = status


@routes.get("/login/oidc")
async def go(request: Request, next: str = "/") -> Response:
    """Away to the provider; whoever is in already goes on."""
    if known(request) is not None:
        return onward(request, own_path(next))
    return await _away(request, Journey(own_path(next), time.time()))


@routes.get("/invitation/{secret}/oidc")
async def accept(secret: str, request: Request, here: Here) -> Response:
    """Away to the provider, to make the account of an invitation. Going does not use it up."""
    found = await asyncio.to_thread(Invitations(here.store).look, secret)
    if found is None:
        return login_page(request, HTTPStatus.NOT_FOUND, problem=words.NO_INVITATION)
    goal = "/" if found.study is None else f"/rank?study={found.study}"
    return await _away(request, Journey(goal, time.time(), secret))


@routes.get("/login/oidc/callback")
async def come_back(request: Request, here: Here) -> Response:
    """Back from the provider: begin a session. The cookie is good for one return, however it ends."""
    try:
        client = _client(request)
        journey = _journey(request, client)
        account = await _account(request, here, journey, await _claims(request, client, journey))
        response: Response = onward(request, own_path(journey.goal))
        await begin(request, response, here, account)
    except _Stop as stop:
        response = login_page(request, stop.status, problem=str(stop))
    response.delete_cookie(COOKIE, path=_path(request), secure=_secure(request), httponly=True, samesite="lax")
    return response


async def _away(request: Request, journey: Journey) -> Response:
    try:
        client = _client(request)
        goal = await client.way_in(journey, _back(request))
    except _Stop as stop:
        return login_page(request, stop.status, problem=str(stop))
    except Unreachable as error:
        logger.warning("no login by OpenID Connect: %s", error)
        return login_page(request, HTTPStatus.BAD_GATEWAY, problem=words.PROVIDER_AWAY)
    response = RedirectResponse(goal, HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})
    sealed = journey.sealed(client.provider.client_secret)
    response.set_cookie(
        COOKIE, sealed, LIFETIME_S, path=_path(request), secure=_secure(request), httponly=True, samesite="lax"
    )
    return response


def _journey(request: Request, client: OidcClient) -> Journey:
    """The journey on which this browser went away, and from which it comes back for the first time."""
    found = opened(request.cookies.get(COOKIE, ""), client.provider.client_secret, time.time())
    state = request.query_params.get("state", "")
    if found is None or not hmac.compare_digest(state.encode(), found.state.encode()) or not client.first_return(found):
        raise _Stop(HTTPStatus.BAD_REQUEST, words.STALE)
    return found


async def _claims(request: Request, client: OidcClient, journey: Journey) -> Mapping[str, Any]:
    said = request.query_params
    code = said.get("code", "")
    if "error" in said or not 1 <= len(code) <= _LONGEST_CODE:
        raise _Stop(HTTPStatus.UNAUTHORIZED, words.NOT_FINISHED)
    try:
        if said.get("iss", client.provider.issuer) != client.provider.issuer:
            raise Refused("the code is another issuer's")
        return await client.who(code, journey, _back(request))
    except Unreachable as error:
        logger.warning("no login by OpenID Connect: %s", error)
        raise _Stop(HTTPStatus.BAD_GATEWAY, words.PROVIDER_AWAY) from None
    except Refused as error:
        logger.warning("login by OpenID Connect refused: %s", error)
        raise _Stop(HTTPStatus.UNAUTHORIZED, words.NOT_PROVEN) from None


async def _account(request: Request, here: Services, journey: Journey, claims: Mapping[str, Any]) -> Account:
    """The account of an identity, which issuer and subject alone make. What else is claimed can name a new one."""
    provider, place = _client(request).provider, address(request)
    try:
        identity = Identity(provider.issuer, claims["sub"])
        welcome = Identities(here.store).welcome
        account = await welcome(identity, _name(claims), provider.newcomers, journey.invitation, place)
        if account.disabled_at is not None:
            told = Actor(account.name, account.id, place)
            await AuditLog(here.store).note(told, Act.LOGIN_REFUSED, detail="the account is disabled")
            raise _Stop(HTTPStatus.FORBIDDEN, words.DISABLED)
    except (NotAllowed, StoreMissing, StoreConflict, ValueError) as error:
        stranger = Actor("a stranger", None, place)
        await AuditLog(here.store).note(stranger, Act.LOGIN_REFUSED, detail=f"by {provider.host}")
        text = str(error)
        raise _Stop(HTTPStatus.FORBIDDEN, f"{text[:1].upper()}{text[1:]}.") from None
    return account


def _name(claims: Mapping[str, Any]) -> str:
    for claim in NAMES:
        text = claims.get(claim)
        if isinstance(text, str):
            try:
                return check_name(text.strip()[:LONGEST])
            except BadName:
                continue
    return NAMELESS


def _client(request: Request) -> OidcClient:
    found = provider_of(request)
    if found is None:
        raise _Stop(HTTPStatus.NOT_FOUND, words.NO_PROVIDER)
    return found


def _back(request: Request) -> str:
    """Where the provider sends people back to: it has to know this address."""
    return f"{str(request.base_url).rstrip('/')}/login/oidc/callback"


def _path(request: Request) -> str:
    return f"{request.scope.get('root_path', '')}/login/oidc"


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"
