"""The check of this suite notices a database that lost, doubled or changed what was acknowledged."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orchestrator.trajectory import Trajectory
from prefs.ranking import Ranking
from storage.records import trajectory_json
from storage.spending import limits
from storage.spending.rules import Limit, Period, Scope
from storage.store import Store
from tests.examples import NOON, model_call
from tests.kept import ended, going, keep_whole, run
from tests.kills.record import Record, judge
from tests.studies import ballots, kept
from tests.webapp.exported import keep_trajectories

KEY = "ann-0"
TAMPERED = {
    "a ranking is lost": ("ranking ann-0 is lost", "DELETE FROM ranking"),
    "a ranking is another one": (
        "ranking ann-0 is another one",
        """UPDATE ranking SET record = replace(record, '["A"], ["B"]', '["B"], ["A"]')""",
    ),
    "a ranking is doubled": (
        "a ranking was kept twice",
        "INSERT INTO ranking (id, ballot_id, annotator, made_at, record) "
        "SELECT 'k2', ballot_id, 'bob', made_at, replace(replace(record, 'k1', 'k2'), '\"ann\"', '\"bob\"') "
        "FROM ranking",
    ),
    "a ranking is there that nobody sent": (
        "something is kept that nobody sent",
        "INSERT INTO ranking (id, ballot_id, annotator, supersedes, made_at, record) "
        "SELECT 'k2', ballot_id, annotator, 'k1', made_at, "
        "replace(replace(record, 'k1', 'k2'), '\"ann-0\"', '\"unheard of\"') FROM ranking",
    ),
    "a place is lost": ("the places of s1 are others", "DELETE FROM assignment WHERE state = 'ranked'"),
    "what was put aside is on lease": (
        "was acknowledged as skipped",
        "UPDATE assignment SET state = 'leased' WHERE state = 'skipped'",
    ),
    "the last step is lost": ("its totals", 'DELETE FROM step WHERE "index" = 1'),
    "a step is doubled": (
        "steps must be numbered",
        'INSERT INTO step (trajectory_id, "index", record) SELECT trajectory_id, 2, record FROM step WHERE "index" = 1',
    ),
    "a step is another one": (
        "step 1 of t1 is another one",
        "UPDATE step SET record = replace(record, 'found', 'never seen') WHERE \"index\" = 1",
    ),
    "settled money is less": ("the budget of t1 drifts", "UPDATE reservation SET spent_usd = '0.01'"),
    "settled money and what counts of it are less": (
        "the budget of t1 drifts",
        "UPDATE reservation SET spent_usd = '0.01', counted_micro = 10000, counted_rest = 0",
    ),
    "what counts against the limit is less": (
        "what counts against the limit",
        "UPDATE reservation SET counted_micro = counted_micro - 1",
    ),
    "an ended trajectory holds something back": ("still holds something", "UPDATE reservation SET settled = 0"),
    "a reservation is lost": ("nothing was reserved for t1", "DELETE FROM reservation"),
}
"""What is done to the database, and what is said of it then."""


def real(whole: Trajectory) -> Trajectory:
    """With calls that cost real dollars."""
    steps = (replace(step, calls=(model_call("0.0131", 1.5),)) for step in whole.steps)
    return replace(whole, steps=tuple(steps))


async def acknowledged(store: Store) -> Record:
    """One run of two steps and one ranking, and the record of a client who saw both."""
    limit = Limit(Scope.EVERYBODY, Period.DAY, Decimal(100))
    await store.write(lambda connection: limits.keep(connection, limit, "local", NOON))
    whole = real(ended(going(), 2))
    await keep_whole(store, whole, run())
    for shown in ballots(1):
        await keep_trajectories(store, shown)
    studies = await kept(store, 1)
    await studies.next("s1", "bob", NOON)
    await studies.skip("s1", "b0", "bob", NOON)
    groups = (("A",), ("B",))
    await store.keep_ranking(Ranking("k1", "b0", groups, NOON, reason=KEY, annotator="ann"))
    record = Record(begun={"t1"})
    found = store.trajectory("t1")
    assert found is not None
    record.stopped["t1"] = json.loads(json.dumps(trajectory_json(found)))
    for step in record.stopped["t1"]["steps"]:
        record.show({**step, "trajectory": "t1"})
    record.sent[KEY] = "b0", {"groups": [["A"], ["B"]], "reason": KEY, "annotator": "ann"}
    record.acknowledge(KEY, {"id": "k1"})
    record.aside["s1", "b0", "bob"] = "skipped"
    return record


async def test_the_check_is_content_with_what_was_acknowledged(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'podium.sqlite3'}"
    with Store.open(database) as store:
        record = await acknowledged(store)
    judge(record, database, ["s1"])


@pytest.mark.parametrize("tampered", TAMPERED)
async def test_the_check_notices_a_database_that_says_something_else(tampered: str, tmp_path: Path) -> None:
    file = tmp_path / "podium.sqlite3"
    with Store.open(f"sqlite:///{file}") as store:
        record = await acknowledged(store)
    said, statement = TAMPERED[tampered]
    with closing(sqlite3.connect(file)) as connection, connection:
        assert connection.execute(statement).rowcount == 1
    with pytest.raises(AssertionError, match=said):
        judge(record, f"sqlite:///{file}", ["s1"])
