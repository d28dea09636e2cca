"""Which entries of the log are about somebody, and the same entries without the name.

A name is anything that somebody chose, also a common word. So it is looked for only where an act puts a name, and
there as a whole.
"""

import re
from typing import Any, Final

from sqlalchemy import Connection, Row, or_, select, update

from storage.accounts.audit import Act
from storage.accounts.tables import AUDIT
from storage.privacy.whom import Person

_ON_ACCOUNTS: Final = frozenset(
    {
        Act.ACCOUNT_ADDED,
        Act.ROLE_CHANGED,
        Act.ACCOUNT_DISABLED,
        Act.ACCOUNT_ENABLED,
        Act.PASSWORD_CHANGED,
        Act.LOGGED_IN,
        Act.LOGGED_OUT,
        Act.SESSIONS_ENDED,
        Act.INVITATION_MADE,
        Act.INVITATION_ACCEPTED,
        Act.INVITATION_REVOKED,
        Act.TOKEN_MADE,
        Act.TOKEN_REVOKED,
        Act.IDENTITY_LINKED,
    }
)
"""Their subject is the name of an account."""
_ON_TOKENS: Final = frozenset({Act.TOKEN_MADE, Act.TOKEN_REVOKED})
"""Their detail begins with the token's label: words of whoever has it."""
_ON_LIMITS: Final = frozenset({Act.LIMIT_SET, Act.LIMIT_REMOVED})
"""Their subject is a name, a study or nothing, and their detail says which."""


def entries_on(connection: Connection, whom: Person) -> list[Row[Any]]:
    """The entries of the log that tell what this person did, or that name this person; oldest first."""
    said = [AUDIT.c.actor == whom.name, AUDIT.c.subject == whom.name]
    if whom.account is not None:
        said.append(AUDIT.c.actor_id == whom.account.id)
    found = connection.execute(select(AUDIT).where(or_(*said)).order_by(AUDIT.c.sequence))
    return [row for row in found if is_actor(row, whom) or _is_subject(row, whom.name)]


def is_actor(row: Row[Any], whom: Person) -> bool:
    """Whether an entry tells what this person did."""
    if row.actor_id is not None:
        return whom.account is not None and bool(row.actor_id == whom.account.id)
    return bool(row.actor == whom.name)


def rename(connection: Connection, whom: Person, pseudonym: str) -> None:
    """Have the log name the pseudonym in place of this person, and no address of theirs."""
    for row in entries_on(connection, whom):
        values: dict[str, str | None] = {}
        if is_actor(row, whom):
            values = {"actor": pseudonym, "actor_id": None, "address": None}
        if _is_subject(row, whom.name):
            values |= {"subject": pseudonym, "detail": _nameless(row, whom.name, pseudonym)}
        connection.execute(update(AUDIT).where(AUDIT.c.sequence == row.sequence).values(values))


def _is_subject(row: Row[Any], name: str) -> bool:
    if row.subject != name:
        return False
    if row.act in _ON_LIMITS:
        return _of_limit(name).search(row.detail or "") is not None
    return row.act in _ON_ACCOUNTS


def _nameless(row: Row[Any], name: str, pseudonym: str) -> str | None:
    if row.act in _ON_TOKENS or row.detail is None:
        return None
    if row.act in _ON_LIMITS:
        return _of_limit(name).sub(f"for user {pseudonym}", row.detail)
    return str(row.detail)


def _of_limit(name: str) -> re.Pattern[str]:
    """As `Limit.words` ends, once or twice."""
    return re.compile(rf"for user {re.escape(name)}(?=; before: |$)")
