"""How long one move of a slider takes on *Tune*: packed arrays against a plain Python loop over the same alternatives.

`python -m bench.tuning [--trajectories 10000 100000] [--out bench/results/tuning.md]`. The alternatives are invented.
The loop scales each query's elements beforehand, as the arrays do, so that both only weigh, choose and add up.
"""

import argparse
import json
import platform
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from orchestrator.preference import PreferenceVector
from prefs.features import Features, normalised, weights
from prefs.tuning.flips import flips
from prefs.tuning.forecast import forecast
from prefs.tuning.front import front
from prefs.tuning.stored import Stored
from prefs.tuning.winners import Tuning

ALIASES = ("answer-1", "answer-2", "answer-3", "answer-4", "reasoner-1", "reasoner-2", "search-1", "search-2")
A_QUERY = 4
TARGET_MS = 100.0
RIGHT = {1: 2, None: 1, 0: 0}
"""Of equal alternatives the solved one wins, then the ungraded one."""


def invented(trajectories: int, seed: int = 0) -> list[Stored]:
    """Four alternatives of each query; dollars and seconds trade off, a fifth of the answers is wrong."""
    chance = random.Random(seed)
    found = []
    for number in range(trajectories):
        usd = Decimal(round(chance.lognormvariate(-4, 1) * 10**6)).scaleb(-6)
        seconds = chance.lognormvariate(2, 0.5) / (1 + 20 * float(usd))
        used = {alias: chance.randint(1, 3) for alias in chance.sample(ALIASES, 3)}
        outcome = chance.choices((1, 0, None), (7, 2, 1))[0]
        measured = Features(outcome, usd, seconds, used)
        found.append(Stored(f"t{number}", f"query {number // A_QUERY}", measured, usd, 0, True))
    return found


@dataclass(slots=True)
class Row:
    """One alternative with its scaled elements, as the plain loop reads it."""

    of: Stored
    scaled: dict[str, float]


def scaled_rows(alternatives: Sequence[Stored]) -> list[list[Row]]:
    """Per query: the elements of M(τ) scaled by `prefs.features.normalised`."""
    by_query: dict[str, list[Stored]] = {}
    for one in alternatives:
        by_query.setdefault(one.query, []).append(one)
    return [_scaled(shown) for shown in by_query.values()]


def _scaled(shown: Sequence[Stored]) -> list[Row]:
    columns = {
        "cost": normalised([None if o.features.cost_usd is None else -o.features.cost_usd for o in shown]),
        "latency": normalised([-o.features.latency_s for o in shown]),
        **{alias: normalised([o.features.uses.get(alias, 0) for o in shown]) for alias in ALIASES},
    }
    wrong = any(one.features.outcome == 0 for one in shown)
    return [
        Row(one, {"accuracy": float(wrong), **{name: column[place] or 0.0 for name, column in columns.items()}})
        for place, one in enumerate(shown)
    ]


def plain_loop(queries: Sequence[Sequence[Row]], p: PreferenceVector) -> tuple[Decimal, int, dict[str, int]]:
    """The floor: winners and totals with nothing but Python. Exact dollars, solved queries, calls of each alias."""
    weighed = [(name, weight) for name, weight in weights(p).items() if weight]
    usd, solved, calls = Decimal(0), 0, dict.fromkeys(ALIASES, 0)
    seconds = 0.0
    for shown in queries:
        best, best_key = shown[0], (-1.0, 0, 0.0)
        for row in shown:
            right = RIGHT[row.of.features.outcome]
            worth = sum(weight * row.scaled[name] for name, weight in weighed) if right else 0.0
            key = (round(worth, 9), right, -float(row.of.known_usd))
            if key > best_key:
                best, best_key = row, key
        usd += best.of.known_usd
        seconds += best.of.features.latency_s
        solved += best.of.features.outcome == 1
        for alias, count in best.of.features.uses.items():
            calls[alias] += count
    return usd, solved, calls


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of each of so many runs."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append((time.perf_counter() - started) * 1_000)
    return found


def settings(count: int) -> list[PreferenceVector]:
    """A slider that is dragged: another P each time, two aliases weighed."""
    aliases = {"answer-1": 0.25, "search-2": 0.1}
    return [PreferenceVector(1.0, step / count, 0.5, aliases) for step in range(count)]


def measured(trajectories: int, moves: int, floor_moves: int) -> dict[str, Any]:
    """All figures for one number of trajectories."""
    alternatives = invented(trajectories)
    packing = timed(lambda: Tuning.of(alternatives), 3)
    tuning, queries = Tuning.of(alternatives), scaled_rows(alternatives)
    dragged = iter(settings(moves + 5))
    timed(lambda: tuning.winners(next(dragged)), 5)
    slider = timed(lambda: tuning.winners(next(dragged)), moves)
    floor_settings = iter(settings(floor_moves))
    floor = timed(lambda: plain_loop(queries, next(floor_settings)), floor_moves)
    p = settings(2)[1]
    return {
        "trajectories": trajectories,
        "packing_ms": median(packing),
        "slider_ms": median(slider),
        "slider_p95_ms": quantiles(slider, n=20)[-1],
        "floor_ms": median(floor),
        "ratio": median(floor) / median(slider),
        "same": agreement(tuning, queries),
        "thresholds_ms": median(timed(lambda: flips(tuning, p, "cost"), 3)),
        "front_ms": median(timed(lambda: front(tuning, replace(p, tools={})), 1)),
        "forecast_ms": median(timed(lambda: forecast(tuning, tuning.winners(p), 1_000), 3)),
    }


def agreement(tuning: Tuning, queries: Sequence[Sequence[Row]]) -> int:
    """Of five settings: on how many arrays and loop come to the same dollars, solved queries and calls."""
    same = 0
    for p in settings(5):
        totals = tuning.winners(p).totals
        usd, solved, calls = plain_loop(queries, p)
        shares = {alias: count / sum(calls.values()) for alias, count in calls.items() if count}
        same += (totals.usd, totals.solved) == (usd, solved) and dict(totals.alias_share) == shares
    return same


def report(found: Sequence[dict[str, Any]]) -> str:
    """The figures as Markdown."""
    lines = [
        "# One move of a slider on *Tune*",
        "",
        f"Winners of all queries and their totals under one more P, {A_QUERY} invented alternatives of each query, two "
        f"aliases weighed; milliseconds, Python {platform.python_version()}, {platform.machine()}. The floor is a loop "
        "in plain Python over elements that were scaled beforehand. Target: at most 100 ms for 10,000 trajectories.",
        "",
        "| trajectories | slider, median | p95 | plain loop, median | loop / slider | same totals | packing, once |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one['trajectories']:,} | {one['slider_ms']:.2f} | {one['slider_p95_ms']:.2f} | {one['floor_ms']:.1f} "
        f"| {one['ratio']:.0f} | {one['same']} of 5 | {one['packing_ms']:.0f} |"
        for one in found
    ]
    lines += ["", "| trajectories | thresholds of cost | front of 441 settings | forecast |", "|---|---|---|---|"]
    for one in found:
        rest = (one["thresholds_ms"], one["front_ms"], one["forecast_ms"])
        lines.append(f"| {one['trajectories']:,} | {' | '.join(f'{ms:.0f}' for ms in rest)} |")
    small = next((one for one in found if one["trajectories"] == 10_000), None)
    if small is not None:
        met = "met" if small["slider_p95_ms"] <= TARGET_MS else "missed"
        lines += ["", f"The target is {met}: p95 {small['slider_p95_ms']:.2f} ms of {TARGET_MS:.0f} ms."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trajectories", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--floor-moves", type=int, default=5)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    found = [measured(count, chosen.moves, chosen.floor_moves) for count in chosen.trajectories]
    print(json.dumps(found))
    if chosen.out is not None:
        chosen.out.write_text(report(found), "utf-8")


if __name__ == "__main__":
    main()
