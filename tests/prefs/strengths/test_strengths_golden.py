"""Strengths that choix 0.4.1 and evalica 0.4.2 find for the same data, at tolerances of 1e-13."""

import math

import pytest

from prefs.strengths.bradley_terry import Ties, bradley_terry
from prefs.strengths.comparisons import comparisons
from prefs.strengths.orders import orders
from prefs.strengths.plackett_luce import plackett_luce

WON = "ab ab ac ca ad ab bc bc cb bd bd db cd cd dc da ea be ce ed ae eb"
TIED = "ab bc cd de ac"
RANKED = "abcd bacd adbe eabc cdae dbca becd acbd ebda cade ab dc bed cea"


def test_bradley_terry_is_that_of_choix() -> None:
    pairs = WON.split()
    found = bradley_terry(comparisons([p[0] for p in pairs], [p[1] for p in pairs]))
    expected = [0.5630338438, -0.1523168647, 0.1159585218, -0.5856591934, 0.0589836925]
    assert found.values.tolist() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        ("half", [0.4718862001, -0.0914176307, 0.1007771890, -0.4697460914, -0.0114996670]),
        ("davidson", [0.5857098119, -0.1133084491, 0.1249427897, -0.5830515294, -0.0142926231]),
    ],
)
def test_both_models_of_ties_are_those_of_evalica(ties: Ties, expected: list[float]) -> None:
    pairs = WON.split() + TIED.split()
    tied = [False] * len(WON.split()) + [True] * len(TIED.split())
    found = bradley_terry(comparisons([p[0] for p in pairs], [p[1] for p in pairs], tied=tied), ties=ties)
    assert found.values.tolist() == pytest.approx(expected, abs=1e-9)
    if ties == "davidson":
        # Newman writes δ as 2ν.
        assert found.ties == ((2, pytest.approx(math.log(2 * 0.23723182510262858), abs=1e-9)),)


def test_plackett_luce_with_partial_rankings_is_that_of_choix() -> None:
    expected = [0.1723272287, 0.5059860411, 0.1076957732, -0.5139933202, -0.2720157227]
    assert plackett_luce(orders(RANKED.split())).values.tolist() == pytest.approx(expected, abs=1e-9)
