"""Whom a name means."""

from dataclasses import dataclass

from sqlalchemy import Connection

from storage.accounts.account import Account
from storage.accounts.account_rows import account_of, find_named


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by name: an account, or an annotator where there are no accounts."""

    name: str
    account: Account | None = None


def person(connection: Connection, name: str) -> Person:
    """The account of that name, however it is spelled; else the annotator of exactly that name."""
    row = find_named(connection, name)
    return Person(name) if row is None else Person(str(row.name), account_of(row))
