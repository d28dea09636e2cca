"""The policy `openai:URL#model`: an orchestrator on vLLM or any other OpenAI-compatible server."""

import re
from dataclasses import replace
from typing import Final

from orchestrator.bill import Bill
from orchestrator.endpoint_client import EndpointFailed
from orchestrator.model_call import CallRole
from orchestrator.policy import Decision, PolicyFailed, Turn
from orchestrator.pool import Pool, Sampling
from orchestrator.priced_model import Asked, PricedModel
from orchestrator.profile import DEFAULT, PromptProfile, profile
from orchestrator.prompt import TEMPLATE_TOKENS, Tools, offered, prompt_of, tools
from orchestrator.reply import decide
from orchestrator.tokenizer import Estimate, Tokenizer
from orchestrator.vendor_prices import VENDOR_OF_HOST, host_of

_TOO_LONG: Final = re.compile(
    r"context (?:length|window|size)|too (?:long|large)|input_tokens|max_model_len|exceeds? the (?:available|max)",
    re.IGNORECASE,
)
_HALF_CHARACTER: Final = "surrogates not allowed"
"""What vLLM says where it cannot encode what its own model wrote."""
_REFUSED: Final = (400, 413, 422)


class RemotePolicy:
    """Asks a model with two messages and three tools at each turn, and reads its call from the reply.

    `pool` describes the aliases to the model; give it with its prices filled in (`orchestrator.prices.priced`).
    What `sampling` leaves open is the profile's, so that no server fills in its own.
    """

    def __init__(
        self,
        model: PricedModel,
        pool: Pool,
        chosen: PromptProfile | None = None,
        tokenizer: Tokenizer | None = None,
        sampling: Sampling | None = None,
    ) -> None:
        self.profile = chosen or profile()
        self.tokenizer = tokenizer or Estimate()
        self.sampling = _pinned(sampling, self.profile.sampling)
        if host_of(model.client.endpoint.base_url) in VENDOR_OF_HOST:
            # Vendors fill in nothing of their own, refuse `top_k`, and for some models `top_p`.
            self.sampling = replace(self.sampling, top_p=sampling.top_p if sampling else None, top_k=None)
        self._model = model
        self._pool = pool
        self._tools: dict[tuple[str, ...], Tools] = {}

    @property
    def spec(self) -> str:
        """`openai:URL#model`, and `;profile=NAME` unless that is the default one."""
        named = "" if self.profile.name == DEFAULT else f";profile={self.profile.name}"
        return f"openai:{self._model.client.endpoint.base_url}#{self._model.model}{named}"

    async def decide(self, turn: Turn, bill: Bill) -> Decision:
        """The model's call, or a problem in words; raises PolicyFailed where it cannot be asked, or CannotAfford."""
        choices = tuple(offered(turn, self.profile))
        prompt = await prompt_of(turn, self.profile, self.tokenizer)
        described = self._described(choices)
        asked = Asked(
            CallRole.ORCHESTRATOR,
            None,
            prompt.messages,
            self.sampling,
            # Another seed each turn: the prompt after an invalid reply is the same, and so would the reply be.
            seed=(turn.seed * 1_000 + turn.index) % 2**31,
            tools=described,
            prompt_tokens=prompt.tokens + await self.tokenizer.count(described.json) + TEMPLATE_TOKENS,
            tokens_by=self.tokenizer.name,
        )
        try:
            completion = await self._model.ask(asked, turn.left, bill)
        except EndpointFailed as failure:
            if failure.status == 400 and _HALF_CHARACTER in str(failure):
                return Decision("", None, "the reply holds half a character, so its server could not send it")
            raise PolicyFailed(self._explained(failure, asked.prompt_tokens)) from failure
        decision = decide(completion.message, choices)
        if decision.call is None and completion.finish_reason == "length":
            return Decision(decision.thought, None, f"{decision.problem} (cut off by the limit of tokens)")
        return decision

    def _explained(self, failure: EndpointFailed, prompt_tokens: int | None) -> str:
        said = f"the orchestrator {self._model.model} did not reply: {failure}"
        if failure.status not in _REFUSED or not _TOO_LONG.search(str(failure)):
            return said
        return (
            f"the prompt of about {prompt_tokens or 0:,} tokens and a reply of up to {self.sampling.max_tokens:,} do "
            f"not fit the context of the orchestrator {self._model.model}: serve it with a longer one (vLLM: "
            "--max-model-len, up to the model's own), allow a shorter reply (max_output_tokens in the pool file's "
            f"[orchestrator]) or shorten the query. {failure}"
        )

    def _described(self, choices: tuple[str, ...]) -> Tools:
        if choices not in self._tools:
            self._tools[choices] = Tools(tools(self._pool, choices))
        return self._tools[choices]


def _pinned(given: Sampling | None, own: Sampling) -> Sampling:
    """The sampling with the profile's where it says nothing. Without a temperature, all is left to the server."""
    if given is None:
        return own
    if given.temperature is None:
        return given
    top_p = own.top_p if given.top_p is None else given.top_p
    return replace(given, top_p=top_p, top_k=own.top_k if given.top_k is None else given.top_k)
