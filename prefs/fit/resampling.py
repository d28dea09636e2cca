"""A cluster bootstrap of P, as a cross-check of the sandwich.

Whole clusters are drawn with replacement. Two-way, a ranking weighs as often as its annotator was drawn times as often
as its ballot (the pigeonhole bootstrap of Owen 2007), which errs on the side of wide intervals.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.fit.choices import Choices
from prefs.fit.estimation import PRIOR_SD, Fitted, flat, identified, weighed
from prefs.fit.likelihood import evaluate
from prefs.fit.newton import maximise
from prefs.fit.result import Estimate
from prefs.fit.sandwich import LEAST_ANNOTATORS, LEVEL, Codes, Kind

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

RESAMPLES: Final = 200
CLOSE: Final = 1e-6
"""Gain in log likelihood below which a resample's fit is done: its error is far below that of resampling."""


def bootstrap(
    choices: Choices,
    found: Fitted,
    *,
    kind: Kind = "auto",
    resamples: int = RESAMPLES,
    seed: int = 0,
    prior_sd: float = PRIOR_SD,
) -> Mapping[str, Estimate]:
    """P by name with percentile intervals; the same for the same seed."""
    chance = np.random.default_rng(seed)
    places = {found.kept.labels[i]: int(i) for i in np.flatnonzero(identified(found) & weighed(found.kept))}
    drawn = np.stack(
        [_p(choices, found, _weights(choices, kind, chance), list(places.values()), prior_sd) for _ in range(resamples)]
    )
    ends = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    mean = _scaled(found.bounded.theta[list(places.values())])
    return {
        name: Estimate(float(mean[i]), min(float(ends[0, i]), float(mean[i])), max(float(ends[1, i]), float(mean[i])))
        for i, name in enumerate(places)
    }


def _p(choices: Choices, found: Fitted, weight: Floats, places: list[int], prior_sd: float) -> Floats:
    bounds = weighed(found.kept)
    prior = flat(found.kept, prior_sd)
    optimum = maximise(
        lambda theta: evaluate(choices, found.kept, theta, weight), found.bounded.theta, prior, bounds, CLOSE
    )
    return _scaled(optimum.theta[places])


def _scaled(weights: Floats) -> Floats:
    top = weights.max(initial=0.0)
    return np.clip(weights / top, 0.0, 1.0) if top > 0 else np.zeros_like(weights)


def _weights(choices: Choices, kind: Kind, chance: np.random.Generator) -> Floats:
    own, who = choices.weight.values, choices.codes
    if kind == "auto":
        people = len(np.unique(who.annotator[own > 0]))
        kind = "two-way" if people >= LEAST_ANNOTATORS else "ballot"
    weight = own.copy()
    for code in _clusters(kind, who):
        weight *= _drawn(code, own > 0, chance)
    return weight if weight.any() else own


def _clusters(kind: Kind, who: Codes) -> tuple[Places, ...]:
    if kind == "two-way":
        shared = len(np.unique(who.both)) > len(np.unique(who.ballot))
        return (who.annotator, who.ballot) if shared else (who.annotator,)
    by_kind = {"annotator": who.annotator, "ballot": who.ballot}
    return (by_kind.get(kind, np.arange(len(who.ballot))),)


def _drawn(code: Places, counts: NDArray[np.bool_], chance: np.random.Generator) -> Floats:
    """How often each ranking's cluster is drawn."""
    clusters = np.unique(code[counts])
    times = np.zeros(int(code.max(initial=0)) + 1)
    times[clusters] = np.bincount(chance.integers(0, len(clusters), len(clusters)), minlength=len(clusters))
    drawn: Floats = times[code]
    return drawn
