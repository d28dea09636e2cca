"""Tokens: what lets programs in, for a stated time, with stated scopes."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from storage.accounts.account import Role
from storage.accounts.account_rows import NotAllowed
from storage.accounts.accounts import Accounts
from storage.accounts.audit import Act, AuditLog
from storage.accounts.tables import TOKEN
from storage.accounts.tokens import LIFETIME, SCOPES, USED_EVERY, Tokens
from storage.errors import StoreMissing
from storage.store import Store
from tests.accounts import CONSOLE, SECRET, Clock, actor, admin


@pytest.fixture
def tokens(store: Store, clock: Clock) -> Tokens:
    return Tokens(store, clock)


async def test_a_token_is_told_once_and_the_database_does_not_have_it(tokens: Tokens, store: Store) -> None:
    ada = await admin(store)
    secret, made = await tokens.make(ada, " nightly export ", ["export", "read"], actor(ada))
    assert secret.startswith("pod_")
    assert (made.label, made.scopes) == ("nightly export", {"read", "export"})
    assert tokens.of(secret) == (ada, made)
    assert tokens.list() == tokens.list(ada.id) == (made,)
    entries = AuditLog(store).entries()
    assert secret[4:] not in str(store.rows(select(TOKEN))) + str(entries)
    assert entries[0].detail == f"nightly export: export read, until {made.expires_at:%Y-%m-%d}"
    for wrong in ("", "pod_", secret[4:], secret[:-1], made.id, "\ud800"):
        assert tokens.of(wrong) is None


async def test_a_token_is_good_until_its_time_and_not_after(tokens: Tokens, store: Store, clock: Clock) -> None:
    ada = await admin(store)
    secret, made = await tokens.make(ada, "metrics", ["metrics"], actor(ada))
    assert made.expires_at - made.made_at == LIFETIME
    clock.now += LIFETIME - timedelta(seconds=1)
    assert tokens.of(secret) is not None
    clock.move(seconds=1)
    assert tokens.of(secret) is None
    assert tokens.list() == ()


async def test_a_token_of_a_disabled_account_opens_nothing_and_has_the_role_of_now(
    tokens: Tokens, store: Store
) -> None:
    await admin(store)
    accounts = Accounts(store)
    ann = await accounts.add("Ann", Role.AUTHOR, SECRET, CONSOLE)
    secret, _ = await tokens.make(ann, "all", SCOPES, actor(ann))
    await accounts.set_role(ann.id, Role.VIEWER, CONSOLE)
    found = tokens.of(secret)
    assert found is not None
    assert found[0].role is Role.VIEWER
    disabled = await accounts.disable(ann.id, CONSOLE)
    assert tokens.of(secret) is None
    with pytest.raises(NotAllowed):
        await tokens.make(disabled, "more", ["read"], CONSOLE)
    await accounts.enable(ann.id, CONSOLE)
    assert tokens.of(secret) is not None


async def test_a_revoked_token_opens_nothing(tokens: Tokens, store: Store) -> None:
    await admin(store)
    ann = await Accounts(store).add("Ann", Role.AUTHOR, SECRET, CONSOLE)
    bob = await Accounts(store).add("Bob", Role.AUTHOR, SECRET, CONSOLE)
    secret, made = await tokens.make(ann, "mine", ["read"], actor(ann))
    with pytest.raises(NotAllowed):
        await tokens.revoke(made.id, actor(bob))
    with pytest.raises(NotAllowed):
        await tokens.make(ann, "hers", ["read"], actor(bob))
    with pytest.raises(StoreMissing):
        await tokens.revoke("\0", actor(ann))
    await tokens.revoke(made.id, actor(ann))
    await tokens.revoke(made.id, CONSOLE)
    assert tokens.of(secret) is None
    assert tokens.list() == ()
    assert [one.act for one in AuditLog(store).entries(2)] == [Act.TOKEN_REVOKED, Act.TOKEN_MADE]


async def test_use_of_a_token_is_kept_at_most_every_five_minutes(tokens: Tokens, store: Store, clock: Clock) -> None:
    ada = await admin(store)
    _, made = await tokens.make(ada, "x", ["read"], CONSOLE)
    await tokens.used(made)
    assert tokens.list()[0].used_at == clock.now
    clock.now += USED_EVERY - timedelta(seconds=1)
    await tokens.used(tokens.list()[0])
    assert tokens.list()[0].used_at == made.made_at
    clock.move(seconds=1)
    await tokens.used(tokens.list()[0])
    assert tokens.list()[0].used_at == clock.now


@pytest.mark.parametrize(
    ("label", "scopes", "days", "says"),
    [
        ("", ["read"], 1, "label"),
        ("a\nb", ["read"], 1, "label"),
        ("x" * 101, ["read"], 1, "label"),
        ("x", [], 1, "at least one"),
        ("x", ["read", "everything"], 1, "everything"),
        ("x", ["read"], 0, "366 days"),
        ("x", ["read"], 367, "366 days"),
    ],
)
async def test_a_token_without_label_scope_or_end_is_refused(
    label: str, scopes: list[str], days: int, says: str
) -> None:
    with Store.open("sqlite://") as store:
        ada = await admin(store)
        with pytest.raises(ValueError, match=says):
            await Tokens(store).make(ada, label, scopes, CONSOLE, timedelta(days=days))
