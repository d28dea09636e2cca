"""How quickly trajectories are found and summed up among 100,000, and what keeping the columns for it costs.

    python -m bench.search --trajectories 100000

Writes `bench/results/search.md`. Everything is timed through the functions that the HTTP interface calls.
"""

import argparse
import asyncio
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from bench.search_report import Figure, Measured, Turns, World, report
from bench.search_world import BEGAN, DAYS, QUERIES, begun, made
from orchestrator.alternatives import Run
from orchestrator.preference import PRESETS
from storage import figures, past_calls, same_query, search, search_rows
from storage.database import migrate, upgrade
from storage.search_wishes import Order, Sorting, Wanted
from storage.store import Store

RESULTS: Final = Path(__file__).parents[1] / "bench" / "results"
ROUNDS: Final = 20
"""Of everything: with fewer there is no 95th percentile."""
LIVES: Final = 300
MIDDLE: Final = BEGAN + timedelta(days=DAYS / 2)
CASES: Final[dict[str, tuple[Wanted, Sorting]]] = {
    "no filter, by date": (Wanted(), Sorting()),
    "no filter, by cost": (Wanted(), Sorting(Order.COST)),
    "no filter, by latency, least first": (Wanted(), Sorting(Order.LATENCY, descending=False)),
    "no filter, by steps": (Wanted(), Sorting(Order.STEPS)),
    "one common word": (Wanted(words="kenya"), Sorting()),
    "two words, few hits": (Wanted(words="mountain 4211"), Sorting()),
    "a word that does not occur": (Wanted(words="zyxw"), Sorting()),
    "a common alias": (Wanted(aliases=("search-1",)), Sorting()),
    "a rare alias, by cost": (Wanted(aliases=("answer-math-2",)), Sorting(Order.COST)),
    "two aliases": (Wanted(aliases=("search-3", "answer-1")), Sorting()),
    "cost range, by latency": (Wanted(cost_usd=(Decimal("0.01"), Decimal("0.02"))), Sorting(Order.LATENCY)),
    "one week, by cost": (Wanted(started=(MIDDLE, MIDDLE + timedelta(days=7))), Sorting(Order.COST)),
    "not solved and stopped": (Wanted(verdicts=("unsolved",), stop_reasons=("turns", "budget")), Sorting()),
    "a preset": (Wanted(preference=PRESETS["Frugal"]), Sorting()),
    "ranked (1 in 100), by cost": (Wanted(ranked=True), Sorting(Order.COST)),
    "unpriced": (Wanted(priced=False), Sorting()),
    "everything at once": (
        Wanted(
            words="kenya",
            aliases=("search-1",),
            cost_usd=(Decimal("0.001"), Decimal(1)),
            verdicts=("solved",),
            preference=PRESETS["Balanced"],
            simulated=True,
        ),
        Sorting(Order.COST),
    ),
}


def timed(what: Callable[[], object], rounds: int = ROUNDS) -> Figure:
    """Median and 95th percentile in milliseconds, of waiting and of the time that this thread computed."""
    took, computed = [], []
    for _ in range(rounds):
        began, cpu = time.perf_counter(), time.thread_time()
        what()
        took.append(1000 * (time.perf_counter() - began))
        computed.append(1000 * (time.thread_time() - cpu))
    took.sort()
    computed.sort()
    at = math.ceil(0.95 * rounds) - 1
    return Figure(statistics.median(took), took[at], statistics.median(computed), computed[at])


def deep(store: Store, wanted: Wanted, sorting: Sorting, pages: int) -> Figure:
    """One page after the other."""
    marks: list[str | None] = [None]

    def turn() -> None:
        after = search.page(store.rows, wanted, sorting, after=marks[-1]).after
        marks.append(None if after is None else after.text)

    return timed(turn, pages)


def filled(url: str, count: int) -> float:
    """Seconds of computing that importing took."""
    with Store.open(url) as store:
        began = time.process_time()
        asyncio.run(store.add_all(made(count)))
        took = time.process_time() - began
        ids = [f"{number:032x}" for number in range(0, count, 100)]
        asyncio.run(store.write(lambda connection: search_rows.mark_ranked(connection, ids)))
    return took


def lived(url: str, count: int) -> float:
    """Seconds of computing that trajectories take which begin, grow and end here, one after the other."""

    async def live(store: Store) -> float:
        began = time.process_time()
        for whole in made(count, seed=7):
            alone = replace(whole, run=whole.id)
            await store.begin(Run(whole.id, whole.query, whole.started_at), [begun(alone)])
            for step in whole.steps:
                await store.keep_step(whole.id, step)
            await store.finish(alone)
        return time.process_time() - began

    with Store.open(url) as store:
        return asyncio.run(live(store))


def without_rows(work: Callable[[], float]) -> float:
    """The same with nothing kept to search by."""
    kept = search_rows.add, search_rows.end
    search_rows.add = search_rows.end = lambda *_, **__: None  # type: ignore[assignment]
    try:
        return work()
    finally:
        search_rows.add, search_rows.end = kept


def best(work: Callable[[str], float]) -> tuple[float, float]:
    """The quickest of a few turns with the rows to search by, and of as many without, taken in turn."""
    turns = [(work(f"{turn}-with"), without_rows(lambda t=turn: work(f"{t}-without"))) for turn in range(3)]
    return min(with_rows for with_rows, _ in turns), min(without for _, without in turns)


def migrated(url: str) -> tuple[float, float]:
    """Seconds of computing that taking the tables back and filling them again take."""
    began = time.process_time()
    migrate(url, "0005")
    down = time.process_time() - began
    began = time.process_time()
    upgrade(url)
    return down, time.process_time() - began


async def stalled(work: Callable[[], object]) -> float:
    """The longest that an event loop waits for its turn while `work` is done in a thread, in milliseconds."""
    worst, done = 0.0, asyncio.Event()

    async def tick() -> None:
        nonlocal worst
        while not done.is_set():
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, 1000 * (time.perf_counter() - began) - 1)

    ticking = asyncio.create_task(tick())
    await asyncio.to_thread(work)
    done.set()
    await ticking
    return worst


def pages_of(store: Store) -> Iterator[tuple[str, Figure]]:
    """Every case: its first page and its count."""
    for name, (wanted, sorting) in CASES.items():
        yield name, timed(lambda w=wanted, s=sorting: search.page(store.rows, w, s))
        if wanted != Wanted():
            yield f"{name}: how many", timed(lambda w=wanted: search.count(store.rows, w))
    yield "how many in all", timed(lambda: search.count(store.rows, Wanted()))
    yield "pages 1 to 200 by date", deep(store, Wanted(), Sorting(), 200)
    yield "pages 1 to 100 of a common word by cost", deep(store, Wanted(words="kenya"), Sorting(Order.COST), 100)


def sums_of(store: Store) -> Iterator[tuple[str, Figure]]:
    """Percentiles and estimates."""
    for name in ("no filter, by date", "one common word", "one week, by cost", "a common alias"):
        wanted = CASES[name][0]
        yield f"figures, {name.partition(', by')[0]}", timed(lambda w=wanted: figures.figures(store.rows, w))
    hours = figures.Period.HOUR
    yield "figures by the hour", timed(lambda: figures.figures(store.rows, Wanted(), hours))
    yield "version of what is kept", timed(lambda: search.version(store.rows))
    yield (
        "past calls of an alias",
        timed(lambda: past_calls.past_calls(store.rows, "answer-3", "rehearsal", simulated=True)),
    )
    for name, query, policy in (
        ("an answer to the same query under a policy", QUERIES[0], "embedded"),
        ("the same where there is none", "zyxw", "embedded"),
        ("the same of a policy that never ran", QUERIES[0], "fixed:answer-1"),
    ):
        yield name, timed(lambda q=query, p=policy: same_query.newest_answered(store, q, p, "rehearsal"))


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trajectories", type=int, default=100_000)
    parser.add_argument("--made", type=Path, help="a database that an earlier turn made; it stays")
    parser.add_argument("--keep", type=Path, help="where to keep the database that is made")
    parser.add_argument("--out", type=Path, default=RESULTS / "search.md")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        few = max(chosen.trajectories // 100, 100)
        imports = best(lambda name: filled(f"sqlite:///{folder}/import-{name}", few))
        lives = best(lambda name: lived(f"sqlite:///{folder}/live-{name}", LIVES))
        file = chosen.made or chosen.keep or Path(folder) / "podium.sqlite3"
        url = f"sqlite:///{file.absolute()}"
        if chosen.made is None:
            filled(url, chosen.trajectories)
        size = file.stat().st_size
        with Store.open(url) as store:
            pages, sums = dict(pages_of(store)), dict(sums_of(store))
            stall = asyncio.run(stalled(lambda: figures.figures(store.rows, Wanted())))
        moved = migrated(url)
    made_of = World(chosen.trajectories, len(QUERIES), DAYS, size)
    measured = Measured(made_of, Turns(few, imports), Turns(LIVES, lives), moved, pages, sums, stall)
    text = report(measured)
    chosen.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
