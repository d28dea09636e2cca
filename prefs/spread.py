"""How far apart alternatives lie, as people saw them side by side: what a whole weight stands for."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from prefs.judgement import Judgement


@dataclass(frozen=True, slots=True)
class Spread:
    """Between the ends of a typical ballot."""

    usd: float
    latency_s: float
    ballots: int
    """That the figures are medians of."""


def typical_spread(judgements: Iterable[Judgement]) -> Spread | None:
    """Medians over the ballots whose alternatives differ in dollars and in seconds; `None` where there is none.

    Ballots with an unknown price are left out.
    """
    spreads: dict[str, tuple[float, float]] = {}
    for judgement in judgements:
        shown = [candidate.features for candidate in judgement.candidates]
        dollars = [float(one.cost_usd) for one in shown if one.cost_usd is not None]
        seconds = [one.latency_s for one in shown]
        if len(dollars) < len(shown):
            continue
        spreads[judgement.ballot] = max(dollars) - min(dollars), max(seconds) - min(seconds)
    telling = [(usd, wait) for usd, wait in spreads.values() if usd > 0 and wait > 0]
    if not telling:
        return None
    return Spread(median(usd for usd, _ in telling), median(wait for _, wait in telling), len(telling))
