"""What a fit, and following one more ranking, take: wall clock, and their ratio in the same run."""

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

from bench.planted.pools import BETA, PLANTED
from prefs.fit.choices import Choices
from prefs.fit.estimation import fitted, scaled_fit
from prefs.fit.live import LiveFit
from prefs.judgement import Judgement
from prefs.simulated import simulated_judgements

UPDATES: Final = 50
SIZES: Final[dict[str, dict[str, Any]]] = {
    "100,000 pairs": {"ballots": 100_000, "alternatives": 2},
    "16,667 rankings of 4 (100,000 comparisons), with ties and lines": {"ballots": 16_667, "ties": 0.3, "line": True},
    "100,000 rankings of 4": {"ballots": 100_000},
    "100,000 rankings of 4, with ties": {"ballots": 100_000, "ties": 0.3},
}


def timings(aliases: tuple[str, ...] | None) -> dict[str, dict[str, float]]:
    """By size: seconds to pack, fit and make intervals, and milliseconds per live update."""
    found = {}
    for name, study in SIZES.items():
        judgements = simulated_judgements(PLANTED, BETA, annotators=200, spread=0.2, seed=1, **study)
        found[name] = _timed(judgements, aliases)
    return found


def _timed(judgements: list[Judgement], aliases: tuple[str, ...] | None) -> dict[str, float]:
    before, new = judgements[:-UPDATES], judgements[-UPDATES:]
    live = LiveFit(before, aliases=aliases)
    updates = [_seconds(lambda one=one: live.add(one))[0] for one in new]
    choices = Choices("ballot", aliases=aliases)
    pack, _ = _seconds(lambda: choices.extend(judgements))
    runs = [_seconds(lambda: fitted(choices)) for _ in range(3)]
    solve, optima = min(runs, key=lambda run: run[0])
    intervals, fit = _seconds(lambda: scaled_fit(choices, optima))
    assert live.fit is not None
    return {
        "rankings": len(judgements),
        "columns": len(fit.labels),
        "pack_s": pack,
        "fit_s": solve,
        "intervals_s": intervals,
        "update_median_ms": 1000 * statistics.median(updates),
        "update_greatest_ms": 1000 * max(updates),
        "update_by_fit": statistics.median(updates) / (solve + intervals),
        "greatest_difference": max(abs(live.fit.weights[k].mean - fit.weights[k].mean) for k in fit.weights),
    }


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found
