"""What every contender shares: the tool, the plan of one run and the measuring of it. Standard library only.

A contender is a module of `bench.contenders` that ends in `main(open_contender)`. It is started as
`python -m bench.contenders.NAME URL --concurrency N --trajectories N --tool-turns N --latency-ms N` and prints one
JSON line.
"""

import argparse
import asyncio
import importlib.metadata
import json
import platform
import resource
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from bench.mock_server import mark

WARM_UP = 2
"""Trajectories that run before measuring, so that imports and first-time caches are not counted."""
KEY = "EMPTY"


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of one contender."""

    url: str
    """Up to and including `/v1`."""
    concurrency: int
    trajectories: int
    tool_turns: int
    latency_ms: int

    @property
    def steps(self) -> int:
        """Steps of one trajectory: the tool turns and the final turn."""
        return self.tool_turns + 1


Trajectory = Callable[[int], Awaitable[int]]
"""Runs the trajectory of that number and gives the number of its steps."""
Contender = Callable[[Plan], AbstractAsyncContextManager[Trajectory]]


def note(topic: str) -> str:
    """What the tool gives back: about 230 bytes, different for each topic."""
    return (
        f"Notes on {topic}: the lighthouse at the northern point was lit for the first time in 1871, rebuilt in "
        "brick after the storm of 1904 and automated in 1982; its lens, made in Paris, turns once in forty-two "
        "seconds and is seen for nineteen miles."
    )


def query(kind: str, number: int, plan: Plan) -> str:
    """A question that carries the mark by which the mock server knows the trajectory."""
    marked = mark(kind, number, plan.tool_turns, plan.latency_ms)
    return f"How long does the lens of the lighthouse take to turn once? [{marked}]"


async def measure(contender: Contender, plan: Plan) -> dict[str, float]:
    """Run the plan: CPU of the whole process (all threads), wall clock, steps. Raises where steps are missing."""
    numbers = iter(range(WARM_UP, WARM_UP + plan.trajectories))
    steps = 0

    async def work(trajectory: Trajectory) -> None:
        nonlocal steps
        for number in numbers:
            taken = await trajectory(number)
            if taken != plan.steps:
                raise SystemExit(f"trajectory {number} took {taken} steps instead of {plan.steps}")
            steps += taken

    async with contender(plan) as trajectory:
        for number in range(WARM_UP):
            await trajectory(number)
        cpu, wall = time.process_time(), time.perf_counter()
        async with asyncio.TaskGroup() as workers:
            for _ in range(plan.concurrency):
                workers.create_task(work(trajectory))
        # A contender keeps nothing back: what it keeps is committed when a trajectory returns, so no flush is missed.
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu_s": cpu, "wall_s": wall, "steps": steps}


def main(contender: Contender, packages: Sequence[str]) -> None:
    """Measure the contender as the command line says and print the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    for name in ("--concurrency", "--trajectories", "--tool-turns", "--latency-ms"):
        parser.add_argument(name, type=int, required=True)
    plan = Plan(**vars(parser.parse_args()))
    result: dict[str, object] = {**asyncio.run(measure(contender, plan))}
    result["peak_rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result["versions"] = {package: importlib.metadata.version(package) for package in packages}
    result["python"] = platform.python_version()
    print(json.dumps(result))
