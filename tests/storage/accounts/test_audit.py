"""The log of who did what."""

import pytest

from storage.accounts import audit
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, AuditLog, Said, noted
from storage.errors import StoreError
from storage.store import Store
from tests.accounts import CONSOLE, Clock, admin
from tests.examples import NOON


async def test_entries_come_newest_first_page_by_page(store: Store, clock: Clock) -> None:
    log = AuditLog(store, clock)
    for number in range(5):
        await log.note(CONSOLE, Act.EXPORTED, f"kind {number}")
        clock.move(seconds=1)
    first = log.entries(2)
    assert [one.subject for one in first] == ["kind 4", "kind 3"]
    assert [one.subject for one in log.entries(10, before=first[-1].sequence)] == ["kind 2", "kind 1", "kind 0"]
    assert log.entries(10)[-1].at == NOON


async def test_entries_are_found_by_actor_act_and_subject(store: Store) -> None:
    log = AuditLog(store)
    ann = Actor("Ann", "a1", "10.0.0.1")
    await log.note(ann, Act.LOGGED_IN)
    await log.note(ann, Act.EXPORTED, "rankings", "412 records", address="10.0.0.2")
    await log.note(CONSOLE, Act.EXPORTED, "rankings")
    assert [one.act for one in log.entries(actor="Ann")] == [Act.EXPORTED, Act.LOGGED_IN]
    assert [one.actor for one in log.entries(act=Act.EXPORTED, subject="rankings")] == ["command line (root)", "Ann"]
    assert [(one.address, one.actor_id) for one in log.entries(actor="Ann")] == [("10.0.0.2", "a1"), ("10.0.0.1", "a1")]
    assert log.entries(actor="ann\0") == ()


async def test_what_happened_and_its_entry_are_kept_together_or_not_at_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "AUDIT", None)
    with pytest.raises(StoreError, match="refused"):
        await admin(store)
    monkeypatch.undo()
    assert Accounts(store).all() == ()
    assert AuditLog(store).entries() == ()

    def write_and_fail(connection: object) -> None:
        noted(connection, CONSOLE, Act.STUDY_MADE, Said("s1"))  # type: ignore[arg-type]
        raise StoreError("no")

    with pytest.raises(StoreError):
        await store.write(write_and_fail)
    assert AuditLog(store).entries() == ()


async def test_an_entry_cannot_carry_what_a_terminal_would_obey(store: Store) -> None:
    log = AuditLog(store)
    await log.note(Actor("\x1b[2J", None, "\0"), Act.EXPORTED, "a\nb\u202e", "x" * 9_999)
    (entry,) = log.entries()
    assert (entry.actor, entry.subject, entry.address) == ("\ufffd[2J", "a\ufffdb\ufffd", "\ufffd")
    assert entry.detail == "x" * 500
