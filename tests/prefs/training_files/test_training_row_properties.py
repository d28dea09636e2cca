"""What holds for the rows of every ranking."""

import json
import random
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefs.training_files import FORMATS, FileOptions, Judged, Tally
from prefs.training_files.pairs import TIED, TRAY
from tests.prefs.training_files.judged_examples import alternatives, examples, pool, ranked

LABELS = "ABCD"


@st.composite
def rankings(draw: st.DrawFn) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...], int | None]:
    """Groups, tray and line over four alternatives; something is ranked or said to be unacceptable."""
    places = draw(st.lists(st.integers(0, 4), min_size=4, max_size=4))
    groups = tuple(
        tuple(label for label, place in zip(LABELS, places, strict=True) if place == number)
        for number in sorted(set(places) - {4})
    )
    tray = tuple(label for label, place in zip(LABELS, places, strict=True) if place == 4)
    line = draw(st.none() | st.integers(0, len(groups))) if groups else 0
    return groups, tray, line


def rows(name: str, one: Judged, **options: object) -> tuple[list[dict], Tally]:
    tally = Tally()
    return list(FORMATS[name].rows([one], FileOptions(pool=pool(), **options), tally)), tally


def pairs(found: list[dict]) -> set[tuple[str, str]]:
    return {(row["chosen_trajectory"], row["rejected_trajectory"]) for row in found}


@given(rankings())
def test_pairs_are_the_strict_comparisons_of_the_ranking(said):
    groups, tray, line = said
    one = ranked("r", alternatives(), groups, tray, line)
    found, tally = rows("dpo", one)
    order = {label.lower(): number for number, group in enumerate(groups) for label in group}
    assert pairs(found) == {(better, worse) for better in order for worse in order if order[better] < order[worse]}
    assert len(found) == tally.rows
    assert tally.skipped[TRAY] == len(tray)
    ranks = len(order)
    ties = sum(len(group) * (len(group) - 1) // 2 for group in groups)
    if ranks >= 2:
        assert tally.skipped[TIED] == ties
        weighed = sum(row["weight"] for row in found)
        assert weighed == pytest.approx(1 - ties / (ranks * (ranks - 1) / 2))
        assert sum(row["weight"] for row in rows("dpo", one, ties=True)[0]) == pytest.approx(1)


@given(rankings(), st.permutations(range(4)))
def test_the_order_shown_changes_no_pair_and_no_label(said, order):
    groups, tray, line = said
    shown = alternatives()
    letters = {LABELS[old]: LABELS[new] for new, old in enumerate(order)}
    one = ranked("r", shown, groups, tray, line)
    other = ranked(
        "r",
        tuple(shown[old] for old in order),
        tuple(tuple(letters[label] for label in group) for group in groups),
        tuple(letters[label] for label in tray),
        line,
    )
    assert pairs(rows("trl-explicit", one)[0]) == pairs(rows("trl-explicit", other)[0])
    for name, key in (("kto", "label"), ("sft", "messages")):
        one_by_id, other_by_id = (
            sorted((row["trajectory"], json.dumps(row[key])) for row in rows(name, each)[0]) for each in (one, other)
        )
        assert one_by_id == other_by_id


@given(rankings())
def test_margins_of_rank_grow_with_the_distance(said):
    groups, tray, line = said
    found, _ = rows("trl-implicit", ranked("r", alternatives(), groups, tray, line), margin="rank")
    order = {label.lower(): number for number, group in enumerate(groups) for label in group}
    for row in found:
        distance = order[row["rejected_trajectory"]] - order[row["chosen_trajectory"]]
        assert row["margin"] == pytest.approx(distance / (len(groups) - 1))
        assert 0 < row["margin"] <= 1


@given(rankings())
def test_line_and_labels_agree(said):
    groups, tray, line = said
    found, tally = rows("kto", ranked("r", alternatives(), groups, tray, line))
    labels = {row["trajectory"]: row["label"] for row in found}
    if line is None:
        assert not labels
        assert tally.skipped == {"a trajectory of a ranking without an acceptability line": 4}
        return
    above = {label.lower() for group in groups[:line] for label in group}
    below = {label.lower() for group in groups[line:] for label in group} if groups else set("abcd")
    assert {name for name, label in labels.items() if label} == above
    assert {name for name, label in labels.items() if not label} == below


@given(rankings(), st.sampled_from(sorted(FORMATS)))
def test_rows_are_json_and_the_same_each_time(said, name):
    one = ranked("r", alternatives(), *said)
    found, tally = rows(name, one)
    assert json.loads(json.dumps(found)) == found
    assert rows(name, one) == (found, tally)


@given(
    st.lists(rankings(), min_size=1, max_size=4),
    st.sampled_from(["trl-implicit", "dpo", "kto", "rewardbench2"]),
    st.integers(),
)
def test_rows_of_rankings_do_not_depend_on_their_order(said, name, seed):
    some = [ranked(f"r{number}", alternatives(), *one) for number, one in enumerate(said)]
    mixed = random.Random(seed).sample(some, len(some))
    both = [
        Counter(json.dumps(row) for row in FORMATS[name].rows(each, FileOptions(), Tally())) for each in (some, mixed)
    ]
    assert both[0] == both[1]


@pytest.mark.parametrize("name", FORMATS)
def test_memory_does_not_grow_with_the_file(name: str):
    def peak(number: int) -> int:
        some = examples()
        tracemalloc.start()
        try:
            rows = FORMATS[name].rows((one for _ in range(number) for one in some), FileOptions(pool=pool()), Tally())
            assert sum(1 for _ in rows) > 0
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1)
    assert peak(40) < 1.5 * peak(2) + 50_000
