"""Rows per second and peak memory of exports, of reading judgements and of importing, at growing numbers of rankings.

    python -m bench.exports --rankings 10000 100000 1000000

Each measure runs in a process of its own on a real SQLite file of synthetic rows: four rankings to a ballot, four
trajectories of two steps to a ballot. `--with-trajectories N` is the largest number of rankings whose trajectories are
written too; training formats and judgements are measured up to there.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, Table, insert, text

from orchestrator.model_call import CallRole, Charge, ChargeStatus, ModelCall, Usage
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Observation, Origin, Outcome, Step, StopReason, ToolCall, Trajectory, Verdict
from prefs.ballot import Ballot, ballot
from prefs.ranking import Ranking
from storage import trajectories
from storage.database import open_engine, upgrade_engine, writing
from storage.rankings import ballot_row, row_of
from storage.records import dump_step
from storage.store import Store
from storage.tables import BALLOT, RANKING, STEP, TRAJECTORY
from storage.trajectories import State

PER_BALLOT = 4
START = datetime(2026, 5, 4, 12, tzinfo=UTC)
AT_ONCE = 2_000
TEMPLATE = 10_000
COPIES = (
    "INSERT INTO ballot SELECT :n || id, run_id, made_at, replace(record, id, :n || id) FROM first_ballot",
    "INSERT INTO ranking SELECT :n || id, :n || ballot_id, annotator, supersedes, made_at, idempotency_key, "
    "replace(replace(record, ballot_id, :n || ballot_id), '\"' || id, '\"' || :n || id) FROM first_ranking",
)


def trajectory(number: int) -> Trajectory:
    """A finished trajectory of two steps, about 8 kB of JSON."""
    charge = Charge(Decimal(number % 97 + 1) / 10_000, ChargeStatus.PRICED, "bench")
    orchestrating = ModelCall(CallRole.ORCHESTRATOR, None, "small", Usage(900, 20), charge, START, 0.2)
    call = replace(orchestrating, role=CallRole.EXPERT, alias="answer-1", latency_s=0.5 + number % 13)
    calls = (orchestrating, call)
    steps = tuple(
        Step(index, "I look it up.", ToolCall(tool, alias), Observation("x" * 2500, Origin.MODEL), calls)
        for index, (tool, alias) in enumerate((("search", f"search-{number % 3 + 1}"), ("answer", "answer-1")))
    )
    return Trajectory(
        f"t{number:08d}",
        f"Query {number // 4}",
        PreferenceVector(),
        "embedded",
        "bench",
        number,
        START,
        steps,
        StopReason.ANSWERED,
        answer="It takes about 87.97 days." * (number % 5 + 1),
        outcome=Outcome(Verdict.SOLVED if number % 3 else Verdict.UNSOLVED, "reference"),
    )


def rows(rankings: int) -> Iterator[tuple[Ballot, list[Ranking]]]:
    """Ballots with their rankings."""
    dice = random.Random(5)
    for number in range(rankings // PER_BALLOT):
        ids = [f"t{number * 4 + place:08d}" for place in range(4)]
        at = START + timedelta(seconds=number)
        shown = ballot(f"{dice.getrandbits(128):032x}", ids, query=f"Query {number}", run=None, seed=number, made_at=at)
        said = []
        for person in range(PER_BALLOT):
            order = dice.sample("ABCD", 4)
            groups = ((order[0],), (order[1], order[2]), (order[3],))
            said.append(
                Ranking(
                    f"{dice.getrandbits(128):032x}",
                    shown.id,
                    groups,
                    at + timedelta(minutes=person + 1),
                    acceptable=dice.choice([None, 0, 1, 2]),
                    reason="The second one is dear and slow." if dice.random() < 0.3 else None,
                    annotator=f"person {dice.randrange(200) * PER_BALLOT + person}",
                )
            )
        yield shown, said


class Filling:
    """Rows on their way into tables, a few thousand at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[Table, list[dict[str, object]]] = {}

    def put(self, table: Table, *some: dict[str, object]) -> None:
        waiting = self._waiting.setdefault(table, [])
        waiting.extend(some)
        if len(waiting) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        for table in (TRAJECTORY, STEP, BALLOT, RANKING):
            if waiting := self._waiting.pop(table, []):
                self._connection.execute(insert(table), waiting)


def fill(file: Path, rankings: int, *, with_trajectories: bool) -> None:
    """Make the database. Without trajectories, all behind the first TEMPLATE rankings are copies under other ids."""
    engine = open_engine(f"sqlite:///{file}")
    upgrade_engine(engine)
    own = rankings if with_trajectories else min(rankings, TEMPLATE)
    with writing(engine).begin() as connection:
        filling = Filling(connection)
        for number, (shown, said) in enumerate(rows(own)):
            if with_trajectories:
                for one in (trajectory(number * 4 + place) for place in range(4)):
                    filling.put(TRAJECTORY, trajectories._row(one, State.FINISHED))
                    steps = [{"trajectory_id": one.id, "index": s.index, "record": dump_step(s)} for s in one.steps]
                    filling.put(STEP, *steps)
            filling.put(BALLOT, ballot_row(shown))
            filling.put(RANKING, *(row_of(one) for one in said))
        filling.flush()
        for table in ("ballot", "ranking"):
            connection.execute(text(f"CREATE TEMP TABLE first_{table} AS SELECT * FROM {table}"))
        for number in range(1, rankings // own):
            for copy in COPIES:
                connection.execute(text(copy), {"n": f"{number:05d}-"})
    engine.dispose()


def judgements(store: Store, _: Path) -> int:
    return sum(1 for _ in store.iter_judgements())


def export(kind: str, format: str) -> Callable[[Store, Path], int]:
    def measure(store: Store, folder: Path) -> int:
        from webapp.exports.kinds import Wishes, open_export  # noqa: PLC0415 - measured with its imports
        from webapp.exports.pseudonyms import Pseudonyms  # noqa: PLC0415

        made = open_export(store, kind, Wishes(format=format, pseudonyms=Pseudonyms(b"bench")))
        with (folder / "out").open("wb") as out:
            out.writelines(made.chunks)
        return made.tally.rows

    return measure


MEASURES: dict[str, Callable[[Store, Path], int]] = {
    "rankings jsonl": export("rankings", "jsonl"),
    "rankings parquet": export("rankings", "parquet"),
    "judgements": judgements,
    "trl-implicit jsonl": export("trl-implicit", "jsonl"),
    "kto jsonl": export("kto", "jsonl"),
}
WHOLE = ("judgements", "trl-implicit jsonl", "kto jsonl")
"""Measures that need trajectories."""


def measure(name: str, file: Path) -> None:
    """Print one measure as JSON."""
    with Store.open(f"sqlite:///{file}") as store:
        before = peak_mib()
        wall, cpu = time.perf_counter(), time.process_time()
        count = MEASURES[name](store, file.parent)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"rows": count, "wall_s": wall, "cpu_s": cpu, "before_mib": before, "peak_mib": peak_mib()}))


def peak_mib() -> float:
    """The most memory that this process has held. (What getrusage tells is inherited from the parent.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rankings", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--with-trajectories", type=int, default=10_000)
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), default=list(MEASURES))
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        measure(chosen.measure[0], Path(chosen.measure[1]))
        return
    print(
        "| rankings | what | rows | wall s | CPU s | rows per CPU s | peak MiB (before) |\n"
        "|---|---|---|---|---|---|---|"
    )
    for rankings in chosen.rankings:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "bench.db"
            whole = rankings <= chosen.with_trajectories
            fill(file, rankings, with_trajectories=whole)
            for name in chosen.only:
                if name in WHOLE and not whole:
                    continue
                command = [sys.executable, "-m", "bench.exports", "--measure", name, str(file)]
                got = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                print(
                    f"| {rankings:,} | {name} | {got['rows']:,} | {got['wall_s']:.1f} | {got['cpu_s']:.1f} "
                    f"| {got['rows'] / got['cpu_s']:,.0f} | {got['peak_mib']:.0f} ({got['before_mib']:.0f}) |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
