"""Expectations over the groups that could be taken from a choice set, under Davidson–Luce.

A group of size s has weight δ_s · exp(mean utility of its members); the line has a weight of its own. Small choice sets
are enumerated. Large ones, up to 26 candidates with ties of any size, go through elementary symmetric polynomials: the
sum over all groups of size s is e_s of the members' exp(u / s), so that nothing grows with the number of groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Possible = Sequence[tuple[int, float | Floats]]

MOST_ENUMERATED: Final = 64
"""Choice sets with more possible groups go through symmetric polynomials."""
AT_ONCE: Final = 64
"""Choices whose polynomials are computed together, which bounds the memory."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Of each of n choices. Items m, tie sizes S with size 1 first."""

    log_total: Floats
    """Log of the sum of all weights: n."""
    line: Floats | None
    """Probability that the line is taken: n."""
    inclusion: Floats
    """S × m × n: probability that a group of this size with this item is taken, by the group's size."""
    pairs: Floats
    """m × m × n: expected product of two items' shares in the group that is taken."""


def expected(
    utility: Floats, log_tie: Floats, sizes: Sequence[int], line: float | Floats | None, *, pairs: bool = True
) -> Expected:
    """`utility` is items × choices, `log_tie` log δ by size in `sizes`; `sizes` start with 1, whose log δ is 0.

    Both log δ and the line may be given per choice, as the last axis. Without `pairs`, that
    part is left at 0, which saves time.
    """
    items = len(utility)
    possible = [(size, weight) for size, weight in zip(sizes, log_tie, strict=True) if size <= items]
    if sum(comb(items, size) for size, _ in possible) <= MOST_ENUMERATED:
        found = _enumerated(utility, possible, line, pairs)
    else:
        found = _symmetric(utility, possible, line, pairs)
    missing = len(sizes) - len(possible)
    if not missing:
        return found
    rest = np.zeros((missing, *utility.shape))
    return Expected(found.log_total, found.line, np.concatenate([found.inclusion, rest]), found.pairs)


def _enumerated(utility: Floats, possible: Possible, line: float | Floats | None, wanted: bool) -> Expected:
    items, choices = utility.shape
    shares = [_shares(items, size) for size, _ in possible]
    logits = np.concatenate(
        [
            *(
                share @ utility + weight if size > 1 else utility
                for share, (size, weight) in zip(shares, possible, strict=True)
            ),
            *(() if line is None else (np.broadcast_to(line, (1, choices)),)),
        ]
    )
    top = logits.max(axis=0)
    logits -= top
    chance = np.exp(logits, out=logits)
    total = chance.sum(axis=0)
    chance /= total
    inclusion = np.empty((len(possible), items, choices))
    pairs = np.zeros((items, items, choices if wanted else 1))
    start = 0
    for place, share in enumerate(shares):
        of_size = chance[start : start + len(share)]
        start += len(share)
        if place == 0:
            inclusion[0] = of_size
            if wanted:
                pairs[np.arange(items), np.arange(items)] = of_size
        else:
            inclusion[place] = share.T @ of_size
        if place and wanted:
            products = (share[:, :, None] * share[:, None, :]).reshape(len(share), -1)
            pairs += (products.T @ of_size).reshape(items, items, choices)
    return Expected(top + np.log(total), None if line is None else chance[-1], inclusion, pairs)


def _shares(items: int, size: int) -> Floats:
    """Groups × items: 1 / size for each member."""
    groups = list(combinations(range(items), size))
    shares = np.zeros((len(groups), items))
    for number, group in enumerate(groups):
        shares[number, group] = 1 / size
    return shares


def _symmetric(utility: Floats, possible: Possible, line: float | Floats | None, wanted: bool) -> Expected:
    items, choices = utility.shape
    top = utility.max(axis=0)
    if line is not None:
        top = np.maximum(top, line)
    scaled = utility - top
    total = np.zeros(choices) if line is None else np.exp(line - top)
    line_weight = None if line is None else total.copy()
    inclusion = np.empty((len(possible), items, choices))
    pairs = np.zeros((items, items, choices if wanted else 1))
    others = np.array([[i for i in range(items) if i != item] for item in range(items)])
    for place, (size, weight) in enumerate(possible):
        y = np.exp(scaled / size)
        factor = np.exp(weight) / size
        inclusion[place] = factor * y * _polynomials(y, others, size - 1)
        total += inclusion[place].sum(axis=0)
        if wanted:
            pairs[np.arange(items), np.arange(items)] += inclusion[place] / size
        if wanted and size > 1:
            one, other = np.triu_indices(items, 1)
            both = factor / size * y[one] * y[other] * _polynomials(y, _without(items, one, other), size - 2)
            pairs[one, other] += both
            pairs[other, one] += both
    line_chance = None if line_weight is None else line_weight / total
    return Expected(top + np.log(total), line_chance, inclusion / total, pairs / total)


def _without(items: int, one: Places, other: Places) -> Places:
    """All items but two: pairs × rest."""
    every = np.arange(items)
    return np.array([every[(every != a) & (every != b)] for a, b in zip(one, other, strict=True)]).reshape(len(one), -1)


def _polynomials(y: Floats, members: Places, degree: int) -> Floats:
    """The elementary symmetric polynomials of that degree in some rows of y: groups of members × choices.

    Sums of positive terms only, so nothing cancels.
    """
    groups, rows = members.shape
    found = np.zeros((groups, y.shape[1]))
    if degree > rows:
        return found
    for start in range(0, y.shape[1], AT_ONCE):
        part = y[:, start : start + AT_ONCE]
        sums = np.zeros((degree + 1, groups, part.shape[1]))
        sums[0] = 1.0
        for row in members.T if degree else ():
            sums[1:] += part[row] * sums[:-1]
        found[:, start : start + AT_ONCE] = sums[degree]
    return found
