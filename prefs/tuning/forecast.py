"""What N queries a day would cost under a setting, with an interval from resampling the stored queries."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from prefs.agreement.measured import LEAST_UNITS, RESAMPLES, percentiles
from prefs.bootstrap import Interval
from prefs.tuning.packed import Floats
from prefs.tuning.winners import NONE, Tuning, Winners

DAYS: Final = 30
"""Of a month."""
_DRAWN_AT_ONCE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Forecast:
    """Expected dollars, if the queries to come are like the stored ones. Intervals are 95%, over queries.

    They say how well the mean is known, not how much one day differs from another.
    """

    queries_a_day: int
    sample: int
    """Stored queries whose winner has known dollars."""
    unpriced: int
    """Winners that are left out, because dollars of some call are unknown."""
    query_usd: float
    """Mean dollars of a query."""
    interval: Interval | None
    """The same with its interval; `None` where fewer than 5 queries were sampled."""
    simulated_share: float
    """Of the sampled winners: those with a simulated call."""
    simulated_usd_share: float
    """Of the dollars: those of winners with a simulated call; 0 where nothing costs anything."""

    @property
    def day_usd(self) -> float:
        """Of a day."""
        return self.query_usd * self.queries_a_day

    @property
    def day(self) -> Interval | None:
        """The same with its interval."""
        return self.interval and self.interval.times(self.queries_a_day)

    @property
    def month_usd(self) -> float:
        """Of 30 days."""
        return self.day_usd * DAYS

    @property
    def month(self) -> Interval | None:
        """The same with its interval."""
        return self.interval and self.interval.times(self.queries_a_day * DAYS)


def forecast(tuning: Tuning, winners: Winners, queries_a_day: int, *, seed: int = 0) -> Forecast | None:
    """The forecast of always taking the winner; `None` where no winner's dollars are all known."""
    if queries_a_day < 1:
        raise ValueError(f"a forecast needs at least one query a day, not {queries_a_day}")
    packed = tuning.packed
    chosen = winners.rows[winners.rows != NONE]
    priced = chosen[packed.unpriced_calls[chosen] == 0]
    if not len(priced):
        return None
    usd = packed.units[priced].astype(np.float64) * 10.0**packed.exponent
    simulated = packed.simulated[priced]
    mean, total = float(usd.mean()), float(usd.sum())
    drawn = _means(usd, seed) if len(usd) >= LEAST_UNITS else None
    return Forecast(
        queries_a_day,
        len(priced),
        len(chosen) - len(priced),
        mean,
        None if drawn is None else percentiles(mean, drawn),
        float(simulated.mean()),
        float(usd[simulated].sum()) / total if total else 0.0,
    )


def _means(usd: Floats, seed: int) -> Floats:
    """Means of as many queries, drawn with replacement."""
    chance = np.random.default_rng([seed, len(usd)])
    at_once = max(_DRAWN_AT_ONCE // len(usd), 1)
    drawn = [
        usd[chance.integers(0, len(usd), (min(at_once, RESAMPLES - done), len(usd)))].mean(axis=1)
        for done in range(0, RESAMPLES, at_once)
    ]
    return np.concatenate(drawn)
