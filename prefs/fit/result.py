"""What a fit of the preference vector says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orchestrator.preference import PreferenceVector
from prefs.fit.scaling import WEIGHED, Scaling


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure between the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Clustering:
    """What the intervals take as independent."""

    kind: str
    """`two-way`, `annotator`, `ballot` or `ranking`."""
    annotators: int
    ballots: int
    clusters: int
    """Of the rarer kind; one less is the degrees of freedom of the intervals."""

    @property
    def about(self) -> str:
        """Of whom the intervals speak, in words."""
        if self.kind in ("two-way", "annotator"):
            return "annotators like these"
        return "these annotators, on ballots like these"


@dataclass(frozen=True, slots=True)
class ScaledFit:
    """The fit in one scaling of the features."""

    scaling: Scaling
    weights: Mapping[str, Estimate]
    """P by name, in [0, 1]; the greatest is 1. All 0, from 0 to 1, where nothing is liked."""
    beta: Estimate
    """The scale: utility of P's greatest weight; 0 where nothing is liked."""
    free: Mapping[str, Estimate]
    """β·P without bounds: a negative one says that people dislike it."""
    covariates: Mapping[str, Estimate]
    """Utility of the first place over the last (`position`), per log step and log character, of being `ungraded`."""
    line: Estimate | None
    """Utility of the acceptability line; `None` where no line was drawn."""
    ties: Mapping[int, Estimate]
    """Size of a group to δ, its prevalence; sizes that were never seen are absent and count as 0."""
    unidentified: tuple[str, ...]
    """Names on which no ballot's candidates differ: nothing can be said about their weights, and they are left out."""
    log_likelihood: float
    clustering: Clustering
    labels: tuple[str, ...]
    """Names of the parameters, in the order of `theta` and `covariance`."""
    theta: tuple[float, ...]
    """The estimates without bounds."""
    covariance: NDArray[np.float64] = field(compare=False, repr=False)
    """Of `theta`, by the clustered sandwich, and nowhere below what the model itself says."""

    @property
    def preference(self) -> PreferenceVector | None:
        """P as a value that runs and rewards take; `None` where nothing is liked. What is unidentified counts as 0."""
        if self.beta.mean <= 0:
            return None
        mean = {name: min(1.0, estimate.mean) for name, estimate in self.weights.items()}
        main = {name: mean.pop(name, 0.0) for name in WEIGHED}
        return PreferenceVector(**main, tools=mean)

    @property
    def position(self) -> Estimate | None:
        """Utility of being shown first rather than last; `None` where it is not fitted."""
        return self.covariates.get("position")


@dataclass(frozen=True, slots=True)
class WillingnessToPay:
    """What people would give up, from the absolute scaling, at the geometric mean of cost and latency."""

    usd_per_solved: Estimate | None
    """Dollars for a right answer instead of a wrong one. `None` unless people surely mind the cost, and where no ballot
    has both."""
    usd_per_second: Estimate | None
    """Dollars for one second less. `None` unless people surely mind the cost, and where no ballot differs in it."""
    at_usd: float
    at_seconds: float


@dataclass(frozen=True, slots=True)
class OutcomeGate:
    """How often people put a wrong answer above a right one, of the pairs whose outcomes are known and differ."""

    pairs: int
    """Right answers beside wrong ones, ties included."""
    wrong_above: Estimate | None
    """Share of the pairs; `None` where there are none."""
    tied: Estimate | None


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How often the fit puts the better of two first on ballots that it has not seen; a draw counts half."""

    pairs: int
    ballot: Estimate | None
    """With the paper's scaling; `None` with fewer than two ballots or no pair."""
    absolute: Estimate | None
    difference: Estimate | None
    """`ballot` − `absolute`, on the same pairs."""

    @property
    def better(self) -> Scaling | None:
        """The scaling that describes people better; `None` while the difference may be 0."""
        if self.difference is None or self.difference.low <= 0 <= self.difference.high:
            return None
        return "ballot" if self.difference.mean > 0 else "absolute"


@dataclass(frozen=True, slots=True)
class StatedAndRevealed:
    """One element of a stated P beside what the rankings of its runs say. Both scaled so that the greatest is 1."""

    name: str
    stated: float
    revealed: Estimate


@dataclass(frozen=True, slots=True)
class PreferenceFit:
    """Rankings → P, with everything that people need to trust it."""

    ballot: ScaledFit
    """In the paper's scaling: its weights plug into R(τ)."""
    absolute: ScaledFit
    willingness_to_pay: WillingnessToPay | None
    rankings: int
    """That were used."""
    comparisons: int
    """Pairs of ranked candidates, tied ones included."""
    left_out: Mapping[str, int]
    """Reason to number of rankings."""
    pair_accuracy: HeldOut
    gate: OutcomeGate

    @property
    def weights(self) -> Mapping[str, Estimate]:
        """P by name."""
        return self.ballot.weights

    @property
    def beta(self) -> Estimate:
        """The scale of P."""
        return self.ballot.beta

    @property
    def annotators(self) -> int:
        """Whose rankings were used."""
        return self.ballot.clustering.annotators

    @property
    def preference(self) -> PreferenceVector | None:
        """P as a value; `None` where nothing is liked."""
        return self.ballot.preference
