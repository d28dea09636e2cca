import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.preference import DEGREES, PreferenceVector, instruction
from orchestrator.training.phrases import WISHES, joint_key, phrases
from orchestrator.training.wording import chosen_parts, degree, vocabulary, worded

ALIASES = ("answer-math-1", "answer-1", "reasoner-2", "search-1", "Local-Qwen")

weights = st.one_of(st.sampled_from([0.0, 0.2, 0.35, 0.5, 0.75, 1.0]), st.floats(0, 1))
preferences = st.builds(
    PreferenceVector, weights, weights, weights, st.dictionaries(st.sampled_from(ALIASES), weights, max_size=4)
)
seeds = st.integers(0, 2**32)


def told_degrees(preference: PreferenceVector, seed: int) -> dict[str, str]:
    """The degrees told by the chosen phrases; fails where two phrases contradict each other."""
    told = [pair for part in chosen_parts(preference, random.Random(seed)) for pair in part.says]
    assert set(told) == set(dict(told).items())
    return dict(told)


@given(preferences, seeds)
def test_same_dice_choose_the_same_words(preference: PreferenceVector, seed: int) -> None:
    assert worded(preference, random.Random(seed)) == worded(preference, random.Random(seed))


@given(preferences, seeds)
def test_every_liked_alias_is_named_and_no_other(preference: PreferenceVector, seed: int) -> None:
    text = worded(preference, random.Random(seed))
    for alias in ALIASES:
        assert (alias in text) == (preference.tools.get(alias, 0) > 0)


@given(preferences, seeds)
def test_the_chosen_phrases_tell_the_degrees_of_the_weights(preference: PreferenceVector, seed: int) -> None:
    for wish, name in told_degrees(preference, seed).items():
        assert name == degree(getattr(preference, wish))


@given(preferences, seeds)
def test_no_wish_for_low_cost_or_a_short_wait_goes_unsaid(preference: PreferenceVector, seed: int) -> None:
    told = told_degrees(preference, seed)
    assert "cost" in told or preference.cost == 0
    assert "latency" in told or preference.latency == 0
    assert "accuracy" in told or preference.accuracy >= 0.5


@given(preferences, seeds)
def test_a_wording_is_one_line_without_open_places(preference: PreferenceVector, seed: int) -> None:
    text = worded(preference, random.Random(seed))
    assert text == " ".join(text.split())
    assert not set(text) & set("{}")
    assert bool(text) == bool(instruction(preference))


def test_about_three_wordings_in_ten_are_the_standard_one() -> None:
    dice = random.Random(3)
    preference = PreferenceVector(1.0, 0.5, 0.2)
    standard = sum(worded(preference, dice) == instruction(preference) for _ in range(2000))
    assert 0.25 < standard / 2000 < 0.35


@pytest.mark.parametrize(
    ("preference", "wish", "share"),
    [
        (PreferenceVector(1.0, 0.0, 0.5), "cost", 0.4),
        (PreferenceVector(1.0, 0.5, 0.0), "latency", 0.4),
        (PreferenceVector(0.5, 0.5, 0.5), "accuracy", 0.75),
        (PreferenceVector(0.4, 0.5, 0.5), "accuracy", 1.0),
    ],
)
def test_what_may_go_without_saying_is_said_this_often(preference: PreferenceVector, wish: str, share: float) -> None:
    told = sum(wish in told_degrees(preference, seed) for seed in range(2000))
    assert abs(told / 2000 - share) < 0.04


@given(weights)
def test_degrees_change_where_the_standard_wording_changes(weight: float) -> None:
    standard = {
        "none": "",
        "little": "I care a little about a correct answer.",
        "some": "I care to some extent about a correct answer.",
        "great": "I care a great deal about a correct answer.",
    }
    assert instruction(PreferenceVector(weight, 0, 0)) == standard[degree(weight)]


def test_most_wordings_are_short_and_hardly_two_alike() -> None:
    dice = random.Random(4)
    texts = []
    for _ in range(4000):
        accuracy, cost, latency = (dice.choice([0, 0.2, 0.5, 1]) for _ in WISHES)
        texts.append(worded(PreferenceVector(accuracy, cost, latency, {"search-1": 1.0}), dice))
    lengths = sorted(len(text.split()) for text in texts)
    assert lengths[3960] <= 55
    assert len(set(texts)) > 0.65 * len(texts)


def test_there_are_many_phrases_for_every_degree() -> None:
    data = phrases()
    for wish in WISHES:
        for name in DEGREES:
            assert len(data.told[((wish, name),)]) >= 60
    assert sum(len(parts) for says, parts in data.told.items() if len(says) > 1) >= 60
    assert len(data.aliases) >= 40
    assert all(part.text.count("{aliases}") == 1 for part in data.aliases)


def test_a_phrase_means_one_thing() -> None:
    spelled = Counter(part.text.casefold().strip("!?. ") for parts in phrases().told.values() for part in parts)
    assert [text for text, count in spelled.items() if count > 1] == []


def test_a_sentence_for_any_wish_means_one_degree() -> None:
    data = phrases()
    frames = Counter(frame.text for frames in data.frames.values() for frame in frames)
    pairs = Counter(text for sentences in data.pairs.values() for text in sentences)
    assert [text for text, count in (frames + pairs).items() if count > 1] == []
    assert all("{words}" in text for text in frames)
    assert all("{first}" in text and "{second}" in text for text in pairs)


def test_a_whole_sentence_and_one_for_any_wish_never_disagree() -> None:
    data = phrases()
    told = {part.text.casefold().strip("!?. "): says for says, parts in data.told.items() for part in parts}
    for name in DEGREES:
        for frame in data.frames[name]:
            for wish in WISHES:
                for word in frame.words[wish]:
                    text = frame.text.replace("{words}", word).casefold().strip("!?. ")
                    assert told.get(text, ((wish, name),)) == ((wish, name),), text


def test_in_a_comparison_the_stronger_wish_wins() -> None:
    nouns = phrases().nouns
    preference = PreferenceVector(accuracy=0.2, cost=1.0, latency=0.2)
    parts = [part for seed in range(20000) for part in chosen_parts(preference, random.Random(seed))]
    sides = [part.text.split(" trumps ") for part in parts if " trumps " in part.text and "by far" not in part.text]
    assert len(sides) > 20
    for stronger, weaker in sides:
        assert stronger in nouns["cost"]
        assert weaker in nouns["accuracy"] + nouns["latency"]


def test_phrases_can_be_set_into_sentences() -> None:
    for parts in phrases().told.values():
        for part in parts:
            assert part.text == part.text.strip()
            assert part.text[-1] not in ".,;:"
            assert part.text[0].islower() or part.text.split()[0] == "I" or part.text.startswith("I'"), part.text


def test_every_pair_of_degrees_has_a_sentence_of_its_own() -> None:
    told = phrases().told
    for first, second in [*pairwise(WISHES), (WISHES[0], WISHES[2])]:
        for one in DEGREES:
            for other in DEGREES:
                assert told[((first, one), (second, other))]


@pytest.mark.parametrize("key", ["accuracy great", "cost great, speed little", "cost great, cost little", "great"])
def test_a_joint_key_that_tells_nothing_clear_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="write the joint key"):
        joint_key(key)


def test_the_vocabulary_has_every_phrase_once_and_the_contracted_forms() -> None:
    words = list(vocabulary())
    assert len(words) == len(set(words))
    assert {part.text for parts in phrases().told.values() for part in parts} <= set(words)
    assert {"I do not mind waiting", "I don't mind waiting"} <= set(words)
