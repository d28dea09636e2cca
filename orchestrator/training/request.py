"""A situation as the chat template tells it, piece by piece, so that what its states share is read once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tokenizers import Tokenizer

from orchestrator.embedded.vocabulary import (
    CODE,
    END_OF_TURN,
    PRICES,
    SECONDS,
    STEPS,
    THINK,
    THOUGHTS,
    TURN,
    Thought,
    completion,
)
from orchestrator.tool_text import ORDER
from orchestrator.training.situation import Situation
from orchestrator.training.tokenizer import known
from orchestrator.training.views import views_of

SEEN: Final = tuple((documents, code) for documents in range(3) for code in range(3))
"""What a policy can see of a state: none, other or needed documents; no code, an error or an output."""
EVERY: Final = tuple(range(len(SEEN)))
PLACE: Final = {seen: place for place, seen in enumerate(SEEN)}
PROBLEM_CHARACTERS: Final = 240
WISH_CHARACTERS: Final = 400
STEP: Final = 1.35
"""How many times as dear or slow a step is as the next."""
WORDS: Final = len(THOUGHTS)
"""Of a thought."""


class Told(StrEnum):
    """How much of a situation is told. Less is read faster, and each part is learned by itself."""

    ALL = "all"
    QUESTION = "question and wish"
    WISH = "wish"


@dataclass(frozen=True, slots=True)
class Request:
    """Token ids of one situation."""

    shared: list[int]
    """Aliases with prices, the problem and the wish."""
    seen: tuple[list[int], ...]
    """Of each of SEEN, or of some: what was gathered, up to the end of the thought. The alias comes next."""


class Requests:
    """Makes requests with one tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._problems: dict[str, list[int]] = {}

    def of(self, situation: Situation, places: Sequence[int] = EVERY, *, told: Told = Told.ALL) -> Request:
        """The request of a situation in these of SEEN."""
        problem = situation.task.question
        if problem not in self._problems:
            self._problems[problem] = self._ids(f"<problem>{problem[:PROBLEM_CHARACTERS]}")
        shared = self._ids(table(situation) if told is Told.ALL else TURN)
        if told is Told.WISH:
            words = thought_of(situation, 0, 0).words
            shared += self._ids(f"<wish>{situation.instruction[:WISH_CHARACTERS]}")
            return Request(shared, (self._words((THINK, *words)),))
        shared += self._problems[problem]
        shared += self._ids(f"<wish>{situation.instruction[:WISH_CHARACTERS]}")
        return Request(shared, tuple(self._seen(situation, *SEEN[place]) for place in places))

    def tail(self, situation: Situation, alias: str) -> list[int]:
        """What follows the thought where this alias is decided for."""
        words = completion(thought_of(situation, 0, 0), alias)
        return self._words(words[WORDS + 1 :])

    def _seen(self, situation: Situation, documents: int, code: int) -> list[int]:
        views = views_of(situation.task).words[documents]
        thought = thought_of(situation, documents, code).words
        return self._words((*views, CODE[code], END_OF_TURN, TURN, THINK, *thought))

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _words(self, words: Sequence[str]) -> list[int]:
        return [known(self._tokenizer, word) for word in words]


def thought_of(situation: Situation, documents: int, code: int) -> Thought:
    """What is true of a state that is seen."""
    task = situation.task
    return Thought(
        task.domain,
        task.difficulty,
        bool(task.needs_document) and documents < 2,
        task.needs_program and code < 2,
        situation.preference,
    )


def table(situation: Situation) -> str:
    """The aliases on offer with the steps of their prices and seconds below the greatest on offer."""
    rates = situation.prices
    price = {a: rates[a].input_usd_per_mtok + rates[a].output_usd_per_mtok for a in situation.offered}
    most, slowest = max(price.values()), max(rates[alias].latency_s for alias in situation.offered)
    rows = (alias for tool in ORDER for alias in situation.of_tool(tool))
    return TURN + "".join(
        PRICES[alias][_step(price[alias], most)] + SECONDS[alias][_step(rates[alias].latency_s, slowest)]
        for alias in rows
    )


def _step(value: float, most: float) -> int:
    if value <= 0:
        return STEPS - 1
    return max(0, min(STEPS - 1, math.floor(math.log(most / value) / math.log(STEP) + 0.5)))
