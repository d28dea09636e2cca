"""200 annotators and 100 followers of live runs at once, against a server in a process of its own.

    python -m bench.load [--postgres] [--short] [--soak MINUTES] [--out FILE]

An acknowledgement is timed from sending a ranking to having its 201. The lag of a step is the time from its commit, as
the server notes it, to its arrival at a follower, both by the monotonic clock of this machine.
"""

import argparse
import asyncio
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench.load.measured import Measured, Sample, measured
from bench.load.people import TIMEOUT_S, Crowd
from bench.load.report import report
from bench.load.served import Served, prepare, serving
from storage.store import Store
from tests.postgres import serving as postgres

ANNOTATORS, FOLLOWERS, ASKERS = 200, 100, 10
THINK_S: Final = (5.0, 10.0)
AT_ONCE: Final = (0.0, 0.0)
RESULTS: Final = Path(__file__).parents[1] / "results" / "load.md"


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each phase lasts, and how many people there are."""

    seconds: float = 120.0
    annotators: int = ANNOTATORS
    followers: int = FOLLOWERS
    askers: int = ASKERS
    ballots: int = 2_000
    overlap: int = 60
    soak_s: float = 0.0
    pace: float = 0.1
    """Of their declared latency that stand-ins really wait."""
    think_s: tuple[float, float] = THINK_S


SHORT: Final = Plan(seconds=10.0, ballots=300, think_s=(1.0, 2.0))


async def phases(served: Served, plan: Plan) -> list[Measured]:
    """Annotators, followers, both, annotators who do not think, and a soak where one is wanted."""
    alone = replace(plan, followers=0, askers=0)
    found = [
        await phase("annotators", served, alone, plan.seconds),
        await phase("followers", served, replace(plan, annotators=0), plan.seconds),
        await phase("annotators and followers", served, plan, plan.seconds),
        await phase("annotators who do not think", served, replace(alone, think_s=AT_ONCE), max(5.0, plan.seconds / 4)),
    ]
    if plan.soak_s:
        found.append(await phase("soak", served, plan, plan.soak_s))
    return found


async def phase(name: str, served: Served, plan: Plan, seconds: float) -> Measured:
    """Let these people work for so long, then stop them where they are."""
    print(f"{name}: {seconds:.0f} s …", file=sys.stderr, flush=True)
    connector, timeout = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None, sock_read=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        crowd = Crowd(http, served.url, seed=len(name))
        work: list[Coroutine[Any, Any, None]] = []
        work += [crowd.annotate(number, plan.think_s, min(plan.think_s[1], 5)) for number in range(plan.annotators)]
        work += [crowd.ask(number) for number in range(plan.askers)]
        work += [crowd.watch(number, number % plan.askers) for number in range(plan.followers)]
        began, server, client = time.monotonic(), served.cpu_s, _own_cpu_s()
        people = [asyncio.create_task(one) for one in work]
        samples = await _watched(served, crowd, seconds)
        took, crowd.over = time.monotonic() - began, True
        cpu = served.cpu_s - server, _own_cpu_s() - client
        crashed = [one.exception() for one in people if one.done() and not one.cancelled()]
        crowd.heard.errors.update(f"somebody crashed: {error!r}" for error in crashed if error is not None)
        heard = crowd.heard
        commits = {step: at for step, at in served.commits().items() if at >= began * 1e9}
        found = measured(name, heard, commits, took)
        for one in people:
            one.cancel()
        await asyncio.gather(*people, return_exceptions=True)
    found.server_cpu_s, found.client_cpu_s = cpu
    found.samples = samples
    return found


async def _watched(served: Served, crowd: Crowd, seconds: float) -> list[Sample]:
    """The server's memory, a hundred times or every ten seconds."""
    began, found = time.monotonic(), []
    while (at := time.monotonic() - began) < seconds:
        assert served.process.poll() is None, served.log.read_text()[-2000:]
        found.append(Sample(at, served.rss_bytes, len(crowd.heard.rankings)))
        await asyncio.sleep(max(0.05, min(10.0, seconds / 100, seconds - at)))
    return found


def _own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def database(folder: Path, *, on_postgres: bool) -> Iterator[str]:
    """The URL of an empty database."""
    if not on_postgres:
        yield f"sqlite:///{folder / 'load.sqlite3'}"
        return
    with postgres(durable=True) as server:
        yield f"{server.url}/postgres"


def measure(plan: Plan, *, on_postgres: bool) -> tuple[list[Measured], list[str]]:
    """The phases, and what is wrong afterwards: ids of acknowledged rankings that are lost, keys of doubled ones."""
    with (
        tempfile.TemporaryDirectory(prefix="podium-load-") as name,
        database(Path(name), on_postgres=on_postgres) as url,
    ):
        asyncio.run(prepare(url, plan.ballots, plan.overlap))
        with serving(url, Path(name), pace=plan.pace) as served:
            found = asyncio.run(phases(served, plan))
        with Store.open(url) as store:
            kept = {ranking.id: ranking.reason for ranking in store.iter_rankings()}
        lost = set[str]().union(*(one.acknowledged_ids for one in found)) - kept.keys()
        doubled = [str(key) for key, times in Counter(kept.values()).items() if times > 1]
    return found, sorted(lost) + doubled


def main() -> int:
    """Exit code 1 where anything failed or was lost; figures alone fail nothing."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--short", action="store_true", help="ten seconds for each phase")
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES", help="go on for so long at the end")
    parser.add_argument("--nice", type=int, default=0, help="niceness of the people beside the server (0)")
    parser.add_argument("--out", type=Path, help=f"a Markdown file to write; the one that is kept is {RESULTS.name}")
    chosen = parser.parse_args()
    os.nice(chosen.nice)
    plan = replace(SHORT if chosen.short else Plan(), soak_s=60 * chosen.soak)
    found, wrong = measure(plan, on_postgres=chosen.postgres)
    told = report(found, wrong, "PostgreSQL" if chosen.postgres else "SQLite")
    print(told)
    if chosen.out is not None:
        chosen.out.write_text(told, encoding="utf-8")
    return int(bool(wrong) or any(one.errors for one in found))


if __name__ == "__main__":
    sys.exit(main())
