"""Each annotator's own weights, drawn towards those of all, and how far annotators differ.

Empirical Bayes: weights are normal around the population's, independently by parameter. The Laplace EM algorithm
estimates mean and variance: each annotator's greatest posterior and its curvature, then mean and variance of these,
and so on. The population's mean is that of people, where the pooled fit is the one P that describes all rankings
best: the two differ where annotators do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.fit.choices import Choices
from prefs.fit.each import modes
from prefs.fit.estimation import PRIOR_SD, Fitted, fitted, identified, weighed
from prefs.fit.newton import Prior
from prefs.fit.result import Estimate
from prefs.fit.sandwich import Codes, Covariance, sandwich
from prefs.fit.scaling import Covariate, Scaling
from prefs.judgement import Judgement

Floats = NDArray[np.float64]

ROUNDS: Final = 60
SETTLED: Final = 1e-3
"""Change of the population's mean and standard deviations, in utility, that ends the rounds."""
LEAST_SD: Final = 1e-2
"""Annotators are never taken to agree more closely than this, in utility: there the rounds would not end."""
NORMAL_95: Final = 1.959964


@dataclass(frozen=True, slots=True)
class OwnFit:
    """One annotator's weights β·P, without bounds, drawn towards the population's."""

    name: str
    rankings: int
    weights: Mapping[str, Estimate]

    @property
    def p(self) -> Mapping[str, float]:
        """P: weights by the greatest, negative ones 0; all 0 where nothing is liked."""
        top = max((one.mean for one in self.weights.values()), default=0.0)
        return {name: max(one.mean, 0.0) / top if top > 0 else 0.0 for name, one in self.weights.items()}


@dataclass(frozen=True, slots=True)
class PartialPooling:
    """Annotators, or groups of them, around their population."""

    population: Mapping[str, Estimate]
    """Mean of β·P over people, with its interval."""
    p: Mapping[str, Estimate]
    """The same by its greatest element, unbounded below; empty where nothing is liked."""
    spread: Mapping[str, float]
    """Standard deviation of β·P between people."""
    each: tuple[OwnFit, ...]
    """By name."""


def annotator_fits(
    judgements: Sequence[Judgement],
    *,
    groups: Mapping[str, str] | None = None,
    scaling: Scaling = "ballot",
    aliases: Sequence[str] | None = None,
    covariates: Sequence[Covariate] = ("position",),
    prior_sd: float = PRIOR_SD,
) -> PartialPooling:
    """A fit for each annotator, or for each group where `groups` names the annotators' groups.

    Raises ValueError with fewer than two of them, since nothing can then be said about how they differ.
    """
    pooled = Choices(scaling, covariates, aliases)
    numbers = pooled.extend(judgements)
    of: dict[str, list[Judgement]] = {}
    for judgement, number in zip(judgements, numbers, strict=True):
        if number is not None:
            name = judgement.annotator if groups is None else groups[judgement.annotator]
            of.setdefault(name, []).append(judgement)
    if len(of) < 2:
        raise ValueError("partial pooling needs the rankings of at least two annotators or groups")
    names = sorted(of)
    codes = {j.ranking: code for code, name in enumerate(names) for j in of[name]}
    used = [judgement for judgement, number in zip(judgements, numbers, strict=True) if number is not None]
    person = np.array([codes[judgement.ranking] for judgement in used])
    start = fitted(pooled, prior_sd)
    return _pooling({name: len(of[name]) for name in names}, start, _settled(pooled, person, len(names), start))


@dataclass(frozen=True, slots=True)
class _Population:
    mean: Floats
    sd: Floats
    modes: Floats
    """Parameters × people."""
    doubt: Floats
    """Posterior covariances: people × parameters²."""


def _settled(pooled: Choices, person: NDArray[np.int64], people: int, start: Fitted) -> _Population:
    kept, mean = start.kept, start.free.theta
    scale = max(float(np.abs(mean[weighed(kept)]).max(initial=0.0)), 1.0)
    sd = np.full(kept.count, scale / 4)
    own = np.repeat(mean[:, None], people, axis=1)
    for _ in range(ROUNDS):
        own, information = modes(pooled, kept, person, own, Prior(sd**-2, mean))
        doubt = np.linalg.inv(information)
        before = np.append(mean, sd)
        mean = own.mean(axis=1)
        variances = np.diagonal(doubt, axis1=1, axis2=2)
        sd = np.sqrt(((own.T - mean) ** 2 + variances).mean(axis=0)).clip(LEAST_SD)
        if np.abs(np.append(mean, sd) - before).max() < SETTLED:
            break
    own, information = modes(pooled, kept, person, own, Prior(sd**-2, mean))
    return _Population(mean, sd, own, np.asarray(np.linalg.inv(information), np.float64))


def _pooling(rankings: Mapping[str, int], start: Fitted, now: _Population) -> PartialPooling:
    kept = start.kept
    places = {kept.labels[i]: int(i) for i in np.flatnonzero(identified(start) & weighed(kept))}
    covariance = _covariance(now)
    top = max(places, key=lambda name: (now.mean[places[name]], name), default=None)
    liked = top is not None and now.mean[places[top]] > 0
    each = tuple(
        OwnFit(name, count, {key: _own(now, i, person) for key, i in places.items()})
        for person, (name, count) in enumerate(rankings.items())
    )
    return PartialPooling(
        {name: covariance.estimate(float(now.mean[i]), np.eye(kept.count)[i]) for name, i in places.items()},
        {name: covariance.ratio(now.mean, i, places[top]) for name, i in places.items()} if top and liked else {},
        {name: float(now.sd[i]) for name, i in places.items()},
        each,
    )


def _covariance(now: _Population) -> Covariance:
    """Of the mean: each person's pull on it, one cluster each; never surer than if everybody's weights were known."""
    precision = now.sd**-2
    people = np.arange(now.modes.shape[1])
    information = len(people) * np.diag(precision) - precision[:, None] * now.doubt.sum(axis=0) * precision
    pulls = precision[:, None] * (now.modes - now.mean[:, None])
    found = sandwich(pulls, np.linalg.inv(information), Codes(people, people, people), "annotator")
    return replace(found, model=np.diag(now.sd**2) / len(people))


def _own(now: _Population, place: int, person: int) -> Estimate:
    mean = float(now.modes[place, person])
    half = NORMAL_95 * float(np.sqrt(now.doubt[person, place, place]))
    return Estimate(mean, mean - half, mean + half)
