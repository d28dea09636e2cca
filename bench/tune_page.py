"""From a slider's input event to the changed total on the page *Tune*, in Chromium against a real server.

`python -m bench.tune_page [--trajectories 10000] [--out bench/results/tune_page.md]`. The alternatives are invented.
A move is done where the page shows the totals of that setting or of a later one.
"""

import argparse
import asyncio
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil, inf, isfinite
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from bench.stored import A_QUERY, fill, rank
from storage.store import Store
from tests.browser import FLAGS, chromium
from tests.page.conftest import serving

TARGET_MS = 100.0
HEARD = """() => {
  const T = window.Podium.tune, range = document.querySelector('#weight-cost');
  window.moved = []; window.shown = []; window.shift = 0;
  range.addEventListener('input', () => window.moved.push([performance.now(), T.weight('cost')]), true);
  range.addEventListener('input', () => { window.moved[window.moved.length - 1][1] = T.weight('cost'); });
  const value = document.querySelector('[data-tile=cost] .pd-tile-value');
  T.on('winners', (reply) => window.shown.push([performance.now(), reply.preference.cost, value.textContent]));
  new PerformanceObserver((list) => list.getEntries().forEach((one) => { window.shift += one.value; }))
    .observe({ type: 'layout-shift', buffered: false });
}"""


@contextmanager
def served(trajectories: int) -> Iterator[str]:
    """A server over a new database with so many trajectories; gives its address."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_filled(f"sqlite:///{Path(folder) / 'podium.sqlite3'}", trajectories))
        with serving(Path(folder)) as address:
            yield address


async def _filled(url: str, trajectories: int) -> None:
    async with Store.open(url) as store:
        await fill(store, trajectories // A_QUERY)
        await rank(store, 20, [("ann", 2.0, 0.5), ("bo", 0.4, 2.0)])


def read(base: str) -> dict[str, float]:
    """Seconds until everything stored is read, and the longest that another request waited meanwhile."""
    began, longest = time.perf_counter(), 0.0
    while httpx.get(f"{base}/api/v1/tuning", timeout=60).json()["state"] != "ready":
        asked = time.perf_counter()
        httpx.get(f"{base}/healthz", timeout=60)
        longest = max(longest, time.perf_counter() - asked)
    return {"reading_s": time.perf_counter() - began, "others_waited_ms": longest * 1_000}


def dragged(page: Page, moves: int, pause_ms: float) -> list[float]:
    """Milliseconds from each input event to the text, in the order of the events; endless where none answered it."""
    page.evaluate("() => { window.moved = []; window.shown = []; }")
    box = page.locator("#weight-cost").bounding_box()
    assert box is not None
    y, left, width = box["y"] + box["height"] / 2, box["x"] + 12, box["width"] - 24
    page.mouse.move(left, y)
    page.mouse.down()
    for move in range(moves):
        page.mouse.move(left + width * (move + 1) / moves, y)
        page.wait_for_timeout(pause_ms)
    page.mouse.up()
    page.wait_for_timeout(1_000)
    moved, shown = page.evaluate("() => [window.moved, window.shown]")
    return list(_waits(moved, shown))


def _waits(moved: Sequence[Any], shown: Sequence[Any]) -> Iterator[float]:
    """A reply answers an input event if it is for that event's weight or for that of a later one."""
    last: dict[float, float] = {}
    for number, (_, weight) in enumerate(moved):
        last[weight] = number
    for number, (at, _) in enumerate(moved):
        answers = [when for when, weight, _ in shown if when >= at and last.get(weight, -1) >= number]
        yield min(answers) - at if answers else inf


def summed(waits: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile, in which an unanswered move is endless, and how many were answered."""
    in_order = sorted(waits)
    p95 = in_order[ceil(0.95 * len(waits)) - 1]
    return {"median": median(waits), "p95": p95, "answered": sum(isfinite(one) for one in waits), "moves": len(waits)}


def measured(trajectories: int, moves: int) -> dict[str, Any]:
    """All figures for one number of trajectories."""
    with served(trajectories) as base, sync_playwright() as playwright:
        found: dict[str, Any] = {"trajectories": trajectories, "load": os.getloadavg()[0], **read(base)}
        path = chromium()
        browser = playwright.chromium.launch(executable_path=path or None, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{base}/tune?against=Frugal&tab=queries")
        page.wait_for_selector("html[data-podium=ready]")
        page.wait_for_timeout(1_500)
        page.evaluate(HEARD)
        dragged(page, 10, 50)
        page.evaluate("() => { window.shift = 0; }")
        for name, pause in (("step_ms", 250.0), ("drag_ms", 16.0)):
            found[name] = summed(dragged(page, moves, pause))
        found["layout_shift"] = page.evaluate("() => window.shift")
        browser.close()
    return found


def report(found: Sequence[dict[str, Any]]) -> str:
    """The figures as Markdown."""
    load = found[0]["load"]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"
    lines = [
        "# From a slider to the totals on *Tune*",
        "",
        "Milliseconds from the input event to the changed text, in Chromium at 1280 × 720 against `podium serve` on",
        f"the same machine ({machine}, load {load:.1f} at the start), with 25 winners and a comparison shown.",
        f"*One by one*: a move every 250 ms; *dragged*: 60 moves a second. Target: p95 at most {TARGET_MS:.0f} ms.",
        "A move is answered by the totals of its setting or of a later one; one that is not counts as endless.",
        "",
        "| trajectories | one by one, median | p95 | answered of moves | dragged, median | p95 | answered of moves "
        "| layout shift | reading | others waited |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one['trajectories']:,} | {_cells(one['step_ms'])} | {_cells(one['drag_ms'])} "
        f"| {one['layout_shift']:.3f} | {one['reading_s']:.1f} s | {one['others_waited_ms']:.0f} ms at most |"
        for one in found
    ]
    return "\n".join(lines) + "\n"


def _cells(waits: dict[str, float]) -> str:
    """Of the table; says so where the target is missed."""
    missed = "" if waits["p95"] <= TARGET_MS else " **missed**"
    return f"{waits['median']:.0f} | {waits['p95']:.0f}{missed} | {waits['answered']} of {waits['moves']}"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trajectories", type=int, nargs="+", default=[10_000])
    parser.add_argument("--moves", type=int, default=60)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    found = [measured(count, chosen.moves) for count in chosen.trajectories]
    print(json.dumps(found))
    if chosen.out is not None:
        chosen.out.write_text(report(found), "utf-8")


if __name__ == "__main__":
    main()
