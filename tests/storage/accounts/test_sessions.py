"""Sessions: begun by logging in, ended by time, by logging out, by a disabled account."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from storage.accounts.account import Role
from storage.accounts.account_rows import NotAllowed
from storage.accounts.accounts import Accounts
from storage.accounts.audit import Act, AuditLog
from storage.accounts.sessions import IDLE, LIFETIME, SEEN_EVERY, Sessions
from storage.accounts.tables import ACCOUNT, SESSION
from storage.errors import StoreMissing
from storage.store import Store
from tests.accounts import CONSOLE, SECRET, Clock, actor, admin
from tests.examples import NOON


@pytest.fixture
def sessions(store: Store, clock: Clock) -> Sessions:
    return Sessions(store, clock)


async def test_a_secret_opens_its_session_and_the_database_does_not_have_it(sessions: Sessions, store: Store) -> None:
    ada = await admin(store)
    secret, made = await sessions.begin(ada, "10.0.0.1", "Firefox\x1b[2J" + "x" * 500)
    assert sessions.of(secret) == (ada, made)
    assert made.agent is not None
    assert (made.agent[:11], len(made.agent)) == ("Firefox[2Jx", 299)
    assert len(secret) == 43
    assert secret not in str(store.rows(select(SESSION)))
    for wrong in ("", secret[:-1], made.id, "\ud800", "\0"):
        assert sessions.of(wrong) is None


async def test_every_login_has_a_new_secret(sessions: Sessions, store: Store) -> None:
    ada = await admin(store)
    (one, first), (other, second) = [await sessions.begin(ada, None, None) for _ in range(2)]
    assert one != other
    assert first.id != second.id
    assert set(sessions.list(ada.id)) == {first, second}


async def test_a_session_ends_when_its_time_is_over_however_busy(
    sessions: Sessions, store: Store, clock: Clock
) -> None:
    secret, made = await sessions.begin(await admin(store), None, None)
    end = clock.now + LIFETIME
    while clock.now < end:
        found = sessions.of(secret)
        assert found is not None
        await sessions.seen(found[1])
        clock.move(days=1)
    assert sessions.of(secret) is None
    assert sessions.list(made.account_id) == ()


async def test_a_session_that_nobody_uses_is_over_after_two_days(
    sessions: Sessions, store: Store, clock: Clock
) -> None:
    secret, made = await sessions.begin(await admin(store), None, None)
    clock.now += IDLE - timedelta(seconds=1)
    assert sessions.of(secret) is not None
    clock.move(seconds=1)
    assert sessions.of(secret) is None
    await sessions.seen(made)
    assert made.open(clock.now) is False


async def test_use_is_kept_at_most_every_five_minutes(sessions: Sessions, store: Store, clock: Clock) -> None:
    secret, made = await sessions.begin(await admin(store), None, None)
    clock.now += SEEN_EVERY - timedelta(seconds=1)
    await sessions.seen(made)
    found = sessions.of(secret)
    assert found is not None
    assert found[1].seen_at == made.seen_at
    clock.move(seconds=1)
    await sessions.seen(made)
    found = sessions.of(secret)
    assert found is not None
    assert found[1].seen_at == clock.now


async def test_logging_out_ends_one_session_and_logging_out_everywhere_all(sessions: Sessions, store: Store) -> None:
    ada = await admin(store)
    begun = [await sessions.begin(ada, None, None) for _ in range(4)]
    await sessions.end(begun[0][1].id, actor(ada))
    await sessions.end(begun[0][1].id, actor(ada))
    assert [sessions.of(secret) is None for secret, _ in begun] == [True, False, False, False]
    assert await sessions.end_all(ada.id, actor(ada), besides=begun[1][1].id) == 2
    assert [sessions.of(secret) is None for secret, _ in begun] == [True, False, True, True]
    assert await sessions.end_all(ada.id, CONSOLE) == 1
    assert await sessions.end_all(ada.id, CONSOLE) == 0
    assert [one.act for one in AuditLog(store).entries(3)] == [Act.SESSIONS_ENDED, Act.SESSIONS_ENDED, Act.LOGGED_OUT]


async def test_nobody_ends_the_sessions_of_others_but_admins(sessions: Sessions, store: Store) -> None:
    ada, accounts = await admin(store), Accounts(store)
    ann = await accounts.add("Ann", Role.AUTHOR, SECRET, CONSOLE)
    _, hers = await sessions.begin(ada, None, None)
    _, own = await sessions.begin(ann, None, None)
    with pytest.raises(NotAllowed):
        await sessions.end(hers.id, actor(ann))
    with pytest.raises(NotAllowed):
        await sessions.end_all(ada.id, actor(ann))
    for unknown in ("none", "\0"):
        with pytest.raises(StoreMissing):
            await sessions.end(unknown, actor(ada))
    await sessions.end(own.id, actor(ada))
    assert sessions.list(ann.id) == ()
    assert sessions.list(ada.id) == (hers,)


async def test_a_disabled_account_has_no_sessions_and_begins_none(sessions: Sessions, store: Store) -> None:
    ada, accounts = await admin(store), Accounts(store)
    ann = await accounts.add("Ann", Role.VIEWER, SECRET, CONSOLE)
    secret, _ = await sessions.begin(ann, None, None)
    await accounts.disable(ann.id, actor(ada))
    assert sessions.of(secret) is None
    with pytest.raises(NotAllowed, match="disabled"):
        await sessions.begin(ann, None, None)
    await accounts.enable(ann.id, actor(ada))
    assert sessions.of(secret) is None


async def test_an_open_session_of_a_disabled_account_lets_nobody_in(sessions: Sessions, store: Store) -> None:
    ada = await admin(store)
    secret, made = await sessions.begin(ada, None, None)
    disabled = update(ACCOUNT).values(disabled_at=NOON)  # past the rule that would have ended the session
    await store.write(lambda connection: connection.execute(disabled).rowcount)
    assert sessions.list(ada.id) == (made,)
    assert sessions.of(secret) is None


async def test_a_session_has_the_role_that_its_account_has_now(sessions: Sessions, store: Store) -> None:
    await admin(store)
    ann = await Accounts(store).add("Ann", Role.AUTHOR, SECRET, CONSOLE)
    secret, _ = await sessions.begin(ann, None, None)
    await Accounts(store).set_role(ann.id, Role.VIEWER, CONSOLE)
    found = sessions.of(secret)
    assert found is not None
    assert found[0].role is Role.VIEWER


async def test_sessions_long_over_are_forgotten(sessions: Sessions, store: Store, clock: Clock) -> None:
    ada = await admin(store)
    await sessions.begin(ada, None, None)
    clock.now += LIFETIME + timedelta(days=31)
    _, new = await sessions.begin(ada, None, None)
    assert [row[0] for row in store.rows(select(SESSION.c.id))] == [new.id]
