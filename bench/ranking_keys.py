"""How many keys and how much time a ballot takes on the page *Rank*, beside a digit for each item and Enter.

    python -m bench.ranking_keys [--ballots 20] [--out bench/results/ranking_keys.json]

A program presses the keys, so the times are those of the page: from the first key of a ballot until the next one is on
screen. What a person reads and thinks comes on top.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser import FLAGS, chromium
from tests.page.conftest import serving
from tests.page.jobs.rank_world import make_study, seed

ALTERNATIVES = 4
SETTLE_MS = 400
"""A pause between ballots, in which a person would read; the next ballot is fetched meanwhile."""
COUNT = """
window.pressed = 0; window.entered = 0; window.shown = null;
document.addEventListener("keydown", (event) => {
  window.pressed += 1;
  if (event.key === "Enter") { window.entered = performance.now(); window.shown = null; }
}, true);
document.addEventListener("podium:ballot", () => requestAnimationFrame(() => { window.shown = performance.now(); }));
localStorage.setItem("podium:annotator", JSON.stringify("bench"));
"""


def one_ballot(page: Page, keys: Sequence[str], *, last: bool) -> dict[str, float]:
    """Rank what is shown; gives the keys pressed, the whole seconds, and milliseconds from Enter to the next ballot."""
    page.wait_for_timeout(SETTLE_MS)
    before = page.evaluate("window.pressed")
    begun = time.perf_counter()
    for key in (*keys, "Enter"):
        page.keyboard.press(key)
    if last:
        page.get_by_role("heading", name="Nothing is left for you").wait_for()
    else:
        page.wait_for_function("window.shown !== null")
    took = time.perf_counter() - begun
    after = -1.0 if last else page.evaluate("window.shown - window.entered")
    return {"keys": page.evaluate("window.pressed") - before, "seconds": took, "next_ms": after}


def measure(page: Page, base_url: str, ballots: int) -> list[dict[str, float]]:
    """Rank a whole study."""
    study = make_study(base_url, alternatives=ALTERNATIVES)
    page.add_init_script(COUNT)
    page.goto(f"{base_url}/rank?study={study}")
    page.locator("h1.pd-query").wait_for()
    orders = ("123", "213", "312", "431", "241")
    return [one_ballot(page, orders[at % len(orders)], last=at == ballots - 1) for at in range(ballots)]


def summary(found: Sequence[dict[str, float]]) -> dict[str, Any]:
    """The figures that are kept."""
    keys = [one["keys"] for one in found]
    waits = [one["next_ms"] for one in found if one["next_ms"] >= 0]
    return {
        "ballots": len(found),
        "alternatives": ALTERNATIVES,
        "keys_per_ballot": statistics.mean(keys),
        "argilla_keys_per_ballot": ALTERNATIVES + 1,
        "argilla_gesture": "one digit for each item, then Enter",
        "seconds_per_ballot_median": round(statistics.median(one["seconds"] for one in found), 3),
        "enter_to_next_ms_median": round(statistics.median(waits), 1),
        "enter_to_next_ms_most": round(max(waits), 1),
        "load": [round(one, 1) for one in os.getloadavg()],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ballots", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("bench/results/ranking_keys.json"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seed(Path(folder), chosen.ballots, ALTERNATIVES)
        with serving(Path(folder)) as base_url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            found = summary(measure(page, base_url, chosen.ballots))
            browser.close()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
