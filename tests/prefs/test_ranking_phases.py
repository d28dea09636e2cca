"""Phases, tags, marks and attention of a ranking: which are sound, what comes next, and what was hidden."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from prefs.ballot import ballot
from prefs.judgement import of_candidates
from prefs.ranking import Ranking, RankingMismatch, StepMark, check, hidden_from, next_phase
from prefs.simulated_looks import simulated_looks
from prefs.study import TAGS, Study

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BALLOT = ballot("b", ["t1", "t2"], query="q", run=None, seed=1, made_at=NOW, hidden=("identity", "cost", "latency"))
SAID = Ranking("r", "b", (("A",), ("B",)), NOW)
GOOD = StepMark("A", 0, "good")


def test_blind_comes_first_then_revealed_for_ever() -> None:
    assert next_phase(None, two_phases=True) == "blind"
    assert next_phase(None, two_phases=False) is None
    assert next_phase(replace(SAID, phase="blind"), two_phases=True) == "revealed"
    assert next_phase(replace(SAID, phase="revealed"), two_phases=True) == "revealed"
    assert next_phase(SAID, two_phases=True) is None, "who ranked it before the study has seen everything"


def test_the_second_look_sees_cost_and_latency_and_nothing_else() -> None:
    assert hidden_from(BALLOT, "blind") == hidden_from(BALLOT, None) == ("identity", "cost", "latency")
    assert hidden_from(BALLOT, "revealed") == ("identity",)
    (look,) = simulated_looks(1, 1, alternatives=2)
    shown = look.blind.candidates
    blind, revealed = (of_candidates(replace(SAID, phase=phase), BALLOT, shown) for phase in ("blind", "revealed"))
    assert (blind.hidden, blind.phase) == (("identity", "cost", "latency"), "blind")
    assert (revealed.hidden, revealed.phase) == (("identity",), "revealed")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"phase": "second"}, "a phase is blind or revealed"),
        ({"phase": "blind", "supersedes": "k"}, "a blind ranking is the first"),
        ({"tags": ("",)}, "a tag has 1 to 60"),
        ({"tags": ("x" * 61,)}, "a tag has 1 to 60"),
        ({"tags": ("x\ny",)}, "printable"),
        ({"tags": tuple(map(str, range(21)))}, "at most 20 tags"),
        ({"tags": ("x", "x")}, "named twice"),
        ({"tags": ("\ud800",)}, "printable"),
        ({"marks": (GOOD, replace(GOOD, kind="wrong"))}, "step 0 of A is marked twice"),
        ({"marks": (replace(GOOD, note="\ud800"),)}, "half a character"),
        ({"active_s": {"A": -0.1}}, "seconds from 0"),
        ({"active_s": {"A": float("nan")}}, "seconds from 0"),
        ({"active_s": {"A": float("inf")}}, "seconds from 0"),
    ],
)
def test_what_no_page_would_send_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(RankingMismatch, match=says):
        replace(SAID, **changes)


@pytest.mark.parametrize("mark", [("A", -1, "good", ""), ("A", 0, "odd", ""), ("A", 0, "good", "x" * 501)])
def test_a_mark_that_makes_no_sense_is_refused(mark: tuple[Any, ...]) -> None:
    with pytest.raises(RankingMismatch):
        StepMark(*mark)


def test_marks_and_attention_are_of_what_the_ballot_shows() -> None:
    check(replace(SAID, marks=(GOOD,), active_s={"A": 1.0, "B": 0.0}, tags=TAGS), BALLOT)
    for beside in ({"marks": (replace(GOOD, label="C"),)}, {"active_s": {"C": 1.0}}):
        with pytest.raises(RankingMismatch, match="not on the ballot: C; it shows A, B"):
            check(replace(SAID, **beside), BALLOT)


def test_a_ranking_is_hashable_and_attention_is_part_of_what_it_is() -> None:
    one, other = replace(SAID, active_s={"A": 1.0}), replace(SAID, active_s={"A": 2.0})
    assert hash(one) == hash(other)
    assert one != other


def test_a_study_in_two_phases_reveals_something() -> None:
    for hidden in (("cost",), ("latency", "identity")):
        assert Study("s", "S", NOW, hidden=hidden, two_phases=True).two_phases
    for hidden in ((), ("identity", "preference")):
        with pytest.raises(ValueError, match="reveals cost or latency"):
            Study("s", "S", NOW, hidden=hidden, two_phases=True)
    with pytest.raises(ValueError, match="set gold_share to 0"):
        Study("s", "S", NOW, hidden=("cost",), two_phases=True, gold_share=0.1)
