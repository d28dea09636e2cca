"""How long a decision of the bundled model takes on one core, beside one pass over its prompt, which is the floor.

Run it with `.venv/bin/python -m bench.embedded`. Each of the two hundred requests of the tests is decided `--rounds`
times. The pass is timed right before each decision, so that their ratio stands whatever else the machine does.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.bill import Bill
from orchestrator.embedded.checkpoint import Checkpoint, checkpoint_at
from orchestrator.policies.embedded import TEMPERATURE, EmbeddedPolicy
from orchestrator.policy import Turn
from tests.embedded.asked import POOL, Asked, request_of, turns


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds of one decision and of its parts."""

    tokens: int
    told: float
    """The prompt from its messages and tools, and its tokens."""
    floor: float
    """One pass over the prompt."""
    decided: float
    """The pass, six words and the alias."""
    whole: float
    """All that the policy does, from the turn to the decision, in its thread and back."""

    @property
    def ratio(self) -> float:
        """A decoded decision over its floor."""
        return self.decided / self.floor


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, help="another folder than the bundled one")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    one_core()
    checkpoint = checkpoint_at(chosen.checkpoint)
    clock = time.perf_counter()
    checkpoint.loaded()
    print(f"{checkpoint.name}, loaded in {1e3 * (time.perf_counter() - clock):.0f} ms")
    asked = [request_of(turn) for turn in turns()]
    with asyncio.Runner() as runner:
        timed = [timing(checkpoint, one, runner) for _ in range(chosen.rounds + 1) for one in asked]
    # The first round warms up.
    report(timed[len(asked) :])


def one_core() -> None:
    """Keep this process on one core, where the system lets it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def timing(checkpoint: Checkpoint, asked: Asked, runner: asyncio.Runner) -> Timed:
    """One decision of one request."""
    model = checkpoint.loaded()
    policy = EmbeddedPolicy(checkpoint, POOL)
    offered = list(asked.turn.offered)
    ids: list[int] = []
    told = milliseconds(lambda: ids.extend(model.ids(model.text(asked.messages, asked.tools))))
    floor = milliseconds(lambda: model.network.read(ids))
    decided = milliseconds(lambda: model.decoder.decide(ids, offered, TEMPERATURE, 1))
    return Timed(len(ids), told, floor, decided, milliseconds(lambda: runner.run(decision(policy, asked.turn))))


async def decision(policy: EmbeddedPolicy, turn: Turn) -> None:
    await policy.decide(turn, Bill())


def milliseconds(work: Callable[[], object]) -> float:
    clock = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - clock)


def report(timed: Sequence[Timed]) -> None:
    """Print a line for each part."""
    print(f"{len(timed)} decisions, prompts of {statistics.mean(one.tokens for one in timed):.0f} tokens on average")
    print(f"{'':24}{'p50':>8}{'p95':>8}")
    rows = (
        ("telling, ms", [one.told for one in timed]),
        ("one pass (floor), ms", [one.floor for one in timed]),
        ("decoding, ms", [one.decided for one in timed]),
        ("decoding / floor", [one.ratio for one in timed]),
        ("whole decision, ms", [one.whole for one in timed]),
    )
    for name, values in rows:
        parts = statistics.quantiles(values, n=20)
        print(f"{name:24}{parts[9]:8.2f}{parts[18]:8.2f}")


if __name__ == "__main__":
    main()
