"""Pools of simulated annotators, fitted one after another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from prefs.fit.annotators import annotator_fits
from prefs.fit.choices import Choices
from prefs.fit.estimation import Fitted, fitted, scaled_fit
from prefs.fit.resampling import bootstrap
from prefs.fit.result import Estimate
from prefs.simulated import Habits, simulated_judgements

PLANTED: Final[Mapping[str, float]] = {"accuracy": 1.0, "cost": 0.6, "latency": 0.3, "answer-1": 0.4}
"""Accuracy is P's greatest element, so its estimate is 1 by definition; the others are judged."""
BETA: Final = 4.0
POSITION: Final = 0.3
JUDGED: Final = tuple(name for name in PLANTED if name != "accuracy")
KINDS: Final = {"two-way clusters (default)": "auto", "annotator clusters": "annotator", "i.i.d.": "ranking"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One way in which rankings come about. All have ties, a line and partial rankings."""

    name: str
    says: str
    study: Mapping[str, Any]
    resampled: int = 0
    """Pools that are bootstrapped as well."""


CONDITIONS: Final = (
    Condition(
        "independent",
        "400 annotators of one mind, one ranking each",
        {"ballots": 400, "annotators": 400, "habits": Habits(position=POSITION)},
    ),
    Condition(
        "clustered",
        "40 annotators with their own weights (standard deviation 0.2 of P), 10 ballots each",
        {"ballots": 400, "annotators": 40, "spread": 0.2, "habits": Habits(position=POSITION)},
    ),
    Condition(
        "clustered, ballots repeated",
        "the same 40, and each of 100 ballots ranked by 4 of them, who share tastes that no feature explains",
        {"ballots": 100, "annotators": 40, "spread": 0.2, "habits": Habits(4, POSITION, 0.5)},
        resampled=60,
    ),
)


@dataclass(slots=True)
class Tally:
    """What was found in the pools of one condition."""

    means: list[list[float]] = field(default_factory=list)
    """By pool: P of the judged names."""
    position: list[float] = field(default_factory=list)
    beta: list[float] = field(default_factory=list)
    covered: dict[str, list[list[bool]]] = field(default_factory=dict)
    """Kind of interval to pools × judged names, the position effect last."""
    widths: dict[str, list[float]] = field(default_factory=dict)


def tally(condition: Condition, pools: int) -> Tally:
    """Fit so many pools."""
    found = Tally()
    for seed in range(pools):
        judgements = simulated_judgements(PLANTED, BETA, ties=0.3, line=True, partial=0.3, seed=seed, **condition.study)
        choices = Choices("ballot", aliases=("answer-1",))
        choices.extend(judgements)
        optima = fitted(choices)
        _note(found, choices, optima, resampled=seed < condition.resampled)
    return found


def population(condition: Condition, pools: int) -> dict[str, Any]:
    """The mean of people's own P, by partial pooling, in so many pools: bias and coverage."""
    means, covered = [], []
    for seed in range(pools):
        judgements = simulated_judgements(PLANTED, BETA, ties=0.3, line=True, partial=0.3, seed=seed, **condition.study)
        pooled = annotator_fits(judgements, aliases=("answer-1",))
        means.append([*(pooled.p[key].mean for key in JUDGED), pooled.population["accuracy"].mean])
        covered.append([_covers(pooled.p[key], PLANTED[key]) for key in JUDGED])
    error = np.std(means, axis=0, ddof=1) / np.sqrt(pools)
    return {
        "pools": pools,
        "p": {key: [float(np.mean(means, axis=0)[i]), float(error[i])] for i, key in enumerate(JUDGED)},
        "beta": float(np.mean(means, axis=0)[-1]),
        "coverage": dict(zip(JUDGED, np.mean(covered, axis=0).tolist(), strict=True)),
        "coverage_p": float(np.mean(covered)),
    }


def _note(found: Tally, choices: Choices, optima: Fitted, *, resampled: bool) -> None:
    for name, kind in KINDS.items():
        fit = scaled_fit(choices, optima, kind)  # type: ignore[arg-type]
        position = fit.position
        assert position is not None
        covered = [_covers(fit.weights[key], PLANTED[key]) for key in JUDGED]
        found.covered.setdefault(name, []).append([*covered, _covers(position, POSITION)])
        found.widths.setdefault(name, []).append(_width(fit.weights))
    found.means.append([fit.weights[key].mean for key in JUDGED])
    found.position.append(position.mean)
    found.beta.append(fit.beta.mean)
    if resampled:
        drawn = bootstrap(choices, optima, resamples=100)
        found.covered.setdefault("cluster bootstrap", []).append([_covers(drawn[key], PLANTED[key]) for key in JUDGED])
        found.widths.setdefault("cluster bootstrap", []).append(_width(drawn))


def _covers(estimate: Estimate, truth: float) -> bool:
    return estimate.low <= truth <= estimate.high


def _width(weights: Mapping[str, Estimate]) -> float:
    return float(np.mean([weights[key].high - weights[key].low for key in JUDGED]))
