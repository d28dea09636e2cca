"""Marked steps as rows for models that reward each step: TRL's columns, and no label that nobody gave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefs.ranking import MARK_KINDS, StepMark
from prefs.training_files import FileOptions
from prefs.training_files.prm import UNMARKED
from tests.prefs.training_files.judged_examples import QUERY, alternatives, examples, ranked, written

ORDER = (("B",), ("A",), ("C", "D"))


def marked(*marks: StepMark):
    return written("prm", None, [ranked("r", alternatives(), ORDER, marks=marks)])


def test_rows_have_the_columns_and_types_that_trl_reads():
    rows, _ = written("prm")
    assert rows
    for row in rows:
        assert isinstance(row["prompt"], str)
        assert len(row["completions"]) == len(row["labels"]) > 0
        assert all(isinstance(one, str) and one for one in row["completions"])
        assert all(type(one) is bool for one in row["labels"])


def test_only_good_steps_are_labelled_true_and_the_kinds_stay_beside():
    (row,), tally = marked(StepMark("A", 0, "needless"), StepMark("A", 1, "good"))
    assert (row["labels"], row["kinds"], row["steps"]) == ([False, True], ["needless", "good"], [0, 1])
    assert row["prompt"].startswith(QUERY)
    assert tally.skipped == {UNMARKED: 3}


def test_an_unmarked_step_stands_before_the_next_marked_one_and_gets_no_label():
    (row,), _ = marked(StepMark("A", 1, "good"))
    assert row["labels"] == [True]
    (told,) = row["completions"]
    assert (
        told.index("I look it up first.") < told.index("answer-1 knows.") < told.index("88 days", told.index("knows."))
    )
    (row,), _ = marked(StepMark("A", 0, "wrong"))
    assert "answer-1 knows." not in row["completions"][0]


def test_a_ranking_without_marks_gives_no_row():
    assert written("prm", None, examples()[1:2])[0] == []


def test_withheld_dollars_and_seconds_stand_in_no_step():
    some = [ranked("r", alternatives(), ORDER, marks=(StepMark("A", 1, "good"),))]
    assert "so far: $" in written("prm", None, some)[0][0]["completions"][0]
    hidden = written("prm", FileOptions(cost_shown=False, latency_shown=False), some)[0][0]
    assert "so far" not in hidden["completions"][0]


@pytest.mark.parametrize("label", ["A", "C", "D"])
@given(kinds=st.lists(st.none() | st.sampled_from(MARK_KINDS), min_size=2, max_size=2))
def test_every_mark_is_one_label_and_every_label_one_mark(label: str, kinds: list):
    marks = tuple(StepMark(label, step, kind) for step, kind in enumerate(kinds) if kind is not None)
    rows, tally = marked(*marks)
    assert sum(len(row["labels"]) for row in rows) == len(marks)
    assert tally.rows + tally.skipped[UNMARKED] == 4
    for row in rows:
        assert row["steps"] == [mark.step for mark in marks]
        assert row["labels"] == [mark.kind == "good" for mark in marks]
