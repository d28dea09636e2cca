"""Simulated people who rank twice, with a planted willingness to pay. Everything here is invented.

The blind order is that of a quality which each person sees with noise of one's own. The second one is drawn as the
model of `prefs.fit.willingness` says: by utility linear in places, dollars and seconds, with Gumbel noise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from orchestrator.preference import PreferenceVector
from prefs.features import Features
from prefs.judgement import Candidate, Judgement
from prefs.ranking import Phase
from prefs.second_look import SecondLook
from prefs.simulated import MADE_AT

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Planted:
    """How people weigh what they see; utilities per unit."""

    usd_per_place: float = 0.02
    """Dollars that one place is worth."""
    seconds_per_place: float = 8.0
    place: float = 1.0
    """Utility of one place: the greater, the less noise."""
    differing: float = 0.0
    """Standard deviation between people, as a share of each weight."""


def simulated_looks(
    ballots: int, people: int, planted: Planted | None = None, *, seed: int = 0, alternatives: int = 4
) -> tuple[SecondLook, ...]:
    """Every person ranks every ballot twice."""
    rng = np.random.default_rng(seed)
    wanted = planted or Planted()
    own = [np.maximum(1 + wanted.differing * rng.normal(size=3), 0.0) for _ in range(people)]
    return tuple(
        _look(rng, shown, quality, (f"simulated-{person}", own[person]), wanted)
        for shown, quality in (_ballot(rng, number, alternatives) for number in range(ballots))
        for person in range(people)
    )


def _ballot(rng: np.random.Generator, number: int, size: int) -> tuple[tuple[Candidate, ...], Floats]:
    usd, seconds = rng.lognormal(-3.6, 0.8, size), rng.lognormal(2.3, 0.6, size)
    shown = tuple(
        Candidate(
            "ABCDEFGHIJ"[place],
            f"simulated-{number}-{place}",
            "simulated",
            Features(None, Decimal(f"{usd[place]:.6f}"), round(float(seconds[place]), 3)),
            place,
            1,
            "simulated",
            PreferenceVector(),
        )
        for place in range(size)
    )
    return shown, rng.normal(size=size) + 0.5 * np.log(usd)


def _look(
    rng: np.random.Generator,
    shown: tuple[Candidate, ...],
    quality: Floats,
    person: tuple[str, Floats],
    planted: Planted,
) -> SecondLook:
    name, own = person
    first = _drawn(rng, quality + rng.normal(size=len(shown)) / 2)
    standing = np.empty(len(shown))
    standing[list(first)] = np.arange(len(shown))[::-1]
    usd = np.array([float(one.features.cost_usd or 0) for one in shown])
    seconds = np.array([one.features.latency_s for one in shown])
    weights = planted.place * own * [1.0, 1 / planted.usd_per_place, 1 / planted.seconds_per_place]
    second = _drawn(rng, weights[0] * standing - weights[1] * usd - weights[2] * seconds)
    return SecondLook(_judgement(name, shown, first, "blind"), _judgement(name, shown, second, "revealed"))


def _drawn(rng: np.random.Generator, utility: Floats) -> Sequence[int]:
    """An order, best first: Plackett–Luce is the order of utilities with Gumbel noise."""
    found: Sequence[int] = np.argsort(-(utility + rng.gumbel(size=len(utility)))).tolist()
    return found


def _judgement(name: str, shown: tuple[Candidate, ...], order: Sequence[int], phase: Phase) -> Judgement:
    ballot = shown[0].trajectory.rpartition("-")[0]
    return Judgement(
        f"{name}-{ballot}-{phase}",
        ballot,
        name,
        ballot,
        MADE_AT,
        shown,
        tuple((place,) for place in order),
        hidden=("cost", "latency") if phase == "blind" else (),
        phase=phase,
    )


def pools(count: int, ballots: int, people: int, planted: Planted, seed: int = 0) -> Iterator[tuple[SecondLook, ...]]:
    """Independent studies."""
    for number in range(count):
        yield simulated_looks(ballots, people, planted, seed=seed * 100_003 + number)
