"""Ballots: shuffled by their seed alone, labelled from the top, versioned by what they show."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from prefs.ballot import MOST_ALTERNATIVES, Alternative, Ballot, ballot

NOW = datetime(2026, 1, 1, tzinfo=UTC)
IDS = st.lists(st.text("0123456789abcdef", min_size=1, max_size=8), min_size=2, max_size=MOST_ALTERNATIVES, unique=True)
SEEDS = st.integers(0, 2**63 - 1)


def shown(trajectories: list[str], seed: int) -> Ballot:
    return ballot("b", trajectories, query="a query", run=None, seed=seed, made_at=NOW)


@given(IDS, SEEDS, st.data())
def test_the_order_shown_depends_on_the_seed_alone(ids: list[str], seed: int, data: st.DataObject) -> None:
    assert shown(ids, seed) == shown(data.draw(st.permutations(ids)), seed)


@given(IDS, SEEDS)
def test_a_ballot_shows_every_trajectory_once_and_labels_from_the_top(ids: list[str], seed: int) -> None:
    made = shown(ids, seed)
    assert sorted(a.trajectory for a in made.alternatives) == sorted(ids)
    assert made.labels == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(ids)])
    assert [made.trajectory(label) for label in made.labels] == [a.trajectory for a in made.alternatives]


def test_seeds_give_every_order() -> None:
    orders = {tuple(a.trajectory for a in shown(["x", "y", "z"], seed).alternatives) for seed in range(100)}
    assert len(orders) == 6


def test_the_order_of_a_seed_stays_the_same_for_good() -> None:
    assert [a.trajectory for a in shown(["t1", "t2", "t3", "t4"], 7).alternatives] == ["t4", "t2", "t1", "t3"]


@given(IDS, SEEDS, SEEDS)
def test_the_version_changes_exactly_with_what_is_shown(ids: list[str], seed: int, other: int) -> None:
    one, two = shown(ids, seed), shown(ids, other)
    assert (one.version == two.version) == (one.alternatives == two.alternatives)
    assert one.version != shown([*ids[1:], "another one"], seed).version


@given(IDS, SEEDS, st.lists(st.sampled_from(["identity", "cost", "latency", "preference"]), unique=True))
def test_a_ballot_survives_json(ids: list[str], seed: int, hidden: list[str]) -> None:
    adapter = TypeAdapter(Ballot)
    made = ballot("b", ids, query="¿17 %?\n", run="r", seed=seed, made_at=NOW, hidden=hidden)
    assert adapter.validate_json(adapter.dump_json(made)) == made


def test_times_are_kept_in_utc() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    made = ballot("b", ["x", "y"], query="q", run=None, seed=1, made_at=noon)
    assert made.made_at == noon
    assert made.made_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"):
        Ballot("b", None, "q", (Alternative("A", "x"), Alternative("B", "y")), 1, naive)


def test_one_alternative_makes_no_ballot() -> None:
    with pytest.raises(ValueError, match="at least two"):
        shown(["x"], 1)


def test_more_alternatives_than_letters_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 26"):
        shown([str(number) for number in range(27)], 1)


def test_a_label_that_is_not_shown_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        shown(["x", "y"], 1).trajectory("C")
