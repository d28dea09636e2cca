"""The leaderboard of policies: ranks, what it rests on, and how little would turn it around."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefs.judgement import Judgement
from prefs.strengths.fragility import Fragility
from prefs.strengths.leaderboard import Leaderboard, Row, entered, leaderboard
from tests.prefs.strengths.drawn import judged, plackett_luce_draws

POLICIES = ("embedded", "random", "fixed:search-1,answer-1", "openai:there")


def planted(count: int, strengths: Sequence[float], seed: int, people: int = 10) -> list[Judgement]:
    """Rankings of three policies each by annotators in turn."""
    table = plackett_luce_draws(np.random.default_rng(seed), np.array(strengths), count, 3)
    return [
        judged(at, [[POLICIES[place]] for place in row], annotator=f"ann{at % people}") for at, row in enumerate(table)
    ]


def row(board: Leaderboard, policy: str) -> Row:
    return next(row for row in board.rows if row.policy == policy)


def test_policies_stand_in_the_order_of_their_planted_strengths() -> None:
    board = leaderboard(planted(400, (1.5, -1.5, 0.5, -0.5), 1))
    assert [row.policy for row in board.rows] == [POLICIES[at] for at in (0, 2, 3, 1)]
    assert [row.rank for row in board.rows] == [1, 2, 3, 4]
    assert sum(row.strength for row in board.rows) == pytest.approx(0, abs=1e-9)
    assert (board.rankings, board.annotators, board.notes) == (400, 10, ())
    for found, true in zip(board.rows, (1.5, 0.5, -0.5, -1.5), strict=True):
        assert found.interval is not None
        assert found.interval.low < true < found.interval.high
        assert found.interval.mean == found.strength


def test_a_rank_counts_those_that_surely_stand_above() -> None:
    board = leaderboard(planted(600, (2.0, 0.0, 0.0, 0.0), 2))
    for one in board.rows:
        assert one.interval is not None
        above = [other for other in board.rows if other.interval and other.interval.low > one.interval.high]
        assert one.rank == 1 + len(above)
    assert [row.rank for row in board.rows] == [1, 2, 2, 2]


def test_win_rate_counts_a_tie_as_half_and_rankings_are_counted_once() -> None:
    board = leaderboard([judged(1, [["a"], ["b", "c"]]), judged(2, [["b"], ["a"]], unranked=("c",))])
    assert {row.policy: (row.rankings, row.win_rate) for row in board.rows} == {
        "a": (2, pytest.approx(2 / 3)),
        "b": (2, pytest.approx(1.5 / 3)),
        "c": (1, pytest.approx(0.5 / 2)),
    }


def test_two_candidates_of_one_policy_say_nothing_of_each_other() -> None:
    twice = [judged(1, [["a"], ["a"], ["b"]]), judged(2, [["b"], ["a"]])]
    board = leaderboard(twice)
    assert row(board, "a").win_rate == pytest.approx(2 / 3)
    assert row(board, "a").rankings == 2
    assert leaderboard([judged(1, [["a"], ["a"]])]).rows == ()
    assert leaderboard([*twice, judged(3, [["a"], ["a"]])]).rankings == 2


def test_with_no_judgement_there_is_nothing_to_show() -> None:
    board = leaderboard([])
    assert board.rows == ()
    assert board.notes == ("no ranking places one policy against another yet",)


def test_one_ranking_has_no_interval() -> None:
    board = leaderboard([judged(1, [["a"], ["b"]])])
    assert [(row.policy, row.rank, row.interval) for row in board.rows] == [("a", 1, None), ("b", 1, None)]


def test_policies_that_were_never_compared_are_ranked_apart_and_it_is_said() -> None:
    said = [judged(at, [["a"], ["b"]] if at % 3 else [["b"], ["a"]]) for at in range(30)]
    said += [judged(at, [["c"], ["d"]] if at % 3 else [["d"], ["c"]]) for at in range(30, 50)]
    board = leaderboard(said, flips=True)
    assert board.notes == ("never compared with each other, so ranked apart: a, b | c, d",)
    assert [row.part for row in board.rows] == [0, 0, 1, 1]
    assert [row.flip is None for row in board.rows] == [False, True, False, True]


def test_a_policy_that_always_won_has_a_finite_strength_and_it_is_said() -> None:
    said = [judged(at, [["best"], ["a"], ["b"]] if at % 2 else [["best"], ["b"], ["a"]]) for at in range(20)]
    board = leaderboard(said)
    assert board.rows[0].policy == "best"
    assert np.isfinite(board.rows[0].strength)
    assert len(board.notes) == 1
    assert "every preference goes one way" in board.notes[0]


def test_removing_what_a_flip_names_really_turns_the_rows_around() -> None:
    said = planted(120, (0.5, -0.4, 0.2, 0.0), 3, people=12)
    board = leaderboard(said, flips=True)
    for above, below in pairwise(board.rows):
        assert above.flip is not None
        assert above.flip.rankings
        rest = [judgement for judgement in said if judgement.ranking not in above.flip.rankings]
        again = leaderboard(rest)
        assert row(again, below.policy).strength > row(again, above.policy).strength
        if above.flip.annotators is not None:
            rest = [judgement for judgement in said if judgement.annotator not in above.flip.annotators]
            again = leaderboard(rest)
            assert row(again, below.policy).strength > row(again, above.policy).strength
    assert board.rows[-1].flip is None


def test_the_one_ranking_that_decides_is_found() -> None:
    even = [judged(at, [["a"], ["b"]] if at % 2 else [["b"], ["a"]], annotator="p") for at in range(20)]
    one_more = [judged(at, [["a"], ["b"]], annotator="q") for at in (20, 21)]
    flip = leaderboard([*even, one_more[0]], flips=True).rows[0].flip
    assert flip is not None
    # Without one ranking of the eleven for a they are even; two turn them around.
    assert flip.rankings is not None
    assert len(flip.rankings) == 2
    flip = leaderboard([*even, judged(40, [["b"], ["a"]], annotator="p"), *one_more], flips=True).rows[0].flip
    assert flip is not None
    assert flip.annotators == ("q",)


def test_equal_policies_change_places_by_one_ranking_and_not_by_none() -> None:
    even = [judged(at, [["a"], ["b"]] if at % 2 else [["b"], ["a"]]) for at in range(20)]
    above, below = leaderboard(even, flips=True).rows
    assert above.strength == pytest.approx(below.strength, abs=1e-9)
    assert above.flip is not None
    assert above.flip.rankings is not None
    assert len(above.flip.rankings) == 1
    again = leaderboard([one for one in even if one.ranking not in above.flip.rankings])
    assert row(again, below.policy).strength > row(again, above.policy).strength


def test_a_removal_that_leaves_two_policies_uncompared_is_no_flip() -> None:
    """Without two of these, c and d are linked by nothing, and only the prior puts one above the other."""
    said = [
        judged(at, groups)
        for at, groups in enumerate(
            [[["a"], ["c"]], [["d"], ["d"], ["b"]], [["b"], ["c"], ["d"]], [["a"], ["b"], ["c"], ["d"]]]
        )
    ]
    seen = entered(said)
    above, below = seen.names.index("c"), seen.names.index("d")
    search = Fragility(seen, 3.0)
    assert search.flips((2, 3), above, below)
    assert search.fewest(above, below) is None


def test_no_removal_turns_around_what_everybody_said() -> None:
    flip = leaderboard([judged(at, [["a"], ["b"]]) for at in range(5)], flips=True).rows[0].flip
    assert flip is not None
    assert (flip.rankings, flip.annotators) == (None, None)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_fewest_found_of_two_policies_is_the_fewest_there_is(seed: int) -> None:
    chance = np.random.default_rng(seed)
    wins = int(chance.integers(4, 9))
    losses = int(chance.integers(1, wins))
    said = [judged(at, [["a"], ["b"]] if at < wins else [["b"], ["a"]]) for at in range(wins + losses)]
    seen = entered(said)
    gone = Fragility(seen, 3.0).fewest(0, 1)
    assert gone is not None
    assert len(gone) == wins - losses + 1
    assert Fragility(seen, 3.0).flips(gone, 0, 1)
    assert not Fragility(seen, 3.0).flips(gone[1:], 0, 1)


def test_clusters_widen_intervals_where_annotators_repeat_themselves() -> None:
    once = planted(60, (0.5, -0.4, 0.2, 0.0), 4, people=60)
    said = [
        replace(judgement, ranking=f"{judgement.ranking}-{copy}", ballot=f"{judgement.ballot}-{copy}")
        for judgement in once
        for copy in range(4)
    ]
    wide, narrow = leaderboard(said, cluster="annotator"), leaderboard(said, cluster="ranking")
    for one, other in zip(wide.rows, narrow.rows, strict=True):
        assert one.interval is not None
        assert other.interval is not None
        assert one.strength == other.strength
        assert one.interval.high - one.interval.low > 1.7 * (other.interval.high - other.interval.low)
