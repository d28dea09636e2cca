"""From a prompt to a decision: a thought of six words and an alias, each from what is possible at its place."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from orchestrator.embedded.damage import BadCheckpoint
from orchestrator.embedded.network import Numbers
from orchestrator.embedded.vocabulary import (
    ALIASES,
    CALL,
    CALL_CLOSED,
    CALL_OF,
    CHAT,
    END_OF_CALL,
    END_OF_THOUGHT,
    END_OF_TURN,
    THINK,
    THOUGHTS,
    WORDS,
)
from orchestrator.pool import TOOL_OF

MOST_TOKENS: Final = 40
"""Of a reply that is written without a mask; a whole one has fourteen."""

Fitting = Callable[[tuple[str, ...]], Sequence[str]]
"""From the words of a thought to the aliases that may follow it, at least one."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was drawn."""

    words: tuple[str, ...]
    """Of the thought, one of each group of `vocabulary.THOUGHTS`."""
    alias: str
    chances: Mapping[str, float]
    """Each alias on offer to its probability at this temperature; at 0 all of it is the likeliest's."""

    @property
    def thought(self) -> str:
        """The words, and the alias as their conclusion."""
        return f"{''.join(self.words)}{self.alias}"

    @property
    def reply(self) -> tuple[str, ...]:
        """The tokens of the whole reply, the first of which stands at the prompt's end already.

        Behind the first alias there is only one way to go on.
        """
        call = (CALL, CALL_OF[TOOL_OF[self.alias]], self.alias, CALL_CLOSED, END_OF_CALL, END_OF_TURN)
        return (THINK, *self.words, self.alias, END_OF_THOUGHT, *call)


class Reader(Protocol):
    """What a decoder needs of a network."""

    vocabulary: int
    """Tokens that it gives logits for."""

    def read(self, ids: Sequence[int], past: Numbers | None = None) -> tuple[Numbers, Numbers]:
        """Logits [vocabulary] behind the last of these tokens, and the cache of all that was read so far."""


class Decoder:
    """Draws with a network. `ids` are those of the vocabulary's words. Holds no state between two decisions."""

    def __init__(self, network: Reader, ids: Mapping[str, int]) -> None:
        """Raises BadCheckpoint where a word has no token, or one beyond the network's vocabulary."""
        for word in (*CHAT, *WORDS):
            if word not in ids:
                raise BadCheckpoint(f"its tokenizer has no token {word!r}: it was made for another model")
            if ids[word] >= network.vocabulary:
                raise BadCheckpoint(
                    f"its tokenizer gives {word!r} the id {ids[word]}, and its network knows {network.vocabulary} "
                    "tokens: they belong to different models"
                )
        self._network = network
        self._end = ids[END_OF_TURN]
        self._thoughts = tuple(np.array([ids[word] for word in group]) for group in THOUGHTS)
        self._alias = {alias: ids[alias] for alias in ALIASES}

    def decide(
        self,
        prompt: Sequence[int],
        offered: Sequence[str],
        temperature: float,
        seed: int,
        fitting: Fitting | None = None,
    ) -> Decided:
        """One decision among the aliases on offer, the same for the same seed; temperature 0 takes the likeliest.

        The thought is what the model makes of the request, and not drawn: each of its words is the likeliest.
        `fitting` says which of the aliases on offer fit it. Raises ValueError where nothing is on offer or the
        temperature is negative.
        """
        if not offered:
            raise ValueError("there is no alias to choose from")
        if not 0 <= temperature < math.inf:
            raise ValueError(f"a temperature is zero or more, not {temperature}")
        words = []
        logits, past = self._network.read(prompt)
        for group, ids in zip(THOUGHTS, self._thoughts, strict=True):
            place = int(logits[ids].argmax())
            words.append(group[place])
            logits, past = self._network.read([int(ids[place])], past)
        if fitting is not None:
            offered = fitting(tuple(words))
        chances = _chances(logits[[self._alias[alias] for alias in offered]], temperature)
        drawn = int(np.random.default_rng(seed).choice(len(offered), p=chances))
        return Decided(tuple(words), offered[drawn], dict(zip(offered, chances.tolist(), strict=True)))

    def greedy(self, prompt: Sequence[int], most: int = MOST_TOKENS) -> list[int]:
        """The likeliest tokens without any mask, up to the end of the turn, which is the last of them."""
        written: list[int] = []
        logits, past = self._network.read(prompt)
        while True:
            written.append(int(logits.argmax()))
            if written[-1] == self._end or len(written) >= most:
                return written
            logits, past = self._network.read(written[-1:], past)


def _chances(logits: Numbers, temperature: float) -> NDArray[np.float64]:
    """Probabilities of the tokens that are possible here: softmax of logits over temperature."""
    exact = logits.astype(np.float64)
    if not np.isfinite(exact).all():
        raise BadCheckpoint("its network gives no numbers: its weights are damaged")
    if temperature == 0:
        certain: NDArray[np.float64] = np.eye(len(exact))[exact.argmax()]
        return certain
    with np.errstate(over="ignore"):  # Next to 0, the others become infinitely unlikely.
        weights = np.exp((exact - exact.max()) / temperature)
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
