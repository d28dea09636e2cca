"""Who is behind a request: found by its cookie or its token, and remembered for a moment."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, MutableMapping
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from storage.accounts.accounts import Accounts
from storage.accounts.secret import sha256
from storage.accounts.sessions import Sessions
from storage.accounts.tokens import Tokens
from storage.errors import StoreError
from storage.store import Store
from webapp.access.user import SINGLE, SessionUser

COOKIE: Final = "podium-session"
FRESH_S: Final = 1.0
"""So long an answer of the database is believed. What is ended in this process ends at once."""
MOST_KNOWN: Final = 10_000
LONGEST_SECRET: Final = 200
FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host")
"""What a proxy adds: a request that has one comes from elsewhere, whatever address this process listens on."""


class People:
    """Finds who asks. `alone` is whether somebody without an account may be the one user, while there is none."""

    def __init__(self, store: Store, *, alone: bool, anyone: bool = False) -> None:
        self._accounts = Accounts(store)
        self._sessions = Sessions(store)
        self._tokens = Tokens(store)
        self._alone = alone or anyone
        self._anyone = anyone
        self._found: dict[str, tuple[float, SessionUser | None]] = {}
        self._asking: dict[str, asyncio.Task[SessionUser | None]] = {}
        self._looked_s = float("-inf")
        self._any = False

    async def who(self, scope: MutableMapping[str, Any]) -> SessionUser | None:
        """The user of a request; `None` for a stranger. Raises StoreError."""
        headers = Headers(scope=scope)
        if not await self.any_account():
            return SINGLE if self._alone and (self._anyone or not forwarded(headers)) else None
        kind, _, secret = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return await self._remembered("token", secret.strip(), self._of_token)
        secret = session_secret(headers)
        return await self._remembered("session", secret, self._of_session) if secret else None

    async def any_account(self) -> bool:
        """Whether there is an account, also a disabled one; looked up once in a second until there is."""
        if not self._any and time.monotonic() - self._looked_s >= FRESH_S:
            try:
                found = await asyncio.to_thread(self._accounts.any_account)
            except StoreError:  # What was known a second ago is still the best guess; nothing can be read anyway.
                if self._looked_s == float("-inf"):
                    raise
                found = False
            self._any = self._any or found
            self._looked_s = time.monotonic()  # only now: whoever asks meanwhile looks, too
        return self._any

    def forget(self) -> None:
        """Ask the database again about everybody: somebody was logged out, or may do something else now."""
        self._found.clear()
        self._asking.clear()

    async def _remembered(
        self, kind: str, secret: str, find: Callable[[str], Coroutine[Any, Any, SessionUser | None]]
    ) -> SessionUser | None:
        if not 1 <= len(secret) <= LONGEST_SECRET:
            return None
        key = f"{kind} {sha256(secret)}"
        now_s = time.monotonic()
        known = self._found.get(key)
        if known is not None and now_s - known[0] < FRESH_S:
            return known[1]
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(find(secret))
            task.add_done_callback(lambda ended: self._keep(key, ended, now_s))
        return await asyncio.shield(task)

    def _keep(self, key: str, ended: "asyncio.Task[SessionUser | None]", asked_s: float) -> None:
        """Remember what was found, unless everything was to be forgotten meanwhile."""
        if self._asking.get(key) is not ended:
            return
        del self._asking[key]
        if ended.cancelled() or ended.exception() is not None:
            return
        if len(self._found) >= MOST_KNOWN:
            self._found.clear()
        self._found[key] = (asked_s, ended.result())

    async def _of_session(self, secret: str) -> SessionUser | None:
        found = await asyncio.to_thread(self._sessions.of, secret)
        if found is None:
            return None
        account, session = found
        with contextlib.suppress(StoreError):
            await self._sessions.seen(session)
        return SessionUser(account.name, account.role, account.id, None, session.id)

    async def _of_token(self, secret: str) -> SessionUser | None:
        found = await asyncio.to_thread(self._tokens.of, secret)
        if found is None:
            return None
        account, token = found
        with contextlib.suppress(StoreError):
            await self._tokens.used(token)
        return SessionUser(account.name, account.role, account.id, frozenset(map(str, token.scopes)), token.id)


def forwarded(headers: Headers) -> bool:
    """Whether a proxy passed the request on."""
    return any(name in headers for name in FORWARDED)


def session_secret(headers: Headers) -> str:
    """What the session's cookie holds; empty without one. Other apps of this host may have odd ones beside it."""
    return cookie_parser("; ".join(headers.getlist("cookie"))).get(COOKIE, "")
