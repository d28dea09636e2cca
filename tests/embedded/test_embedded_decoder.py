"""Decoding with the bundled model: what is masked, what is drawn, and that its cache changes nothing."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.embedded.checkpoint import Loaded
from orchestrator.embedded.damage import BadCheckpoint
from orchestrator.embedded.decoder import Decoder
from orchestrator.embedded.vocabulary import (
    ALIASES,
    CHAT,
    END_OF_TURN,
    THINK,
    THOUGHTS,
    WORDS,
    Thought,
    completion,
)
from orchestrator.preference import PreferenceVector
from tests.embedded.asked import Asked, requests

OFFERS = st.lists(st.sampled_from(ALIASES), min_size=1, unique=True)
SEEDS = st.integers(0, 2**64 - 1)


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    return requests(20)


@pytest.fixture(scope="module")
def prompts(model: Loaded, asked: list[Asked]) -> list[list[int]]:
    return [model.ids(model.text(one.messages, one.tools)) for one in asked]


@given(number=st.integers(0, 19), offered=OFFERS, temperature=st.floats(0, 5), seed=SEEDS)
@settings(max_examples=60)
def test_only_an_alias_on_offer_is_ever_decided_for(
    model: Loaded, prompts: list[list[int]], number: int, offered: list[str], temperature: float, seed: int
) -> None:
    decided = model.decoder.decide(prompts[number], offered, temperature, seed)
    assert decided.alias in offered
    assert list(decided.chances) == offered
    assert math.isclose(sum(decided.chances.values()), 1.0)
    assert all(word in group for word, group in zip(decided.words, THOUGHTS, strict=True))


@given(number=st.integers(0, 19), temperature=st.floats(0, 3), seed=SEEDS)
@settings(max_examples=20)
def test_the_same_seed_decides_the_same(
    model: Loaded, prompts: list[list[int]], number: int, temperature: float, seed: int
) -> None:
    first, again = (model.decoder.decide(prompts[number], ALIASES, temperature, seed) for _ in range(2))
    assert first == again


def test_without_temperature_the_likeliest_is_taken_whatever_the_seed(model: Loaded, prompts: list[list[int]]) -> None:
    for prompt in prompts:
        chances = model.decoder.decide(prompt, ALIASES, 1.0, 0).chances
        taken = {model.decoder.decide(prompt, ALIASES, 0.0, seed).alias for seed in range(5)}
        assert taken == {max(chances, key=lambda alias: chances[alias])}


def test_aliases_are_drawn_as_often_as_their_logits_say(model: Loaded, prompts: list[list[int]]) -> None:
    chances = model.decoder.decide(prompts[0], ALIASES, 3.0, 0).chances
    drawn = Counter(model.decoder.decide(prompts[0], ALIASES, 3.0, seed).alias for seed in range(200))
    for alias, chance in chances.items():
        # Five standard deviations.
        assert abs(drawn[alias] - 200 * chance) <= 5 * math.sqrt(200 * chance * (1 - chance)) + 1


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0, 2.0])
def test_chances_are_the_softmax_of_the_logits_of_those_on_offer(
    model: Loaded, prompts: list[list[int]], temperature: float
) -> None:
    network, ids = model.network, model.vocabulary
    for prompt in prompts:
        for offered in (ALIASES, ALIASES[3:9]):
            decided = model.decoder.decide(prompt, offered, temperature, 1)
            # All at once, without the cache.
            logits, _ = network.read([*prompt, *(ids[word] for word in decided.words)])
            weights = np.exp(logits[[ids[alias] for alias in offered]].astype(float) / temperature)
            assert np.allclose(list(decided.chances.values()), weights / weights.sum(), rtol=1e-3, atol=1e-6)


def test_reading_token_by_token_is_reading_at_once(model: Loaded, prompts: list[list[int]]) -> None:
    network = model.network
    for prompt in prompts[:5]:
        whole, kept = network.read(prompt)
        past, logits = None, whole
        for token in prompt:
            logits, past = network.read([token], past)
        assert np.allclose(logits, whole, atol=1e-3)
        assert past is not None
        assert past.shape == kept.shape


def test_written_freely_the_reply_is_well_formed_and_says_the_same(
    model: Loaded, asked: list[Asked], prompts: list[list[int]]
) -> None:
    names = {number: word for word, number in model.vocabulary.items()}
    for one, prompt in zip(asked, prompts, strict=True):
        written = [names[number] for number in model.decoder.greedy(prompt)]
        masked = model.decoder.decide(prompt, one.turn.offered, 0.0, 0)
        assert written[-1] == END_OF_TURN
        # The prompt ends where the thought begins.
        assert (THINK, *written[:6]) == masked.reply[:7]
        if written[6] in one.turn.offered:
            assert (THINK, *written) == masked.reply


def test_a_free_reply_ends_at_its_limit(model: Loaded, prompts: list[list[int]]) -> None:
    assert len(model.decoder.greedy(prompts[0], most=3)) == 3


def test_a_reply_is_told_as_in_training(model: Loaded, prompts: list[list[int]]) -> None:
    thought = Thought("arithmetic", 3, False, True, PreferenceVector(1.0, 0.5, 0.2))
    decided = model.decoder.decide(prompts[0], ["reasoner-3"], 0.0, 0)
    told = completion(thought, "reasoner-3")
    assert (decided.reply[0], *decided.reply[7:]) == (told[0], *told[7:])
    assert len(decided.reply) == len(told)


@pytest.mark.parametrize("temperature", [-0.1, math.inf, math.nan])
def test_a_temperature_that_is_none_is_refused(model: Loaded, prompts: list[list[int]], temperature: float) -> None:
    with pytest.raises(ValueError, match="a temperature is zero or more"):
        model.decoder.decide(prompts[0], ALIASES, temperature, 0)


def test_with_nothing_on_offer_nothing_is_decided(model: Loaded, prompts: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="no alias to choose from"):
        model.decoder.decide(prompts[0], [], 0.0, 0)


class Flat:
    """A network that finds everything equally likely."""

    def __init__(self, vocabulary: int, value: float = 0.0) -> None:
        self.vocabulary = vocabulary
        self.value = value

    def read(self, ids: Sequence[int], past: Any = None) -> tuple[Any, Any]:
        return np.full(self.vocabulary, self.value, np.float32), past


IDS = {word: number for number, word in enumerate((*CHAT, *WORDS))}


def test_where_all_are_equally_likely_each_is_drawn() -> None:
    decoder = Decoder(Flat(len(IDS)), IDS)
    drawn = {decoder.decide([0], ALIASES, 1.0, seed).alias for seed in range(300)}
    assert drawn == set(ALIASES)


def test_next_to_no_temperature_only_the_likeliest_is_possible() -> None:
    class Steep(Flat):
        def read(self, ids: Sequence[int], past: Any = None) -> tuple[Any, Any]:
            return np.arange(self.vocabulary, dtype=np.float32), past

    decided = Decoder(Steep(len(IDS)), IDS).decide([0], ALIASES, 5e-324, 1)
    assert decided.alias == max(ALIASES, key=lambda alias: IDS[alias])


def test_a_network_without_numbers_is_refused() -> None:
    with pytest.raises(BadCheckpoint, match="its weights are damaged"):
        Decoder(Flat(len(IDS), math.nan), IDS).decide([0], ALIASES, 1.0, 0)


def test_a_tokenizer_of_another_model_is_refused() -> None:
    with pytest.raises(BadCheckpoint, match="has no token 'search-2'"):
        Decoder(Flat(len(IDS)), {word: number for word, number in IDS.items() if word != "search-2"})
    with pytest.raises(BadCheckpoint, match="knows 50 tokens: they belong to different models"):
        Decoder(Flat(50), IDS)
