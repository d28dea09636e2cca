"""The planted-truth study of the fit.

python -m bench.planted [--pools 200] [--only conditions|population|timing]
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any, Final

from bench.planted.pools import CONDITIONS, population, tally
from bench.planted.report import figures, report
from bench.planted.timing import timings

PARTS: Final = ("timing", "conditions", "population")
OUT: Final = Path(__file__).parents[1] / "results"


def main() -> None:
    """Write `planted.json` and `planted.md`."""
    flags = argparse.ArgumentParser(prog="bench.planted", description=__doc__)
    flags.add_argument("--pools", type=int, default=200)
    flags.add_argument("--only", choices=PARTS, action="append", help="run this part and keep the others' last figures")
    flags.add_argument("--out", type=Path, default=OUT)
    chosen = flags.parse_args()
    kept = chosen.out / "planted.json"
    results: dict[str, Any] = json.loads(kept.read_text("utf-8")) if chosen.only else {"minutes": {}}
    for part in chosen.only or PARTS:
        began = time.monotonic()
        results[part] = _part(part, chosen.pools)
        results["minutes"][part] = (time.monotonic() - began) / 60
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "planted.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (chosen.out / "planted.md").write_text(report(results), "utf-8")
    print(report(results))


def _part(part: str, pools: int) -> dict[str, Any]:
    if part == "timing":
        return timings(("answer-1",))
    if part == "population":
        return {one.name: population(one, pools) for one in CONDITIONS if one.study["annotators"] < 100}
    return figures({one.name: tally(one, pools) for one in CONDITIONS})


main()
