"""What people give up for a place in their own order: dollars and seconds per rank, from second looks.

The second order is a choice among the candidates (Plackett–Luce with ties) whose utility is linear in how many others
each stood above in the blind order, in −dollars and in −seconds. Dollars per place is the ratio of the first weight to
the second. Intervals are Fieller's (1954) with the covariance clustered by annotator and ballot: where the weight of
dollars may be 0 the ratio may be anything, the interval has no end, and nothing is said. The delta method would give
an interval of some width all the same.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.fit.choices import Choices, why_left_out
from prefs.fit.estimation import Fitted, covariance_of, fitted, identified
from prefs.fit.result import Clustering, Estimate
from prefs.fit.sandwich import Covariance, Kind
from prefs.judgement import Judgement
from prefs.second_look import Flips, SecondLook, flips

Floats = NDArray[np.float64]

PLACES: Final = "places"
USD: Final = "dollars"
SECONDS: Final = "seconds"
_HIDDEN: Final = {USD: "cost", SECONDS: "latency"}
FEWEST_LOOKS: Final = 8
"""Second looks below which nothing is estimated; of one annotator, too."""
FEW: Final = "too few second looks: {count}, and figures are told from {fewest} on"
ALIKE: Final = "no ballot whose {name} were hidden at first has alternatives that differ in them"
UNSURE: Final = "it is not certain that people mind {name}: the figure could be anything"
UNMINDED: Final = "people put alternatives with more {name} higher once they were shown"


@dataclass(frozen=True, slots=True)
class Ratio:
    """What one place is worth, or one second; or why nothing can be said of it."""

    estimate: Estimate | None
    at_least: float | None = None
    """Where the interval begins, where people do give up something but there is no telling how much at most."""
    unknown: str | None = None
    """Why there is no estimate."""


@dataclass(frozen=True, slots=True)
class Willingness:
    """What some second looks say."""

    flips: Flips
    used: int
    """Second looks behind the figures."""
    left_out: Mapping[str, int]
    """Reason to number of second looks."""
    usd_per_place: Ratio
    """Dollars that people pay for keeping an alternative one place higher."""
    seconds_per_place: Ratio
    usd_per_second: Ratio
    """Dollars that people pay for one second less."""
    clustering: Clustering | None
    """`None` without figures."""


@dataclass(frozen=True, slots=True)
class OwnWillingness:
    """What one person's second looks say."""

    annotator: str
    found: Willingness


def willingness(looks: Iterable[SecondLook], clustering: Kind = "auto") -> Willingness:
    """Of all of them together."""
    every = tuple(looks)
    used, left_out = _usable(every)
    if len(used) < FEWEST_LOOKS:
        none = Ratio(None, unknown=FEW.format(count=len(used), fewest=FEWEST_LOOKS))
        return Willingness(flips(every), len(used), left_out, none, none, none, None)
    scales, choices = _packed(used)
    found = fitted(choices)
    covariance = covariance_of(choices, found, clustering)
    ratios = _Ratios(found, covariance, scales)
    return Willingness(
        flips(every),
        len(used),
        left_out,
        ratios.of(PLACES, USD),
        ratios.of(PLACES, SECONDS),
        ratios.of(SECONDS, USD),
        covariance.clustering,
    )


def own_willingness(looks: Iterable[SecondLook]) -> tuple[OwnWillingness, ...]:
    """Of each annotator alone, by name; the intervals are clustered by ballot."""
    of: dict[str, list[SecondLook]] = {}
    for look in looks:
        of.setdefault(look.annotator, []).append(look)
    return tuple(OwnWillingness(name, willingness(of[name], "ballot")) for name in sorted(of))


class _Looks(Choices):
    """Second orders with columns of their own."""

    def __init__(self, x: Mapping[str, Floats]) -> None:
        super().__init__("absolute", (), ())
        self.names: list[str] = [PLACES, USD, SECONDS]
        self._x = x
        """By ranking: candidates × columns."""

    def _widen(self, kept: Sequence[Judgement]) -> None:
        """Grades play no part here."""

    def _measured(self, alike: Sequence[Judgement]) -> Floats:
        return np.stack([self._x[judgement.ranking] for judgement in alike])


def _usable(looks: Sequence[SecondLook]) -> tuple[tuple[SecondLook, ...], dict[str, int]]:
    left_out: Counter[str] = Counter()
    used = []
    for look in looks:
        reason = why_left_out(look.reordered)
        if reason is None:
            used.append(look)
        else:
            left_out[reason] += 1
    return tuple(used), dict(sorted(left_out.items()))


def _packed(looks: Sequence[SecondLook]) -> tuple[Floats, Choices]:
    """The units of the columns, in which the weak prior says as little of each, and the choices in these units."""
    columns = {look.revealed.ranking: _columns(look) for look in looks}
    centred = np.concatenate([x - x.mean(axis=0) for x in columns.values()])
    spread = np.sqrt((centred**2).mean(axis=0))
    scales = np.where(spread > 0, spread, 1.0)
    scales[0] = 1.0
    choices = _Looks({ranking: x / scales for ranking, x in columns.items()})
    choices.extend([look.reordered for look in looks])
    return scales, choices


def _columns(look: SecondLook) -> Floats:
    """Places, −dollars and −seconds; 0 where the blind ranking was made knowing them, so that it has them in it."""
    shown = [candidate.features for candidate in look.reordered.candidates]
    told = {USD: [-float(one.cost_usd or 0) for one in shown], SECONDS: [-one.latency_s for one in shown]}
    measured = [told[name] if _HIDDEN[name] in look.blind.hidden else [0.0] * len(shown) for name in (USD, SECONDS)]
    return np.array([look.standing, *measured], np.float64).T


class _Ratios:
    """Ratios of the weights with Fieller's intervals."""

    def __init__(self, found: Fitted, covariance: Covariance, scales: Floats) -> None:
        self._names = found.kept.names
        self._known = identified(found)
        self._theta = found.free.theta[: len(scales)] / scales
        matrix = covariance.cautious[: len(scales), : len(scales)]
        self._covariance = matrix / np.outer(scales, scales)
        self._reach = covariance.reach

    def of(self, over: str, under: str) -> Ratio:
        """What a unit of `over` is worth in `under`."""
        top, bottom = self._names.index(over), self._names.index(under)
        for name in (over, under):
            if not self._known[self._names.index(name)]:
                return Ratio(None, unknown=ALIKE.format(name=name))
        ends = _fieller(self._theta[[top, bottom]], self._covariance[np.ix_([top, bottom], [top, bottom])], self._reach)
        if ends is None or self._theta[bottom] <= 0:
            surely = self._theta[bottom] + self._reach * math.sqrt(self._covariance[bottom, bottom]) < 0
            return Ratio(None, self._at_least(top, bottom), (UNMINDED if surely else UNSURE).format(name=under))
        return Ratio(Estimate(float(self._theta[top] / self._theta[bottom]), *ends))

    def _at_least(self, top: int, bottom: int) -> float | None:
        """The lower end of the interval, where it has one above 0 and no upper one."""
        return _lowest(self._theta[[top, bottom]], self._covariance[np.ix_([top, bottom], [top, bottom])], self._reach)


def _quadratic(theta: Floats, covariance: Floats, reach: float) -> tuple[float, float, float]:
    """a, b, c of Fieller's condition a·ρ² − 2·b·ρ + c ≤ 0 on the ratio ρ."""
    square = reach**2
    return (
        float(theta[1] ** 2 - square * covariance[1, 1]),
        float(theta[0] * theta[1] - square * covariance[0, 1]),
        float(theta[0] ** 2 - square * covariance[0, 0]),
    )


def _fieller(theta: Floats, covariance: Floats, reach: float) -> tuple[float, float] | None:
    """Both ends; `None` where the denominator is not surely other than 0."""
    a, b, c = _quadratic(theta, covariance, reach)
    if a <= 0:
        return None
    root = math.sqrt(max(b * b - a * c, 0.0))
    return (b - root) / a, (b + root) / a


def _lowest(theta: Floats, covariance: Floats, reach: float) -> float | None:
    """Where the numerator is surely above 0 and the denominator may be 0, from where on the ratio may lie."""
    a, b, c = _quadratic(theta, covariance, reach)
    if a >= 0 or c <= 0 or theta[0] <= 0:
        return None
    root = math.sqrt(b * b - a * c)  # the set lies outside two roots, one on either side of 0
    lowest = max((b - root) / a, (b + root) / a)
    return lowest if lowest > 0 else None
