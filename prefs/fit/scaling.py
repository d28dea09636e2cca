"""The features of ranked candidates as numbers, in one of two scalings.

`ballot` is the paper's: min–max over the ballot's own candidates, more being better, so that the weights plug into
R(τ). `absolute` keeps magnitudes: −log dollars, −log seconds, the outcome and log(1 + uses), so that ratios of weights
are willingness to pay. Covariates are the same in both, centred within the ballot but for `ungraded`, which is 1 or 0.
"""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from prefs.judgement import Candidate, Judgement
from prefs.ranking import REVEALED

Floats = NDArray[np.float64]
Scaling = Literal["ballot", "absolute"]
Covariate = Literal["position", "steps", "answer_length"]

WEIGHED: Final = ("accuracy", "cost", "latency")
"""The elements of P that are not aliases."""
UNGRADED: Final = "ungraded"
"""The covariate of candidates without a grade on ballots where others have one; their accuracy column is 0."""
COVARIATES: Final = ("position", "steps", "answer_length", UNGRADED)
"""Every name that is neither an element of P nor an alias."""
LEAST_USD: Final = 1e-5
"""Cheaper trajectories, free ones too, count as this many dollars in the absolute scaling."""
LEAST_S: Final = 1e-3
"""Quicker trajectories count as this many seconds in the absolute scaling."""


def scaled(judgements: Sequence[Judgement], names: Sequence[str], scaling: Scaling) -> Floats:
    """Judgements × candidates × names; all judgements have the same number of candidates and known costs."""
    shown = [candidate for judgement in judgements for candidate in judgement.candidates]
    size = len(judgements[0].candidates)
    columns = [_column(shown, size, name, scaling) * _seen(judgements, name) for name in names]
    return np.stack(columns, axis=-1)


def _seen(judgements: Sequence[Judgement], name: str) -> Floats:
    """1 for each judgement of somebody who saw the feature, 0 where it was hidden: nobody weighs what nobody saw."""
    if name not in REVEALED:
        return np.ones((1, 1))
    return np.array([[0.0 if name in one.hidden else 1.0] for one in judgements])


def aliases(judgements: Sequence[Judgement]) -> tuple[str, ...]:
    """Every alias that any candidate used, sorted."""
    return tuple(sorted({alias for j in judgements for c in j.candidates for alias in c.features.uses}))


def partly_graded(judgement: Judgement) -> bool:
    """Whether some candidates are graded and others are not."""
    known = [candidate.features.outcome is not None for candidate in judgement.candidates]
    return any(known) and not all(known)


def _column(shown: Sequence[Candidate], size: int, name: str, scaling: Scaling) -> Floats:
    values = _raw(shown, name).reshape(-1, size)
    if name in COVARIATES:
        return _covariate(values, name)
    if scaling == "ballot":
        return _within_ballot(values)
    if name == "accuracy":
        return np.nan_to_num(values)
    if name in ("cost", "latency"):
        worst: Floats = np.maximum(-values, LEAST_USD if name == "cost" else LEAST_S)
        return -_logs(worst)
    return _logs(1 + values)


def _raw(shown: Sequence[Candidate], name: str) -> Floats:
    """More is better; an unknown outcome is not a number."""
    if name in ("accuracy", UNGRADED):
        outcomes = [c.features.outcome for c in shown]
        return np.array([np.nan if outcome is None else outcome for outcome in outcomes], np.float64)
    if name == "cost":
        return np.array([-float(c.features.cost_usd or 0) for c in shown])
    if name == "latency":
        return np.array([-c.features.latency_s for c in shown])
    if name in COVARIATES:
        return np.array([_sway(c, name) for c in shown], np.float64)
    return np.array([c.features.uses.get(name, 0) for c in shown], np.float64)


def _sway(candidate: Candidate, name: str) -> float:
    if name == "position":
        return candidate.position
    return float(np.log1p(candidate.steps if name == "steps" else candidate.answer_length))


def _within_ballot(values: Floats) -> Floats:
    """As `prefs.features.normalised`, over what is known; 0 for the unknown."""
    known = ~np.isnan(values)
    low = np.where(known, values, np.inf).min(axis=1, keepdims=True)
    span = np.where(known, values, -np.inf).max(axis=1, keepdims=True) - low
    usable = known & (span > 0)
    return np.where(usable, (values - low) / np.where(span > 0, span, 1.0), 0.0) if usable.any() else 0.0 * known


def _covariate(values: Floats, name: str) -> Floats:
    if name == UNGRADED:
        unknown = np.isnan(values)
        return np.where(unknown.all(axis=1, keepdims=True), 0.0, unknown)
    if name == "position":  # 1 for the first, 0 for the last
        values = 1.0 - values / max(values.shape[1] - 1, 1)
    centred: Floats = values - values.mean(axis=1, keepdims=True)
    return centred


def _logs(values: Floats) -> Floats:
    found: Floats = np.log(values)
    return found
