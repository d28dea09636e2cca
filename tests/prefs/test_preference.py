"""The preference vector: its range, its JSON, its presets and its words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from orchestrator.pool import TOOL_OF
from orchestrator.preference import PRESETS, PreferenceVector, instruction, preset

WEIGHT = st.floats(0, 1)
VECTORS = st.builds(
    PreferenceVector, WEIGHT, WEIGHT, WEIGHT, st.dictionaries(st.sampled_from(sorted(TOOL_OF)), WEIGHT, max_size=12)
)
ADAPTER = TypeAdapter(PreferenceVector)
NOT_A_WEIGHT = [math.nan, math.inf, -math.inf, -0.1, 1.1, True, "0.5", None]


@given(VECTORS)
def test_a_preference_vector_survives_json(vector: PreferenceVector) -> None:
    read = ADAPTER.validate_json(ADAPTER.dump_json(vector))
    assert read == vector
    assert list(read.tools) == sorted(vector.tools)


@given(VECTORS)
def test_equal_vectors_hash_alike(vector: PreferenceVector) -> None:
    assert hash(vector) == hash(ADAPTER.validate_json(ADAPTER.dump_json(vector)))


@given(st.permutations(sorted(TOOL_OF)))
def test_the_order_in_which_aliases_are_named_does_not_matter(order: list[str]) -> None:
    weights = {alias: number / 12 for number, alias in enumerate(sorted(TOOL_OF))}
    one = PreferenceVector(tools=weights)
    two = PreferenceVector(tools={alias: weights[alias] for alias in order})
    assert one == two
    assert ADAPTER.dump_json(one) == ADAPTER.dump_json(two)
    assert instruction(one) == instruction(two)


@pytest.mark.parametrize("name", ["accuracy", "cost", "latency"])
@pytest.mark.parametrize("wrong", NOT_A_WEIGHT)
def test_a_weight_outside_zero_to_one_is_refused_by_name(name: str, wrong: object) -> None:
    with pytest.raises(ValueError, match=f"weight of {name} must be"):
        PreferenceVector(**{name: wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", NOT_A_WEIGHT)
def test_a_weight_of_an_alias_outside_zero_to_one_is_refused_by_name(wrong: object) -> None:
    with pytest.raises(ValueError, match="weight of search-1 must be"):
        PreferenceVector(tools={"search-1": wrong})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "text", ['{"accuracy": 1.5}', '{"cost": -1}', '{"tools": {"answer-1": 2}}', '{"cost": "much"}']
)
def test_bad_weights_are_refused_at_the_door(text: str) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_json(text)


def test_whole_numbers_become_floats() -> None:
    assert isinstance(PreferenceVector(accuracy=1).accuracy, float)


def test_the_vector_does_not_follow_the_mapping_it_was_made_from() -> None:
    weights = {"search-1": 0.5}
    vector = PreferenceVector(tools=weights)
    weights["search-1"] = 9.0
    assert vector.tools == {"search-1": 0.5}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_vector_and_has_words(name: str) -> None:
    assert preset(name) == PRESETS[name]
    assert instruction(preset(name)).startswith("I care ")


def test_keep_it_local_wants_the_aliases_that_are_hosted_here() -> None:
    assert preset("Keep it local", ["answer-4", "answer-3"]).tools == {"answer-3": 1.0, "answer-4": 1.0}
    assert preset("Frugal", ["answer-4"]).tools == {}


def test_an_unknown_preset_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"no preset named 'Cheap'; choose one of: Balanced, .*Keep it local"):
        preset("Cheap")


def test_the_instruction_says_how_much_each_wish_weighs() -> None:
    assert instruction(PreferenceVector(1, 0.5, 0.2, {"answer-4": 0.5, "search-3": 0.0})) == (
        "I care a great deal about a correct answer, to some extent about a low cost and a little about a quick reply. "
        "Where it makes sense, use answer-4."
    )


@given(VECTORS)
def test_the_instruction_is_empty_only_without_wishes(vector: PreferenceVector) -> None:
    wishes = [vector.accuracy, vector.cost, vector.latency, *vector.tools.values()]
    assert (instruction(vector) == "") == (not any(wishes))
