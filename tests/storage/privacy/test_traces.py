"""No byte of somebody who was forgotten is left in the file of the database, nor in the log beside it."""

import asyncio
import tempfile
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from orchestrator.trajectory import Outcome
from prefs.ranking import Ranking, StepMark
from prefs.study import Study
from storage import sqlite
from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, AuditLog
from storage.accounts.throttle import LoginThrottle
from storage.database import check
from storage.privacy.forgetting import Forgetting, Wish
from storage.privacy_tables import FORGETTING
from storage.spending.rules import Payer
from storage.store import Store
from storage.studies import Studies
from storage.tables import Row
from tests.examples import NOON
from tests.kept import ended, going, keep_ballot, run, step

CONSOLE = Actor.at_console("root")
WORDS = st.text(st.characters(categories=("L", "N")), min_size=6, max_size=12)


async def live(store: Store, name: str, words: str) -> None:
    """Somebody makes an account, asks, ranks, corrects, flags and is written into the log."""
    accounts = Accounts(store)
    await accounts.add("root", Role.ADMIN, None, CONSOLE)
    account = await accounts.add(name, Role.AUTHOR, None, CONSOLE)
    me = Actor(account.name, account.id, "192.0.2.1")
    await AuditLog(store).note(me, Act.TOKEN_REVOKED, subject=name, detail=f"{name}: rankings")
    await LoginThrottle(store).attempt(name, "192.0.2.1")
    shown = await keep_ballot(store)
    for alternative in shown.alternatives:
        await store.keep_step(alternative.trajectory, step(0))
    await Studies(store).create(Study("s1", "a study", NOON, overlap=2), [shown])
    await Studies(store).next("s1", name, NOON)
    await Studies(store).flag("s1", "b1", name, f"{words} flagged", NOON)
    for number in range(12):
        groups = (("A",), ("B", "C")) if number % 2 else (("B",), ("A", "C"))
        said = Ranking(
            f"k{number}", "b1", groups, NOON, reason=f"{words} {number}", annotator=name, tags=(f"{words} tag",),
            marks=(StepMark("A", 0, "good", f"{words} note"),),
        )  # fmt: skip
        await store.keep_ranking(said, idempotency_key=f"{name} {number}")
    one = replace(step(0), thought=words, calls=(replace(step(0).calls[0], prompt=f"{words} " * 100),))
    whole = replace(ended(going(7, "r7"), 0), steps=(one,), query=f"{words}?", answer=words)
    bare = replace(whole, steps=(), stop_reason=None, answer=None, outcome=Outcome())
    await store.begin(run(id="r7", query=f"{words}?"), [bare], Payer(name))
    await store.keep_step("t7", one)
    await store.finish(whole)


def spellings(text: str) -> list[bytes]:
    """As the file could hold it."""
    forms = {text, text.casefold(), text.upper(), text.lower()}
    return [form.encode() for form in forms] + [text.encode("unicode_escape")]


def contents(folder: Path | str) -> dict[str, bytes]:
    """All files of a folder."""
    return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


@given(name=WORDS, words=WORDS, rankings=st.booleans())
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_table_and_no_byte_of_the_file_tells_of_somebody_who_was_forgotten(
    name: str, words: str, rankings: bool
) -> None:
    name, words = f"Zq{name}", f"Wx{words}"

    async def go() -> None:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/one.db"
            with Store.open(url) as store:
                await live(store, name, words)
                assert any(name.encode() in content for content in contents(folder).values())
                await Forgetting(store, late=timedelta()).forget(Wish(name, rankings=rankings, runs=True), CONSOLE)
                rows = [repr(row) for table in Row.metadata.sorted_tables for row in store.rows(select(table))]
                for text in (name, words):
                    assert not [row for row in rows if text.casefold() in row.casefold()]
                store.read(sqlite.rewrite)
                for file, content in contents(folder).items():
                    found = [one for text in (name, words) for one in spellings(text) if one in content]
                    assert not found, (file, found)
            assert check(url) == []

    asyncio.run(go())


async def test_the_log_beside_the_file_is_emptied_without_writing_the_file_anew(sqlite_url: str, file: Path) -> None:
    with Store.open(sqlite_url) as store:
        await live(store, "Zquentin", "Wxylophone")
        await Forgetting(store, late=timedelta()).forget(Wish("Zquentin", runs=True), CONSOLE)
        for name, content in contents(file.parent).items():
            assert b"Zquentin" not in content, name
            assert b"Wxylophone" not in content, name


async def test_the_log_is_emptied_later_where_somebody_reads(sqlite_url: str, file: Path) -> None:
    with Store.open(sqlite_url) as store, Store.open(sqlite_url) as other:
        await live(store, "Zquentin", "Wxylophone")
        forgetting = Forgetting(store, late=timedelta())

        def reading(connection: Connection) -> bool:
            connection.exec_driver_sql("SELECT count(*) FROM ranking").scalar()
            begin_reading.set()
            end_reading.wait(60)
            return True

        begin_reading, end_reading = threading.Event(), threading.Event()
        reader = asyncio.create_task(asyncio.to_thread(other.read, reading))
        await asyncio.to_thread(begin_reading.wait, 10)
        try:
            found = await forgetting.forget(Wish("Zquentin", runs=True), CONSOLE)
        finally:
            end_reading.set()
        assert await reader
        assert not found.log_emptied
        assert any(b"Zquentin" in content for content in contents(file.parent).values())
        assert "Zquentin" not in repr([store.rows(select(table)) for table in Row.metadata.sorted_tables])
        assert (await forgetting.resume()).log_emptied
        for name, content in contents(file.parent).items():
            assert b"Zquentin" not in content, name
            assert b"Wxylophone" not in content, name
        assert store.rows(select(FORGETTING)) == []
