"""Forgetting goes on where it was stopped, says as much as was asked for at any time, and lets nobody come back."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from storage.accounts.account import Role
from storage.accounts.account_rows import NotAllowed
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.database import check
from storage.errors import StoreConflict
from storage.privacy.forgetting import Forgetting, Resumed, Wish
from storage.privacy.nameless import some_nameless
from storage.privacy_tables import FORGETTING
from storage.spending.rules import Payer
from storage.store import Store
from storage.studies import Studies
from storage.tables import RANKING
from tests.examples import NOON
from tests.kept import going, run
from tests.storage.privacy.test_forgetting import ANN, CONSOLE, asked, count, everything, fill, said


class Crashed(Exception):
    """The process has ended."""


class Crashing(Forgetting):
    """Ends between its first transaction and all that follows."""

    async def resume(self) -> Resumed:
        raise Crashed


async def test_forgetting_goes_on_where_a_crash_stopped_it(store: Store, url: str) -> None:
    await fill(store)
    await asked(store, 11, ANN, "own")
    with pytest.raises(Crashed):
        await Crashing(store).forget(Wish(ANN, runs=True), CONSOLE)
    assert ANN in everything(store)
    await Forgetting(store).resume()
    assert "Zyxw" not in everything(store)
    assert store.run("r11") is None
    assert (count(store, "leaving_run"), count(store, "fading_text"), count(store, "forgetting")) == (0, 0, 0)
    assert check(url) == []


@pytest.mark.parametrize("first", [False, True])
async def test_a_repeat_says_more_and_never_less(store: Store, url: str, first: bool) -> None:
    await fill(store)
    with pytest.raises(Crashed):
        await Crashing(store).forget(Wish(ANN, rankings=first), CONSOLE)
    pseudonym = store.rows(select(FORGETTING.c.pseudonym))[0][0]
    if not first:  # it had come as far as this
        await store.write(lambda connection: some_nameless(connection, pseudonym))
        assert count(store, "ranking") == 3
    found = await Forgetting(store).forget(Wish(ANN, rankings=not first), CONSOLE)
    assert found.rankings_deleted
    assert [one.id for one, _ in store.iter_ranked()] == ["k3"]
    assert "Zyxw" not in everything(store)
    assert Studies(store).progress("s1", NOON).free == 1
    assert check(url) == []


async def test_who_was_let_in_a_moment_ago_does_not_come_back_under_the_name(store: Store, url: str) -> None:
    accounts = Accounts(store)
    await accounts.add("root", Role.ADMIN, None, CONSOLE)
    await accounts.add(ANN, Role.AUTHOR, None, CONSOLE)
    await fill(store)
    patient = Forgetting(store, late=timedelta(hours=1))
    forgetting = asyncio.create_task(patient.forget(Wish(ANN), CONSOLE))
    async with asyncio.timeout(60):
        while accounts.by_name(ANN) or store.rows(select(RANKING.c.id).where(RANKING.c.annotator == ANN)):  # noqa: ASYNC110 - another task
            await asyncio.sleep(0.01)
    await store.keep_ranking(said("k8"))
    await Studies(store).next("s1", ANN, NOON)
    await store.begin(run(id="r9"), [going(9, "r9")], Payer(ANN))
    with pytest.raises(StoreConflict, match="being forgotten"):
        await accounts.add("ann zyxw", Role.AUTHOR, None, CONSOLE)
    await patient.resume()
    assert store.rows(select(FORGETTING.c.name)) == [(ANN,)]  # somebody could still come
    forgetting.cancel()
    await asyncio.wait([forgetting])
    await Forgetting(store, late=timedelta()).resume()
    assert "zyxw" not in everything(store).casefold()
    assert count(store, "forgetting") == 0
    await accounts.add("ann zyxw", Role.AUTHOR, None, CONSOLE)
    assert check(url) == []


async def test_the_last_admin_is_told_before_anything_is_done(store: Store) -> None:
    root = await Accounts(store).add("root", Role.ADMIN, None, CONSOLE)
    before = everything(store)
    with pytest.raises(StoreConflict, match="last admin"):
        Forgetting(store).check("root", Actor("root", root.id))
    with pytest.raises(NotAllowed):
        Forgetting(store).check("root", Actor("stranger"))
    assert everything(store) == before
