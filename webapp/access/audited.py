"""What routes write into the audit log of what they did."""

import asyncio
import contextlib

from fastapi import Request

from storage.accounts.actor import Actor
from storage.accounts.audit import Act, AuditLog
from storage.accounts.throttle import LoginThrottle
from storage.errors import StoreError
from storage.store import Store
from webapp.access.caller import actor, address


async def audited(request: Request, store: Store, act: Act, subject: str, detail: str | None = None) -> None:
    """Say who did it. What is done already is not undone where the log cannot be written, as on a full disk."""
    with contextlib.suppress(StoreError):
        await AuditLog(store).note(actor(request), act, subject, detail)


async def wrong_password(request: Request, store: Store, name: str, wanted: str | None = None) -> None:
    """Say that somebody gave a wrong password: to log in, or for what somebody wanted who is in already.

    The one after which that name has to wait from there says so. What is tried while it waits is not written.
    """
    wait_s = await asyncio.to_thread(LoginThrottle(store).wait_s, name, address(request))
    by, act = Actor("a stranger", None, address(request)), Act.LOGIN_REFUSED
    if wanted is not None:
        by, act = actor(request), Act.WRONG_PASSWORD
    waits = "has to wait from now on" if wait_s > 0 else None
    await AuditLog(store).note(by, act, detail=", ".join(filter(None, (wanted, waits))) or None)
