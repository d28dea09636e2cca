"""Rows of turns and prompts: for imitation, and for reinforcement with what reward functions are given."""

import json
from dataclasses import replace

import pytest

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Verdict
from prefs.reward_functions.trl import trl_reward
from prefs.reward_functions.verl import compute_score
from prefs.training_files import FileOptions
from prefs.training_files.parquet_schema import schema
from tests.prefs.training_files.judged_examples import (
    QUERY,
    SENT,
    alternatives,
    answered,
    examples,
    pool,
    ranked,
    run,
    written,
)


def test_sft_imitates_the_first_group_and_each_trajectory_once():
    rows, tally = written("sft")
    assert [(row["trajectory"], row["step"]) for row in rows] == [("b", 0), ("a", 0), ("a", 1), ("m2", 0), ("u1", 0)]
    again, tally = written("sft", None, [*examples()[:1], *examples()[:1]])
    assert [row["trajectory"] for row in again] == ["b"]
    assert tally.skipped["a trajectory that has its rows already"] == 1


def test_sft_of_all_leaves_out_turns_without_a_call():
    rows, tally = written("sft", FileOptions(chosen="all"), examples()[:1])
    assert [(row["trajectory"], row["step"]) for row in rows] == [("b", 0), ("a", 0), ("a", 1), ("c", 1)]
    assert tally.skipped["a turn without a valid call"] == 1


def test_sft_below_the_line_is_imitated_only_if_asked_for():
    low = [ranked("low", alternatives(), (("B",), ("A", "C", "D")), acceptable=0)]
    assert not written("sft", None, low)[0]
    assert len(written("sft", FileOptions(chosen="all"), low)[0]) == 6
    acceptable = written("sft", FileOptions(chosen="acceptable"), examples()[4:])[0]
    assert [row["trajectory"] for row in acceptable] == ["u1", "u2"]


def test_sft_tells_what_was_sent_where_the_record_holds_it():
    rows = {(row["trajectory"], row["step"]): row for row in written("sft")[0]}
    sent = rows["b", 0]
    assert sent["as_sent"]
    assert sent["messages"][:-1] == SENT["messages"]
    assert json.loads(sent["tools"]) == SENT["tools"]
    anew = rows["a", 1]
    assert not anew["as_sent"]
    assert "Mercury orbits the Sun in 88 days." in anew["messages"][1]["content"]
    assert [message["role"] for message in anew["messages"]] == ["system", "user", "assistant"]
    assert anew["messages"][-1]["content"] == (
        "<think>\nanswer-1 knows.\n</think>\n\n"
        '<tool_call>\n{"name": "answer", "arguments": {"model": "answer-1"}}\n</tool_call>'
    )


def test_an_address_is_never_taken_for_what_was_sent():
    step = answered(0, "answer-1", "88 days", "0.01", 1.0, "sha256:" + "0" * 64)
    rows, _ = written(
        "sft", None, [ranked("r", (run("x", (step,), Verdict.SOLVED), alternatives()[1]), (("A",), ("B",)))]
    )
    assert not rows[0]["as_sent"]
    assert QUERY in rows[0]["messages"][1]["content"]


def test_grpo_rows_have_the_keys_that_toolorchestra_consumes():
    rows, tally = written("grpo")
    row = rows[0]
    keys = {"index", "category", "problem", "answer", "tools", "model_mapping", "tool_pricing", "pref_vec"}
    assert set(row) == keys
    assert len(row["pref_vec"]) == 15
    assert row["pref_vec"]["search-2"] == 0.5
    assert row["tool_pricing"]["gpt-5"] == {"input_tokens_per_million": 1.25e-6, "output_tokens_per_million": 1e-5}
    assert "own-coder" not in row["tool_pricing"]
    assert row["problem"].startswith(f"{QUERY}\n\nI care")
    assert {row["index"] for row in rows} == {row["index"] for row in written("grpo")[0]}
    assert (
        tally.skipped["a query without a reference answer: ToolOrchestra's trainer could not tell right from wrong"]
        == 1
    )


def test_grpo_rows_without_a_pool_take_prices_from_what_was_charged():
    rows, tally = written("grpo", FileOptions(), examples()[:2])
    assert not rows
    assert tally.skipped["a query whose record holds no tools: name the pool"] == 1
    sent_first = ranked("r", alternatives()[1::-1], (("A",), ("B",)))
    rows, _ = written("grpo", FileOptions(), [sent_first])
    assert rows[0]["model_mapping"] == {"answer-2": "model of answer-2"}
    assert rows[0]["tool_pricing"] == {}


def test_a_query_has_one_row_for_each_preference_vector():
    rows, tally = written("trl-grpo")
    assert [row["query"] for row in rows] == [QUERY, "Which is hottest?", "Which is hottest?", "Who wrote Emma?"]
    assert tally.skipped["a query that has its row already"] == 12
    wanted = PreferenceVector(0.2, 1, 1)
    rows, _ = written("trl-grpo", FileOptions(preference=wanted, pool=pool()))
    assert len(rows) == 3
    for row in rows:
        assert json.loads(row["preference"])["accuracy"] == 0.2
        assert "I care a little about a correct answer" in row["prompt"][-1]["content"]


def test_columns_of_prompts_give_rewards_to_trl():
    rows = written("trl-grpo")[0]
    row = rows[0]
    assert set(json.loads(row["choices"])) == {"answer-2", "answer-3", "search-1", "search-2"}
    said = [
        f'<tool_call>{{"name": "t", "arguments": {{"model": "{alias}"}}}}</tool_call>'
        for alias in ("answer-2", "search-1", "answer-3")
    ]
    columns = {name: [row[name]] * 3 for name in row if name != "prompt"}
    values = trl_reward([row["prompt"]] * 3, said, **columns)
    assert values[0] > values[1] > values[2] == 0
    ungraded = rows[-1]
    none = trl_reward(
        [ungraded["prompt"]],
        [said[1].replace("search-1", "answer-1")],
        **{name: [ungraded[name]] for name in ungraded if name != "prompt"},
    )
    assert none == [None]


def test_extra_info_gives_scores_to_verl():
    rows, tally = written("verl")
    row = rows[0]
    score = {
        alias: compute_score(
            row["data_source"],
            f'<tool_call>{{"name": "t", "arguments": {{"model": "{alias}"}}}}</tool_call>',
            row["reward_model"]["ground_truth"],
            row["extra_info"],
        )["score"]
        for alias in ("answer-2", "search-1", "answer-3", "answer-4")
    }
    assert score["answer-2"] > score["search-1"] > score["answer-3"] == score["answer-4"] == 0
    assert [row["extra_info"]["index"] for row in rows] == [0, 1, 2]
    assert tally.skipped["a query with an ungraded alternative: verl wants a number, and none would be true"] == 1


def test_verl_rows_fit_their_schema():
    pa = pytest.importorskip("pyarrow")
    rows = written("verl")[0]
    table = pa.Table.from_pylist(rows, schema=schema("verl"))
    assert table.to_pylist() == rows
    with pytest.raises(ValueError, match="written as JSON lines"):
        schema("dpo")


def test_policies_profile_is_that_of_its_spec():
    wanted = replace(alternatives()[0], policy="openai:http://127.0.0.1:1/v1#m;profile=train")
    rows, _ = written("sft", None, [ranked("r", (wanted, alternatives()[1]), (("A",), ("B",)))])
    assert rows[0]["messages"][1]["content"].endswith("Choose an approriate tool.")
