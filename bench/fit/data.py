"""Comparisons and rankings of items with planted strengths, in the form that each contender likes best."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ITEMS = 100
RANKED = 4
TIED = 0.15


@dataclass(frozen=True)
class Pairs:
    """Comparisons: winners and losers as whole numbers and as names, each name a string of its own."""

    truth: NDArray[np.float64]
    names: list[str]
    winner: NDArray[np.intp]
    loser: NDArray[np.intp]
    tied: NDArray[np.bool_]
    winners: list[str]
    losers: list[str]

    @property
    def size(self) -> int:
        return len(self.winner)


@dataclass(frozen=True)
class Rankings:
    """Rankings of four, best first, as whole numbers and as names."""

    truth: NDArray[np.float64]
    names: list[str]
    table: NDArray[np.intp]
    named: list[tuple[str, ...]]

    @property
    def size(self) -> int:
        return len(self.table)


def pairs(count: int, *, ties: bool = False, seed: int = 0) -> Pairs:
    """Two items drawn alike for each comparison; the winner by Bradley–Terry, ties of 15 % whatever the items."""
    chance = np.random.default_rng([seed, count])
    truth = planted(chance)
    one = chance.integers(0, ITEMS, count)
    other = (one + chance.integers(1, ITEMS, count)) % ITEMS
    won = chance.random(count) < 1 / (1 + np.exp(truth[other] - truth[one]))
    winner, loser = np.where(won, one, other), np.where(won, other, one)
    tied = chance.random(count) < (TIED if ties else 0.0)
    return Pairs(truth, named(range(ITEMS)), winner, loser, tied, named(winner.tolist()), named(loser.tolist()))


def rankings(count: int, seed: int = 0) -> Rankings:
    """Four items drawn alike for each ranking, ordered by Plackett–Luce."""
    chance = np.random.default_rng([seed, count])
    truth = planted(chance)
    shown = np.array([chance.choice(ITEMS, RANKED, replace=False) for _ in range(count)])
    utility = truth[shown] + chance.gumbel(size=shown.shape)
    table = np.take_along_axis(shown, np.argsort(-utility, axis=1), axis=1)
    return Rankings(truth, named(range(ITEMS)), table, [tuple(named(row)) for row in table.tolist()])


def planted(chance: np.random.Generator) -> NDArray[np.float64]:
    """Standard normal strengths around 0."""
    drawn = chance.normal(size=ITEMS)
    return drawn - drawn.mean()


def named(places: Iterable[int]) -> list[str]:
    """Names that sort like their numbers; a new string each time, as from a file."""
    return [f"policy-{place:03d}" for place in places]
