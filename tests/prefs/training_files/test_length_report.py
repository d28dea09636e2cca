"""What a consumer would drop or cut, told from the rows alone."""

import json
from typing import Any

import pytest

from prefs.training_files.length_report import QUANTILES, RULES, length_report
from prefs.training_files.ruler import ChatTokenizer, Estimate
from tests.prefs.training_files.judged_examples import written

WORDS = Estimate(lambda text: len(text.split()), "words")


class ByWord:
    """A tokenizer whose chat template puts a role before each message and the opening of a reply behind them."""

    def apply_chat_template(self, messages: list[dict], **asked: Any) -> dict[str, list[str]]:
        assert asked["tokenize"]
        assert asked["return_dict"]
        said = [word for tool in asked["tools"] or () for word in json.dumps(tool).split()]
        said += [word for message in messages for word in (f"<{message['role']}>", *message["content"].split())]
        return {"input_ids": [*said, *(["<assistant>", "<hush>"] if asked["add_generation_prompt"] else [])]}


@pytest.mark.parametrize("name", RULES)
def test_nothing_is_dropped_where_there_is_room(name: str):
    rows, _ = written(name)
    report = length_report(iter(rows), name, WORDS, 100_000)
    assert (report.rows, report.dropped, report.cut) == (len(rows), 0, 0)
    assert list(report.quantiles) == list(QUANTILES)
    assert list(report.quantiles.values()) == sorted(report.quantiles.values())
    assert not report.exact


@pytest.mark.parametrize("name", ["trl-implicit", "trl-explicit", "dpo", "kto", "verl"])
def test_everything_is_dropped_where_there_is_none(name: str):
    rows, _ = written(name)
    assert length_report(rows, name, WORDS, 1).dropped == len(rows)


@pytest.mark.parametrize("name", ["sft", "rewardbench2"])
def test_what_is_only_cut_is_not_called_dropped(name: str):
    rows, _ = written(name)
    report = length_report(rows, name, WORDS, 1)
    assert (report.dropped, report.cut) == (0, len(rows))


def test_a_pair_as_long_as_the_limit_stays():
    rows, _ = written("trl-implicit")
    tokenizer = ChatTokenizer(ByWord())
    longest = [max(tokenizer.whole(row[side], row["tools"]) for side in ("chosen", "rejected")) for row in rows]
    for most in longest:
        report = length_report(rows, "trl-implicit", tokenizer, most)
        assert report.dropped == sum(length > most for length in longest)
        assert report.exact
    assert length_report(rows, "trl-implicit", tokenizer, max(longest)).quantiles[1.0] == max(longest)


def test_a_prompt_is_parted_from_its_completion_where_the_two_differ():
    tokenizer = ChatTokenizer(ByWord())
    asked, said = [{"role": "user", "content": "one two"}], [{"role": "assistant", "content": "three"}]
    assert tokenizer.whole(asked, None, reply_next=True) == 5
    assert tokenizer.opening(asked, said, None) == 4  # <hush> is not in the whole
    assert tokenizer.whole([*asked, *said], '[{"a": 1}]') == 7


def test_quantile_of_a_share_is_the_longest_row_of_that_share():
    rows = [{"messages": [{"role": "user", "content": "w " * number}], "tools": None} for number in range(1, 101)]
    report = length_report(rows, "sft", ChatTokenizer(ByWord()), 50)
    assert report.quantiles == {0.5: 51, 0.9: 91, 0.95: 96, 0.99: 100, 1.0: 101}
    assert report.cut == 51


def test_report_in_words_says_whether_it_is_an_estimate():
    rows, _ = written("trl-implicit")
    guessed = "\n".join(length_report(rows, "trl-implicit", Estimate(), 100).lines())
    assert "estimate (3 bytes a token)" in guessed
    assert "about 10 would be dropped without a word at a length of 100 tokens" in guessed
    assert "raise the consumer's limit" in guessed
    assert "about" not in "\n".join(length_report(rows, "trl-implicit", ChatTokenizer(ByWord()), 10_000).lines())
    assert length_report([], "dpo", Estimate()).lines()[0].startswith("0 rows of dpo")


def test_a_format_without_prompts_is_refused():
    with pytest.raises(ValueError, match="the consumer of grpo writes its prompts itself"):
        length_report([], "grpo", Estimate())
    with pytest.raises(ValueError, match="one token or more"):
        length_report([], "dpo", Estimate(), 0)
