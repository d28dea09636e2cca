"""Two hundred requests that differ in all that a request can differ in, the same for everybody who asks for them."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from orchestrator.documents.index import Index
from orchestrator.embedded.rendering import messages_of
from orchestrator.evidence import Evidence
from orchestrator.policy import Turn
from orchestrator.pool import TOOL_OF
from orchestrator.preference import PRESETS, PreferenceVector, instruction
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.tasks import all_tasks
from orchestrator.rehearsal.tasks.task import Task
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.tool_text import tools
from orchestrator.trajectory import CodeRun

REQUESTS: Final = 200
POOL: Final = rehearsal_pool()
ALIASES: Final = tuple(entry.alias for entry in POOL.entries)
WEIGHTS: Final = (0.0, 0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it goes to a model."""

    turn: Turn
    messages: list[dict[str, str]]
    tools: list[dict[str, Any]]


def turns(count: int = REQUESTS, seed: int = 1) -> list[Turn]:
    """Turns of held-out tasks under all kinds of preferences, evidence and offers."""
    dice = random.Random(seed)
    tasks = [task for task in all_tasks() if task.split == "test"]
    return [_turn(number, dice.choice(tasks), dice) for number in range(count)]


def requests(count: int = REQUESTS, seed: int = 1) -> list[Asked]:
    """The requests of these turns. Not for use inside an event loop."""
    return [request_of(turn) for turn in turns(count, seed)]


def request_of(turn: Turn) -> Asked:
    """The request of a turn. Not for use inside an event loop."""
    messages = asyncio.run(messages_of(turn, instruction(turn.preference)))
    return Asked(turn, messages, tools(POOL, turn.offered))


def _turn(number: int, task: Task, dice: random.Random) -> Turn:
    offered = _offered(dice)
    return Turn(dice.randrange(6), task.question, _preference(offered, dice), _evidence(task, dice), offered, number)


def _offered(dice: random.Random) -> Sequence[str]:
    some = [alias for alias in ALIASES if dice.random() < dice.choice((0.5, 0.8, 1.0))]
    return some if any(TOOL_OF[alias] == "answer" for alias in some) else ALIASES


def _preference(offered: Sequence[str], dice: random.Random) -> PreferenceVector:
    if dice.random() < 0.3:
        return dice.choice(list(PRESETS.values()))
    accuracy, cost, latency = (dice.choice(WEIGHTS) for _ in range(3))
    return PreferenceVector(accuracy, cost, latency, {dice.choice(offered): 1.0} if dice.random() < 0.3 else {})


def _evidence(task: Task, dice: random.Random) -> Evidence:
    phrases = ((), (task.question,), (task.search_phrase,), (task.search_phrase, "rivers and mountains"))
    evidence = Evidence(searches=[list(_library().search(phrase)) for phrase in dice.choice(phrases)])
    right = CodeRun(task.program or "print(1)", f"{task.reference}\n")
    broken = CodeRun("print(x)", "", error="NameError: name 'x' is not defined")
    evidence.code_runs.extend(dice.choice(((), (right,), (broken,), (broken, right), (right, broken))))
    return evidence


@cache
def _library() -> Index:
    return Index.open(articles())
