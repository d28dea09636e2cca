"""What a call does in the rehearsal world, without running it: chances, dollars and seconds of each state.

The same skills, prices and factors as the stand-ins use (`rehearsal.skilled`, `rehearsal.stand_in`), in expectation: a
call's tokens and seconds are its declared means.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from orchestrator.pool import TOOL_OF
from orchestrator.rehearsal.world import rehearsal_world
from orchestrator.training.situation import Situation
from orchestrator.training.views import views_of

TURNS: Final = 6
"""Calls of an episode; the last one must answer."""
UNSEEN_SLIP: Final = 0.5
"""Share of the broken programs that print a wrong number instead of failing (`rehearsal.craft`)."""
CODE_TOKENS: Final = 60
"""Of a code run in an expert's prompt, about."""


class Documents(IntEnum):
    """What the searches brought."""

    NONE = 0
    OTHERS = 1
    """Not all that the task needs."""
    NEEDED = 2


class Code(IntEnum):
    """What the code runs brought. The policy cannot tell a slip from a right output."""

    NONE = 0
    ERROR = 1
    RIGHT = 2
    SLIP = 3


@dataclass(frozen=True, slots=True)
class State:
    """Where an episode stands, all known."""

    turn: int = 0
    documents: Documents = Documents.NONE
    code: Code = Code.NONE

    @property
    def seen(self) -> tuple[int, int]:
        """What the policy sees of it: documents 0 to 2, code 0 (none), 1 (error) or 2 (an output)."""
        return self.documents, min(self.code, 2)


def right(situation: Situation, alias: str, state: State) -> float:
    """Probability of a right reply, as `rehearsal.skilled.probability` has it."""
    task, world = situation.task, rehearsal_world()
    chance = world.skills[alias].probability(task.domain, task.difficulty)
    tool = TOOL_OF[alias]
    if tool == "search":
        return chance
    if task.needs_document and state.documents is not Documents.NEEDED:
        chance *= world.documents_missing
    if tool == "answer" and task.needs_program and state.code is not Code.RIGHT:
        chance *= world.program_output_missing
    return chance


def dollars(situation: Situation, alias: str, state: State) -> float:
    """Of one call."""
    skill, rate = rehearsal_world().skills[alias], situation.prices[alias]
    read = skill.input_tokens + views_of(situation.task).tokens[state.documents]
    read += CODE_TOKENS * (state.code is not Code.NONE)
    return (read * rate.input_usd_per_mtok + skill.output_tokens * rate.output_usd_per_mtok) / 1e6


def seconds(situation: Situation, alias: str) -> float:
    """Of one call."""
    return situation.prices[alias].latency_s


def outcomes(situation: Situation, alias: str, state: State) -> Iterator[tuple[float, State]]:
    """Where a call of `search` or `enhance_reasoning` leads, with probabilities that add up to 1."""
    chance = right(situation, alias, state)
    after = replace(state, turn=state.turn + 1)
    if TOOL_OF[alias] == "search":
        found = Documents.NEEDED if situation.task.needs_document else Documents.OTHERS
        yield chance, replace(after, documents=max(found, state.documents))
        yield 1 - chance, replace(after, documents=max(Documents.OTHERS, state.documents))
        return
    if state.code is Code.RIGHT:
        yield 1.0, after
        return
    wrong = 1 - chance
    yield chance, replace(after, code=Code.RIGHT)
    yield wrong * UNSEEN_SLIP, replace(after, code=Code.SLIP)
    yield wrong * (1 - UNSEEN_SLIP), replace(after, code=Code.ERROR)
