"""What a ranking is expected to say about the weights: Fisher information of Plackett–Luce.

A ranking is a row of choices: the best of all, the best of the rest, and so on. A choice from a set with
probabilities p informs about the weights by the covariance of the features under p. Which sets come up depends on the
choices before; their probabilities are summed exactly over the 2^k subsets, so no order is drawn or left out.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LARGEST: Final = 10
"""Alternatives of a ballot; beyond it the subsets are too many, and nobody ranks so many well."""


def expected_information(x: Array, coefficients: Array) -> Array:
    """Information of one ranking of each ballot: (ballots, k, d) features and d weights to (ballots, d, d)."""
    ballots, size, width = x.shape
    if not 2 <= size <= LARGEST:
        raise ValueError(f"a ballot to rank has 2 to {LARGEST} alternatives, not {size}")
    utilities = x @ coefficients
    everything = (1 << size) - 1
    reached = {everything: np.ones(ballots)}
    total = np.zeros((ballots, width, width))
    for subset in range(everything, 0, -1):
        places = [place for place in range(size) if subset >> place & 1]
        if len(places) < 2:
            continue
        weight = reached.pop(subset)
        chosen = _softmax(utilities[:, places]) * weight[:, None]
        total += _covariance(x[:, places], chosen, weight)
        for column, place in enumerate(places):
            left = subset ^ (1 << place)
            reached[left] = reached.get(left, 0.0) + chosen[:, column]
    return total


def gains(x: Array, coefficients: Array, precision: Array) -> Array:
    """Rise of log det of the precision, in nats, by one ranking of each ballot: (ballots, k, d) to (ballots,)."""
    after = np.linalg.slogdet(precision + expected_information(x, coefficients))[1]
    return np.asarray(after - np.linalg.slogdet(precision)[1], dtype=np.float64)


def _softmax(utilities: Array) -> Array:
    powers = np.exp(utilities - utilities.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)


def _covariance(x: Array, chosen: Array, weight: Array) -> Array:
    """Σ p x xᵀ − m mᵀ / Σ p, where the `chosen` p of a ballot sum to its `weight`."""
    weighted = x * chosen[:, :, None]
    mean = weighted.sum(axis=1)
    share = np.divide(mean, weight[:, None], out=np.zeros_like(mean), where=weight[:, None] > 0)
    return np.asarray(np.swapaxes(weighted, 1, 2) @ x - mean[:, :, None] * share[:, None, :], dtype=np.float64)
