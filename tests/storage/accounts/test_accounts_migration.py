"""Databases from before accounts, and those that have some, come up to date with all they hold."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, insert, inspect, select

from prefs.ranking import Ranking
from storage.accounts.account import Account, Role
from storage.accounts.accounts import Accounts
from storage.accounts.audit import AuditLog
from storage.accounts.invitations import Invitations
from storage.accounts.names import folded
from storage.accounts.oidc import Identities, Identity
from storage.accounts.passwords import hash_password
from storage.accounts.secret import sha256
from storage.accounts.sessions import Session, Sessions
from storage.accounts.tables import ACCOUNT, AUDIT, IDENTITY, INVITATION, LOGIN_FAILURE, LOGIN_PLACE, SESSION, TOKEN
from storage.accounts.throttle import LoginThrottle
from storage.accounts.tokens import Tokens
from storage.database import check, migrate, open_engine, upgrade, writing
from storage.errors import StoreConflict
from storage.store import Store
from tests.accounts import CONSOLE, SECRET, Clock, admin
from tests.examples import NOON
from tests.kept import keep_ballot
from tests.storage.conftest import new_database

TABLES = (ACCOUNT, SESSION, INVITATION, TOKEN, IDENTITY, LOGIN_FAILURE, LOGIN_PLACE, AUDIT)
HERS = Identity("https://id.example.org", "1234")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of this test alone: its schema changes."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def tenth(url: str) -> str:
    """A database of version 0010 with a row in each table, put there as that version's columns are."""
    migrate(url, "0010")
    engine = open_engine(url)
    with writing(engine).begin() as connection:
        _fill(connection)
    engine.dispose()
    return url


def _fill(connection: Connection) -> None:
    def keep(table: Table, **row: Any) -> None:
        connection.execute(insert(table), row)

    later = Clock()
    later.move(days=1)
    keep(
        ACCOUNT,
        id="a1",
        name="Zoë",
        folded_name=folded("Zoë"),
        role="admin",
        password=hash_password(SECRET),
        made_at=NOON,
        disabled_at=None,
    )
    secret = {"made_at": NOON, "expires_at": later.now, "revoked_at": None}
    began = {"began_at": NOON, "seen_at": NOON, "expires_at": later.now, "address": "10.0.0.1"}
    keep(SESSION, id="s1", secret_sha256=sha256("session"), account_id="a1", **began)
    keep(INVITATION, id="i1", secret_sha256=sha256("invitation"), role="viewer", inviter="Zoë", adopt=False, **secret)
    keep(TOKEN, id="k1", secret_sha256=sha256("pod_x"), account_id="a1", label="x", scopes="export read", **secret)
    keep(IDENTITY, issuer=HERS.issuer, subject=HERS.subject, account_id="a1", linked_at=NOON)
    for _ in range(5):
        keep(LOGIN_FAILURE, name_sha256=sha256("eve"), place="10.0.0.9", failed_at=NOON)
    keep(LOGIN_PLACE, name_sha256=sha256("eve"), place="10.0.0.1", at=NOON)
    keep(AUDIT, at=NOON, actor="Zoë", act="account added", subject="Zoë", detail="admin")


def test_what_the_tenth_version_kept_of_accounts_is_good_in_this_one(tenth: str) -> None:
    upgrade(tenth)
    clock = Clock()
    with Store.open(tenth) as store:
        zoe = Account("a1", "Zoë", Role.ADMIN, NOON)
        accounts = Accounts(store, clock)
        assert asyncio.run(accounts.entered("zoe\u0308", SECRET)) == zoe == accounts.by_id("a1")
        session = Sessions(store, clock).of("session")
        assert session is not None
        assert session[1] == Session("s1", "a1", NOON, NOON, session[1].expires_at, None, "10.0.0.1", None)
        invitation = Invitations(store, clock).look("invitation")
        assert invitation is not None
        assert (invitation.role, invitation.adopt, invitation.name) == (Role.VIEWER, False, None)
        token = Tokens(store, clock).of("pod_x")
        assert token is not None
        assert token[1].scopes == {"read", "export"}
        assert Identities(store).of(HERS) == zoe
        assert LoginThrottle(store, clock).wait_s("Eve", "10.0.0.9") == 900
        assert LoginThrottle(store, clock).wait_s("Eve", "10.0.0.1") == 0
        assert [(one.sequence, one.at, one.act) for one in AuditLog(store).entries()] == [(1, NOON, "account added")]
    assert check(tenth) == []


async def test_a_database_from_before_accounts_has_none_and_keeps_its_rankings(url: str) -> None:
    migrate(url, "0009")
    upgrade(url)
    with Store.open(url) as store:
        shown = await keep_ballot(store)
        ranking = await store.keep_ranking(Ranking("k1", shown.id, (("A",), ("B",), ("C",)), NOON, annotator="ann"))
        assert not Accounts(store).any_account()
    migrate(url, "0009")
    engine = open_engine(url)
    assert {table.name for table in TABLES}.isdisjoint(inspect(engine).get_table_names())
    engine.dispose()
    upgrade(url)
    with Store.open(url) as store:
        assert store.current_ranking(shown.id, "ann") == ranking
        assert (
            store.read(lambda c: [c.execute(select(func.count()).select_from(t)).scalar() for t in TABLES]) == [0] * 8
        )
        await admin(store)
        with pytest.raises(StoreConflict, match="--adopt"):
            await Accounts(store).add("Ann", Role.ANNOTATOR, None, CONSOLE)
