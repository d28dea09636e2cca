"""Invitations: one use, by whom its maker might invite, until it is too old."""

import asyncio
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from prefs.ranking import Ranking
from prefs.study import Study
from storage.accounts.account import Account, Role
from storage.accounts.account_rows import NotAllowed
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, AuditLog
from storage.accounts.invitations import LIFETIME, BadInvitation, Invitations
from storage.accounts.names import BadName
from storage.accounts.passwords import BadPassword
from storage.accounts.tables import INVITATION
from storage.errors import StoreConflict, StoreError, StoreMissing
from storage.store import Store
from storage.studies import Studies
from tests.accounts import CONSOLE, SECRET, Clock, actor, admin
from tests.examples import NOON
from tests.kept import keep_ballot


@pytest.fixture
def invitations(store: Store, clock: Clock) -> Invitations:
    return Invitations(store, clock)


async def test_an_invitation_makes_an_account_of_its_role_once(
    invitations: Invitations, accounts: Accounts, store: Store
) -> None:
    ada = await admin(store)
    secret, made = await invitations.make(Role.ANNOTATOR, actor(ada))
    assert invitations.look(secret) == made
    assert invitations.list() == (made,)
    ann = await invitations.accept(secret, "Ann", SECRET, "10.0.0.1")
    assert (ann.name, ann.role) == ("Ann", Role.ANNOTATOR)
    assert await accounts.entered("Ann", SECRET) == ann
    assert invitations.look(secret) is None
    assert invitations.list() == ()
    with pytest.raises(BadInvitation, match="ask for a new one"):
        await invitations.accept(secret, "Bob", SECRET)
    assert len(accounts.all()) == 2


async def test_the_database_does_not_have_the_secret(invitations: Invitations, store: Store) -> None:
    ada = await admin(store)
    secret, made = await invitations.make(Role.VIEWER, actor(ada))
    kept = str(store.rows(select(INVITATION))) + str(AuditLog(store).entries())
    assert secret not in kept
    assert made.id in kept
    for wrong in ("", secret[:-1], made.id, "\0", "\ud800"):
        assert invitations.look(wrong) is None
        with pytest.raises(BadInvitation):
            await invitations.accept(wrong, "Ann", SECRET)


async def test_a_refused_acceptance_does_not_use_it_up(
    invitations: Invitations, accounts: Accounts, store: Store
) -> None:
    await admin(store)
    shown = await keep_ballot(store)
    await store.keep_ranking(Ranking("k1", shown.id, (("A",), ("B",), ("C",)), NOON, annotator="bob"))
    secret, _ = await invitations.make(Role.ANNOTATOR, CONSOLE)
    refused: list[tuple[str, str, type[Exception]]] = [
        ("Ada", SECRET, StoreConflict),
        ("Bob", SECRET, StoreConflict),
        ("Ann\u200b", SECRET, BadName),
        ("Ann", "short", BadPassword),
    ]
    for name, password, error in refused:
        with pytest.raises(error):
            await invitations.accept(secret, name, password)
    await invitations.accept(secret, "Ann", SECRET)
    assert [one.name for one in accounts.all()] == ["Ada", "Ann"]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(["ann", "Ann", "bob", "eve", "zoë"]), min_size=2, max_size=8))
async def test_of_many_who_accept_at_once_in_two_processes_one_is_let_in(tmp_path: Path, names: list[str]) -> None:
    url = f"sqlite:///{tmp_path / uuid.uuid4().hex}.db"
    with Store.open(url) as one, Store.open(url) as other:
        await admin(one)
        secret, _ = await Invitations(one).make(Role.VIEWER, CONSOLE)
        await _accepted_once(one, other, secret, names)


async def test_of_many_who_accept_at_once_one_is_let_in_on_every_database(url: str, store: Store) -> None:
    with Store.open(url) as other:
        await admin(store)
        secret, _ = await Invitations(store).make(Role.VIEWER, CONSOLE)
        await _accepted_once(store, other, secret, [f"person {number}" for number in range(20)])


async def _accepted_once(one: Store, other: Store, secret: str, names: list[str]) -> None:
    tried = await asyncio.gather(
        *(Invitations(one if place % 2 else other).accept(secret, name, SECRET) for place, name in enumerate(names)),
        return_exceptions=True,
    )
    made = [result for result in tried if isinstance(result, Account)]
    assert len(made) == 1
    assert all(isinstance(result, BadInvitation) for result in tried if result is not made[0])
    assert {account.name for account in Accounts(other).all()} == {"Ada", made[0].name}
    assert [entry.act for entry in AuditLog(one).entries()].count(Act.INVITATION_ACCEPTED) == 1


async def test_an_invitation_is_open_until_its_time_or_until_it_is_taken_back(
    invitations: Invitations, store: Store, clock: Clock
) -> None:
    await admin(store)
    secret, made = await invitations.make(Role.VIEWER, CONSOLE)
    clock.now += LIFETIME - timedelta(seconds=1)
    assert invitations.look(secret) == made
    await invitations.revoke(made.id, CONSOLE)
    assert invitations.look(secret) is None
    secret, made = await invitations.make(Role.VIEWER, CONSOLE, timedelta(hours=1))
    clock.move(hours=1)
    assert invitations.look(secret) is None
    assert invitations.list() == ()
    with pytest.raises(BadInvitation):
        await invitations.accept(secret, "Ann", SECRET)
    for lifetime in (timedelta(0), timedelta(days=31)):
        with pytest.raises(ValueError, match="30 days"):
            await invitations.make(Role.VIEWER, CONSOLE, lifetime)


async def test_authors_invite_those_below_them_and_only_admins_others(
    invitations: Invitations, accounts: Accounts, store: Store
) -> None:
    await admin(store)
    by = {role: actor(await accounts.add(str(role), role, None, CONSOLE)) for role in Role}
    for role in Role:
        for inviter, who in by.items():
            may = inviter is Role.ADMIN or (inviter is Role.AUTHOR and role in (Role.VIEWER, Role.ANNOTATOR))
            if may:
                await invitations.make(role, who)
            else:
                with pytest.raises(NotAllowed):
                    await invitations.make(role, who)
    with pytest.raises(NotAllowed):
        await invitations.make(Role.VIEWER, by[Role.AUTHOR], name="Ann", adopt=True)


async def test_nobody_invites_before_the_first_account(invitations: Invitations, accounts: Accounts) -> None:
    for by in (CONSOLE, Actor("local")):
        with pytest.raises(NotAllowed, match="before there is an admin"):
            await invitations.make(Role.ADMIN, by)
    assert invitations.list() == ()


@pytest.mark.parametrize("change", ["disable", "demote"])
async def test_an_invitation_is_void_while_its_maker_may_not_invite(
    invitations: Invitations, accounts: Accounts, store: Store, change: str
) -> None:
    await admin(store)
    ann = await accounts.add("Ann", Role.AUTHOR, SECRET, CONSOLE)
    secret, made = await invitations.make(Role.VIEWER, actor(ann))
    if change == "disable":
        await accounts.disable(ann.id, CONSOLE)
    else:
        await accounts.set_role(ann.id, Role.ANNOTATOR, CONSOLE)
    assert invitations.look(secret) is None
    with pytest.raises(BadInvitation):
        await invitations.accept(secret, "Bob", SECRET)
    if change == "disable":
        await accounts.enable(ann.id, CONSOLE)
        assert invitations.look(secret) == made


async def test_a_named_invitation_gives_that_name_and_may_take_on_rankings(
    invitations: Invitations, accounts: Accounts, store: Store
) -> None:
    ada = await admin(store)
    shown = await keep_ballot(store)
    await store.keep_ranking(Ranking("k1", shown.id, (("A",), ("B",), ("C",)), NOON, annotator="ann"))
    secret, _ = await invitations.make(Role.ANNOTATOR, actor(ada), name="ann")
    with pytest.raises(StoreConflict, match="--adopt"):
        await invitations.accept(secret, "else", SECRET)
    secret, _ = await invitations.make(Role.ANNOTATOR, actor(ada), name="ann", adopt=True)
    assert (await invitations.accept(secret, "else", SECRET)).name == "ann"
    assert accounts.by_name("else") is None


async def test_an_invitation_may_lead_to_a_study_that_exists(invitations: Invitations, store: Store) -> None:
    await admin(store)
    await Studies(store).create(Study("s1", "Routing", NOON), [])
    secret, _ = await invitations.make(Role.ANNOTATOR, CONSOLE, study="s1")
    found = invitations.look(secret)
    assert found is not None
    assert found.study == "s1"
    with pytest.raises(StoreMissing, match="no study"):
        await invitations.make(Role.ANNOTATOR, CONSOLE, study="none")


async def test_invitations_are_taken_back_by_their_makers_and_by_admins(
    invitations: Invitations, accounts: Accounts, store: Store
) -> None:
    ada = await admin(store)
    ann = await accounts.add("Ann", Role.AUTHOR, None, CONSOLE)
    bob = await accounts.add("Bob", Role.AUTHOR, None, CONSOLE)
    _, first = await invitations.make(Role.VIEWER, actor(ann))
    _, second = await invitations.make(Role.VIEWER, actor(ann))
    assert set(invitations.list(ann.id)) == {first, second}
    assert invitations.list(bob.id) == ()
    with pytest.raises(NotAllowed):
        await invitations.revoke(first.id, actor(bob))
    await invitations.revoke(first.id, actor(ann))
    await invitations.revoke(second.id, actor(ada))
    await invitations.revoke(second.id, actor(ada))
    for unknown in ("none", "\0"):
        with pytest.raises(StoreError):
            await invitations.revoke(unknown, actor(ada))
    acts = [one.act for one in AuditLog(store).entries()]
    assert acts.count(Act.INVITATION_REVOKED) == acts.count(Act.INVITATION_MADE) == 2
