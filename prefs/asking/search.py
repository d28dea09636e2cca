"""The set of a pool's trajectories whose ranking raises log det most: every set tried, or greedy exchange.

Exact where a pool has at most EXACT_SETS sets, as 20 trajectories by fours have. A larger pool is searched by exchange
(Fedorov's algorithm): from the STARTS best of SAMPLED random sets, the best single swap is made until none helps.
"""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.asking.estimate import WeightEstimate
from prefs.asking.information import gains
from prefs.asking.pool import AskingPool, columns, scaled
from prefs.fit.scaling import Scaling

Places = tuple[int, ...]
"""A set of a pool's trajectories, by place, in rising order."""

EXACT_SETS: Final = 5_000
SAMPLED: Final = 2_000
STARTS: Final = 16


@dataclass(frozen=True, slots=True)
class Found:
    """A set of one pool, with what its ranking is expected to teach."""

    pool: int
    places: Places
    gain: float
    """Rise of log det, in nats."""


def best(
    pools: Sequence[AskingPool],
    estimate: WeightEstimate,
    size: int,
    scaling: Scaling,
    asked: Collection[frozenset[str]],
) -> Found | None:
    """The best set over all pools that was not asked; the first of equals. `None` where every set was asked.

    Small pools are weighed together, a large one by itself.
    """
    found: list[Found | None] = []
    waiting: list[tuple[int, Places]] = []
    for number, pool in enumerate(pools):
        taken = taken_sets(pool, asked)
        if comb(len(pool.trajectories), size) > EXACT_SETS:
            found.append(_exchanged(number, pool, size, _teaching(pool, estimate, scaling), taken))
            continue
        waiting += [(number, places) for places in _sets(len(pool.trajectories), size) if places not in taken]
        if len(waiting) > EXACT_SETS:
            found.append(_best_of(waiting, pools, estimate, scaling))
            waiting = []
    found.append(_best_of(waiting, pools, estimate, scaling))
    return max((one for one in found if one is not None), key=lambda one: (one.gain, -one.pool), default=None)


def _best_of(
    sets: Sequence[tuple[int, Places]], pools: Sequence[AskingPool], estimate: WeightEstimate, scaling: Scaling
) -> Found | None:
    if not sets:
        return None
    x = {number: columns(pools[number], estimate.names, scaling) for number in dict.fromkeys(n for n, _ in sets)}
    starts = dict(zip(x, np.cumsum([0, *(len(rows) for rows in x.values())]), strict=False))
    rows = np.array([places for _, places in sets]) + np.array([starts[number] for number, _ in sets])[:, None]
    values = _gains(np.concatenate(list(x.values()))[rows], estimate, scaling)
    at = int(values.argmax())
    return Found(*sets[at], float(values[at]))


def _gains(shown: NDArray[np.float64], estimate: WeightEstimate, scaling: Scaling) -> NDArray[np.float64]:
    """What each ballot teaches, (ballots, k, d) to (ballots,): nothing where a cost is unknown, as the fit leaves it
    out."""
    found = gains(scaled(shown, scaling), estimate.mean, estimate.precision)
    if "cost" in estimate.names:
        found[np.isnan(shown[:, :, estimate.names.index("cost")]).any(axis=1)] = 0.0
    return found


def _sets(count: int, size: int) -> tuple[Places, ...]:
    return tuple(combinations(range(count), size))


def gain_of(pool: AskingPool, places: Places, estimate: WeightEstimate, scaling: Scaling) -> float:
    """What the ranking of that set is expected to teach, in nats."""
    return float(_teaching(pool, estimate, scaling)([places])[0])


def _teaching(
    pool: AskingPool, estimate: WeightEstimate, scaling: Scaling
) -> Callable[[Sequence[Places]], NDArray[np.float64]]:
    x = columns(pool, estimate.names, scaling)
    return lambda sets: _gains(x[np.array(sets)], estimate, scaling)


def taken_sets(pool: AskingPool, asked: Collection[frozenset[str]]) -> frozenset[Places]:
    """The asked ballots that lie wholly in the pool, as places."""
    place = {trajectory: number for number, trajectory in enumerate(pool.trajectories)}
    return frozenset(tuple(sorted(place[one] for one in ballot)) for ballot in asked if ballot <= place.keys())


def _first_best(number: int, sets: Sequence[Places], values: NDArray[np.float64]) -> Found:
    at = int(values.argmax())
    return Found(number, sets[at], float(values[at]))


def _exchanged(
    number: int,
    pool: AskingPool,
    size: int,
    teaching: Callable[[Sequence[Places]], NDArray[np.float64]],
    taken: Collection[Places],
) -> Found | None:
    """The starts depend on the pool alone, so that what is chosen does not hang on the seed of the ask."""
    chance = random.Random(f"exchange {pool.query}")
    count = len(pool.trajectories)
    sampled = sorted({tuple(sorted(chance.sample(range(count), size))) for _ in range(SAMPLED)})
    order = np.argsort(-teaching(sampled), kind="stable")[:STARTS]
    climbed = (_climbed(number, sampled[at], count, teaching, taken) for at in order)
    return max((one for one in climbed if one is not None), key=lambda one: one.gain, default=None)


def _climbed(
    number: int,
    start: Places,
    count: int,
    teaching: Callable[[Sequence[Places]], NDArray[np.float64]],
    taken: Collection[Places],
) -> Found | None:
    """Up from the start, which may itself have been asked, by swaps to sets that were not."""
    at = None if start in taken else Found(number, start, float(teaching([start])[0]))
    while True:
        here = at.places if at else start
        swaps = [swap for swap in _swaps(here, count) if swap not in taken]
        step = _first_best(number, swaps, teaching(swaps)) if swaps else None
        if step is None or (at and step.gain <= at.gain):
            return at
        at = step


def _swaps(places: Places, count: int) -> list[Places]:
    others = sorted(set(range(count)) - set(places))
    return [tuple(sorted((*places[:i], other, *places[i + 1 :]))) for i in range(len(places)) for other in others]
