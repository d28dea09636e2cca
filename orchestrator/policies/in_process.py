"""The policy `transformers:PATH`: an orchestrator that runs in this process, on its GPU or CPU."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

from orchestrator.bill import Bill, Heard
from orchestrator.hearing import Hearing
from orchestrator.key import Key
from orchestrator.model_call import FREE, CallRole, ModelCall, Usage
from orchestrator.policies.generation import Drawing, Finish, Generation, LocalModelFailed
from orchestrator.policies.local_model import LocalModel
from orchestrator.policy import Decision, PolicyFailed, Turn
from orchestrator.pool import Pool, Sampling
from orchestrator.profile import DEFAULT, PromptProfile, profile
from orchestrator.prompt import offered, prompt_of
from orchestrator.reply import decide, storable
from orchestrator.tokenizer import Estimate, Remembering, Tokenizer
from orchestrator.tokenizer_file import FILE_NAME, FileTokenizer
from orchestrator.tool import CannotAfford
from orchestrator.tool_text import Tools, tools

TIMEOUT_S: Final = 600.0
"""A CPU may need minutes for a long thought."""
_CUT_OFF: Final = {
    Finish.LENGTH: "cut off by the limit of tokens",
    Finish.TIME: "cut off by the limit of seconds",
    Finish.HALTED: "cut off because the server is closing",
}


class InProcessPolicy:
    """Asks a model in this process with two messages and three tools at each turn, and reads its call from the reply.

    `pool` describes the aliases to the model; give it with its prices filled in (`orchestrator.prices.priced`). What
    `sampling` leaves open is as the model's own `generation_config.json` says.
    """

    def __init__(
        self, model: LocalModel, pool: Pool, chosen: PromptProfile, tokenizer: Tokenizer, sampling: Sampling
    ) -> None:
        self._model = model
        self._pool = pool
        self.profile = chosen
        self._tokenizer = tokenizer
        self._sampling = sampling
        self._described: dict[tuple[str, ...], Tools] = {}

    @classmethod
    def of(cls, model: LocalModel, pool: Pool, chosen: PromptProfile | None = None) -> Self:
        """The policy under this prompt profile or the default one, with the model's own tokenizer.

        Raises NoTokenizer."""
        chosen = chosen or profile()
        path = model.folder.path / FILE_NAME
        tokenizer = FileTokenizer(path) if path.exists() else Estimate()
        return cls(model, pool, chosen, Remembering(tokenizer), replace(chosen.sampling, timeout_s=TIMEOUT_S))

    @property
    def spec(self) -> str:
        """`transformers:PATH`, and `;profile=NAME` unless that is the default one."""
        named = "" if self.profile.name == DEFAULT else f";profile={self.profile.name}"
        return f"transformers:{self._model.folder.path}{named}"

    async def decide(self, turn: Turn, bill: Bill) -> Decision:
        """The model's call, or a problem in words; raises PolicyFailed where it cannot reply, or CannotAfford."""
        line = _Line(bill, asyncio.get_running_loop())
        aliases = offered(turn, self.profile)
        generation = await self._generation(turn, aliases, line)
        begun = _Begun(
            self._model.folder.name,
            self._tokenizer.name,
            generation,
            self._model.in_flight + 1,
            datetime.now(UTC),
            time.perf_counter(),
        )
        error: str | None = "cancelled"
        afforded = True
        try:
            await self._model.write(generation)
            line.end()
            error = None
        except CannotAfford:
            afforded = False
            raise
        except LocalModelFailed as failure:
            error = str(failure)
            raise PolicyFailed(f"the orchestrator did not reply: {failure}") from failure
        finally:
            line.over = True
            if afforded:
                bill.append(begun.billed(error))
        decision = decide({"role": "assistant", "content": generation.text}, aliases)
        if decision.call is None and generation.finish in _CUT_OFF:
            return Decision(decision.thought, None, f"{decision.problem} ({_CUT_OFF[generation.finish]})")
        return decision

    async def _generation(self, turn: Turn, aliases: Sequence[str], line: "_Line") -> Generation:
        sampling, folder = self._sampling, self._model.folder
        left_s = turn.left.seconds
        prompt = await prompt_of(turn, self.profile, self._tokenizer)
        return Generation(
            prompt.messages,
            self._tools(tuple(aliases)),
            Drawing(
                folder.temperature if sampling.temperature is None else sampling.temperature,
                folder.top_p if sampling.top_p is None else sampling.top_p,
                folder.top_k if sampling.top_k is None else sampling.top_k,
                # Another seed each turn: the prompt after an invalid reply is the same, and so would the reply be.
                seed=(turn.seed * 1_000 + turn.index) % 2**31,
            ),
            sampling.max_tokens,
            line.carry,
            sampling.thinking,
            turn.left.tokens,
            time.monotonic() + (sampling.timeout_s if left_s is None else min(sampling.timeout_s, left_s)),
        )

    def _tools(self, aliases: tuple[str, ...]) -> Tools:
        if aliases not in self._described:
            self._described[aliases] = Tools(tools(self._pool, aliases))
        return self._described[aliases]


class _Line:
    """Carries pieces from the model's thread to the listener in the event loop, until the reply is over."""

    def __init__(self, bill: Bill, loop: asyncio.AbstractEventLoop) -> None:
        self._bill = bill
        self._loop = loop
        self._hearing = Hearing(self._tell, Key(None))
        self.over = False

    def carry(self, piece: str) -> None:
        """Called in the model's thread."""
        if self._bill.hear is not None and not self.over:
            self._loop.call_soon_threadsafe(self._arrive, piece)

    def end(self) -> None:
        """The reply is whole, and all its pieces have arrived."""
        self._hearing.end()

    def _arrive(self, piece: str) -> None:
        if not self.over:
            self._hearing.says(piece)

    def _tell(self, piece: str, thinking: bool, fresh: bool) -> None:
        if self._bill.hear is not None:
            self._bill.hear(Heard(CallRole.ORCHESTRATOR, None, piece, thinking, fresh))


@dataclass(frozen=True, slots=True)
class _Begun:
    """A call that will be billed whatever becomes of it."""

    model: str
    tokenizer: str
    generation: Generation
    in_flight: int
    started_at: datetime
    clock: float

    def billed(self, error: str | None) -> ModelCall:
        generation, now = self.generation, time.perf_counter()
        tokens = generation.input_tokens
        return ModelCall(
            CallRole.ORCHESTRATOR,
            None,
            self.model,
            None if tokens is None else Usage(tokens, generation.output_tokens),
            FREE,
            self.started_at,
            now - self.clock,
            in_flight=self.in_flight,
            prompt=_written(_request(self.model, generation)),
            reply=_written({"content": generation.text}) if generation.text else None,
            error=error,
            queued_s=(now if generation.begun is None else generation.begun) - self.clock,
            tokens_by=self.tokenizer,
        )


def _request(model: str, generation: Generation) -> dict[str, Any]:
    """What was asked, in the words of a chat request."""
    drawing = generation.drawing
    fields: dict[str, Any] = {
        "model": model,
        "messages": generation.messages,
        "max_tokens": generation.max_tokens,
        "temperature": drawing.temperature,
        "top_p": drawing.top_p,
        "top_k": drawing.top_k,
        "seed": drawing.seed,
    }
    if generation.thinking is not None:
        fields["chat_template_kwargs"] = {"enable_thinking": generation.thinking}
    return {**fields, "tools": generation.tools}


def _written(said: dict[str, Any]) -> str:
    return storable(json.dumps(said, ensure_ascii=False))
