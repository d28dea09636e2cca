"""A model at an endpoint with its price: each call is held within what a run may still spend, and billed."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from orchestrator.bill import Bill
from orchestrator.chat import ChatClient, ChatFailed
from orchestrator.completion import Completion
from orchestrator.model_call import Attempt, CallRole, Charge, ModelCall, Usage
from orchestrator.pool import Price
from orchestrator.prices import PriceBook, Quote, charge, quote
from orchestrator.prompt import estimated_tokens
from orchestrator.reply import storable
from orchestrator.tool import CannotAfford, Remaining

FEWEST_OUTPUT_TOKENS: Final = 64
"""A reply shorter than this is not worth paying for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a model in one call."""

    role: CallRole
    alias: str | None
    messages: Sequence[Mapping[str, str]]
    max_tokens: int
    timeout_s: float
    temperature: float
    seed: int | None = None
    tools: Sequence[Mapping[str, Any]] | None = None
    keep_reply: bool = False
    """Keep the raw message in the bill, where nothing else holds it."""

    @property
    def name(self) -> str:
        """What a person calls the model: its alias, or the orchestrator."""
        return self.alias or "the orchestrator"

    @property
    def input_tokens(self) -> int:
        """A careful guess at the tokens of the prompt."""
        written = sum(estimated_tokens(message["content"]) for message in self.messages)
        return written + (estimated_tokens(json.dumps(self.tools)) if self.tools else 0)


@dataclass(frozen=True, slots=True)
class PricedModel:
    """A model behind a client, and where its price is looked up."""

    model: str
    client: ChatClient
    own_price: Price | None = None
    self_hosted: bool = False
    book: PriceBook | None = None

    def quote(self, at: datetime, input_tokens: int = 0) -> Quote:
        """Its price at a moment, or why there is none."""
        return quote(
            self.model,
            self.client.endpoint,
            at,
            own=self.own_price,
            self_hosted=self.self_hosted,
            book=self.book,
            input_tokens=input_tokens,
        )

    async def ask(self, asked: Asked, left: Remaining, bill: Bill) -> Completion:
        """The reply; the call is appended to `bill` whatever happens. Raises ChatFailed or CannotAfford."""
        max_tokens, timeout_s = self._held(asked, left)
        started_at, clock = datetime.now(UTC), time.perf_counter()
        in_flight = self.client.in_flight + 1
        attempts: list[Attempt] = []
        usage: Usage | None = None
        reply: str | None = None
        error: str | None = "cancelled"
        try:
            completion = await self.client.complete(
                asked.messages,
                model=self.model,
                temperature=asked.temperature,
                max_tokens=max_tokens,
                timeout_s=timeout_s,
                tools=asked.tools,
                seed=asked.seed,
                attempts=attempts,
            )
            usage, error = completion.usage, None
            reply = _written(completion.message) if asked.keep_reply else None
            return completion
        except ChatFailed as failure:
            error = str(failure)
            raise
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
            raise
        finally:
            bill.append(
                ModelCall(
                    asked.role,
                    asked.alias,
                    self.model,
                    usage,
                    self._charge(usage, started_at, latency_s := time.perf_counter() - clock, in_flight),
                    started_at,
                    latency_s,
                    attempts=tuple(attempts),
                    in_flight=in_flight,
                    reply=reply,
                    error=error,
                )
            )

    def _charge(self, usage: Usage | None, at: datetime, latency_s: float, in_flight: int) -> Charge:
        found = self.quote(at, (usage.input_tokens or 0) if usage else 0)
        return charge(usage, found.price, at=at, latency_s=latency_s, in_flight=in_flight, missing=found.missing)

    def _held(self, asked: Asked, left: Remaining) -> tuple[int, float]:
        """The most output tokens and seconds that this call may take."""
        max_tokens, timeout_s = asked.max_tokens, asked.timeout_s
        if left.usd is not None or left.tokens is not None:
            max_tokens, timeout_s = self._afforded(asked, left)
        return max_tokens, timeout_s if left.seconds is None else min(timeout_s, left.seconds)

    def _afforded(self, asked: Asked, left: Remaining) -> tuple[int, float]:
        """The most output tokens and seconds that what is left can pay for; raises CannotAfford."""
        input_tokens = asked.input_tokens
        price = self.quote(datetime.now(UTC), input_tokens).price
        tokens, timeout_s = asked.max_tokens, asked.timeout_s
        if left.tokens is not None:
            tokens = min(tokens, left.tokens - input_tokens)
        if left.usd is not None and price is not None:
            tokens = min(tokens, _payable(price, left.usd, input_tokens, tokens))
            if price.usd_per_gpu_hour:
                timeout_s = min(timeout_s, float(left.usd / price.usd_per_gpu_hour * 3600))
        if tokens < FEWEST_OUTPUT_TOKENS or timeout_s < 1 <= asked.timeout_s:
            have = [f"${left.usd}"] if left.usd is not None else []
            have += [f"{left.tokens} tokens"] if left.tokens is not None else []
            raise CannotAfford(
                f"{asked.name} ({self.model}) was not asked: a prompt of about {input_tokens:,} tokens and a reply of "
                f"at least {FEWEST_OUTPUT_TOKENS} do not fit into what is left ({' and '.join(have)}); raise the limit"
            )
        return tokens, timeout_s


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
