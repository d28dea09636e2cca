"""What routes write into the audit log of what they did."""

import contextlib

from fastapi import Request

from storage.accounts.audit import Act, AuditLog
from storage.errors import StoreError
from storage.store import Store
from webapp.access.caller import actor


async def audited(request: Request, store: Store, act: Act, subject: str, detail: str | None = None) -> None:
    """Say who did it. What is done already is not undone where the log cannot be written, as on a full disk."""
    with contextlib.suppress(StoreError):
        await AuditLog(store).note(actor(request), act, subject, detail)
