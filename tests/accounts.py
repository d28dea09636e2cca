"""Accounts for tests: cheap passwords, a clock that stands, an admin."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from storage.accounts.account import Account, Role
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.passwords import Cost
from storage.store import Store
from tests.examples import NOON

CHEAP: Final = Cost(passes=1, memory_kib=8, lanes=1)
CONSOLE: Final = Actor.at_console("root")
SECRET: Final = "correct horse battery"
"""A password."""


@dataclass(slots=True)
class Clock:
    """Stands until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


async def admin(store: Store, name: str = "Ada") -> Account:
    """The first account."""
    return await Accounts(store).add(name, Role.ADMIN, SECRET, CONSOLE)


def actor(account: Account, address: str | None = None) -> Actor:
    return Actor(account.name, account.id, address)
