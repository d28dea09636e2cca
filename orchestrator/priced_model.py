"""A model at an endpoint with its price: each call is held within what a run may still spend, and billed."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from orchestrator.bill import Bill, Heard
from orchestrator.call_cost import CallCost
from orchestrator.chat import ChatClient
from orchestrator.chat_request import ChatRequest
from orchestrator.completion import Completion
from orchestrator.course import Course
from orchestrator.endpoint_client import EndpointFailed
from orchestrator.hearing import Hear
from orchestrator.model_call import CallRole, ModelCall
from orchestrator.pool import Price, Sampling, ServedModel
from orchestrator.prices import PriceBook, Quote, quote
from orchestrator.reply import storable
from orchestrator.tokenizer import Estimate, estimated_tokens
from orchestrator.tool import CannotAfford, Remaining
from orchestrator.tool_text import Tools

FEWEST_OUTPUT_TOKENS: Final = 64
"""A reply shorter than this is not worth paying for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a model in one call."""

    role: CallRole
    alias: str | None
    messages: Sequence[Mapping[str, str]]
    sampling: Sampling
    seed: int | None = None
    tools: Sequence[Mapping[str, Any]] | None = None
    prompt_tokens: int | None = None
    """Tokens of the prompt, tools included, where somebody counted them; `None`: they are estimated."""
    tokens_by: str | None = None
    """What counted them."""

    @property
    def name(self) -> str:
        """What a person calls the model: its alias, its role or the orchestrator."""
        return self.alias or f"the {self.role.value.replace('_', ' ')}"

    def input_tokens(self) -> int:
        """The tokens of the prompt, or a careful guess."""
        if self.prompt_tokens is not None:
            return self.prompt_tokens
        written = sum(estimated_tokens(message["content"]) for message in self.messages)
        if not self.tools:
            return written
        return written + estimated_tokens(self.tools.json if isinstance(self.tools, Tools) else json.dumps(self.tools))


@dataclass(frozen=True, slots=True)
class PricedModel:
    """A model behind a client, and where its price is looked up."""

    served: ServedModel
    client: ChatClient
    book: PriceBook | None = None

    @property
    def model(self) -> str:
        """Its name at the server."""
        return self.served.model

    def quote(self, at: datetime, input_tokens: int = 0) -> Quote:
        """Its price at a moment, or why there is none."""
        served = self.served
        return quote(
            served.model,
            served.endpoint,
            at,
            own=served.price,
            self_hosted=served.self_hosted,
            book=self.book,
            input_tokens=input_tokens,
        )

    async def ask(self, asked: Asked, left: Remaining, bill: Bill, *, anew: bool = False) -> Completion:
        """The reply; the call is appended to `bill` whatever happens. Raises EndpointFailed or CannotAfford.

        What is heard of it begins anew where another model was heard in its place before.
        """
        sampling = self._held(asked, left)
        request = ChatRequest(asked.messages, self.model, sampling, asked.tools, asked.seed)
        started_at, clock = datetime.now(UTC), time.perf_counter()
        counted_by = asked.tokens_by or Estimate().name
        cost = CallCost(self.quote, asked.input_tokens, counted_by, sampling.max_tokens, started_at)
        course = Course(lost_usd=cost.lost_usd)
        completion: Completion | None = None
        error: str | None = "cancelled"
        try:
            completion = await self.client.complete(request, course, _hear(asked, bill), anew=anew)
            error = None
            return completion
        except EndpointFailed as failure:
            error = str(failure)
            raise
        except Exception as failure:
            error = self.client.server.key.struck(f"{type(failure).__name__}: {failure}")
            raise
        finally:
            latency_s = time.perf_counter() - clock
            usage, charge = cost.of(completion, course, latency_s)
            bill.append(
                ModelCall(
                    asked.role,
                    asked.alias,
                    self.model,
                    usage,
                    charge,
                    started_at,
                    latency_s,
                    attempts=tuple(course.attempts),
                    in_flight=course.in_flight,
                    prompt=course.sent,
                    reply=None if completion is None else _written(completion.message),
                    error=error,
                    queued_s=course.queued_s,
                    tokens_by=cost.tokens_by if cost.counted else asked.tokens_by,
                )
            )

    def _held(self, asked: Asked, left: Remaining) -> Sampling:
        """The sampling, with the most output tokens and seconds that this call may take."""
        sampling = asked.sampling
        if left.usd is not None or left.tokens is not None:
            sampling = self._afforded(asked, left)
        if left.seconds is not None and left.seconds < sampling.timeout_s:
            sampling = replace(sampling, timeout_s=left.seconds)
        return sampling

    def _afforded(self, asked: Asked, left: Remaining) -> Sampling:
        """The sampling within what is left; raises CannotAfford."""
        input_tokens = asked.input_tokens()
        price = self.quote(datetime.now(UTC), input_tokens).price
        tokens, timeout_s = asked.sampling.max_tokens, asked.sampling.timeout_s
        if left.tokens is not None:
            tokens = min(tokens, left.tokens - input_tokens)
        if left.usd is not None and price is not None:
            tokens = min(tokens, _payable(price, left.usd, input_tokens, tokens))
            if price.usd_per_gpu_hour:
                timeout_s = min(timeout_s, float(left.usd / price.usd_per_gpu_hour * 3600))
        if tokens < FEWEST_OUTPUT_TOKENS or timeout_s < 1 <= asked.sampling.timeout_s:
            have = [f"${left.usd}"] if left.usd is not None else []
            have += [f"{left.tokens} tokens"] if left.tokens is not None else []
            raise CannotAfford(
                f"{asked.name} ({self.model}) was not asked: a prompt of about {input_tokens:,} tokens and a reply of "
                f"at least {FEWEST_OUTPUT_TOKENS} do not fit into what is left ({' and '.join(have)}); raise the limit"
            )
        return replace(asked.sampling, max_tokens=tokens, timeout_s=timeout_s)


def _hear(asked: Asked, bill: Bill) -> Hear | None:
    """Tells whoever listens to the bill who is speaking."""
    listener = bill.hear
    if listener is None:
        return None
    return lambda piece, thinking, fresh: listener(Heard(asked.role, asked.alias, piece, thinking, fresh))


def _payable(price: Price, usd: Decimal, input_tokens: int, most: int) -> int:
    """Output tokens that the dollars can pay for after the prompt, at most `most`."""
    rest = usd - input_tokens * (price.input_usd_per_mtok or Decimal(0)) / 1_000_000
    if rest < 0:
        return 0
    if not price.output_usd_per_mtok:
        return most
    return min(most, int(rest * 1_000_000 / price.output_usd_per_mtok))


def _written(message: Mapping[str, Any]) -> str:
    """The message as JSON, without what says nothing."""
    said = {key: value for key, value in message.items() if key != "role" and value not in (None, "", [])}
    return storable(json.dumps(said, ensure_ascii=False))
