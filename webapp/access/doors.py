"""The doors: every request passes them once. They find out who comes, and let in whom the table lets in."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storage.errors import StoreError
from webapp.access import user as access_user
from webapp.access.needs import Door, Need, door_of
from webapp.access.payloads import BadPayload, without_files
from webapp.access.people import People, forwarded
from webapp.access.refusals import no_door, refused
from webapp.access.user import SessionUser
from webapp.problem import problem

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
"""How often it is asked whether the session behind a stream goes on."""
OPEN_WITHIN_S: Final = 1.0
"""How long it is waited for who comes through a door that is open to strangers, too."""
LOOPBACK: Final = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
Refusal = Callable[[Request, Door, SessionUser | None], Awaitable[Response | None]]
"""Another answer to somebody who may not see a page, such as a page that says so."""


class Doors:
    """Pure ASGI, so that streams stay streams. `page_refusal` may answer in place of a problem document."""

    def __init__(self, app: ASGIApp, people: People, page_refusal: Refusal | None = None) -> None:
        self._app = app
        self._people = people
        self._page_refusal = page_refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:  # Nothing here speaks over websockets.
            await send({"type": "websocket.close", "code": 1008})

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = door_of(scope["method"], get_route_path(scope))
        if not isinstance(door, Door):
            await no_door(door)(scope, receive, send)
            return
        try:
            user = await self._user(scope, door.need)
        except StoreError as error:
            logger.error("who asks could not be looked up: %s", error)
            detail = "the database cannot be asked who you are; try again in a moment"
            await problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)(scope, receive, send)
            return
        scope[access_user.KEY] = user
        if door.need.lets_in(user) or _local(scope, door.need):
            await self._enter(door.need, user, (scope, receive, send))
        else:
            await (await self._refusal(Request(scope, receive), door, user))(scope, receive, send)

    async def _user(self, scope: Scope, need: Need) -> SessionUser | None:
        if need.unknown:
            return None
        if need.roles is not None:
            return await self._people.who(scope)
        try:
            async with asyncio.timeout(OPEN_WITHIN_S):
                return await self._people.who(scope)
        except (StoreError, TimeoutError):
            return None  # A stranger may come in as well, so that `/readyz` can tell what is wrong.

    async def _refusal(self, request: Request, door: Door, user: SessionUser | None) -> Response:
        if self._page_refusal is not None and (found := await self._page_refusal(request, door, user)) is not None:
            return found
        return refused(request, door, user)

    async def _enter(self, need: Need, user: SessionUser | None, call: tuple[Scope, Receive, Send]) -> None:
        scope, receive, send = call
        if need.plain:
            try:
                receive = await without_files(receive)
            except BadPayload as error:
                await problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))(scope, receive, send)
                return
        if need.stream and scope["method"] == "GET":
            await self._stream(need, user, (scope, receive, send))
        else:
            await self._app(scope, receive, send)

    async def _stream(self, need: Need, user: SessionUser | None, call: tuple[Scope, Receive, Send]) -> None:
        """Pass on until the stream ends, or its session does."""
        scope, receive, send = call
        sent = _Sent(send)
        stream = asyncio.ensure_future(self._app(scope, receive, sent))
        watch = asyncio.create_task(self._until_over(scope, need, user))
        try:
            await asyncio.wait({stream, watch}, return_when=asyncio.FIRST_COMPLETED)
            if stream.done():
                stream.result()
                return
            stream.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await stream
            await sent.close()
        finally:
            for task in (stream, watch):
                task.cancel()

    async def _until_over(self, scope: Scope, need: Need, user: SessionUser | None) -> None:
        """Returns once who began the stream may not see it any more."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            with contextlib.suppress(StoreError):
                now = await self._people.who(scope)
                if now is None or user is None or now.session != user.session or not need.lets_in(now):
                    return


class _Sent:
    """Sends, and knows what has been sent, so that a stream can be ended properly."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._began = self._ended = False

    async def __call__(self, message: Message) -> None:
        """Pass on."""
        self._began = self._began or message["type"] == "http.response.start"
        self._ended = self._ended or (message["type"] == "http.response.body" and not message.get("more_body", False))
        await self._send(message)

    async def close(self) -> None:
        """End the reply as if its maker had."""
        if not self._began:
            await self._send({"type": "http.response.start", "status": HTTPStatus.UNAUTHORIZED, "headers": []})
        if not self._ended:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def _local(scope: Scope, need: Need) -> bool:
    """Whether the door is open to programs on this machine, and the request comes from one, through no proxy."""
    client = scope.get("client")
    return need.local and client is not None and client[0] in LOOPBACK and not forwarded(Request(scope).headers)
