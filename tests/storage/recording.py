"""Small databases of every earlier version, as rows in JSON. `python -m tests.storage.recording` records them anew.

Each holds what its version could hold, and the rows that version 0009 makes of it. They are recorded once: a migration
that treats old rows differently from then on is seen.
"""

import asyncio
import base64
import json
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, DateTime, Table, insert

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Fork
from prefs.audience import Audience, Seat
from prefs.ranking import Ranking
from storage.audiences import Audiences
from storage.database import migrate, open_engine, writing
from storage.keeping.contents import Contents, chunks
from storage.keeping.copy import count_on
from storage.profiles import Profiles, Wish
from storage.queries import SavedQuery
from storage.reward_models import RewardModels
from storage.store import Store
from tests.examples import NOON
from tests.kept import ended, going, keep_ballot, keep_whole, run, step
from tests.reward_models import reward_model
from tests.storage.test_second_looks import said, two_phases

VERSIONS: Final = tuple(f"{number:04}" for number in range(1, 10))
RECORDED: Final = Path(__file__).parent / "recorded"
HOUR: Final = timedelta(hours=1)
Rows = dict[str, list[dict[str, Any]]]


async def fill(store: Store, folder: Path) -> None:
    """Something of everything."""
    await keep_whole(store, ended(going(1), 2), run())
    await store.begin(run(), [going(2)])
    await store.keep_step("t2", step(0))
    await store.add(replace(ended(going(3, "r3", fork=Fork("t1", 1)), 3), query="What is ß?"))
    shown = await keep_ballot(store, of=run(id="r2"))
    first = Ranking("z", shown.id, (("B",), ("A", "C")), NOON, acceptable=1, reason="“quoted”, ’so’", annotator="ann")
    await store.keep_ranking(first, idempotency_key="key-1")
    await store.keep_ranking(replace(first, id="a", groups=(("A", "B", "C"),), made_at=NOON + HOUR))
    await store.add_queries([SavedQuery("What is 17% of 2,340?", "397.8"), SavedQuery("Who?")])
    await RewardModels(store).register(reward_model(folder / "model"))
    await two_phases(store)
    await store.keep_ranking(said("k1"))
    await store.keep_ranking(said("k2", "BA"))
    await Profiles(store).save(Wish("careful", PreferenceVector(accuracy=1.0, cost=0.2)), NOON)
    await Profiles(store).save(Wish("careful", PreferenceVector(accuracy=0.9, cost=0.2)), NOON + HOUR)
    audience = Audience("a1", "ABCDEFGH", "r2", "audience-b", NOON, NOON + HOUR)
    await Audiences(store).create(audience, replace(shown, id="audience-b"))
    await Audiences(store).sit("a1", "0" * 64, Seat("audience-ABCDEFGH-1", NOON), 500)


async def keep_text(store: Store) -> None:
    """A long text, which version 0001 could not keep."""
    one = step(1)
    await store.keep_step("t2", replace(one, calls=(replace(one.calls[0], prompt="p" * 5000),)))


def dumped(connection: Connection) -> Rows:
    """Every row of every table, in an order of its own."""
    found = {}
    for table in Contents.of(connection).tables:
        rows = [
            {name: _written(value) for name, value in row.items()} for part in chunks(connection, table) for row in part
        ]
        found[table.name] = sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
    return found


def put(connection: Connection, rows: Rows) -> None:
    """Insert rows into the tables that are there."""
    for table in Contents.of(connection).tables:
        for row in _superseded_first(rows.get(table.name, [])):
            connection.execute(insert(table), {name: _read(table, name, value) for name, value in row.items()})
        count_on(connection, table)


def _superseded_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row.get("supersedes") is not None, str(row.get("made_at"))))


def _written(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode()}
    return value.isoformat() if isinstance(value, datetime) else value


def _read(table: Table, name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["base64"])
    return datetime.fromisoformat(value) if value and isinstance(table.c[name].type, DateTime) else value


def record(folder: Path, version: str) -> None:
    """Fill a database, take it back to the ninth version and then to that one, and write down both."""
    url = f"sqlite:///{folder / version}.db"

    async def filled() -> None:
        with Store.open(url) as store:
            await fill(store, folder)
            if version != "0001":
                await keep_text(store)

    asyncio.run(filled())
    migrate(url, VERSIONS[-1])
    engine = open_engine(url)
    with engine.connect() as connection:
        newest = dumped(connection)
    migrate(url, version)
    with engine.connect() as connection:
        there = dumped(connection)
    engine.dispose()
    derived = ("listing", "routed_call")
    lost = [name for name in newest if name not in there and name not in derived]
    for name in lost:
        newest[name] = []
    text = json.dumps({"rows": there, "becomes": newest}, indent=1, sort_keys=True, ensure_ascii=False)
    (RECORDED / f"{version}.json").write_text(f"{text.replace(str(folder), '/models')}\n", "utf-8")


def restore(url: str, version: str) -> Rows:
    """Make a database of that version with the recorded rows; gives what version 0009 makes of them."""
    recorded = json.loads((RECORDED / f"{version}.json").read_text("utf-8"))
    migrate(url, version)
    engine = open_engine(url)
    with writing(engine).begin() as connection:
        put(connection, recorded["rows"])
    engine.dispose()
    found: Rows = recorded["becomes"]
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for one in VERSIONS:
            record(Path(name), one)
