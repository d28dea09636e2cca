"""`kill -9` at random moments: what was acknowledged is there, once, and nothing half-written looks finished."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.trajectory import Trajectory
from storage.database import check
from storage.store import Store
from storage.trajectories import State
from tests.kept import step

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("PODIUM_KILLS", "15"))


@dataclass(slots=True)
class Acknowledged:
    """What the children said was kept."""

    begun: set[str] = field(default_factory=set)
    steps: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    finished: set[str] = field(default_factory=set)
    ranked: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def acknowledged(file: Path) -> Acknowledged:
    said = Acknowledged()
    for line in file.read_text().splitlines():
        match line.split():
            case ["begun", id]:
                said.begun.add(id)
            case ["step", id, index]:
                assert int(index) not in said.steps[id], f"step {index} of {id} was acknowledged twice"
                said.steps[id].add(int(index))
            case ["finished", id]:
                said.finished.add(id)
            case ["ranked", ballot, place]:
                said.ranked[ballot].append(place)
    return said


@contextmanager
def forker() -> Iterator[subprocess.Popen[str]]:
    """A process that has imported all and forks a child on demand."""
    script = [sys.executable, "-m", "tests.storage.kill_child"]
    with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(timeout=30) == 0


def test_kills_of_a_writing_process_lose_nothing_that_was_acknowledged(sqlite_url: str, tmp_path: Path) -> None:
    chance, file = random.Random(20260504), tmp_path / "acknowledged"
    with forker() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(KILLS):
            file.touch()
            before = file.stat().st_size
            process.stdin.write(f"{sqlite_url} {file} {number}\n")
            process.stdin.flush()
            pid = int(process.stdout.readline())
            if number % 5:
                wait_for_more(file, before + chance.randrange(1400))
            else:  # Every fifth is killed while it starts.
                time.sleep(chance.uniform(0, 0.1))
            os.kill(pid, signal.SIGKILL)
            assert int(process.stdout.readline()) == -signal.SIGKILL
            if number % 10 == 1:
                assert check(sqlite_url) == []
    assert check(sqlite_url) == []
    said = acknowledged(file)
    assert len(said.finished) > KILLS
    assert len(said.ranked) > KILLS
    with Store.open(sqlite_url) as store:
        all_is_there(store, said)
        before_restart = {t.id for t in store.iter_trajectories() if store.state(t.id) is State.RUNNING}
        assert before_restart


async def test_running_trajectories_of_a_killed_process_become_interrupted(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "acknowledged"
    file.touch()
    with forker() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{sqlite_url} {file} 0\n")
        process.stdin.flush()
        pid = int(process.stdout.readline())
        wait_for_more(file, 0)
        os.kill(pid, signal.SIGKILL)
    with Store.open(sqlite_url) as store:
        running = {one.id for one in store.iter_trajectories() if store.state(one.id) is State.RUNNING}
        assert running
        assert set(await store.come()) == running == set(store.interrupted())
        some = next(one for one in store.iter_trajectories() if one.id in running)
        await store.reopen(some.id)
        await store.keep_step(some.id, step(len(some.steps)))


def wait_for_more(file: Path, before: int) -> None:
    """Until the children have acknowledged more than that many bytes."""
    late = time.monotonic() + 60
    while file.stat().st_size <= before:
        assert time.monotonic() < late, "the child keeps nothing"
        time.sleep(0.002)


def all_is_there(store: Store, said: Acknowledged) -> None:
    kept = {one.id: one for one in store.iter_trajectories()}
    assert said.begun <= set(kept)
    for id, indexes in said.steps.items():
        assert indexes <= {one.index for one in kept[id].steps}
    for id in said.finished:
        assert store.state(id) is State.FINISHED
    for one in kept.values():
        no_half_written_one_looks_finished(store, one)
    for ballot, places in said.ranked.items():
        rankings = store.rankings_of(ballot)
        assert [ranking.reason for ranking in rankings] in (places, ["first", "corrected"])
        assert [ranking.supersedes for ranking in rankings] == [None, *(r.id for r in rankings[:-1])]


def no_half_written_one_looks_finished(store: Store, one: Trajectory) -> None:
    if one.id.startswith("t-") and store.state(one.id) is State.FINISHED:
        assert one.stop_reason is not None
        assert one.steps == tuple(step(index) for index in range(5))
    else:
        assert store.state(one.id) in (State.RUNNING, State.INTERRUPTED)
        assert one.stop_reason is None
