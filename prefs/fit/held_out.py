"""Cross-validation over ballots: how often a fit orders pairs as people did on ballots that it has not seen."""

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.fit.choices import Choices
from prefs.fit.estimation import PRIOR_SD, Fitted, flat
from prefs.fit.likelihood import evaluate
from prefs.fit.newton import Objective, maximise
from prefs.fit.result import Estimate, HeldOut
from prefs.fit.sandwich import Kind, of_difference, of_ratio

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

FOLDS: Final = 5


def held_out(
    ballot: tuple[Choices, Fitted],
    absolute: tuple[Choices, Fitted],
    *,
    clustering: Kind = "auto",
    folds: int = FOLDS,
    prior_sd: float = PRIOR_SD,
) -> HeldOut:
    """Both scalings on the same folds. A ballot's fold depends on its trajectories alone, so order does not matter.

    Fewer than two folds leave it out.
    """
    choices = ballot[0]
    if folds < 2:
        return HeldOut(0, None, None, None)
    fold = _folds(choices, folds)
    pairs = np.zeros(len(fold))
    right = {"ballot": np.zeros(len(fold)), "absolute": np.zeros(len(fold))}
    if len(np.unique(fold)) > 1:
        for scaling, (own, found) in (("ballot", ballot), ("absolute", absolute)):
            right[scaling], pairs = _right(own, found, fold, prior_sd)

    def share(over: Floats) -> Estimate | None:
        return of_ratio(over, pairs, choices.codes, clustering)

    difference = of_difference(right["ballot"] - right["absolute"], pairs, choices.codes, clustering)
    return HeldOut(int(pairs.sum()), share(right["ballot"]), share(right["absolute"]), difference)


def pairs_right(choices: Choices, column_weights: Floats) -> tuple[Floats, Floats]:
    """By ranking: strict pairs that these weights order as the person did, a draw counting half; all strict pairs."""
    rankings = choices.weight.count
    right, pairs = np.zeros(rankings), np.zeros(rankings)
    for block in choices.blocks.values():
        utility = np.matmul(column_weights, block.x.values)
        size, ranking = block.size.values, block.ranking.values
        for chosen in range(block.items - 1):
            for left in range(chosen + 1, block.items):
                counts = (chosen < size) & (left >= size)
                margin = np.where(counts, utility[chosen] - utility[left], 0.0)
                margin[np.abs(margin) < 1e-12] = 0.0
                right += np.bincount(ranking, counts * (np.sign(margin) + 1) / 2, rankings)
                pairs += np.bincount(ranking, counts, rankings)
    return right * (choices.weight.values > 0), pairs * (choices.weight.values > 0)


def _right(choices: Choices, found: Fitted, fold: Places, prior_sd: float) -> tuple[Floats, Floats]:
    right = np.zeros(len(fold))
    prior = flat(found.kept, prior_sd)
    pairs = np.zeros(len(fold))
    for number in np.unique(fold):
        weight = choices.weight.values * (fold != number)
        objective = _objective(choices, found, weight)
        theta = maximise(objective, found.free.theta, prior).theta
        ordered, pairs = pairs_right(choices, _without_position(found.kept.names, theta))
        right += np.where(fold == number, ordered, 0.0)
    return right, pairs


def _objective(choices: Choices, found: Fitted, weight: Floats) -> Objective:
    return lambda theta: evaluate(choices, found.kept, theta, weight)


def _without_position(names: Sequence[str], theta: Floats) -> Floats:
    """Where a candidate is shown says nothing about the candidate."""
    return np.array([0.0 if name == "position" else float(theta[i]) for i, name in enumerate(names)])


def _folds(choices: Choices, folds: int) -> Places:
    of_ballot = np.array(
        [
            int.from_bytes(hashlib.blake2b("\n".join(key).encode(), digest_size=4).digest())
            for key in choices.ballot_keys()
        ]
    )
    return of_ballot[choices.ballot.values] % folds
