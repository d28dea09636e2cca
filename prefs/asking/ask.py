"""Which ballot to put before a person next: the one whose ranking teaches most or, now and then, a random one."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import comb
from typing import Final, Literal

from prefs.asking.estimate import WeightEstimate
from prefs.asking.pool import AskingPool
from prefs.asking.search import Found, Places, best, gain_of, taken_sets
from prefs.fit.scaling import Scaling

RANDOM_SHARE: Final = 0.2
"""Of the ballots, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A ballot to be made, and how it was drawn. Keep it with the ballot: unbiased reports rest on the random ones."""

    query: str
    trajectories: tuple[str, ...]
    drawn: Literal["chosen", "random"]
    random_share: float
    """Probability with which a ballot was drawn at random instead of chosen."""
    probability: float
    """With which exactly these trajectories were asked, both ways together; its inverse undoes the choice."""
    gain: float
    """Expected rise of the log determinant of the estimate's precision, in nats."""
    seed: int


def next_ask(
    pools: Sequence[AskingPool],
    estimate: WeightEstimate,
    *,
    seed: int,
    size: int = 4,
    random_share: float = RANDOM_SHARE,
    asked: Collection[frozenset[str]] = (),
    scaling: Scaling = "ballot",
) -> Ask | None:
    """The next ballot: `size` alternatives of one query. Smaller pools are left out.

    `asked` holds the trajectories of ballots that must not come again. A random ballot is of any pool that has one
    left, each with the same probability, and of any of its sets. The same arguments give the same ballot. `None` where
    nothing is left to ask. Raises ValueError for a size or share out of range.
    """
    if not 0 <= random_share <= 1:
        raise ValueError(f"the share of random ballots must be from 0 to 1, not {random_share}")
    if size < 2:
        raise ValueError(f"a ballot needs at least two alternatives, not {size}")
    left = [pool for pool in pools if _left(pool, size, asked) > 0]
    if not left:
        return None
    chance = random.Random(f"ask {seed}")
    at_random = chance.random() < random_share
    chosen = best(left, estimate, size, scaling, asked) if random_share < 1 else None
    found = _random(left, estimate, size, scaling, asked, chance) if at_random or chosen is None else chosen
    probability = (1.0 if chosen is None else random_share) / len(left) / _left(left[found.pool], size, asked)
    if chosen is not None and (found.pool, found.places) == (chosen.pool, chosen.places):
        probability += 1 - random_share
    pool = left[found.pool]
    return Ask(
        pool.query,
        tuple(pool.trajectories[place] for place in found.places),
        "random" if at_random or chosen is None else "chosen",
        random_share,
        probability,
        found.gain,
        seed,
    )


def _left(pool: AskingPool, size: int, asked: Collection[frozenset[str]]) -> int:
    """Sets of the pool that were not asked."""
    return comb(len(pool.trajectories), size) - sum(len(places) == size for places in taken_sets(pool, asked))


def _random(
    pools: Sequence[AskingPool],
    estimate: WeightEstimate,
    size: int,
    scaling: Scaling,
    asked: Collection[frozenset[str]],
    chance: random.Random,
) -> Found:
    number = chance.randrange(len(pools))
    taken = taken_sets(pools[number], asked)
    places = _drawn(len(pools[number].trajectories), size, chance)
    while places in taken:
        places = _drawn(len(pools[number].trajectories), size, chance)
    return Found(number, places, gain_of(pools[number], places, estimate, scaling))


def _drawn(count: int, size: int, chance: random.Random) -> Places:
    return tuple(sorted(chance.sample(range(count), size)))
