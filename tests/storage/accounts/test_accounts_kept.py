"""Accounts as they are kept, on both databases."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from prefs.ranking import Ranking
from storage.accounts import accounts as module
from storage.accounts.account import Role
from storage.accounts.account_rows import NotAllowed
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, AuditLog
from storage.accounts.names import BadName
from storage.accounts.passwords import BadPassword, Cost, set_cost
from storage.accounts.sessions import Sessions
from storage.accounts.tables import ACCOUNT
from storage.errors import StoreConflict, StoreMissing
from storage.store import Store
from tests.accounts import CONSOLE, SECRET, Clock, actor, admin
from tests.examples import NOON
from tests.kept import keep_ballot


async def test_an_account_is_found_by_any_spelling_of_its_name(accounts: Accounts) -> None:
    made = await accounts.add(" Zoë ", Role.ADMIN, SECRET, CONSOLE)
    assert (made.name, made.role, made.made_at, made.disabled_at) == ("Zoë", Role.ADMIN, NOON, None)
    assert accounts.by_name("ZOE\u0308") == accounts.by_id(made.id) == made
    assert accounts.all() == (made,)
    assert accounts.by_name("nobody") is accounts.by_id("nobody") is None
    assert accounts.by_name("nob\0dy") is accounts.by_id("nob\0dy") is accounts.by_name("\ud800") is None


async def test_two_accounts_cannot_have_names_that_are_folded_alike(accounts: Accounts) -> None:
    await accounts.add("Ann", Role.ADMIN, SECRET, CONSOLE)
    with pytest.raises(StoreConflict, match="already an account"):
        await accounts.add("ＡＮＮ", Role.VIEWER, SECRET, CONSOLE)
    assert len(accounts.all()) == 1


async def test_of_many_who_want_one_name_at_once_one_gets_it(accounts: Accounts) -> None:
    await accounts.add("Ada", Role.ADMIN, SECRET, CONSOLE)
    made = await asyncio.gather(
        *(accounts.add(name, Role.VIEWER, None, CONSOLE) for name in ("ann", "Ann", "ANN", "Ａnn") * 5),
        return_exceptions=True,
    )
    assert sum(isinstance(one, StoreConflict) for one in made) == 19


async def test_the_first_account_is_an_admin_made_at_the_command_line(accounts: Accounts) -> None:
    for role, by in ((Role.ANNOTATOR, CONSOLE), (Role.ADMIN, Actor("local")), (Role.ADMIN, Actor("x", "id"))):
        with pytest.raises(NotAllowed, match="podium user add NAME --role admin"):
            await accounts.add("Ann", role, SECRET, by)
    assert not accounts.all()


async def test_only_admins_change_accounts(accounts: Accounts, store: Store) -> None:
    ada = await admin(store)
    ann = await accounts.add("Ann", Role.AUTHOR, SECRET, actor(ada))
    for by in (actor(ann), Actor("local"), Actor("x", "unknown"), Actor("command line (root)")):
        with pytest.raises(NotAllowed):
            await accounts.add("Bob", Role.VIEWER, SECRET, by)
        with pytest.raises(NotAllowed):
            await accounts.set_role(ann.id, Role.ADMIN, by)
        with pytest.raises(NotAllowed):
            await accounts.disable(ada.id, by)
        with pytest.raises(NotAllowed):
            await accounts.set_password(ada.id, SECRET, by)
    assert [one.role for one in accounts.all()] == [Role.ADMIN, Role.AUTHOR]


async def test_what_an_admin_may_ends_with_the_role(accounts: Accounts, store: Store) -> None:
    ada, bob = await admin(store), await accounts.add("Bob", Role.ADMIN, SECRET, CONSOLE)
    await accounts.disable(bob.id, actor(ada))
    with pytest.raises(NotAllowed):
        await accounts.enable(bob.id, actor(bob))
    await accounts.enable(bob.id, actor(ada))
    await accounts.set_role(bob.id, Role.AUTHOR, actor(ada))
    with pytest.raises(NotAllowed):
        await accounts.set_role(bob.id, Role.ADMIN, actor(bob))


async def test_the_last_admin_can_be_neither_disabled_nor_demoted(accounts: Accounts, store: Store) -> None:
    ada, bob = await admin(store), await accounts.add("Bob", Role.ADMIN, SECRET, CONSOLE)
    await accounts.disable(bob.id, CONSOLE)
    with pytest.raises(StoreConflict, match="Ada is the last admin"):
        await accounts.disable(ada.id, CONSOLE)
    with pytest.raises(StoreConflict, match="Ada is the last admin"):
        await accounts.set_role(ada.id, Role.AUTHOR, CONSOLE)
    assert (await accounts.set_role(ada.id, Role.ADMIN, CONSOLE)).role is Role.ADMIN
    await accounts.enable(bob.id, CONSOLE)
    assert (await accounts.set_role(ada.id, Role.VIEWER, CONSOLE)).role is Role.VIEWER


async def test_two_admins_who_disable_each_other_at_once_do_not_both_succeed(url: str, store: Store) -> None:
    with Store.open(url) as second:
        here, there = Accounts(store), Accounts(second)
        ada, bob = await admin(store), await here.add("Bob", Role.ADMIN, None, CONSOLE)
        for _ in range(10):
            done = await asyncio.gather(
                here.disable(ada.id, actor(bob)), there.disable(bob.id, actor(ada)), return_exceptions=True
            )
            assert sum(isinstance(one, NotAllowed) for one in done) == 1
            for one in (ada, bob):
                await here.enable(one.id, CONSOLE)


async def test_a_name_under_which_somebody_ranked_is_given_only_to_be_taken_on(
    accounts: Accounts, store: Store
) -> None:
    await admin(store)
    shown = await keep_ballot(store)
    await store.keep_ranking(Ranking("k1", shown.id, (("A",), ("B",), ("C",)), NOON, annotator="ann"))
    for name in ("ann", "Ann", "ＡＮＮ"):
        with pytest.raises(StoreConflict, match="--adopt"):
            await accounts.add(name, Role.ANNOTATOR, SECRET, CONSOLE)
    with pytest.raises(StoreConflict, match="exactly that name"):
        await accounts.add("Ann", Role.ANNOTATOR, SECRET, CONSOLE, adopt=True)
    assert (await accounts.add("ann", Role.ANNOTATOR, SECRET, CONSOLE, adopt=True)).name == "ann"


async def test_nothing_is_kept_of_an_account_that_is_refused(accounts: Accounts, store: Store) -> None:
    await admin(store)
    with pytest.raises(BadName):
        await accounts.add("\u200b", Role.VIEWER, SECRET, CONSOLE)
    with pytest.raises(BadPassword):
        await accounts.add("Ann", Role.VIEWER, "short", CONSOLE)
    with pytest.raises(StoreMissing):
        await accounts.set_role("none", Role.ADMIN, CONSOLE)
    assert [one.subject for one in AuditLog(store).entries()] == ["Ada"]
    assert [one.name for one in accounts.all()] == ["Ada"]


async def test_a_password_lets_in_and_a_wrong_one_does_not(accounts: Accounts, store: Store) -> None:
    ada = await admin(store)
    assert await accounts.entered("ADA ", SECRET) == ada
    assert await accounts.entered("Ada", SECRET + "!") is None
    assert await accounts.entered("nobody", SECRET) is None
    assert await accounts.entered("no\0body", "\ud800") is None
    ann = await accounts.add("Ann", Role.VIEWER, None, CONSOLE)
    assert await accounts.entered(ann.name, "") is None
    await accounts.set_password(ann.id, SECRET, CONSOLE)
    assert await accounts.entered(ann.name, SECRET) == ann
    await accounts.disable(ann.id, CONSOLE)
    assert await accounts.entered(ann.name, SECRET) is None


async def test_no_password_is_in_the_database(accounts: Accounts, store: Store) -> None:
    ada = await admin(store)
    await accounts.set_password(ada.id, "another secret", actor(ada))
    assert not {SECRET, "another secret"} & {str(value) for row in store.rows(select(ACCOUNT)) for value in row}
    assert SECRET not in repr(accounts.all())


async def test_a_new_password_ends_all_other_sessions(accounts: Accounts, store: Store, clock: Clock) -> None:
    sessions = Sessions(store, clock)
    ada = await admin(store)
    secret, mine = await sessions.begin(ada, "127.0.0.1", "Firefox")
    other, _ = await sessions.begin(ada, "10.0.0.1", "phone")
    await accounts.set_password(ada.id, "another secret", actor(ada), besides=mine.id)
    assert sessions.of(other) is None
    assert sessions.of(secret) == (ada, mine)
    assert await accounts.entered("Ada", SECRET) is None
    assert await accounts.entered("Ada", "another secret") == ada


async def test_a_hash_that_costs_too_little_is_made_anew_at_the_next_login(accounts: Accounts, store: Store) -> None:
    ada = await admin(store)
    set_cost(Cost(passes=2, memory_kib=16, lanes=1))
    assert await accounts.entered("Ada", "wrong password") is None
    assert "m=8" in store.rows(select(ACCOUNT.c.password))[0][0]
    assert await accounts.entered("Ada", SECRET) == ada
    assert "m=16" in store.rows(select(ACCOUNT.c.password))[0][0]
    assert await accounts.entered("Ada", SECRET) == ada


async def test_an_account_made_by_another_process_is_noticed_within_a_second(
    url: str, store: Store, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 100.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    assert not accounts.any_account()
    with Store.open(url) as other:
        await admin(other)
    assert not accounts.any_account()
    now_s += 1
    assert accounts.any_account()
    store.close()
    assert accounts.any_account()


async def test_every_change_of_an_account_is_in_the_log(accounts: Accounts, store: Store, clock: Clock) -> None:
    ada = await admin(store)
    by = actor(ada, "10.0.0.7")
    ann = await accounts.add("Ann", Role.ANNOTATOR, SECRET, by)
    clock.move(hours=1)
    for _ in range(2):  # what changes nothing is no news
        await accounts.set_role(ann.id, Role.AUTHOR, by)
        await accounts.disable(ann.id, by)
    await accounts.enable(ann.id, by)
    await accounts.enable(ann.id, by)
    await accounts.set_password(ann.id, "another secret", by)
    told = AuditLog(store).entries()[::-1]
    assert [(one.actor, one.act, one.subject, one.detail) for one in told] == [
        ("command line (root)", Act.ACCOUNT_ADDED, "Ada", "admin"),
        ("Ada", Act.ACCOUNT_ADDED, "Ann", "annotator"),
        ("Ada", Act.ROLE_CHANGED, "Ann", "annotator to author"),
        ("Ada", Act.ACCOUNT_DISABLED, "Ann", None),
        ("Ada", Act.ACCOUNT_ENABLED, "Ann", None),
        ("Ada", Act.PASSWORD_CHANGED, "Ann", "sessions ended: 0"),
    ]
    assert {one.address for one in told[1:]} == {"10.0.0.7"}
    assert {one.actor_id for one in told} == {None, ada.id}
    assert told[2].at - told[1].at == timedelta(hours=1)


async def test_nothing_begins_with_a_password_that_was_changed_meanwhile(
    accounts: Accounts, store: Store, clock: Clock
) -> None:
    ada, sessions = await admin(store), Sessions(store, clock)
    found = await accounts.proven("Ada", SECRET)
    assert found is not None
    assert found.hashed not in repr(found)
    secret, mine = await sessions.begin(ada, None, None, hashed=found.hashed)
    changed = await accounts.set_password(ada.id, "another secret", actor(ada), mine.id, found.hashed)
    with pytest.raises(NotAllowed, match="changed meanwhile"):
        await sessions.begin(ada, None, None, hashed=found.hashed)
    with pytest.raises(NotAllowed, match="changed meanwhile"):
        await accounts.set_password(ada.id, "a third secret", actor(ada), before=found.hashed)
    await sessions.begin(changed.account, None, None, hashed=changed.hashed)
    assert sessions.of(secret) is not None
    assert len(sessions.list(ada.id)) == 2


async def test_two_logins_at_once_that_make_a_hash_anew_both_get_in(accounts: Accounts, store: Store) -> None:
    await admin(store)
    set_cost(Cost(passes=2, memory_kib=16, lanes=1))
    both = await asyncio.gather(*(accounts.proven("Ada", SECRET) for _ in range(2)))
    kept = store.rows(select(ACCOUNT.c.password))[0][0]
    assert [one is not None and one.hashed for one in both] == [kept, kept]
