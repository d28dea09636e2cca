"""Rankings as weighted pairs, the split by query, and what is measured on held-out pairs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefs.judgement import Judgement
from prefs.neural.accuracy import calibration, gain, pair_accuracy
from prefs.neural.pairs import Pair, pairs, same, split
from prefs.simulated import simulated_judgements

JUDGEMENTS = simulated_judgements(
    {"accuracy": 1.0, "cost": 0.5}, 3.0, ballots=40, annotators=5, ties=0.3, partial=0.3, seed=3
)


def made(query: str, number: int = 0) -> Pair:
    return Pair(f"r{number}", query, "simulated", f"a{number}", f"b{number}", 1.0)


def test_a_ranking_weighs_at_most_one_however_long_it_is() -> None:
    for judgement in JUDGEMENTS:
        some = pairs([judgement])
        ranked = sum(len(group) for group in judgement.groups)
        assert {pair.weight for pair in some} <= {1 / math.comb(ranked, 2)} if ranked > 1 else not some
        assert math.fsum(pair.weight for pair in some) <= 1 + 1e-12


def test_pairs_are_the_strict_comparisons_and_nothing_else() -> None:
    for judgement in JUDGEMENTS:
        place = {id: n for n, group in enumerate(judgement.groups) for id in _ids(judgement, group)}
        found = {(pair.better, pair.worse) for pair in pairs([judgement])}
        assert found == {(a, b) for a in place for b in place if place[a] < place[b]}


def _ids(judgement: Judgement, group: tuple[int, ...]) -> list[str]:
    return [judgement.candidates[place].trajectory for place in group]


@given(seed=st.integers(0, 1000), share=st.floats(0.01, 0.99))
def test_no_query_is_on_both_sides(seed: int, share: float) -> None:
    parts = split(JUDGEMENTS, share=share, seed=seed)
    training, held_out = ({same(one.query) for one in side} for side in (parts.training, parts.held_out))
    assert training
    assert held_out
    assert not training & held_out
    assert len(parts.training) + len(parts.held_out) == sum(bool(pairs([one])) for one in JUDGEMENTS)
    assert split(list(reversed(JUDGEMENTS)), share=share, seed=seed).held_out == parts.held_out[::-1]


def test_spelling_of_a_query_does_not_let_it_cross() -> None:
    assert same("What  is\nthis?") == same("what is THIS?")


def test_one_query_alone_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="1 queries have a ranking"):
        split(JUDGEMENTS[:1])
    with pytest.raises(ValueError, match="between 0 and 1"):
        split(JUDGEMENTS, share=1.0)


def test_equal_scores_count_half() -> None:
    found = pair_accuracy([made("a"), made("b"), made("c"), made("d")], [1.0, -1.0, 0.0, 2.0])
    assert found.mean == 2.5 / 4
    assert found.low <= found.mean <= found.high


def test_pairs_of_one_query_are_drawn_together() -> None:
    alone = pair_accuracy([made(f"q{n}", n) for n in range(40)], [1.0, -1.0] * 20)
    together = pair_accuracy([made(f"q{n // 20}", n) for n in range(40)], [1.0] * 20 + [-1.0] * 20)
    assert together.high - together.low > 2 * (alone.high - alone.low)


@pytest.mark.parametrize(("margin", "ends"), [(1.0, (10 / 13.84, 1.0)), (-1.0, (0.0, 3.84 / 13.84))])
def test_ten_queries_without_a_mistake_are_no_certainty(margin: float, ends: tuple[float, float]) -> None:
    found = pair_accuracy([made(f"q{n % 10}", n) for n in range(30)], [margin] * 30)
    assert (found.low, found.high) == pytest.approx(ends, abs=1e-3)


def test_one_query_shows_neither_an_accuracy_nor_a_gain() -> None:
    some, margins = [made("q", n) for n in range(6)], [1.0, 1.0, -1.0] * 2
    found = pair_accuracy(some, margins)
    assert found.mean == pytest.approx(2 / 3)
    assert found.low < 0.5 < found.high
    better = gain(some, margins, [-1.0] * 6)
    assert better.mean == pytest.approx(2 / 3)
    assert better.low < 0 < better.high


def test_gain_is_paired() -> None:
    some = [made(f"q{n}", n) for n in range(30)]
    margins = [1.0 if n % 3 else -1.0 for n in range(30)]
    same_model = gain(some, margins, margins)
    assert (same_model.mean, same_model.low, same_model.high) == (0.0, 0.0, 0.0)
    assert gain(some, margins, [-one for one in margins]).mean == pytest.approx(1 / 3)


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="lower --rate"):
        pair_accuracy([made("a")], [math.nan])
    with pytest.raises(ValueError, match="no pair"):
        pair_accuracy([], [])


def test_a_model_that_is_as_right_as_it_is_sure_is_calibrated() -> None:
    sure = math.log(3)  # a margin that says 75 %
    some = [made(f"q{n}", n) for n in range(400)]
    honest = calibration(some, [sure if n % 4 else -sure for n in range(400)])
    assert honest.error < 0.02
    boastful = calibration(some, [10 * sure if n % 4 else -10 * sure for n in range(400)])
    assert boastful.error == pytest.approx(0.25, abs=0.02)
    assert sum(one.pairs for one in boastful.bins) == 400


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=60))
def test_confidence_rises_from_bin_to_bin(margins: list[float]) -> None:
    found = calibration([made(f"q{n}", n) for n in range(len(margins))], margins)
    sure = [one.confidence for one in found.bins]
    assert sure == sorted(sure)
    assert all(0.5 <= one <= 1 for one in sure)
    assert 0 <= found.error <= 1
