"""Log likelihood of packed choices with its gradient, its information and the score of each ranking.

A conditional logit over the groups that could be taken (`prefs.fit.subsets`), with the mean of the members' features
and an indicator of the size: linear in its parameters, so concave.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.fit.choices import Block, Choices
from prefs.fit.subsets import Expected, expected

Floats = NDArray[np.float64]

CHUNK: Final = 4096
"""Choices at a time, so that what is computed of them stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the vector of parameters holds: one per column, the line where anyone drew it, log δ of each tie size."""

    names: tuple[str, ...]
    line: bool
    tie_sizes: tuple[int, ...]

    @property
    def count(self) -> int:
        """Length of the vector."""
        return len(self.names) + self.line + len(self.tie_sizes)

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each parameter."""
        return (*self.names, *(("line",) if self.line else ()), *(f"tie of {size}" for size in self.tie_sizes))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """At one vector of parameters."""

    value: float
    gradient: Floats
    information: Floats
    """Minus the Hessian."""
    scores: Floats | None = None
    """Parameters × rankings: each ranking's own gradient, times its weight."""


def parameters(choices: Choices) -> Parameters:
    """What can be estimated of these choices."""
    return Parameters(tuple(choices.names), choices.has_line, choices.tie_sizes)


def evaluate(
    choices: Choices, kept: Parameters, theta: Floats, weight: Floats | None = None, *, scores: bool = False
) -> Evaluation:
    """The log likelihood at `theta`. `weight` is one number per ranking and takes the place of the choices' own."""
    weight = choices.weight.values if weight is None else weight
    value, information = 0.0, np.zeros((kept.count, kept.count))
    gradient = np.zeros(kept.count)
    each = np.zeros((kept.count, len(weight))) if scores else None
    for block, part in parts(choices):
        ranking = block.ranking.values[part]
        w = weight[ranking]
        x, taken, of = _expected(block, part, kept, theta)
        means = expected_means(of, x, kept)
        score = taken - means
        value += float(w @ (theta @ taken - of.log_total))
        gradient += score @ w
        information += _information(of, x, means, w, kept)
        if each is not None:
            _spread(each, score * w, ranking)
    return Evaluation(value, gradient, information, each)


def slope(choices: Choices, kept: Parameters, theta: Floats) -> tuple[float, Floats]:
    """Only the log likelihood and its gradient at `theta`, in less than half the time."""
    value, gradient = 0.0, np.zeros(kept.count)
    columns = len(kept.names)
    for block, part in parts(choices):
        w = choices.weight.values[block.ranking.values[part]]
        x, taken, of = _expected(block, part, kept, theta, pairs=False)
        value += float(w @ (theta @ taken - of.log_total))
        gradient += taken @ w
        for item, features in enumerate(x):
            gradient[:columns] -= features @ (of.inclusion[:, item].sum(axis=0) * w)
        if of.line is not None:
            gradient[columns] -= of.line @ w
        if kept.tie_sizes:
            gradient[columns + kept.line :] -= of.inclusion[1:].sum(axis=1) @ w
    return value, gradient


def parts(choices: Choices) -> Iterator[tuple[Block, slice]]:
    """The choices by chunks."""
    for block in choices.blocks.values():
        for start in range(0, block.size.count, CHUNK):
            yield block, slice(start, start + CHUNK)


def _spread(each: Floats, score: Floats, ranking: NDArray[np.int64]) -> None:
    """Add to each ranking its choices' scores. No ranking has two choices in one block."""
    first, last = int(ranking[0]), int(ranking[-1])
    if last - first + 1 == len(ranking) and (np.diff(ranking) == 1).all():
        each[:, first : last + 1] += score
    else:
        each[:, ranking] += score


def _expected(
    block: Block, part: slice, kept: Parameters, theta: Floats, *, pairs: bool = True
) -> tuple[Floats, Floats, Expected]:
    """Items' features, features of what was taken, and what was to be expected, of one part of a block."""
    columns = len(kept.names)
    x = block.x.values[..., part]
    line = float(theta[columns]) if block.line and kept.line else None
    log_tie = np.concatenate([[0.0], theta[columns + kept.line :]])
    return (
        x,
        taken_features(block, part, kept),
        expected(np.matmul(theta[:columns], x), log_tie, (1, *kept.tie_sizes), line, pairs=pairs),
    )


def taken_features(block: Block, part: slice, kept: Parameters) -> Floats:
    """Features of what was taken: parameters × choices."""
    size, columns = block.size.values[part], len(kept.names)
    taken = np.zeros((kept.count, len(size)))
    taken[:columns] = block.chosen.values[:, part]
    if kept.line and block.line:
        taken[columns] = size == 0
    for place, tie in enumerate(kept.tie_sizes, columns + kept.line):
        taken[place] = size == tie
    return taken


def expected_means(of: Expected, x: Floats, kept: Parameters) -> Floats:
    """Expected features of what is taken: parameters × choices."""
    columns = len(kept.names)
    means = np.zeros((kept.count, x.shape[-1]))
    means[:columns] = np.einsum("in,ipn->pn", of.inclusion.sum(axis=0), x)
    if of.line is not None:
        means[columns] = of.line
    if kept.tie_sizes:
        means[columns + kept.line :] = of.inclusion[1:].sum(axis=1)
    return means


def _information(of: Expected, x: Floats, means: Floats, w: Floats, kept: Parameters) -> Floats:
    """Weighted sum of the covariances of the features of what is taken."""
    columns = len(kept.names)
    found: Floats = -(means * w) @ means.T
    moments = found[:columns, :columns]
    pairs = of.pairs * w
    for item, features in enumerate(x):
        if kept.tie_sizes:
            moments += features @ np.einsum("in,ipn->pn", pairs[item], x).T
        else:
            moments += features @ (pairs[item, item] * features).T
    if of.line is not None:
        found[columns, columns] += of.line @ w
    _ties(found, of.inclusion[1:], x, w, columns + kept.line)
    return found


def _ties(found: Floats, inclusion: Sequence[Floats] | Floats, x: Floats, w: Floats, start: int) -> None:
    """The blocks of the tie sizes: they exclude each other and the line."""
    columns = x.shape[1]
    for place, shares in enumerate(inclusion, start):
        weighted = shares * w
        cross = np.einsum("in,ipn->p", weighted, x)
        found[:columns, place] += cross
        found[place, :columns] += cross
        found[place, place] += weighted.sum()
