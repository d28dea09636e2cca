"""Stand-in experts: rehearsal tasks they answer as the declared skill says; for anything else they do not pretend."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from orchestrator.bill import Bill
from orchestrator.expert import Reply
from orchestrator.model_call import CallRole, Charge, ModelCall, Usage
from orchestrator.pool import PoolEntry
from orchestrator.prices import charge
from orchestrator.rehearsal import skilled
from orchestrator.rehearsal.calculation import program_for
from orchestrator.rehearsal.chance import draw
from orchestrator.rehearsal.tasks import find
from orchestrator.rehearsal.world import rehearsal_world
from orchestrator.tool import CannotAfford, Request, ToolError
from orchestrator.trajectory import Document, Origin

CHARACTERS_PER_TOKEN = 4
LONGEST_SEARCH_QUERY = 390
"""Characters. Outside the tasks the question itself is what is searched for."""


class Extracted(Protocol):
    """A sentence that a reader found, and where it stands."""

    @property
    def sentence(self) -> str:
        """The sentence as the document has it."""

    @property
    def source(self) -> str:
        """What a person would open to check it."""


Reader = Callable[[str, Sequence[Document]], Extracted | None]
"""Finds the sentence that answers a question, or None."""


class StandIn:
    """Serves one alias without a model behind it. Its calls are simulated; their tokens and seconds are declared."""

    def __init__(self, entry: PoolEntry, *, extract: Reader, pace: float = 1.0) -> None:
        if not 0 <= pace < float("inf"):
            raise ValueError(f"pace must be zero or more, not {pace}; 1 is real time, 0 does not wait at all")
        self._entry = entry
        self._extract = extract
        self._pace = pace

    def able(self, role: CallRole, request: Request) -> bool:
        """Whether it can do something in this role: always for tasks, else with what was gathered or recognised."""
        if role is CallRole.QUERY_WRITER or find(request.query) is not None:
            return True
        if role is CallRole.CODE_WRITER:
            return program_for(request.query) is not None
        return not request.evidence.empty

    async def reply(self, role: CallRole, request: Request, bill: Bill) -> Reply:
        """Its text; raises CannotAfford before anything is spent, ToolError for a question it cannot write code for."""
        key = (self._entry.alias, role.value, request.query, request.attempt, request.seed)
        usage = self._usage(request, key)
        seconds = round(self._entry.latency_s * (0.75 + 0.5 * draw("seconds", *key)), 3)
        self._check_left(request, self._charge(usage, seconds), usage)
        began, started_at = time.monotonic(), datetime.now(UTC)
        left_s = request.left.seconds
        cut = left_s is not None and seconds > left_s
        lasts = left_s if left_s is not None and cut else seconds
        try:
            if self._pace:
                await asyncio.sleep(lasts * self._pace)
        except asyncio.CancelledError:
            passed = min(lasts, (time.monotonic() - began) / self._pace)
            bill.append(self._call(role, Usage(usage.input_tokens, 0), started_at, passed, "cancelled"))
            raise
        if cut:
            bill.append(self._call(role, Usage(usage.input_tokens, 0), started_at, lasts, "cut off by the time limit"))
            raise ToolError(f"the time limit was reached while {self._entry.alias} was at work")
        bill.append(self._call(role, usage, started_at, seconds, None))
        return self._words(role, request)

    def _charge(self, usage: Usage, seconds: float) -> Charge:
        return charge(usage, self._entry.price, at=datetime.now(UTC), latency_s=seconds, in_flight=1)

    def _words(self, role: CallRole, request: Request) -> Reply:
        task = find(request.query)
        if task is not None:
            return skilled.reply(task, self._entry.alias, role, request)
        if role is CallRole.QUERY_WRITER:
            return Reply(request.query.strip()[:LONGEST_SEARCH_QUERY], Origin.SIMULATED)
        if role is CallRole.CODE_WRITER:
            program = program_for(request.query)
            if program is None:
                raise ToolError(
                    self._excuse("It writes code only for plain arithmetic, and this question is not that.")
                )
            return Reply(program, Origin.SIMULATED)
        return self._read(request)

    def _read(self, request: Request) -> Reply:
        """What was computed, else the sentence that was found, else a plain word that there is nothing."""
        for run in reversed(request.evidence.code_runs):
            output = run.stdout.strip() or run.value or ""
            if run.error is None and output:
                return Reply(output, Origin.EXTRACTED, "code output")
        found = self._extract(request.query, request.evidence.documents)
        if found is not None:
            return Reply(found.sentence, Origin.EXTRACTED, found.source)
        return Reply(self._excuse("Not found: nothing in the documents gathered so far answers this."), Origin.NONE)

    def _excuse(self, reason: str) -> str:
        return (
            f"{reason} ({self._entry.alias} is a stand-in, a simulated expert that knows only the rehearsal tasks. "
            "For answers of a real model, give this alias an endpoint in pool.toml; "
            "to have your own files searched, start with --documents DIR.)"
        )

    def _usage(self, request: Request, key: tuple[object, ...]) -> Usage:
        skill = rehearsal_world().skills[self._entry.alias]
        evidence = request.evidence
        read = sum(len(document.title) + len(document.text) for document in evidence.documents)
        read += sum(len(run.code) + len(run.stdout) + len(run.stderr) for run in evidence.code_runs)
        return Usage(
            round(skill.input_tokens * (0.8 + 0.4 * draw("input", *key))) + read // CHARACTERS_PER_TOKEN,
            round(skill.output_tokens * (0.8 + 0.4 * draw("output", *key))),
        )

    def _check_left(self, request: Request, cost: Charge, usage: Usage) -> None:
        left = request.left
        if left.usd is not None and cost.usd is not None and cost.usd > left.usd:
            raise CannotAfford(f"a call of {self._entry.alias} costs ${cost.usd} and ${left.usd} are left")
        if left.tokens is not None and usage.total_tokens > left.tokens:
            raise CannotAfford(
                f"a call of {self._entry.alias} takes {usage.total_tokens} tokens and {left.tokens} are left"
            )

    def _call(
        self, role: CallRole, usage: Usage, started_at: datetime, latency_s: float, error: str | None
    ) -> ModelCall:
        return ModelCall(
            role,
            self._entry.alias,
            self._entry.model,
            usage,
            self._charge(usage, latency_s),
            started_at,
            latency_s,
            simulated=True,
            error=error,
        )


def stand_ins(entries: Iterable[PoolEntry], *, extract: Reader, pace: float = 1.0) -> Mapping[str, StandIn]:
    """A stand-in for each entry, by alias. `pace` 1 waits the declared seconds, 0 does not wait."""
    return {entry.alias: StandIn(entry, extract=extract, pace=pace) for entry in entries}
