"""What the settings of P lead to, which of them no other beats, and what P would trade along a line through its own.

A grid over cost and latency (and accuracy without the gate); the weights of aliases stay as they are in P.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import Final

import numpy as np

from orchestrator.preference import PreferenceVector
from prefs.tuning.winners import Totals, Tuning, Winners

STEPS: Final = 20
"""A grid steps through each weight in twentieths, as the sliders do."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Settings that lead to one outcome, by their first."""

    preference: PreferenceVector
    totals: Totals
    settings: int
    """On the grid with the same dollars, seconds and solved queries."""
    on_front: bool
    """Whether no other outcome is at least as good in all three and better in one."""
    chosen: bool
    """Whether P itself leads to it."""


@dataclass(frozen=True, slots=True)
class IsoUtility:
    """The line through the chosen point along which P is indifferent between total dollars and seconds.

    Elements are scaled within each query; this line takes the mean spread of a query for all of them, so it is a
    guide for the eye. Points below it are better.
    """

    usd: float
    latency_s: float
    seconds_per_usd: float | None
    """Seconds that a saved dollar is worth; `None` where P gives latency no weight: the line is upright."""

    def latency_at(self, usd: float) -> float | None:
        """Total seconds on the line at these total dollars."""
        return None if self.seconds_per_usd is None else self.latency_s - self.seconds_per_usd * (usd - self.usd)


@dataclass(frozen=True, slots=True)
class Front:
    """Distinct outcomes, the cheapest first."""

    settings: tuple[Setting, ...]
    iso: IsoUtility | None
    """`None` where the spread of dollars or seconds is nothing, or P weighs neither."""

    @property
    def chosen(self) -> Setting:
        """What P leads to."""
        return next(setting for setting in self.settings if setting.chosen)


def front(tuning: Tuning, preference: PreferenceVector, *, steps: int = STEPS) -> Front:
    """The outcomes of P and of a grid of settings around it."""
    if steps < 1:
        raise ValueError(f"a grid takes at least one step, not {steps}")
    found: dict[tuple[Decimal, float, int], list[Winners]] = {}
    here = tuning.winners(preference)
    for one in (here, *(tuning.winners(p) for p in _grid(tuning, preference, steps))):
        found.setdefault(_outcome(one.totals), []).append(one)
    outcomes = sorted(found, key=lambda outcome: (outcome[0], outcome[1], -outcome[2]))
    best = _undominated(outcomes)
    settings = tuple(
        Setting(
            found[outcome][0].preference,
            found[outcome][0].totals,
            len(found[outcome]) - (here in found[outcome]),
            outcome in best,
            outcome == _outcome(here.totals),
        )
        for outcome in outcomes
    )
    return Front(settings, iso_utility(tuning, here))


def _grid(tuning: Tuning, preference: PreferenceVector, steps: int) -> Iterator[PreferenceVector]:
    values = [step / steps for step in range(steps + 1)]
    accuracies: Sequence[float] = [preference.accuracy] if tuning.packed.rule.gated else values
    for accuracy, cost, latency in product(accuracies, values, values):
        yield replace(preference, accuracy=accuracy, cost=cost, latency=latency)


def _outcome(totals: Totals) -> tuple[Decimal, float, int]:
    return totals.usd, totals.latency_s, totals.solved


def _undominated(outcomes: Sequence[tuple[Decimal, float, int]]) -> set[tuple[Decimal, float, int]]:
    """Of distinct outcomes, sorted by dollars: those that nothing before them beats."""
    kept: list[tuple[Decimal, float, int]] = []
    for usd, seconds, solved in outcomes:
        if not any(other[1] <= seconds and other[2] >= solved for other in kept):
            kept.append((usd, seconds, solved))
    return set(kept)


def iso_utility(tuning: Tuning, here: Winners) -> IsoUtility | None:
    """Where P trades dollars for seconds, through what it leads to."""
    packed, p = tuning.packed, here.preference
    usd = packed.units.astype(np.float64) * 10.0**packed.exponent
    spreads = [
        (np.maximum.reduceat(column, packed.starts) - np.minimum.reduceat(column, packed.starts))
        for column in (usd, packed.latency_s)
    ]
    priced = np.maximum.reduceat(packed.unpriced_calls, packed.starts) == 0
    telling = priced & (spreads[0] > 0) & (spreads[1] > 0)
    if not telling.any() or (p.cost == 0 and p.latency == 0):
        return None
    per_usd, per_s = (float(spread[telling].mean()) for spread in spreads)
    rate = None if p.latency == 0 else (p.cost / per_usd) / (p.latency / per_s)
    return IsoUtility(here.totals.usd_float, here.totals.latency_s, rate)
