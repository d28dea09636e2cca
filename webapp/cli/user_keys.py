"""The parts of `podium user` about what lets somebody in: sessions, invitations and tokens."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from webapp.cli import flags
from webapp.cli.console import console, named, opened
from webapp.pages.words import account as words

if TYPE_CHECKING:
    from storage.accounts.invitations import Invitation
    from storage.accounts.sessions import Session
    from storage.accounts.tokens import Token

ROLES = tuple(words.ROLES)
SCOPES = tuple(words.SCOPES)


def add_to(actions: Any) -> None:
    """These actions and their flags."""
    sessions = actions.add_parser("sessions", help="where somebody is logged in")
    sessions.add_argument("name", metavar="NAME")
    sessions.add_argument("--end", action="store_true", help="log them out everywhere")
    inviting = actions.add_parser("invite", help="print a link by which one person can make an account")
    inviting.add_argument("--role", choices=ROLES, required=True)
    inviting.add_argument("--study", metavar="ID", help="where the link leads to")
    add_link_flags(inviting)
    invitations = actions.add_parser("invitations", help="links that nobody has used yet")
    revoke = actions.add_parser("revoke", help="take an invitation back")
    revoke.add_argument("id", metavar="ID", help="as podium user invitations tells it")
    tokens = actions.add_parser("tokens", help="tokens that are good, of one account or of all")
    tokens.add_argument("name", nargs="?", metavar="NAME")
    revoke_token = actions.add_parser("revoke-token", help="let a token open nothing any more")
    revoke_token.add_argument("id", metavar="ID", help="as podium user tokens tells it")
    for action in (sessions, invitations, tokens):
        action.add_argument("--json", action="store_true", help="one record per line")
    runs = (
        (sessions, _sessions),
        (inviting, invite),
        (invitations, _invitations),
        (revoke, _revoke),
        (_add_token(actions), _token),
        (tokens, _tokens),
        (revoke_token, _revoke_token),
    )
    for action, run in runs:
        flags.add_database(action)
        action.set_defaults(run=run)


def add_link_flags(action: argparse.ArgumentParser) -> None:
    """How long a link is open, and where it leads."""
    action.add_argument("--days", type=_days, default=7, metavar="N", help="the link is open so long (7)")
    action.add_argument("--url", type=flags.url, metavar="BASE", help="how people reach the server; else its host")


def _add_token(actions: Any) -> argparse.ArgumentParser:
    token: argparse.ArgumentParser = actions.add_parser("token", help="print a token for a program; told this once")
    token.add_argument("name", metavar="NAME", help="whose account it is")
    token.add_argument("--label", required=True, help="what it is for")
    token.add_argument("--scope", dest="scopes", nargs="+", choices=SCOPES, required=True, help="what it may do")
    token.add_argument("--days", type=_days, default=90, metavar="N", help="it is good so long (90; at most 366)")
    return token


def invite(chosen: argparse.Namespace, name: str | None = None) -> int:
    """Print the link of an invitation, for that name or for whoever comes."""
    from storage.accounts.account import Role  # noqa: PLC0415 - parsing flags needs none of this
    from storage.accounts.invitations import Invitations  # noqa: PLC0415

    study, adopt = getattr(chosen, "study", None), getattr(chosen, "adopt", False)
    with opened(chosen) as store:
        made = Invitations(store).make(
            Role(chosen.role), console(), timedelta(days=chosen.days), name=name, study=study, adopt=adopt
        )
        secret, invitation = asyncio.run(made)
    print(f"{_base(chosen)}/invitation/{secret}")
    print(
        f"Whoever has this link can use it once, until {_time(invitation.expires_at)}, to become {invitation.role}. "
        f"It is not shown again; podium user revoke {invitation.id} takes it back.",
        file=sys.stderr,
    )
    return 0


def _sessions(chosen: argparse.Namespace) -> int:
    from storage.accounts.sessions import Sessions  # noqa: PLC0415 - as above

    with opened(chosen) as store:
        (_, found), sessions = named(store, chosen.name), Sessions(store)
        if chosen.end:
            ended = asyncio.run(sessions.end_all(found.id, console()))
            print(f"{found.name} is logged out everywhere; sessions that ended: {ended}")
            return 0
        for one in sessions.list(found.id):
            print(_json(one) if chosen.json else _session_line(one))
    return 0


def _invitations(chosen: argparse.Namespace) -> int:
    from storage.accounts.invitations import Invitations  # noqa: PLC0415 - as above

    with opened(chosen) as store:
        for one in Invitations(store).list():
            print(_json(one) if chosen.json else _invitation_line(one))
    return 0


def _revoke(chosen: argparse.Namespace) -> int:
    from storage.accounts.invitations import Invitations  # noqa: PLC0415 - as above

    with opened(chosen) as store:
        asyncio.run(Invitations(store).revoke(chosen.id, console()))
    print("the invitation is void")
    return 0


def _token(chosen: argparse.Namespace) -> int:
    from storage.accounts.tokens import Tokens  # noqa: PLC0415 - as above

    with opened(chosen) as store:
        _, found = named(store, chosen.name)
        lifetime = timedelta(days=chosen.days)
        secret, token = asyncio.run(Tokens(store).make(found, chosen.label, chosen.scopes, console(), lifetime))
    print(secret)
    print(
        f"Send it as Authorization: Bearer, until {_time(token.expires_at)}. It may do no more than {found.name} may. "
        f"It is not shown again; podium user revoke-token {token.id} takes it back.",
        file=sys.stderr,
    )
    return 0


def _tokens(chosen: argparse.Namespace) -> int:
    from storage.accounts.accounts import Accounts  # noqa: PLC0415 - as above
    from storage.accounts.tokens import Tokens  # noqa: PLC0415

    with opened(chosen) as store:
        names = {one.id: one.name for one in Accounts(store).all()}
        of = None if chosen.name is None else named(store, chosen.name)[1].id
        for one in Tokens(store).list(of):
            print(_json(one) if chosen.json else _token_line(one, names[one.account_id]))
    return 0


def _revoke_token(chosen: argparse.Namespace) -> int:
    from storage.accounts.tokens import Tokens  # noqa: PLC0415 - as above

    with opened(chosen) as store:
        asyncio.run(Tokens(store).revoke(chosen.id, console()))
    print("the token opens nothing any more")
    return 0


def _base(chosen: argparse.Namespace) -> str:
    if chosen.url is not None:
        return str(chosen.url)
    settings = flags.settings(chosen)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 366:
        raise argparse.ArgumentTypeError(f"must be whole days from 1 to 366, not {text!r}")
    return int(text)


def _json(one: "Session | Invitation | Token") -> str:
    return json.dumps(asdict(one), ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else sorted(value) if isinstance(value, frozenset) else ""


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _session_line(session: "Session") -> str:
    place = f"{session.address or 'somewhere'}, {session.agent or 'an unknown browser'}"
    return f"{session.id}  since {_time(session.began_at)}, last seen {_time(session.seen_at)}: {place}"


def _invitation_line(invitation: "Invitation") -> str:
    whom = invitation.name or "anybody"
    study = "" if invitation.study is None else f", study {invitation.study}"
    until = _time(invitation.expires_at)
    return f"{invitation.id}  {whom} as {invitation.role}, by {invitation.inviter}, until {until}{study}"


def _token_line(token: "Token", name: str) -> str:
    used = "never used" if token.used_at is None else f"last used {_time(token.used_at)}"
    scopes = ", ".join(sorted(token.scopes))
    return f"{token.id}  {name}: {token.label} ({scopes}), until {_time(token.expires_at)}, {used}"
