"""The policy `nearest`: does what the most similar rehearsal question needs, by rule. A baseline without a model.

It reads neither the preference nor the prices, so whatever a policy that reads them does better shows up beside it.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from orchestrator.bill import Bill
from orchestrator.policy import Decision, Turn
from orchestrator.pool import TOOL_OF, TOOLS
from orchestrator.rehearsal.tasks import Task, all_tasks
from orchestrator.trajectory import ToolCall

MIDDLE: Final[Mapping[str, str]] = {"search": "search-2", "enhance_reasoning": "reasoner-2", "answer": "answer-2"}
"""Of each tool the alias that is called where it is on offer."""

_WORD: Final = re.compile(r"[^\W\d_]+|\d")


class NearestPolicy:
    """Searches, computes or answers as the nearest training question would need it, with each tool's middle alias."""

    @property
    def spec(self) -> str:
        """`nearest`."""
        return "nearest"

    async def decide(self, turn: Turn, bill: Bill) -> Decision:  # noqa: ARG002 - it costs nothing
        """What is still missing by the rule, else an answer; the thought names the question that was nearest."""
        near = nearest(turn.query)
        alias = _alias(_wanted(near, turn), turn.offered)
        return Decision(f"{_said(near)} {_next(TOOL_OF[alias])}", ToolCall(TOOL_OF[alias], alias))


def nearest(question: str) -> Task | None:
    """The training task whose question shares most of its rare words with this one; `None` where none shares any."""
    return _index().nearest(question)


def _wanted(near: Task | None, turn: Turn) -> str:
    """The tool that the rule asks for."""
    if near is not None and near.needs_document and not turn.evidence.documents:
        return "search"
    if near is not None and near.needs_program and not turn.evidence.code_runs:
        return "enhance_reasoning"
    return "answer"


def _alias(tool: str, offered: Sequence[str]) -> str:
    """The tool's middle alias, else its first on offer, else the first answer on offer, else the first of all."""
    if MIDDLE[tool] in offered:
        return MIDDLE[tool]
    ranked = (*TOOLS[tool], *TOOLS["answer"])
    return next((alias for alias in ranked if alias in offered), offered[0])


def _said(near: Task | None) -> str:
    if near is None:
        return "No training question shares a word with this one."
    needs = [word for word, needed in (("documents", near.needs_document), ("a program", near.needs_program)) if needed]
    return f"The nearest training question is “{near.question}”; it needs {' and '.join(needs) or 'nothing else'}."


def _next(tool: str) -> str:
    return {"search": "Search now.", "enhance_reasoning": "Compute now.", "answer": "Answer now."}[tool]


@dataclass(frozen=True, slots=True)
class _Index:
    """The training questions by their words, weighted by how rare they are; each question has length 1."""

    tasks: tuple[Task, ...]
    rarity: Mapping[str, float]
    holding: Mapping[str, tuple[tuple[int, float], ...]]
    """Word to the places of the questions that hold it, with its weight there."""

    def nearest(self, question: str) -> Task | None:
        scores: dict[int, float] = {}
        for word, weight in _unit(question, self.rarity).items():
            for place, there in self.holding.get(word, ()):
                scores[place] = scores.get(place, 0.0) + weight * there
        if not scores:
            return None
        best = max(scores, key=lambda place: (scores[place], -place))
        return self.tasks[best] if scores[best] > 0 else None


@cache
def _index() -> _Index:
    tasks = tuple(task for task in all_tasks() if task.split == "train")
    held = Counter(word for task in tasks for word in set(_words(task.question)))
    rarity = {word: math.log((1 + len(tasks)) / (1 + count)) for word, count in held.items()}
    holding: dict[str, list[tuple[int, float]]] = {}
    for place, task in enumerate(tasks):
        for word, weight in _unit(task.question, rarity).items():
            holding.setdefault(word, []).append((place, weight))
    return _Index(tasks, rarity, {word: tuple(places) for word, places in holding.items()})


def _unit(question: str, rarity: Mapping[str, float]) -> dict[str, float]:
    """TF-IDF weights of its known words, scaled to length 1; empty where it has none."""
    weights = {word: count * rarity[word] for word, count in Counter(_words(question)).items() if word in rarity}
    length = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
    return {word: weight / length for word, weight in weights.items()} if length else {}


def _words(question: str) -> list[str]:
    return _WORD.findall(question.casefold())
