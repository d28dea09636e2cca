"""An expert that is a real model: asked for a search query, for code or for an answer, with prompts of our own."""

from dataclasses import dataclass, replace
from typing import Final

from orchestrator.bill import Bill
from orchestrator.chat import ChatClients
from orchestrator.completion import Completion
from orchestrator.endpoint_client import EndpointFailed
from orchestrator.expert import Reply
from orchestrator.expert_prompt import expert_messages, knows
from orchestrator.expert_reading import read
from orchestrator.model_call import CallRole, ModelCall
from orchestrator.pool import PoolEntry, ServedModel
from orchestrator.priced_model import Asked, PricedModel
from orchestrator.prices import PriceBook
from orchestrator.tool import CannotAfford, Remaining, Request, ToolError
from orchestrator.trajectory import Origin

_WANTED: Final = {CallRole.QUERY_WRITER: "query", CallRole.CODE_WRITER: "code"}


@dataclass(frozen=True, slots=True)
class ChatExpert:
    """The model of one alias behind an OpenAI-compatible endpoint, and its stand-by where the pool names one.

    The stand-by is asked where the first model's failure speaks of its server (`EndpointFailed.of_server`): it cannot
    be reached, is overloaded or breaks. A request or a key that is refused is a mistake to mend, not to work around.
    """

    entry: PoolEntry
    clients: ChatClients
    book: PriceBook | None = None

    def able(self, role: CallRole, request: Request) -> bool:  # noqa: ARG002 - a real model can try anything
        """Whether it knows the role; the request does not matter to it."""
        return knows(role)

    async def reply(self, role: CallRole, request: Request, bill: Bill) -> Reply:
        """Its text; raises ToolError, or CannotAfford before any money is spent."""
        served = self.entry.served
        if served is None:
            raise ToolError(f"the pool gives {self.entry.alias} no endpoint, so it cannot be asked")
        try:
            completion = await self._ask(served, role, request, bill)
        except EndpointFailed as failure:
            completion, served = await self._stand_by(role, request, bill, failure)
        text = read(role, completion.text, self.entry.reading)
        if not text:
            cut = completion.finish_reason == "length"
            raise ToolError(
                f"{self.entry.alias} ({served.model}) wrote no {_WANTED.get(role, 'answer')}"
                + (": its reply was cut off; raise max_output_tokens or the budget" if cut else "")
            )
        return Reply(text, Origin.MODEL)

    async def _stand_by(
        self, role: CallRole, request: Request, bill: Bill, failure: EndpointFailed
    ) -> tuple[Completion, ServedModel]:
        """The reply of the model that takes over, and who that is; raises ToolError where nobody does."""
        said = f"{self.entry.alias} ({self.entry.model}) did not reply: {failure}"
        stand_by = self.entry.fallback
        if stand_by is None or not failure.of_server:
            raise ToolError(said) from failure
        rest = replace(request, left=_less(request.left, bill[-1]))
        try:
            return await self._ask(stand_by, role, rest, bill, anew=True), stand_by
        except EndpointFailed as second:
            raise ToolError(f"{said}; nor did {stand_by.model} in its place: {second}") from second
        except CannotAfford as refusal:
            raise ToolError(f"{said}; {refusal}") from refusal

    async def _ask(
        self, served: ServedModel, role: CallRole, request: Request, bill: Bill, *, anew: bool = False
    ) -> Completion:
        model = PricedModel(served, self.clients.of(served.endpoint), self.book)
        asked = Asked(
            role,
            self.entry.alias,
            expert_messages(role, request, self.entry.reading, served.system),
            served.sampling,
            seed=(request.seed * 1_000 + request.attempt) % 2**31,
        )
        return await model.ask(asked, request.left, bill, anew=anew)


def _less(left: Remaining, call: ModelCall) -> Remaining:
    """What is left behind a call."""
    usd, seconds, tokens = left.usd, left.seconds, left.tokens
    if usd is not None and call.charge.usd is not None:
        usd = max(usd - call.charge.usd, usd * 0)
    if seconds is not None:
        seconds = max(seconds - call.latency_s, 0.0)
    if tokens is not None and call.usage is not None:
        tokens = max(tokens - call.usage.total_tokens, 0)
    return Remaining(usd, seconds, tokens)
