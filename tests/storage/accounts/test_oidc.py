"""Accounts that are entered through OpenID Connect."""

import asyncio

import pytest

from storage.accounts.account import Role
from storage.accounts.account_rows import NotAllowed
from storage.accounts.accounts import Accounts
from storage.accounts.audit import Act, AuditLog
from storage.accounts.invitations import BadInvitation, Invitations
from storage.accounts.names import BadName
from storage.accounts.oidc import Identities, Identity
from storage.store import Store
from tests.accounts import CONSOLE, admin

HERS = Identity("https://id.example.org", "1234")


async def test_a_newcomer_has_the_least_role_and_is_known_by_issuer_and_subject(store: Store) -> None:
    await admin(store)
    identities = Identities(store)
    ann = await identities.welcome(HERS, "Ann", Role.VIEWER, address="10.0.0.1")
    assert (ann.name, ann.role) == ("Ann", Role.VIEWER)
    assert await identities.welcome(HERS, "Somebody else", Role.ADMIN) == identities.of(HERS) == ann
    assert identities.of(Identity("https://id.example.org", "12345")) is None
    assert identities.of(Identity("https://evil.example.org", "1234")) is None
    assert [one.act for one in AuditLog(store).entries(2)] == [Act.IDENTITY_LINKED, Act.ACCOUNT_ADDED]


async def test_whoever_claims_the_name_of_an_account_does_not_become_it(store: Store) -> None:
    ada = await admin(store)
    other = await Identities(store).welcome(HERS, "ADA", Role.VIEWER)
    assert (other.name, other.role) == ("ADA 2", Role.VIEWER)
    assert other.id != ada.id
    assert (await Identities(store).welcome(Identity("i", "s"), "x" * 60, Role.VIEWER)).name == "x" * 60
    assert (await Identities(store).welcome(Identity("i", "t"), "x" * 60, Role.VIEWER)).name == "x" * 58 + " 2"


async def test_nobody_comes_without_an_invitation_where_one_is_needed(store: Store) -> None:
    identities = Identities(store)
    with pytest.raises(NotAllowed):
        await identities.welcome(HERS, "Ann", Role.VIEWER)  # the first account is made on the server
    await admin(store)
    with pytest.raises(NotAllowed, match="invitation"):
        await identities.welcome(HERS, "Ann", None)
    with pytest.raises(BadInvitation):
        await identities.welcome(HERS, "Ann", None, "no such secret")
    secret, _ = await Invitations(store).make(Role.AUTHOR, CONSOLE)
    with pytest.raises(BadName):
        await identities.welcome(HERS, "\u200b", None, secret)
    ann = await identities.welcome(HERS, "Ann", None, secret)
    assert (ann.role, identities.of(HERS)) == (Role.AUTHOR, ann)
    assert await identities.welcome(HERS, "Ann", None, "no such secret") == ann


async def test_one_identity_that_comes_many_times_at_once_gets_one_account(url: str, store: Store) -> None:
    await admin(store)
    with Store.open(url) as other:
        both = Identities(store), Identities(other)
        came = await asyncio.gather(*(both[number % 2].welcome(HERS, "Ann", Role.VIEWER) for number in range(20)))
    assert len({one.id for one in came}) == 1
    assert len(Accounts(store).all()) == 2


@pytest.mark.parametrize("text", ["", "a\0b", "x" * 1_001])
def test_an_identity_has_an_issuer_and_a_subject(text: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        Identity(text, "1")
    with pytest.raises(ValueError, match="subject"):
        Identity("https://id.example.org", text)
