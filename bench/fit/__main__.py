"""`python -m bench.fit`: time every contender on the same data and write bench/results/fit.json and fit.md.

Run it with an interpreter that has bench/requirements.txt, from the repository's root. See bench/README.md.
"""

import argparse
import gc
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.fit.contenders import (
    Contender,
    arena_rank,
    bradley_terry_contenders,
    plackett_luce_contenders,
    tie_contenders,
)
from bench.fit.data import pairs, rankings
from bench.fit.report import report

RESULTS = Path("bench/results")
ROUNDS = 30
LONGEST_S = 4.0
"""A contender that has taken this long, and twice at least, is not run again."""
PACKAGES = ("numpy", "scipy", "choix", "evalica", "arena-rank", "jax")
SETTINGS: dict[str, tuple[Callable[[int], Any], Callable[[Any], list[Contender]], tuple[int, ...]]] = {
    "Bradley–Terry": (pairs, bradley_terry_contenders, (10_000, 100_000, 1_000_000)),
    "Davidson, 15 % ties": (lambda n: pairs(n, ties=True), tie_contenders, (10_000, 100_000, 1_000_000)),
    "Plackett–Luce, rankings of 4": (rankings, plackett_luce_contenders, (10_000, 100_000)),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--cold", metavar="CONTENDER:SIZE", help="time one contender from the start of its imports")
    given = parser.parse_args()
    if given.cold:
        print(json.dumps(cold(*given.cold.split(":"))))
        return
    measured: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "versions": {package: importlib.metadata.version(package) for package in PACKAGES},
        "load_before": os.getloadavg(),
        "rounds": given.rounds,
        "results": [],
        "cold": [],
    }
    for model, (make, contenders, sizes) in SETTINGS.items():
        for size in sizes:
            measured["results"] += compared(model, make(size), contenders, given.rounds)
            write(measured, given.out)
    for size in (10_000, 1_000_000):
        for name in ("podium", "arena-rank"):
            done = subprocess.run(
                [sys.executable, "-m", "bench.fit", "--cold", f"{name}:{size}"], check=True, capture_output=True
            )
            measured["cold"].append(json.loads(done.stdout))
    write(measured, given.out)
    print(report(measured))


def compared(model: str, data: Any, contenders: Callable[[Any], list[Contender]], rounds: int) -> list[dict[str, Any]]:
    """All contenders in turn, round by round, so that what else the machine does falls on all of them."""
    entered = contenders(data)
    times: dict[str, list[float]] = {contender.name: [] for contender in entered}
    loads: dict[str, list[float]] = {contender.name: [] for contender in entered}
    cpus: dict[str, list[float]] = {contender.name: [] for contender in entered}
    found = {}
    for number in range(rounds):
        for contender in entered[number % len(entered) :] + entered[: number % len(entered)]:
            spent = times[contender.name]
            if sum(spent) > LONGEST_S and len(spent) > 1:
                continue
            seconds, cpu, found[contender.name] = timed(contender.run)
            spent.append(seconds)
            cpus[contender.name].append(cpu)
            loads[contender.name].append(os.getloadavg()[0])
    ours = found[entered[0].name]
    return [
        {
            "model": model,
            "size": data.size,
            "contender": contender.name,
            "input": contender.input,
            "intervals": contender.intervals,
            "ours": contender.ours,
            "seconds": times[contender.name],
            "cpu_s": cpus[contender.name],
            "rmse": float(np.sqrt(np.mean((found[contender.name] - data.truth) ** 2))),
            "from_podium": float(np.abs(found[contender.name] - ours).max()),
            "from_podium_exact": float(
                np.abs((found[contender.name] if contender.exact is None else contender.exact()) - ours).max()
            ),
            "load": loads[contender.name],
            "median_width": None if contender.widths is None else float(np.median(contender.widths())),
        }
        for contender in entered
    ]


def timed(run: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds and CPU seconds (all threads) of one run, without the garbage collector, and what it found."""
    gc.collect()
    gc.disable()
    try:
        begun, cpu = time.perf_counter(), time.process_time()
        found = run()
        return time.perf_counter() - begun, time.process_time() - cpu, found
    finally:
        gc.enable()


def cold(name: str, size: str) -> dict[str, Any]:
    """The first fit with intervals of a new process, after its imports."""
    data = pairs(int(size))
    if name == "podium":
        runs = [c for c in bradley_terry_contenders(data) if c.name == "Podium with intervals"]
    else:
        runs = [c for c in arena_rank(data) if c.intervals]
    seconds, _, _ = timed(runs[0].run)
    return {"contender": runs[0].name, "size": int(size), "seconds": seconds}


def write(measured: dict[str, Any], out: Path) -> None:
    """As JSON and as Markdown."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "fit.json").write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n")
    (out / "fit.md").write_text(report(measured))


if __name__ == "__main__":
    main()
