"""The words that are single tokens for the bundled model: chat markers, aliases, price steps and its thoughts.

The chat template writes a request with the first groups; the model answers a thought of six of the last groups, then
the alias it decides for, then the call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.pool import TOOL_OF, TOOLS
from orchestrator.preference import DEGREES, IN_WORDS, Degree, PreferenceVector, degree

END_OF_TEXT, TURN, END_OF_TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
CHAT: Final = (END_OF_TEXT, TURN, END_OF_TURN)
THINK, END_OF_THOUGHT, CALL, END_OF_CALL = "<think>", "</think>", "<tool_call>", "</tool_call>"
MARKS: Final = (THINK, END_OF_THOUGHT, CALL, END_OF_CALL)
CALL_OF: Final = {tool: f'{{"name": "{tool}", "arguments": {{"model": "' for tool in TOOLS}
"""Tool to the beginning of its call, up to the alias."""
CALL_CLOSED: Final = '"}}'
ALIASES: Final = tuple(TOOL_OF)

STEPS: Final = 24
"""Of prices and of seconds, each a third dearer or slower than the one before it; 0 is the greatest on offer."""
PRICES: Final = {alias: (*(f"<{alias}${step}>" for step in range(STEPS)), f"<{alias}$?>") for alias in ALIASES}
"""Alias to its prices, the unknown one last. Alias and step are one token: what a price means is the alias's own."""
SECONDS: Final = {alias: tuple(f"<{alias}~{step}>" for step in range(STEPS)) for alias in ALIASES}
SECTIONS: Final = ("<problem>", "<wish>")
DOCUMENTS: Final = tuple(f"<docs{count}>" for count in range(4))
"""None, up to 8, up to 16, and more."""
UNSEEN_NAMES: Final = tuple(f"<names{count}>" for count in range(4))
"""Capitalised words of the problem that no document holds; the last is three or more."""
SEEN_WORDS: Final = tuple(f"<words{share}>" for share in range(5))
"""Fifths of the problem's longer words that a document holds."""
CODE: Final = ("<code-none>", "<code-error>", "<code-output>")

DOMAIN_THOUGHT: Final = {
    "arithmetic": "This is arithmetic",
    "code": "This is about strings or code",
    "lookup": "This asks for a fact",
    "two_hop": "This puts facts together",
    "dates_units": "This is about dates or units",
    "reasoning": "This is logic",
}
DIFFICULTY_THOUGHT: Final = (", easy.", ", middling.", ", hard.")
MISSING_THOUGHT: Final = (
    " Nothing is missing.",
    " Facts are missing.",
    " A computation is missing.",
    " Facts and a computation are missing.",
)
ACCURACY_THOUGHT: Final[Mapping[Degree, str]] = {name: f" Accuracy matters {IN_WORDS[name]}," for name in DEGREES}
COST_THOUGHT: Final[Mapping[Degree, str]] = {name: f" cost {IN_WORDS[name]}," for name in DEGREES}
LATENCY_THOUGHT: Final[Mapping[Degree, str]] = {name: f" speed {IN_WORDS[name]}: " for name in DEGREES}
THOUGHTS: Final = (
    tuple(DOMAIN_THOUGHT.values()),
    DIFFICULTY_THOUGHT,
    MISSING_THOUGHT,
    tuple(ACCURACY_THOUGHT.values()),
    tuple(COST_THOUGHT.values()),
    tuple(LATENCY_THOUGHT.values()),
)
"""Groups of thoughts in the order in which they are written, one of each."""

WORDS: Final = (
    *MARKS,
    *CALL_OF.values(),
    CALL_CLOSED,
    *ALIASES,
    *(word for alias in ALIASES for word in (*PRICES[alias], *SECONDS[alias])),
    *SECTIONS,
    *DOCUMENTS,
    *UNSEEN_NAMES,
    *SEEN_WORDS,
    *CODE,
    *(word for group in THOUGHTS for word in group),
)
"""Every single token beside the chat markers, in the order of their ids."""


@dataclass(frozen=True, slots=True)
class Thought:
    """What the model says before it decides."""

    domain: str
    difficulty: int
    """1 to 3."""
    facts_missing: bool
    computation_missing: bool
    preference: PreferenceVector

    @property
    def words(self) -> tuple[str, ...]:
        """One word of each group."""
        preference = self.preference
        return (
            DOMAIN_THOUGHT[self.domain],
            DIFFICULTY_THOUGHT[self.difficulty - 1],
            MISSING_THOUGHT[self.facts_missing + 2 * self.computation_missing],
            ACCURACY_THOUGHT[degree(preference.accuracy)],
            COST_THOUGHT[degree(preference.cost)],
            LATENCY_THOUGHT[degree(preference.latency)],
        )


def missing(words: Sequence[str]) -> tuple[bool, bool]:
    """Whether a thought of these words says that facts are missing, and that a computation is."""
    said = MISSING_THOUGHT.index(words[THOUGHTS.index(MISSING_THOUGHT)])
    return bool(said % 2), said >= 2


def completion(thought: Thought, alias: str) -> tuple[str, ...]:
    """The words of a whole reply, from the thought to the end of the turn."""
    call = (CALL, CALL_OF[TOOL_OF[alias]], alias, CALL_CLOSED, END_OF_CALL, END_OF_TURN)
    return (THINK, *thought.words, alias, END_OF_THOUGHT, *call)
