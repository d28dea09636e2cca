"""What each format writes of rankings, and what it leaves out."""

import json
from collections import defaultdict

import pytest

from orchestrator.preference import PreferenceVector
from prefs.reward import rewards
from prefs.training_files import FORMATS, FileOptions, Judged, Tally
from prefs.training_files.pairs import NO_PAIR, NO_REWARD, TIED, TRAY
from prefs.training_files.parquet_schema import PARQUET
from tests.prefs.training_files.judged_examples import (
    GOLDEN,
    PREFERENCE,
    QUERY,
    alternatives,
    examples,
    lines,
    pool,
    ranked,
    written,
)

PAIRED = ("trl-implicit", "trl-explicit", "dpo")


def first(**options: object) -> tuple[list[dict], Tally]:
    return written("trl-explicit", FileOptions(**options), examples()[:1])


@pytest.mark.parametrize("name", FORMATS)
def test_format_writes_what_its_golden_file_holds(name: str):
    assert "".join(lines(name)) == (GOLDEN / f"{name}.jsonl").read_text("utf-8")


@pytest.mark.parametrize("name", FORMATS)
def test_every_row_and_ranking_is_counted(name: str):
    rows, tally = written(name)
    assert rows
    assert tally.rows == len(rows)
    assert tally.rankings == len(examples())
    assert all(number > 0 for number in tally.skipped.values())


@pytest.mark.parametrize("name", FORMATS)
def test_rows_of_a_format_have_the_same_columns_and_stream(name: str):
    read = []

    def one_by_one():
        for one in examples():
            read.append(one)
            yield one

    rows = FORMATS[name].rows(one_by_one(), FileOptions(pool=pool()), Tally())
    columns = set(next(rows))
    assert len(read) == 1
    assert all(set(row) == columns for row in rows)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_says_what_it_is(name: str):
    told = FORMATS[name]
    assert told.name == name
    assert told.extension in ("jsonl", "parquet")
    assert (told.extension == "parquet") == (name in PARQUET)
    assert told.summary.endswith(".")
    assert set(told.options) <= set(FileOptions.__dataclass_fields__)


@pytest.mark.parametrize("name", PAIRED)
def test_weights_of_a_ranking_without_ties_sum_to_one(name: str):
    total: dict[str, float] = defaultdict(float)
    for row in written(name)[0]:
        total[row["ranking"]] += row["weight"]
    assert total["r2"] == pytest.approx(1)
    assert total["r1"] == pytest.approx(2 / 3)  # a third of it is a tie
    assert "r3" not in total


def test_pairs_follow_the_ranking():
    rows, tally = first()
    assert [(row["chosen_trajectory"], row["rejected_trajectory"]) for row in rows] == [("b", "a"), ("b", "c")]
    assert tally.skipped == {TIED: 1, TRAY: 1}


def test_ties_become_two_half_pairs_where_asked_for():
    rows, tally = first(ties=True)
    tied = [row for row in rows if row["weight"] == pytest.approx(1 / 6)]
    assert {(row["chosen_trajectory"], row["rejected_trajectory"]) for row in tied} == {("a", "c"), ("c", "a")}
    assert sum(row["weight"] for row in rows) == pytest.approx(1)
    assert TIED not in tally.skipped


def test_implicit_pair_is_prompt_and_completion_of_the_explicit_one():
    for whole, parted in zip(written("trl-implicit")[0], written("trl-explicit")[0], strict=True):
        assert whole["chosen"] == parted["prompt"] + parted["chosen"]
        assert whole["rejected"] == parted["prompt"] + parted["rejected"]
        assert whole["chosen"][0]["role"] == "system"
        assert whole["chosen"][-1]["role"] == "assistant"


@pytest.mark.parametrize("name", PAIRED)
def test_there_is_no_margin_unless_asked_for(name: str):
    assert all("margin" not in row for row in written(name)[0])


def test_margin_of_rank_is_the_distance_between_groups():
    rows, _ = written("trl-implicit", FileOptions(margin="rank"), examples()[1:2])
    margins = {(row["chosen_trajectory"], row["rejected_trajectory"]): row["margin"] for row in rows}
    assert margins["a", "c"] == 1
    assert margins["a", "b"] == pytest.approx(1 / 3)


def test_margin_of_reward_is_the_difference_of_r():
    shown = alternatives()
    rows, tally = written(
        "trl-explicit", FileOptions(margin="reward"), [ranked("r", shown, (("B",), ("C",), ("A",), ("D",)))]
    )
    value = {one.id: reward.value for one, reward in zip(shown, rewards(shown, PREFERENCE), strict=True)}
    assert rows
    for row in rows:
        assert row["margin"] == pytest.approx(value[row["chosen_trajectory"]] - value[row["rejected_trajectory"]])
    assert any(row["margin"] < 0 for row in rows)
    assert NO_REWARD not in tally.skipped


def test_pairs_without_r_are_left_out_of_margins_of_reward():
    rows, tally = written("trl-implicit", FileOptions(margin="reward"), examples()[3:])
    assert not rows
    assert tally.skipped[NO_REWARD] == 2
    learned = FileOptions(margin="reward", preference=PreferenceVector(1, 1, 1))
    assert len(written("trl-implicit", learned, examples()[3:4])[0]) == 1


def test_dpo_has_no_margin_whatever_is_asked():
    assert all("margin" not in row for row in written("dpo", FileOptions(margin="rank"))[0])


def test_instruction_stands_in_the_prompt_only_where_all_ran_under_the_same_p():
    rows, _ = written("trl-explicit")
    told = {row["ranking"]: row["prompt"][-1]["content"] for row in rows}
    assert told["r1"].startswith(f"{QUERY}\n\nI care")
    assert told["r4"] == "Which is hottest?"


def test_withheld_cost_and_latency_stand_nowhere_in_the_file():
    for name in (*PAIRED, "kto", "rewardbench2"):
        hidden = json.dumps(written(name, FileOptions(cost_shown=False, latency_shown=False, pool=pool()))[0])
        assert "$" not in hidden
        assert "so far" not in hidden
        assert "price" not in hidden
        assert "so far: $" in json.dumps(written(name)[0])


def test_kto_label_is_the_side_of_the_line():
    rows, tally = written("kto")
    labels = {(row["ranking"], row["trajectory"]): row["label"] for row in rows}
    assert labels == {
        ("r1", "a"): False,
        ("r1", "b"): True,
        ("r1", "c"): False,
        **{("r3", name): False for name in "abcd"},
        ("r5", "u1"): True,
        ("r5", "u2"): True,
    }
    assert tally.skipped == {"a trajectory of a ranking without an acceptability line": 6, TRAY: 1}


def test_reward_bench_puts_each_of_the_best_against_all_below():
    rows, tally = written("rewardbench2", None, [ranked("r", alternatives(), (("A", "B"), ("C",)), ("D",))])
    assert [row["id"] for row in rows] == ["r:A", "r:B"]
    for row in rows:
        assert row["num_correct"] == len(row["chosen"]) == 1
        assert row["total_completions"] == 2 == 1 + len(row["rejected"])
        assert "88 days" in row["chosen"][0]
        assert "9 days" in row["rejected"][0]
    assert tally.skipped == {TRAY: 1}
    assert written("rewardbench2", None, examples()[2:3])[1].skipped == {TRAY: 4, NO_PAIR: 1}


def test_judged_refuses_the_trajectories_of_another_ballot():
    one = examples()[0]
    with pytest.raises(ValueError, match="ranking r1 is about"):
        Judged(one.judgement, one.trajectories[::-1])


def test_options_name_what_is_allowed():
    with pytest.raises(ValueError, match="margin must be one of none, rank, reward"):
        FileOptions(margin="elo")
    with pytest.raises(ValueError, match="chosen must be one of best, acceptable, all"):
        FileOptions(chosen="none")


def test_tally_tells_what_was_left_out_in_words():
    _, tally = first()
    assert tally.lines() == ("2 rows from 1 rankings", f"left out: 1 × {TRAY}", f"left out: 1 × {TIED}")
