"""Who is asking: the one answer that HTTP routes, pages and Gradio's event handlers share."""

import logging
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from storage.accounts.account import Role
from storage.errors import told_to_anybody

logger = logging.getLogger(__name__)

KEY: Final = "podium.user"
"""Where the doors put the user in an ASGI scope."""
LOCAL: Final = "local"
"""The annotator's name where nobody has an account."""


@dataclass(frozen=True, slots=True)
class SessionUser:
    """Somebody who may come in."""

    name: str
    role: Role
    account: str | None = None
    """Id of the account; `None` in single-user mode."""
    scopes: frozenset[str] | None = None
    """What a token is limited to; `None`: all that the role may."""
    session: str | None = None
    """Id of the session or token, to end it and to name it in the audit log."""

    @property
    def single(self) -> bool:
        """Whether there are no accounts, and whoever can reach the server may do everything."""
        return self.account is None


SINGLE: Final = SessionUser(LOCAL, Role.ADMIN)
"""Whoever asks while there is no account."""


def told(error: Exception, user: SessionUser | None) -> str:
    """What somebody is told of an error: where the database is, and what its driver says, is for admins and the log."""
    said = told_to_anybody(error)
    if said == str(error) or (user is not None and user.role is Role.ADMIN):
        return str(error)
    logger.error("%s: %s", type(error).__name__, error)
    return said


def session_user(scope: MutableMapping[str, Any]) -> SessionUser:
    """Who asks, as the doors found out; raises LookupError where a request came past them."""
    found = scope.get(KEY)
    if not isinstance(found, SessionUser):
        raise LookupError("nobody was let in by the doors")
    return found
