"""The policy `openai:URL#model`: an orchestrator on vLLM or any other OpenAI-compatible server."""

from dataclasses import dataclass
from typing import Final

from orchestrator.bill import Bill
from orchestrator.chat import ChatFailed
from orchestrator.model_call import CallRole
from orchestrator.policy import Decision, PolicyFailed, Turn
from orchestrator.pool import Pool
from orchestrator.priced_model import Asked, PricedModel
from orchestrator.prompt import Tools, messages, tools
from orchestrator.reply import decide

TEMPERATURE: Final = 1.0
"""As the released model was evaluated."""
MOST_TOKENS: Final = 12_000
TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """What is sent with every call."""

    temperature: float = TEMPERATURE
    max_tokens: int = MOST_TOKENS
    timeout_s: float = TIMEOUT_S


class RemotePolicy:
    """Asks a model with two messages and three tools at each turn, and reads its call from the reply.

    `pool` describes the aliases to the model; give it with its prices filled in (`orchestrator.prices.priced`).
    """

    def __init__(self, model: PricedModel, pool: Pool, sampling: Sampling = Sampling()) -> None:
        self._model = model
        self._pool = pool
        self._sampling = sampling
        self._described: dict[tuple[str, ...], Tools] = {}

    @property
    def spec(self) -> str:
        """`openai:URL#model`."""
        return f"openai:{self._model.client.endpoint.base_url}#{self._model.model}"

    async def decide(self, turn: Turn, bill: Bill) -> Decision:
        """The model's call, or a problem in words; raises PolicyFailed where it cannot be asked, or CannotAfford."""
        sampling = self._sampling
        asked = Asked(
            CallRole.ORCHESTRATOR,
            None,
            messages(turn),
            max_tokens=sampling.max_tokens,
            timeout_s=sampling.timeout_s,
            temperature=sampling.temperature,
            # Another seed each turn: the prompt after an invalid reply is the same, and so would the reply be.
            seed=(turn.seed * 1_000 + turn.index) % 2**31,
            tools=self._tools(tuple(turn.offered)),
            keep_reply=True,
        )
        try:
            completion = await self._model.ask(asked, turn.left, bill)
        except ChatFailed as failure:
            raise PolicyFailed(f"the orchestrator {self._model.model} did not reply: {failure}") from failure
        decision = decide(completion.message, turn.offered)
        if decision.call is None and completion.finish_reason == "length":
            return Decision(decision.thought, None, f"{decision.problem} (cut off by the limit of tokens)")
        return decision

    def _tools(self, offered: tuple[str, ...]) -> Tools:
        if offered not in self._described:
            self._described[offered] = Tools(tools(self._pool, offered))
        return self._described[offered]
