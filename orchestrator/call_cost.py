"""What one call cost, failed attempts and all: from the server's count of tokens, or from our own where it has none."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from orchestrator.completion import Completion
from orchestrator.course import Course
from orchestrator.model_call import Charge, ChargeStatus, Usage, unpriced
from orchestrator.prices import Quote, charge
from orchestrator.tokenizer import BYTES_A_TOKEN, estimated_tokens

NOT_CHARGED: Final = Charge(Decimal(0), ChargeStatus.FREE, "not charged: refused, or never arrived")


@dataclass(slots=True)
class CallCost:
    """Reckons one call."""

    quote: Callable[[datetime, int], Quote]
    """The price at a moment for a prompt of so many tokens."""
    input_tokens: Callable[[], int]
    """Counts the prompt, where that is needed."""
    tokens_by: str
    """What counts it."""
    most_output_tokens: int
    """That were asked for: no more can have been written, whatever came."""
    at: datetime
    counted: bool = field(default=False, init=False)
    """Whether tokens were counted here."""

    def lost_usd(self, arrived_bytes: int) -> Decimal | None:
        """Dollars of an attempt that broke off: its prompt and what had arrived, where the price is by token."""
        usage = self._guessed(arrived_bytes)
        price = self._found(usage).price
        return None if price is None or price.usd_per_gpu_hour else charge(usage, price, at=self.at).usd

    def of(self, completion: Completion | None, course: Course, latency_s: float) -> tuple[Usage | None, Charge]:
        """The tokens of the attempt that counted and the dollars of all; `completion` is `None` where it failed."""
        usage, why = self._usage(completion, course)
        found = self._found(usage)
        lost = [attempt.usd for attempt in course.attempts]
        if usage is None and not any(usd is None or usd for usd in lost):
            return None, NOT_CHARGED
        if usage is None and not (found.price and found.price.usd_per_gpu_hour):
            return None, self._with_lost(NOT_CHARGED, lost, found)
        own = charge(
            usage,
            found.price,
            at=self.at,
            latency_s=max(latency_s - course.queued_s, 0.0),
            in_flight=course.in_flight,
            estimated=bool(why),
            missing=found.missing,
        )
        if why and own.status is ChargeStatus.ESTIMATED and own.usd_per_gpu_hour is None:
            own = replace(own, source=f"{own.source}; tokens by {self.tokens_by}, because {why}")
        return usage, self._with_lost(own, lost, found)

    def _with_lost(self, own: Charge, lost: Sequence[Decimal | None], found: Quote) -> Charge:
        """The charge with that of attempts that broke off; GPU-hours have them in their seconds already."""
        if own.usd is None or own.usd_per_gpu_hour is not None or not any(usd is None or usd for usd in lost):
            return own
        if found.price is None or None in lost:
            return unpriced(f"an attempt broke off, which may have cost something: {found.missing or 'nobody knows'}")
        usd = own.usd + sum((usd for usd in lost if usd), Decimal(0))
        said = found.price.source if own is NOT_CHARGED else own.source
        source = f"{said}; attempts that broke off are estimated"
        return replace(own, usd=usd, status=ChargeStatus.ESTIMATED, source=source)

    def _usage(self, completion: Completion | None, course: Course) -> tuple[Usage | None, str]:
        """The tokens, and why they were counted here instead of by the server."""
        if completion is None:
            return (self._guessed(course.arrived_bytes), "the reply did not end") if course.due else (None, "")
        usage = completion.usage or Usage()
        if usage.input_tokens is not None and usage.output_tokens is not None:
            return usage, ""
        self.counted = True
        if usage.input_tokens is None:
            usage = replace(usage, input_tokens=max(self.input_tokens(), usage.cached_tokens or 0))
        if usage.output_tokens is None:
            usage = replace(usage, output_tokens=max(_written_tokens(completion), usage.reasoning_tokens or 0))
        return usage, "the server did not report them"

    def _guessed(self, arrived_bytes: int) -> Usage:
        self.counted = True
        return Usage(self.input_tokens(), min(-(-arrived_bytes // BYTES_A_TOKEN), self.most_output_tokens))

    def _found(self, usage: Usage | None) -> Quote:
        return self.quote(self.at, (usage.input_tokens or 0) if usage else 0)


def _written_tokens(completion: Completion) -> int:
    calls = completion.tool_calls
    written = (completion.text, completion.thinking, json.dumps(calls) if calls else "")
    return sum(map(estimated_tokens, written))
