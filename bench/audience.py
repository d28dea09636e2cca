"""How far behind 300 phones the stage is: `python -m bench.audience`.

A real `podium serve` with a second listener for phones, the stage open in Chromium, and phones as HTTP clients, all on
this machine. A phone's lag is the time from the acknowledgement of its order to the moment when the page shows a count
that has it in it. Then every order is looked up in `GET /export/rankings`.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import Page, sync_playwright

from tests.browser import FLAGS, chromium
from tests.page.conftest import serving
from tests.webapp.audience.crowd import Counted, crowd

OUT: Final = Path(__file__).parent / "results" / "audience.md"
ROOMS: Final = ("60:10", "300:30", "300:10")
"""Phones, and the seconds in which they come and rank."""
TARGET_S: Final = 1.0
"""95 of 100 lags are to be shorter."""
QUERY: Final = "By how many metres is Mount Kenya higher than Mount Kinabalu?"
WATCH: Final = """
() => {
  window.shown = [];
  const panel = document.querySelector("#audience .pd-aud-panel");
  const look = () => window.shown.push([Number(panel.dataset.ranked), performance.timeOrigin + performance.now()]);
  new MutationObserver(look).observe(panel, { attributes: true, attributeFilter: ["data-ranked"] });
}
"""


@dataclass(frozen=True, slots=True)
class Round:
    """One room."""

    phones: int
    over_s: float
    lags_s: tuple[float, ...]
    """From the acknowledgement to the page; negative where the page was first."""
    whole_s: tuple[float, ...]
    """From the tap on *Send* to the page."""

    @property
    def name(self) -> str:
        """As it is asked for."""
        return f"{self.phones}:{self.over_s:g}"

    def row(self) -> str:
        """Of the table."""
        lags = _summed([max(0.0, lag) for lag in self.lags_s])
        missed = "" if lags[1] < TARGET_S else " **missed**"
        cells = (
            f"{self.phones}",
            f"{self.over_s:g}",
            f"{sum(lag < 0 for lag in self.lags_s) / len(self.lags_s):.0%}",
            f"{1000 * lags[0]:,.0f}",
            f"{1000 * lags[1]:,.0f}{missed}",
            f"{1000 * lags[2]:,.0f}",
            *(f"{1000 * one:,.0f}" for one in _summed(self.whole_s)),
            f"{len(self.lags_s)} of {self.phones}",
        )
        return f"| {' | '.join(cells)} |"


def measure(phones: int, over_s: float, seed: int) -> Round:
    """One room, on a server of its own; fails where an order is missing, or is there twice."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), "--audience", "127.0.0.1:0", "--policy", "random", pace="0") as address,
        sync_playwright() as playwright,
    ):
        audience = _opened(address)
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{address}/stage?run={audience['run']}&audience=1")
        page.wait_for_selector("#audience .pd-aud-panel")
        page.evaluate(WATCH)
        said = _ranked(page, audience, phones, over_s, seed)
        shown = [(count, at / 1000) for count, at in page.evaluate("window.shown")]
        browser.close()
        _compare(address, audience, said)
    seen = [(one, min(at for count, at in shown if count >= one.number)) for one in said]
    lags = tuple(at - one.acknowledged_at for one, at in seen)
    return Round(phones, over_s, lags, tuple(at - one.sent_at for one, at in seen))


def _summed(times: Sequence[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return cuts[49], cuts[94], max(times)


def _opened(address: str) -> dict[str, Any]:
    body = {"query": QUERY, "alternatives": 4, "vary": True, "seed": 3}
    run = httpx.post(f"{address}/api/v1/runs", json=body).json()["id"]
    with httpx.stream("GET", f"{address}/api/v1/runs/{run}/events", timeout=60) as events:
        events.read()
    made: dict[str, Any] = httpx.post(f"{address}/api/v1/audiences", json={"run": run}).json()
    return made


def _ranked(page: Page, audience: dict[str, Any], phones: int, over_s: float, seed: int) -> list[Counted]:
    said: list[Counted] = []
    room = threading.Thread(target=lambda: said.extend(asyncio.run(crowd(audience["join_url"], phones, over_s, seed))))
    room.start()
    page.wait_for_selector(f'#audience .pd-aud-panel[data-ranked="{phones}"]', timeout=180_000)
    room.join()
    return said


def _compare(address: str, audience: dict[str, Any], said: list[Counted]) -> None:
    lines = [json.loads(line) for line in httpx.get(f"{address}/api/v1/export/rankings").text.splitlines()]
    replaced = {one["supersedes"] for one in lines}
    kept = [one for one in lines if one["ballot"] == audience["ballot"] and one["id"] not in replaced]
    if Counter(json.dumps(one["groups"]) for one in kept) != Counter(json.dumps(one.groups) for one in said):
        raise SystemExit("the export does not hold each phone's last order once")
    if len({one["annotator"] for one in kept}) != len(said) or sorted(o.number for o in said) != _to(len(said)):
        raise SystemExit("a phone is counted twice or has another one's number")


def _to(count: int) -> list[int]:
    return list(range(1, count + 1))


def report(rounds: list[Round]) -> str:
    """The page in `results`."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    measured = [one.name for one in rounds]
    missing = [room for room in ROOMS if room not in measured]
    left_out = ["", f"Not measured, of the rooms that are by default: {', '.join(missing)}."] if missing else []
    lines = [
        "# How far behind the phones the stage is",
        "",
        f"`python -m bench.audience --rooms {' '.join(measured)}`, {time.strftime('%Y-%m-%d')}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, on top of "
        f"{commit.stdout.strip()}, load average at the end {load}. Target: p95 of the lag below {TARGET_S:g} s.",
        "",
        "| phones | in s | page first | lag p50, ms | p95 | greatest | sent to shown p50, ms | p95 | greatest "
        "| counted once |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(one.row() for one in rounds),
        *left_out,
        "",
        "Lag: from the acknowledgement of a phone's order until the page of the stage, open in Chromium, shows a",
        "count that has it in it; 0 where it did before the phone had read that, for the share *page first* of the",
        "phones. *Sent to shown* begins when the phone sends it. Server, browser and all phones share this machine.",
        "Phones join in the first half of the seconds and rank in the second. Every phone loads",
        "the page and its two files, joins and ranks; every third sends its order twice at once, every fifth hangs up",
        "before the first answer and sends it again, every tenth changes its mind. `counted once` compares with",
        "`GET /export/rankings`: each phone's last order is there once, and numbers run from 1 without gaps.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", nargs="+", default=ROOMS, metavar="PHONES:SECONDS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    rounds = []
    for room in chosen.rooms:
        phones, _, over_s = room.partition(":")
        rounds.append(measure(int(phones), float(over_s), chosen.seed))
        print(rounds[-1].row(), file=sys.stderr, flush=True)
    chosen.out.write_text(report(rounds), encoding="utf-8")


if __name__ == "__main__":
    main()
