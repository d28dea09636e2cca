"""The policy `embedded`: the small orchestrator that comes with Podium, in this process, without torch."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from orchestrator.bill import Bill, Heard
from orchestrator.embedded.checkpoint import BUNDLED, Checkpoint
from orchestrator.embedded.damage import BadCheckpoint
from orchestrator.embedded.decoder import Decided
from orchestrator.embedded.rendering import messages_of
from orchestrator.embedded.vocabulary import CALL, END_OF_TURN, missing
from orchestrator.model_call import FREE, CallRole, ModelCall, Usage
from orchestrator.policy import Decision, PolicyFailed, Turn
from orchestrator.pool import TOOL_OF, Pool
from orchestrator.preference import instruction
from orchestrator.reply import storable
from orchestrator.tool import CannotAfford
from orchestrator.tool_text import Tools, tools
from orchestrator.trajectory import ToolCall

TEMPERATURE: Final = 0.3
"""Low enough to follow what was learned, high enough for alternatives to differ by their seeds."""
TURNS: Final = 6
"""Calls of a run in training. From the last of them on it answers, where an answer is on offer."""
REPLY_TOKENS: Final = 14
"""Every reply has as many; `<think>` is the last token of the prompt."""


class EmbeddedPolicy:
    """Decides with a checkpoint among the aliases on offer, by its own thought: a decision takes some milliseconds.

    `pool` describes the aliases to the model; give it with its prices filled in (`orchestrator.prices.priced`).
    """

    def __init__(self, checkpoint: Checkpoint, pool: Pool, temperature: float = TEMPERATURE) -> None:
        self.checkpoint = checkpoint
        self.temperature = temperature
        self._pool = pool
        self._described: dict[tuple[str, ...], Tools] = {}

    @property
    def spec(self) -> str:
        """`embedded`, or `embedded:FOLDER` for another checkpoint than the bundled one."""
        path = self.checkpoint.path
        return "embedded" if path == BUNDLED.resolve() else f"embedded:{path}"

    async def decide(self, turn: Turn, bill: Bill) -> Decision:
        """A call among those on offer; raises PolicyFailed where the checkpoint cannot be used, or CannotAfford."""
        return await self.decide_for(turn, instruction(turn.preference), bill)

    async def decide_for(self, turn: Turn, wish: str, bill: Bill) -> Decision:
        """The same with another wording of the preference instead of the turn's own."""
        messages = await messages_of(turn, wish)
        work = _Work(self.checkpoint, self.temperature, turn, messages, self._tools(tuple(turn.offered)))
        with _billed(work, bill):
            decided = await asyncio.to_thread(work.done)
        if bill.hear is not None:
            bill.hear(Heard(CallRole.ORCHESTRATOR, None, decided.thought, thinking=True))
            bill.hear(Heard(CallRole.ORCHESTRATOR, None, _call_of(decided), thinking=False))
        return Decision(decided.thought, ToolCall(TOOL_OF[decided.alias], decided.alias))

    def _tools(self, aliases: tuple[str, ...]) -> Tools:
        if aliases not in self._described:
            self._described[aliases] = Tools(tools(self._pool, aliases))
        return self._described[aliases]


def seed_of(turn: Turn) -> int:
    """Of a turn's draws: another one each turn, also where the prompt is the same."""
    return int(np.random.SeedSequence((turn.seed % 2**64, turn.index)).generate_state(1)[0])


def possible(turn: Turn, words: Sequence[str]) -> Sequence[str]:
    """The aliases on offer that fit these words of a thought: it does what it says.

    Where facts are missing it may search, where a computation is missing have code written, and once more to check
    the first program that worked; it may always answer, and from the last call of training on it only answers. Where
    no alias that fits is on offer, all are possible.
    """
    tools = {"answer"}
    if turn.index < TURNS - 1:
        facts, computation = missing(words)
        worked = sum(run.error is None for run in turn.evidence.code_runs)
        tools |= {"search"} if facts else set()
        tools |= {"enhance_reasoning"} if computation or worked == 1 else set()
    return [alias for alias in turn.offered if TOOL_OF[alias] in tools] or list(turn.offered)


@dataclass(slots=True)
class _Work:
    """One decision, done in a thread and looked at by the task that waits for it."""

    checkpoint: Checkpoint
    temperature: float
    turn: Turn
    messages: list[dict[str, str]]
    tools: Tools
    begun: float | None = None
    """When the model was ready, in `time.perf_counter()` seconds."""
    text: str | None = None
    tokens: int | None = None
    decided: Decided | None = None
    asked: dict[str, Any] = field(default_factory=dict)

    def done(self) -> Decided:
        """The decision; raises BadCheckpoint or CannotAfford."""
        model = self.checkpoint.loaded()
        self.begun = time.perf_counter()
        self.text = model.text(self.messages, self.tools)
        prompt = model.ids(self.text)
        self.tokens = len(prompt)
        self._afford()
        turn, seed = self.turn, seed_of(self.turn)
        self.asked = {"temperature": self.temperature, "seed": seed}
        self.decided = model.decoder.decide(
            prompt, turn.offered, self.temperature, seed, lambda words: possible(turn, words)
        )
        return self.decided

    def _afford(self) -> None:
        left, needed = self.turn.left.tokens, (self.tokens or 0) + REPLY_TOKENS
        if left is not None and needed > left:
            raise CannotAfford(
                f"the orchestrator ({self.checkpoint.name}) was not asked: its prompt and reply take {needed:,} tokens "
                f"together, and {left:,} are left; raise the limit"
            )


@contextmanager
def _billed(work: _Work, bill: Bill) -> Iterator[None]:
    """Puts the call on the bill, whatever becomes of it, unless nothing was left for it."""
    started_at, clock = datetime.now(UTC), time.perf_counter()
    in_flight = work.checkpoint.in_flight = work.checkpoint.in_flight + 1
    error: str | None = "cancelled"
    afforded = True
    try:
        yield
        error = None
    except CannotAfford:
        afforded = False
        raise
    except BadCheckpoint as fault:
        error = str(fault)
        raise PolicyFailed(f"the orchestrator cannot decide: {fault}") from fault
    finally:
        work.checkpoint.in_flight -= 1
        if afforded:
            now = time.perf_counter()
            bill.append(
                ModelCall(
                    CallRole.ORCHESTRATOR,
                    None,
                    work.checkpoint.name,
                    _usage(work),
                    FREE,
                    started_at,
                    now - clock,
                    in_flight=in_flight,
                    prompt=_prompt(work),
                    reply=_reply(work.decided),
                    error=error,
                    queued_s=(now if work.begun is None else work.begun) - clock,
                )
            )


def _usage(work: _Work) -> Usage | None:
    if work.tokens is None:
        return None
    return Usage(work.tokens, None if work.decided is None else REPLY_TOKENS)


def _prompt(work: _Work) -> str | None:
    """What the model read, word for word, and how its reply was drawn."""
    if work.text is None:
        return None
    said = {"role": "prompt", "content": work.text, "model": work.checkpoint.name, **work.asked}
    return storable(json.dumps(said, ensure_ascii=False))


def _reply(decided: Decided | None) -> str | None:
    """What the model wrote, word for word, and how likely each alias was."""
    if decided is None:
        return None
    chances = {alias: round(chance, 4) for alias, chance in decided.chances.items()}
    said = {"role": "assistant", "content": "".join(decided.reply[:-1]), "chances": chances}
    return json.dumps(said, ensure_ascii=False)


def _call_of(decided: Decided) -> str:
    reply = decided.reply
    return "".join(reply[reply.index(CALL) : reply.index(END_OF_TURN)])
