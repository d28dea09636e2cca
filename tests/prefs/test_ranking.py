"""Rankings: which of them fit a ballot, and what is said of those that do not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from prefs.ballot import Alternative, Ballot, ballot
from prefs.ranking import LONGEST_REASON, Ranking, RankingMismatch, check

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BALLOT = ballot("b", ["t1", "t2", "t3", "t4"], query="q", run=None, seed=1, made_at=NOW)


def ranking(*groups: str, unranked: str = "", acceptable: int | None = None, of: str = "b") -> Ranking:
    """`ranking("B", "AC", unranked="D")`: B first, then A and C tied, D not ranked."""
    return Ranking("r", of, tuple(tuple(g) for g in groups), NOW, tuple(unranked), acceptable)


@st.composite
def rankings(draw: st.DrawFn, labels: tuple[str, ...] = BALLOT.labels) -> Ranking:
    """Any ranking that names each label once and ranks something."""
    order = draw(st.permutations(labels))
    ranked = draw(st.integers(1, len(order)))
    groups: list[list[str]] = []
    for label in order[:ranked]:
        tied: bool = draw(st.booleans())
        if groups and tied:
            groups[-1].append(label)
        else:
            groups.append([label])
    return Ranking(
        "r",
        "b",
        tuple(tuple(group) for group in groups),
        draw(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
        tuple(order[ranked:]),
        draw(st.none() | st.integers(0, len(groups))),
        draw(st.none() | st.text(max_size=50)),
        supersedes=draw(st.none() | st.just("an earlier one")),
    )


@given(rankings())
def test_a_ranking_that_names_each_label_once_fits(made: Ranking) -> None:
    check(made, BALLOT)
    assert sorted(made.labels) == list(BALLOT.labels)


@given(rankings(), st.permutations("WXYZ"))
def test_what_the_labels_are_called_does_not_matter(made: Ranking, names: list[str]) -> None:
    new = dict(zip(BALLOT.labels, names, strict=True))
    relabelled = replace(
        made,
        groups=tuple(tuple(new[label] for label in group) for group in made.groups),
        unranked=tuple(new[label] for label in made.unranked),
    )
    renamed = replace(BALLOT, alternatives=tuple(Alternative(new[a.label], a.trajectory) for a in BALLOT.alternatives))
    check(relabelled, renamed)
    with pytest.raises(RankingMismatch):
        check(relabelled, BALLOT)
    assert [renamed.trajectory(label) for label in relabelled.labels] == [
        BALLOT.trajectory(label) for label in made.labels
    ]


@given(rankings())
def test_a_ranking_survives_json(made: Ranking) -> None:
    adapter = TypeAdapter(Ranking)
    assert adapter.validate_json(adapter.dump_json(made)) == made


@given(rankings(), st.sampled_from(BALLOT.labels))
def test_a_missing_label_is_named(made: Ranking, label: str) -> None:
    groups = tuple(g for g in (tuple(x for x in group if x != label) for group in made.groups) if g)
    unranked = tuple(x for x in made.unranked if x != label)
    short = replace(made, groups=groups, unranked=unranked, acceptable=0)
    with pytest.raises(RankingMismatch, match=f"missing from the ranking: {label};"):
        check(short, BALLOT)


@given(rankings(), st.sampled_from(BALLOT.labels))
def test_a_label_named_twice_is_named(made: Ranking, label: str) -> None:
    with pytest.raises(RankingMismatch, match=f"named twice: {label};"):
        check(replace(made, unranked=(*made.unranked, label)), BALLOT)


def test_a_label_that_is_not_on_the_ballot_is_named_with_those_that_are() -> None:
    with pytest.raises(RankingMismatch, match="not on the ballot, or named twice: E; it shows A, B, C, D"):
        check(ranking("A", "B", "C", "D", "E"), BALLOT)


def test_a_ranking_of_another_ballot_does_not_fit() -> None:
    with pytest.raises(RankingMismatch, match="for ballot c, not b"):
        check(ranking("A", "B", "C", "D", of="c"), BALLOT)


def test_ranking_nothing_and_saying_nothing_is_refused() -> None:
    with pytest.raises(RankingMismatch, match="nothing is ranked"):
        check(ranking(unranked="ABCD"), BALLOT)


def test_none_acceptable_is_a_ranking() -> None:
    check(ranking(unranked="ABCD", acceptable=0), BALLOT)


def test_a_group_without_labels_is_refused() -> None:
    with pytest.raises(RankingMismatch, match="cannot be empty"):
        ranking("A", "", "B")


@pytest.mark.parametrize("line", [-1, 3])
def test_a_line_outside_the_groups_is_refused(line: int) -> None:
    with pytest.raises(RankingMismatch, match="between 0 and 2 groups"):
        ranking("A", "B", acceptable=line)


def test_a_reason_has_a_longest_length() -> None:
    longest = replace(ranking("A"), reason="x" * LONGEST_REASON)
    with pytest.raises(RankingMismatch, match="at most 5,000"):
        replace(longest, reason="x" * (LONGEST_REASON + 1))


def test_a_time_without_a_zone_is_not_a_time() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Ranking("r", "b", (("A",),), NOW.replace(tzinfo=None))


def test_a_ranking_of_a_changed_ballot_does_not_fit() -> None:
    changed: Ballot = replace(BALLOT, alternatives=BALLOT.alternatives[:3])
    with pytest.raises(RankingMismatch, match="D; it shows A, B, C"):
        check(ranking("A", "B", "C", "D"), changed)
