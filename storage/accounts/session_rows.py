"""Sessions in SQL: small functions over an open connection."""

from datetime import datetime

from sqlalchemy import Connection, update

from storage.accounts.tables import SESSION


def end_sessions(connection: Connection, account_id: str, now: datetime, besides: str | None = None) -> int:
    """End all sessions of an account but that one; gives how many.

    Also those whose time is over: a clock that is set back brings none of them back.
    """
    theirs = (SESSION.c.account_id == account_id) & SESSION.c.ended_at.is_(None)
    if besides is not None:
        theirs &= SESSION.c.id != besides
    return connection.execute(update(SESSION).where(theirs).values(ended_at=now)).rowcount
