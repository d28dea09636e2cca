"""`podium user`: who may use this Podium. Whoever runs it has the database in hand, and so may do everything."""

import argparse
import asyncio
import getpass
import json
import sys
from typing import TYPE_CHECKING, Any

from webapp.cli import flags, user_keys
from webapp.cli.console import console, named, opened

if TYPE_CHECKING:
    from storage.accounts.account import Account, Role
    from storage.accounts.accounts import Accounts

FIRST = (
    "This is the first account: from now on everybody has to log in, also on this machine. "
    "A server that runs notices it within a second."
)


def add_to(commands: Any) -> None:
    """The command and its actions."""
    actions = commands.add_parser("user", help="accounts: who may do what here").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    _add_add(actions)
    listed = actions.add_parser("list", help="all accounts")
    listed.add_argument("--json", action="store_true", help="one record per line")
    disable = actions.add_parser("disable", help="log somebody out everywhere and let them in no more")
    enable = actions.add_parser("enable", help="let somebody in again who was disabled")
    role = actions.add_parser("role", help="give somebody another role, at once")
    password = actions.add_parser("password", help="give somebody a new password, and end their sessions")
    for action in (disable, enable, role, password):
        action.add_argument("name", metavar="NAME")
    role.add_argument("role", choices=user_keys.ROLES)
    password.add_argument("--password-stdin", action="store_true", help="read it from standard input")
    runs = ((listed, _list), (disable, _disable), (enable, _enable), (role, _role), (password, _password))
    for action, run in runs:
        flags.add_database(action)
        action.set_defaults(run=run)
    user_keys.add_to(actions)


def _add_add(actions: Any) -> None:
    add = actions.add_parser("add", help="make an account; asks for its password on a terminal")
    add.add_argument("name", metavar="NAME", help="never changes; rankings bear it")
    add.add_argument("--role", choices=user_keys.ROLES, required=True)
    how = add.add_mutually_exclusive_group()
    how.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    how.add_argument("--invite", action="store_true", help="print a link by which they choose their own password")
    add.add_argument("--adopt", action="store_true", help="take on the rankings that exist under that name")
    user_keys.add_link_flags(add)
    flags.add_database(add)
    add.set_defaults(run=_add)


def _add(chosen: argparse.Namespace) -> int:
    if chosen.invite:
        return user_keys.invite(chosen, name=chosen.name)
    from storage.accounts.accounts import Accounts  # noqa: PLC0415 - parsing flags needs none of this
    from storage.store import Store  # noqa: PLC0415

    settings = flags.settings(chosen)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with Store.open(settings.database) as store:
        accounts = Accounts(store)
        first = not accounts.any_account()
        _check(accounts, chosen, first=first)
        password = _new_password(chosen)
        made = asyncio.run(accounts.add(chosen.name, _role_of(chosen), password, console(), chosen.adopt))
    print(f"{made.name} is {_article(made.role)} {made.role}")
    if first:
        print(FIRST)
    return 0


def _check(accounts: "Accounts", chosen: argparse.Namespace, *, first: bool) -> None:
    """Say what is wrong before somebody types a password."""
    from storage.accounts.names import check_name  # noqa: PLC0415 - as above

    name = check_name(chosen.name)
    if first and chosen.role != "admin":
        raise ValueError(f"the first account must be an admin: podium user add {name!r} --role admin")
    if accounts.by_name(name) is not None:
        raise ValueError(f"there is already an account {name!r}; see podium user list")


def _list(chosen: argparse.Namespace) -> int:
    from storage.accounts.accounts import Accounts  # noqa: PLC0415 - as above

    with opened(chosen) as store:
        found = Accounts(store).all()
    for one in found:
        print(json.dumps(_record(one), ensure_ascii=False) if chosen.json else _line(one))
    if not found and not chosen.json:
        print("nobody has an account: make the first one with podium user add NAME --role admin", file=sys.stderr)
    return 0


def _disable(chosen: argparse.Namespace) -> int:
    with opened(chosen) as store:
        accounts, found = named(store, chosen.name)
        asyncio.run(accounts.disable(found.id, console()))
    print(f"{found.name} is disabled: all sessions are ended, and tokens open nothing")
    return 0


def _enable(chosen: argparse.Namespace) -> int:
    with opened(chosen) as store:
        accounts, found = named(store, chosen.name)
        asyncio.run(accounts.enable(found.id, console()))
    print(f"{found.name} may log in again")
    return 0


def _role(chosen: argparse.Namespace) -> int:
    with opened(chosen) as store:
        accounts, found = named(store, chosen.name)
        changed = asyncio.run(accounts.set_role(found.id, _role_of(chosen), console()))
    print(f"{changed.name} is {_article(changed.role)} {changed.role}")
    return 0


def _password(chosen: argparse.Namespace) -> int:
    with opened(chosen) as store:
        accounts, found = named(store, chosen.name)
        asyncio.run(accounts.set_password(found.id, _new_password(chosen), console()))
    print(f"{found.name} has a new password; all sessions are ended")
    return 0


def _new_password(chosen: argparse.Namespace) -> str:
    """From standard input, or typed twice; raises ValueError where that cannot be or is no good."""
    from storage.accounts.passwords import check_new_password  # noqa: PLC0415 - as above

    if chosen.password_stdin:
        text = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        text = getpass.getpass(f"Password of {chosen.name}: ")
        check_new_password(text, chosen.name)
        if getpass.getpass("The same again: ") != text:
            raise ValueError("these were two different passwords; nothing was changed")
    else:
        raise ValueError("there is no terminal to ask for a password: give it to --password-stdin, or use --invite")
    check_new_password(text, chosen.name)
    return text


def _role_of(chosen: argparse.Namespace) -> "Role":
    from storage.accounts.account import Role  # noqa: PLC0415 - as above

    return Role(chosen.role)


def _article(role: str) -> str:
    return "a" if role == "viewer" else "an"


def _line(account: "Account") -> str:
    disabled = "" if account.disabled_at is None else f", disabled since {account.disabled_at:%Y-%m-%d %H:%M} UTC"
    return f"{account.name:<30} {account.role:<10} since {account.made_at:%Y-%m-%d}{disabled}"


def _record(account: "Account") -> dict[str, str | None]:
    return {
        "id": account.id,
        "name": account.name,
        "role": account.role,
        "made_at": account.made_at.isoformat(),
        "disabled_at": None if account.disabled_at is None else account.disabled_at.isoformat(),
    }
