"""What a policy is asked outside the loop: a task with some evidence, and which call it chooses there."""

import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, runtime_checkable

from bench.bundled.expectimax import state_of
from orchestrator.bill import Bill
from orchestrator.documents.index import Index
from orchestrator.evidence import Evidence
from orchestrator.policy import Decision, Policy, PolicyFailed, Turn
from orchestrator.preference import PreferenceVector
from orchestrator.rehearsal.chance import pick
from orchestrator.rehearsal.craft import vague_phrase
from orchestrator.rehearsal.tasks import Task
from orchestrator.training.dynamics import State
from orchestrator.trajectory import CodeRun, Document

SILENT: Final = PreferenceVector(0.0, 0.0, 0.0)
"""Says nothing, so that a policy which is given words has nothing but those words."""
_SEED: Final = 20_261


@runtime_checkable
class ReadsInstructions(Protocol):
    """A policy that can be told the preference in any words."""

    async def decide_for(self, turn: Turn, instruction: str, bill: Bill) -> Decision:
        """The decision of this turn under that instruction instead of the standard one."""


@dataclass(frozen=True, slots=True)
class Case:
    """A task at some point of an episode."""

    task: Task
    searches: tuple[tuple[Document, ...], ...] = ()
    runs: tuple[CodeRun, ...] = ()

    @property
    def index(self) -> int:
        """Of the turn: one for each call so far."""
        return len(self.searches) + len(self.runs)

    @property
    def evidence(self) -> Evidence:
        """As the loop would hand it over."""
        return Evidence([list(found) for found in self.searches], list(self.runs))

    @property
    def state(self) -> State:
        """The same as the oracle knows it."""
        return state_of(self.task, self.evidence, self.index)

    def turn(self, preference: PreferenceVector, offered: Sequence[str]) -> Turn:
        """The case as a policy is asked about it."""
        return Turn(self.index, self.task.question, preference, self.evidence, offered, _SEED)


def cases_of(task: Task, library: Index) -> tuple[Case, ...]:
    """The beginning, and one later point of the episode where the task needs anything."""
    begun = Case(task)
    later = [one for one in _later(task, library) if one.state != begun.state]
    return (begun, pick(later, "case", task.id)) if later else (begun,)


def _later(task: Task, library: Index) -> list[Case]:
    """After a search that helped, one that did not, and a program that ran or failed, as far as they matter."""
    found = library.search(task.search_phrase)
    cases = []
    if task.needs_document:
        cases += [Case(task, (found,)), Case(task, (library.search(vague_phrase(task, "bench")),))]
    if task.needs_program and task.program is not None:
        before = (found,) if task.needs_document else ()
        ran = CodeRun(task.program, stdout=f"{task.reference}\n")
        failed = CodeRun(task.program[:-1], error="SyntaxError: '(' was never closed")
        cases += [Case(task, before, (ran,)), Case(task, before, (failed,))]
    return cases


@dataclass(slots=True)
class Asker:
    """Asks one policy for single choices and keeps how long each took."""

    took_s: list[float] = field(default_factory=list)

    async def choice(self, policy: Policy, turn: Turn) -> str | None:
        """The alias that the policy calls; `None` where it calls none."""
        return await self._timed(policy.decide(turn, Bill()))

    async def choice_for(self, policy: Policy, turn: Turn, instruction: str) -> str | None:
        """The same where the preference is told in these words alone; a policy that reads no words is told nothing."""
        unsaid = replace(turn, preference=SILENT)
        if isinstance(policy, ReadsInstructions):
            return await self._timed(policy.decide_for(unsaid, instruction, Bill()))
        return await self.choice(policy, unsaid)

    async def _timed(self, deciding: Awaitable[Decision]) -> str | None:
        began = time.perf_counter()
        try:
            decision = await deciding
        except PolicyFailed:
            return None
        self.took_s.append(time.perf_counter() - began)
        return decision.call.model if decision.call is not None else None
