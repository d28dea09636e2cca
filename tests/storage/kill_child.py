"""Keeps steps and rankings until it is killed. Imports once, then forks one child for each line that it reads.

Reads lines `URL ACKNOWLEDGEMENTS NUMBER`; answers each with the process id of the child and, once that has ended, with
its exit code. The child appends a line to the acknowledgements after each write that returned.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from prefs.ranking import Ranking
from storage.store import Store
from storage.trajectories import State
from tests.examples import NOON
from tests.kept import ended, going, keep_ballot, run, step

STEPS = 5


async def work(url: str, acknowledge: Callable[[str], None], number: int) -> None:
    """Resume what an earlier child left, run new trajectories, rank their ballots: all at once, without end."""
    with Store.open(url) as store:
        await store.come()
        async with asyncio.TaskGroup() as group:
            for id in store.interrupted():
                if id.startswith("t-"):
                    group.create_task(resume(store, acknowledge, id))
            for worker in range(4):
                group.create_task(runs(store, acknowledge, f"{number}-{worker}"))


async def runs(store: Store, acknowledge: Callable[[str], None], name: str) -> None:
    """Runs of a trajectory each, and a ballot with a ranking and its correction."""
    count = 0
    while True:
        of = run(id=f"r-{name}-{count}")
        trajectory = replace(going(run=of.id), id=f"t-{name}-{count}")
        await store.begin(of, [trajectory])
        acknowledge(f"begun {trajectory.id}")
        await go_on(store, acknowledge, trajectory.id)
        ballot = await keep_ballot(store, f"b-{name}-{count}", run(id=f"q-{name}-{count}"))
        for made_at, place in ((NOON, "first"), (NOON + timedelta(minutes=1), "corrected")):
            ranking = Ranking(f"k-{name}-{count}-{place}", ballot.id, (("A", "B", "C"),), made_at, reason=place)
            await asyncio.gather(*(store.keep_ranking(ranking) for _ in range(2)))
            acknowledge(f"ranked {ballot.id} {place}")
        count += 1


async def resume(store: Store, acknowledge: Callable[[str], None], id: str) -> None:
    """Run an interrupted trajectory to its end."""
    await store.reopen(id)
    await go_on(store, acknowledge, id)


async def go_on(store: Store, acknowledge: Callable[[str], None], id: str) -> None:
    """Keep the steps that are missing, then finish."""
    trajectory = store.trajectory(id)
    assert trajectory is not None
    assert store.state(id) is State.RUNNING
    for index in range(len(trajectory.steps), STEPS):
        await store.keep_step(id, step(index))
        acknowledge(f"step {id} {index}")
    await store.finish(ended(replace(trajectory, steps=()), STEPS))
    acknowledge(f"finished {id}")


def child(url: str, acknowledgements: str, number: int) -> None:
    """Work until killed. One unbuffered write for each acknowledgement outlives the process."""
    file = os.open(acknowledgements, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    asyncio.run(work(url, lambda line: _write(file, line), number))


def _write(file: int, line: str) -> None:
    os.write(file, f"{line}\n".encode())


def main() -> None:
    """Fork a child for each line."""
    for line in sys.stdin:
        url, acknowledgements, number = line.split()
        pid = os.fork()
        if pid == 0:
            try:
                child(url, acknowledgements, int(number))
            finally:
                os._exit(1)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
