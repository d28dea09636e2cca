"""What commands share that look into the database: who sits here, the store, an account by its name."""

import argparse
import getpass
from typing import TYPE_CHECKING

from webapp.cli import flags

if TYPE_CHECKING:
    from storage.accounts.account import Account
    from storage.accounts.accounts import Accounts
    from storage.accounts.actor import Actor
    from storage.store import Store


def console() -> "Actor":
    """Whoever sits at this command line, for the log of who did what."""
    from storage.accounts.actor import Actor  # noqa: PLC0415 - parsing flags needs none of this

    try:
        return Actor.at_console(getpass.getuser())
    except (KeyError, OSError):
        return Actor.at_console("unknown")


def opened(chosen: argparse.Namespace) -> "Store":
    """The store of the chosen database, which must be there."""
    from storage.store import Store  # noqa: PLC0415 - as above

    return Store.open(flags.settings(chosen).database, create=False)


def named(store: "Store", name: str) -> "tuple[Accounts, Account]":
    """The accounts, and the one of that name; raises LookupError."""
    from storage.accounts.accounts import Accounts  # noqa: PLC0415 - as above

    accounts = Accounts(store)
    found = accounts.by_name(name)
    if found is None:
        raise LookupError(f"there is no account {name!r}; see podium user list")
    return accounts, found
