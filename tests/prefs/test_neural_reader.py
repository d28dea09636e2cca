"""What a reward model reads of a trajectory: the same tokens while training and while serving."""

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.trajectory import Observation, Origin, Step
from prefs.neural.chat_template import PLAIN, ChatTemplate
from prefs.neural.reader import TEMPLATE, TOKENIZER, Unreadable, reader_at, reader_of_base
from prefs.neural.reward_model import Reading
from tests.examples import call, model_call, trajectory
from tests.reward_models import checkpoint

ROUTE = replace(
    trajectory(),
    steps=(
        Step(0, "I look.", call("search-1"), Observation("It says 397.8.", Origin.SIMULATED), (model_call("0.0131"),)),
        Step(1, "I say.", call("answer-1"), Observation("397.8", Origin.MODEL), (model_call("0.02", 7.5),)),
    ),
    answer="397.8",
)


def test_query_route_observations_and_answer_are_read(tmp_path: Path) -> None:
    text = checkpoint(tmp_path).text(ROUTE)
    for part in (ROUTE.query, "I look.", '{"model": "search-1"}', "It says 397.8.", "answer-1"):
        assert part in text


@pytest.mark.parametrize(("cost", "latency"), [(True, True), (True, False), (False, True), (False, False)])
def test_cost_and_latency_are_shown_or_withheld(tmp_path: Path, cost: bool, latency: bool) -> None:
    reader = checkpoint(tmp_path, Reading(cost, latency))
    dearer = replace(ROUTE, steps=(ROUTE.steps[0], replace(ROUTE.steps[1], calls=(model_call("0.9", 7.5),))))
    slower = replace(ROUTE, steps=(ROUTE.steps[0], replace(ROUTE.steps[1], calls=(model_call("0.02", 99.5),))))
    assert (reader.tokens(dearer) != reader.tokens(ROUTE)) == cost
    assert (reader.tokens(slower) != reader.tokens(ROUTE)) == latency


def test_a_long_trajectory_loses_its_middle_and_keeps_both_ends(tmp_path: Path) -> None:
    whole = checkpoint(tmp_path / "whole").tokens(ROUTE)
    short = checkpoint(tmp_path / "short", Reading(max_length=101)).tokens(ROUTE)
    assert whole.cut == 0
    assert len(short.ids) == 101
    assert short.cut == len(whole.ids) - 101
    assert short.ids == (*whole.ids[:50], *whole.ids[-51:])


def test_a_written_reader_reads_the_same(tmp_path: Path) -> None:
    reader = checkpoint(tmp_path, Reading(cost_shown=False, max_length=64))
    again = reader_at(tmp_path)
    assert again.reading == reader.reading
    assert again.tokens(ROUTE) == reader.tokens(ROUTE)


def test_half_a_character_can_be_read(tmp_path: Path) -> None:
    assert checkpoint(tmp_path).tokens(replace(ROUTE, answer="\ud800")).ids


def test_padding_at_the_end_is_no_part_of_the_text(tmp_path: Path) -> None:
    reader = checkpoint(tmp_path)
    assert reader.tokens(replace(ROUTE, answer="<pad>")).ids[-1] != reader.pad_id


@pytest.mark.parametrize("name", [TOKENIZER, TEMPLATE, "reading.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    checkpoint(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(Unreadable, match=name):
        reader_at(tmp_path)


def test_a_spoilt_file_is_named(tmp_path: Path) -> None:
    checkpoint(tmp_path)
    (tmp_path / TOKENIZER).write_text("{}")
    with pytest.raises(Unreadable, match="is no tokenizer"):
        reader_at(tmp_path)
    (tmp_path / "reading.json").write_text('{"cost_shown": true}')
    with pytest.raises(Unreadable, match="not as it was written"):
        reader_at(tmp_path)


def test_a_base_without_a_template_gets_the_plain_one(tmp_path: Path) -> None:
    reader = checkpoint(tmp_path)
    (tmp_path / TEMPLATE).unlink()
    (tmp_path / "tokenizer_config.json").write_text('{"pad_token": {"content": "<pad>"}}')
    of_base = reader_of_base(tmp_path, Reading())
    assert of_base.text(ROUTE) == reader.text(ROUTE)
    with pytest.raises(Unreadable, match="no folder"):
        reader_of_base(tmp_path / "nowhere", Reading())


def test_a_template_that_refuses_says_so() -> None:
    refusing = ChatTemplate("{{ raise_exception('no tools here') }}", {})
    with pytest.raises(ValueError, match="no tools here"):
        refusing.text([{"role": "user", "content": "?"}], None)
    with pytest.raises(ValueError, match="cannot be read"):
        ChatTemplate("{% if %}", {})


def test_a_template_cannot_reach_the_machine() -> None:
    with pytest.raises(ValueError, match="cannot tell"):
        ChatTemplate("{{ ''.__class__.__mro__[1].__subclasses__() }}", {}).text([], None)


def test_plain_template_writes_tools_first() -> None:
    said = ChatTemplate(PLAIN, {}).text([{"role": "user", "content": "?"}], [{"name": "<search>"}])
    assert said.startswith('<|im_start|>system\nTools:\n{"name": "<search>"}<|im_end|>\n<|im_start|>user\n?')
