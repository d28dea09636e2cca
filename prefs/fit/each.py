"""The likelihood of every annotator at weights of their own, all in one pass, and the greatest posterior of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.fit.choices import Block, Choices
from prefs.fit.likelihood import Parameters, expected_means, parts, taken_features
from prefs.fit.newton import MOST_STEPS, DidNotConverge, Prior
from prefs.fit.subsets import Expected, expected

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

CLOSE: Final = 1e-6
"""Gain in anybody's log likelihood that is not worth another step."""


@dataclass(frozen=True, slots=True)
class Each:
    """Of every person: value (people), gradient (parameters × people), information (people × parameters²)."""

    value: Floats
    gradient: Floats
    information: Floats


def evaluate_each(choices: Choices, kept: Parameters, theta: Floats, person: Places) -> Each:
    """At `theta`, parameters × people; `person` is one number per ranking."""
    count, people = theta.shape
    value, gradient = np.zeros(people), np.zeros((count, people))
    information = np.zeros((count * count, people))
    for block, part in parts(choices):
        who = person[block.ranking.values[part]]
        order = np.argsort(who, kind="stable")
        starts = np.flatnonzero(np.diff(who[order], prepend=-1))
        names = who[order][starts]
        x, own = block.x.values[..., part], theta[:, who]
        of = _expected(x, own, kept, block)
        taken = taken_features(block, part, kept)
        means = expected_means(of, x, kept)
        worth = (own * taken).sum(axis=0) - of.log_total
        value[names] += np.add.reduceat(worth[order], starts)
        gradient[:, names] += np.add.reduceat((taken - means)[:, order], starts, axis=1)
        spread = _covariances(of, x, means, kept).reshape(count * count, -1)
        information[:, names] += np.add.reduceat(spread[:, order], starts, axis=1)
    return Each(value, gradient, information.T.reshape(people, count, count))


def modes(choices: Choices, kept: Parameters, person: Places, start: Floats, prior: Prior) -> tuple[Floats, Floats]:
    """Greatest posteriors, parameters × people, and their information, people × parameters².

    By damped Newton steps, side by side. Raises DidNotConverge.
    """
    theta, at = start, _posterior(choices, kept, person, start, prior)
    for _ in range(MOST_STEPS):
        step = np.asarray(np.linalg.solve(at.information, at.gradient.T[:, :, None]), np.float64)[:, :, 0].T
        if (at.gradient * step).sum(axis=0).max() < CLOSE:
            return theta + step, at.information
        theta, at = _searched(choices, kept, person, (theta, at, step), prior)
    raise DidNotConverge(f"annotators' own fits did not settle after {MOST_STEPS} steps")


def _searched(
    choices: Choices, kept: Parameters, person: Places, origin: tuple[Floats, Each, Floats], prior: Prior
) -> tuple[Floats, Each]:
    """Whoever would lose by the step takes half of it, and half again."""
    theta, before, step = origin
    length = np.ones(theta.shape[1])
    while True:
        there = theta + length * step
        at = _posterior(choices, kept, person, there, prior)
        worse = (at.value < before.value - 1e-9 * (1 + np.abs(before.value))) & (length > 1e-10)
        if not worse.any():
            return there, at
        length[worse] /= 2


def _posterior(choices: Choices, kept: Parameters, person: Places, theta: Floats, prior: Prior) -> Each:
    own = evaluate_each(choices, kept, theta, person)
    away = theta - np.asarray(prior.mean)[:, None]
    return Each(
        own.value - (prior.precision[:, None] * away**2).sum(axis=0) / 2,
        own.gradient - prior.precision[:, None] * away,
        own.information + np.diag(prior.precision),
    )


def _expected(x: Floats, own: Floats, kept: Parameters, block: Block) -> Expected:
    columns = len(kept.names)
    utility = np.einsum("pn,ipn->in", own[:columns], x)
    log_tie = np.concatenate([np.zeros((1, own.shape[1])), own[columns + kept.line :]])
    line = own[columns] if block.line and kept.line else None
    sizes: Sequence[int] = (1, *kept.tie_sizes)
    return expected(utility, log_tie, sizes, line)


def _covariances(of: Expected, x: Floats, means: Floats, kept: Parameters) -> Floats:
    """Of the features of what is taken: parameters × parameters × choices."""
    columns = len(kept.names)
    found: Floats = -np.einsum("pn,qn->pqn", means, means)
    found[:columns, :columns] += np.einsum("ipn,iqn->pqn", x, np.einsum("ijn,jqn->iqn", of.pairs, x))
    if of.line is not None:
        found[columns, columns] += of.line
    for place, shares in enumerate(of.inclusion[1:], columns + kept.line):
        cross = np.einsum("in,ipn->pn", shares, x)
        found[:columns, place] += cross
        found[place, :columns] += cross
        found[place, place] += shares.sum(axis=0)
    return found
