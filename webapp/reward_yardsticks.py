"""What a neural reward model is held against: the linear model on the same pairs, and the human noise ceiling."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from prefs.agreement.ceiling import noise_ceiling
from prefs.fit.preference import fit
from prefs.fit.result import Estimate, PreferenceFit, ScaledFit
from prefs.fit.scaling import scaled
from prefs.judgement import Judgement
from prefs.neural.reward_model import Ceiling


def linear_margins(training: Sequence[Judgement], held_out: Sequence[Judgement]) -> list[float] | None:
    """Utility of the better − utility of the worse of every strict held-out pair, in the order of the pairs.

    By the fit to the training rankings, in the scaling that does better there in cross-validation. 0 on ballots with
    an unknown cost, which it cannot order. `None` where the training rankings cannot be fitted.
    """
    try:
        found = _better(fit(training))
    except ValueError:
        return None
    weights = {name: one.mean for name, one in (*found.free.items(), *_of_candidates(found.covariates))}
    margins = []
    for judgement in held_out:
        utilities = _utilities(judgement, found, weights)
        strict = (one for one in judgement.comparisons() if not one.tied)
        margins += [float(utilities[one.better] - utilities[one.worse]) for one in strict]
    return margins


def _better(found: PreferenceFit) -> ScaledFit:
    ballot, absolute = found.pair_accuracy.ballot, found.pair_accuracy.absolute
    if ballot is None or absolute is None or ballot.mean >= absolute.mean:
        return found.ballot
    return found.absolute


def _of_candidates(covariates: Mapping[str, Estimate]) -> list[tuple[str, Estimate]]:
    """Where a candidate is shown says nothing about the candidate."""
    return [(name, one) for name, one in covariates.items() if name != "position"]


def _utilities(judgement: Judgement, found: ScaledFit, weights: Mapping[str, float]) -> NDArray[np.float64]:
    if any(one.features.cost_usd is None for one in judgement.candidates):
        return np.zeros(len(judgement.candidates))
    measured = scaled([judgement], tuple(weights), found.scaling)
    utilities: NDArray[np.float64] = (measured @ np.array(list(weights.values())))[0]
    return utilities


def ceiling(judgements: Sequence[Judgement], seed: int = 0) -> Ceiling | None:
    """How often two people order the same pair alike, and what that leaves for a model to reach.

    Over all rankings, since few of the held-out ballots may have been ranked twice.
    """
    found = noise_ceiling(judgements, seed)
    agreement, attainable = found.agreement, found.attainable
    if agreement.value is None or attainable is None:
        return None
    return Ceiling(agreement.value, agreement.interval, attainable.low, attainable.high)
