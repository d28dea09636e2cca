"""Measure all pages in real Chromium on a server of its own: `python -m bench.pages [--visits 5] [--out FILE]`."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
from playwright.sync_api import Browser, sync_playwright

from bench.pages.visits import VISITS, Visit
from bench.pages.watching import WATCH, Seen, seen
from tests.browser import FLAGS, chromium
from tests.page.conftest import serving

TARGET_MS = 200.0
MOST_SHIFT = 0.05
WIDTHS = ((1280, 720), (360, 640))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A server with tasks of the rehearsal world in its database; gives its address."""
    environment = {**os.environ, "PODIUM_DATA_DIR": str(folder), "PODIUM_PACE": "0"}
    seeding = ["evaluate", "--policy", "random", "--limit", "40", "--alternatives", "4", "--save"]
    subprocess.run([sys.executable, "-m", "webapp", *seeding], env=environment, check=True, capture_output=True)
    with serving(folder, pace="0") as address:
        yield address


def prepared(base: str) -> dict[str, str]:
    """A run with four alternatives, two of them, a study of all runs, and an audience."""
    api = f"{base}/api/v1"
    first, second = (json.loads(line) for line in httpx.get(f"{api}/export/trajectories").text.splitlines()[:2])
    study = httpx.post(f"{api}/studies", json={"name": "Bench", "runs": "all", "alternatives": 4})
    audience = httpx.post(f"{api}/audiences", json={"run": first["run"]})
    return {
        "run": first["run"],
        "trajectory": first["id"],
        "other": second["id"],
        "study": study.raise_for_status().json()["id"],
        "code": audience.raise_for_status().json()["code"],
    }


def visited(browser: Browser, base: str, visit: Visit, ids: dict[str, str], size: tuple[int, int]) -> Seen:
    """One visit with an empty cache."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(base + visit.address.format(**ids))
    page.locator("html[data-podium=ready]").wait_for(state="attached")
    page.locator(visit.drawn).first.wait_for()
    page.wait_for_timeout(700)
    found = seen(page, visit.use(page))
    context.close()
    return found


def row(name: str, size: tuple[int, int], all_of: list[Seen]) -> str:
    """A line of the table: medians over the visits, the greatest shift and wait."""
    paints = [one.paint_ms for one in all_of]
    waits = [one.p95_ms for one in all_of]
    shift = max(one.shift for one in all_of)
    cells = (
        f"{name} {size[0]}×{size[1]}",
        f"{median(paints):.0f} [{min(paints):.0f}–{max(paints):.0f}]",
        f"{shift:.3f}{'' if shift < MOST_SHIFT else ' **missed**'}",
        f"{median(waits):.0f} [{min(waits):.0f}–{max(waits):.0f}]{'' if max(waits) < TARGET_MS else ' **missed**'}",
        f"{sum(one.pressed for one in all_of)}",
        f"{median(one.requests for one in all_of):.0f}",
        f"{median(one.kilobytes for one in all_of):.0f}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    flags = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    flags.add_argument("--visits", type=int, default=5)
    flags.add_argument("--out", type=Path, default=Path("bench/results/pages.md"))
    asked = flags.parse_args()
    lines = [
        "# The pages in Chromium",
        "",
        f"`python -m bench.pages --visits {asked.visits}` on {os.cpu_count()} cores with Python",
        f"{platform.python_version()}; each visit with an empty cache, server and browser on the same machine.",
        "Targets: shift < 0.05, wait < 200 ms.",
        "",
        "| page | first paint ms | layout shift (greatest) | wait p95 ms | inputs | requests | kB |",
        "|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as base, sync_playwright() as playwright:
        ids = prepared(base)
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for visit in VISITS:
            for size in WIDTHS:
                all_of = [visited(browser, base, visit, ids, size) for _ in range(asked.visits)]
                lines.append(row(visit.name, size, all_of))
                print(lines[-1], flush=True)
        browser.close()
    lines += [
        "",
        "Wait is from an input to the next frame painted (Event Timing, rounded to 8 ms; what took less than 16 ms",
        "counts as 16); median [least–greatest] over the visits of each visit's 95th percentile.",
    ]
    asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
