"""Gold pairs, the noise ceiling and what people say when they are asked twice."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefs.agreement.ceiling import noise_ceiling, self_consistency
from prefs.agreement.gold import FAIR, GoldPair, Sameness, gold_pairs, gold_rates, normalised_answer
from prefs.agreement.measured import share
from tests.prefs.agreement.judged import candidate, judged

CHEAP = candidate(0, "cheap", outcome=1, usd="0.01", seconds=2, answer="Paris.")
DEAR = candidate(1, "dear", outcome=1, usd="0.02", seconds=3, answer="  paris ")
SLOW = candidate(1, "slow", outcome=1, usd="0.005", seconds=9, answer="Paris")


def test_the_same_answer_dearer_and_slower_is_dominated() -> None:
    assert gold_pairs([CHEAP, DEAR]) == (GoldPair(0, 1, Sameness.ANSWER),)
    assert gold_pairs([DEAR, CHEAP]) == (GoldPair(1, 0, Sameness.ANSWER),)


def test_cheaper_but_slower_dominates_nothing() -> None:
    assert gold_pairs([CHEAP, SLOW]) == ()


@pytest.mark.parametrize(
    "other",
    [
        candidate(1, "o", outcome=1, usd=None, seconds=3, answer="Paris"),
        candidate(1, "o", outcome=1, usd="0.01", seconds=3, answer="Paris"),
        candidate(1, "o", outcome=1, usd="0.02", seconds=2, answer="Paris"),
        candidate(1, "o", outcome=0, usd="0.02", seconds=3, answer="Paris"),
        candidate(1, "o", outcome=None, usd="0.02", seconds=3, answer="Lyon"),
    ],
    ids=["cost unknown", "as cheap", "as quick", "graded otherwise", "another answer, ungraded"],
)
def test_what_is_not_strictly_worse_in_both_is_no_gold(other: object) -> None:
    assert gold_pairs([CHEAP, other]) == ()  # type: ignore[list-item]


def test_two_different_wrong_answers_are_gold_only_on_demand() -> None:
    pair = [
        candidate(0, "a", outcome=0, usd="1", seconds=1, answer="Lyon"),
        candidate(1, "b", outcome=0, usd="2", seconds=2, answer="Rome"),
    ]
    assert gold_pairs(pair) == ()
    assert gold_pairs(pair, {*FAIR, Sameness.UNSOLVED}) == (GoldPair(0, 1, Sameness.UNSOLVED),)


def test_answers_are_the_same_whatever_their_case_and_space_but_not_their_sign() -> None:
    assert normalised_answer(" The  ANSWER") == normalised_answer("the answer")
    assert normalised_answer("-5") != normalised_answer("5")
    assert normalised_answer("1.5") != normalised_answer("15")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x < 3", "x > 3"),
        ("√2", "2"),
        ("5!", "5"),
        ("n!", "n"),
        ("f'", "f"),
        ('5"', "5"),
        ("x²", "x2"),
        ("a ≠ b", "a = b"),
        ("[1, 2]", "(1, 2)"),
        ("¬p", "p"),
        ("", "..."),
        (None, None),
    ],
)
def test_answers_that_mean_different_things_or_nothing_are_no_gold(one: str | None, other: str | None) -> None:
    pair = [candidate(0, "a", usd="1", seconds=1, answer=one), candidate(1, "b", usd="2", seconds=2, answer=other)]
    assert gold_pairs(pair) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [("Paris!", "paris"), ("“Paris”.", "Paris"), ("`x`", "x"), ('"Paris"', "Paris"), ("Is it?", "is it")],
)
def test_quotes_and_the_end_of_a_sentence_do_not_make_another_answer(one: str, other: str) -> None:
    pair = [candidate(0, "a", usd="1", seconds=1, answer=one), candidate(1, "b", usd="2", seconds=2, answer=other)]
    assert gold_pairs(pair) == (GoldPair(0, 1, Sameness.ANSWER),)


def test_gold_rates_count_rankings_and_put_ties_aside() -> None:
    shown = (CHEAP, DEAR)
    found = gold_rates(
        [
            judged("ann", {"cheap": 1, "dear": 2}, shown=shown),
            judged("ann", {"cheap": 1, "dear": 1}, shown=shown, query="q2"),
            judged("bob", {"dear": 1, "cheap": 2}, shown=shown),
            judged("cid", {"dear": 1}, shown=shown),
        ]
    )
    everybody, ann, bob, cid = found
    assert everybody.annotator is None
    assert (everybody.passed, everybody.failed, everybody.unsaid) == (1, 1, 2)
    assert (ann.rate.value, bob.rate.value, cid.rate.value) == (1, 0, None)
    assert cid.rate.note == "No gold pair was put in an order."
    assert ann.rate.interval is not None
    assert ann.rate.interval.low < 0.3


def test_wilsons_interval_is_that_of_the_book() -> None:
    found = share(81 / 263, 263)  # Newcombe 1998, table I
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=0.00005)


@given(st.integers(1, 500), st.data())
def test_wilsons_interval_holds_the_share(of: int, data: st.DataObject) -> None:
    found = share(data.draw(st.integers(0, of)) / of, of)
    assert 0 <= found.low <= found.mean <= found.high <= 1


def test_the_ceiling_counts_pairs_of_people_that_are_both_strict() -> None:
    found = noise_ceiling([judged("ann", [1, 2, 3]), judged("bob", [1, 3, 2]), judged("cid", [1, 1, 2])])
    # Of 0–1: ann, bob agree. Of 0–2: three pairs agree. Of 1–2: ann, cid agree; bob against both.
    assert found.comparisons == 7
    assert found.agreement.value == pytest.approx(5 / 7)


def test_a_person_is_never_compared_with_himself_for_the_ceiling() -> None:
    assert noise_ceiling([judged("ann", [1, 2]), judged("ann", [1, 2], minute=1)]).agreement.value is None


def test_the_attainable_accuracy_is_found_where_the_truth_is_known() -> None:
    chance, planted = np.random.default_rng(0), 0.8
    found = noise_ceiling(
        [
            judged(f"person {i}", [1, 2] if chance.random() < planted else [2, 1], query=f"q{q}")
            for q in range(2_000)
            for i in range(2)
        ]
    )
    assert found.attainable is not None
    assert found.attainable.high == pytest.approx(planted, abs=0.02)
    assert found.attainable.low == pytest.approx(planted**2 + (1 - planted) ** 2, abs=0.03)
    assert "look for a leak" in found.reading(0.95)
    assert "as good as people" in found.reading(0.78)
    assert "can be reached" in found.reading(0.6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_the_best_model_lies_within_the_attainable_bounds(shares: list[float]) -> None:
    agreement = float(np.mean([p**2 + (1 - p) ** 2 for p in shares]))
    best = float(np.mean([max(p, 1 - p) for p in shares]))
    assert agreement - 1e-9 <= best <= (1 + math.sqrt(max(2 * agreement - 1, 0))) / 2 + 1e-9


def test_full_agreement_on_a_few_ballots_is_not_certainty() -> None:
    """Resampling ballots that all agree can only agree."""
    twice = [judged(person, [1, 2, 3], query=f"q{query}") for person in ("ann", "ben") for query in range(6)]
    found = noise_ceiling(twice).agreement
    assert found.value == 1
    assert found.interval is not None
    assert 0.5 < found.interval.low < 0.7
    assert found.interval.high == 1


def test_a_ceiling_without_data_says_what_is_missing() -> None:
    assert "two people" in noise_ceiling([]).reading(0.7)


def test_self_consistency_compares_successive_rankings_of_one_person() -> None:
    found = self_consistency(
        [
            judged("ann", [1, 2, 3]),
            judged("ann", [1, 3, 2], minute=1),
            judged("bob", [3, 2, 1], minute=2),
        ]
    )
    assert [one.annotator for one in found] == [None, "ann"]
    assert found[0].comparisons == 3
    assert found[1].alike.value == pytest.approx(2 / 3)


def test_self_consistency_without_repeats_says_so() -> None:
    (found,) = self_consistency([judged("ann", [1, 2])])
    assert found.alike.value is None
    assert found.alike.note == "Nobody ranked the same alternatives twice."
