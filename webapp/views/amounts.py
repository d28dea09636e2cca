"""Dollars, seconds and tokens in words. Unknown is said, never shown as zero."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from orchestrator.model_call import ChargeStatus, ModelCall, known_dollars

_TINY: Final = Decimal("0.000001")


def dollars(usd: Decimal) -> str:
    """Four decimals from a cent on, two significant digits below it: `$1.25`, `$0.0131`, `$0.00042`."""
    if usd == 0:
        return "$0"
    if usd < _TINY:
        return "< $0.000001"
    if usd >= 1:
        return f"${usd.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,f}"
    decimals = 4 if usd >= Decimal("0.01") else min(1 - usd.adjusted(), 7)
    rounded = usd.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
    return f"${rounded:f}"


def cost(calls: Iterable[ModelCall]) -> str:
    """What these calls cost, with what is estimated or unknown: `≈ $0.0131 + 2 unpriced`."""
    billed = tuple(calls)
    unknown = sum(call.charge.usd is None for call in billed)
    if billed and unknown == len(billed):
        return f"{unknown} unpriced"
    about = "≈ " if any(call.charge.status is ChargeStatus.ESTIMATED for call in billed) else ""
    missing = f" + {unknown} unpriced" if unknown else ""
    return f"{about}{dollars(known_dollars(billed))}{missing}"


def seconds(latency_s: float) -> str:
    """`40 ms`, `1.2 s`, `48 s`, `2 min 05 s`."""
    if latency_s == 0:
        return "0 s"
    if latency_s < 0.0995:
        return f"{max(round(latency_s * 1000), 1)} ms"
    if latency_s < 9.95:
        return f"{latency_s:.1f} s"
    if latency_s < 59.5:
        return f"{latency_s:.0f} s"
    minutes, rest = divmod(round(latency_s), 60)
    return f"{minutes} min {rest:02d} s"


def tokens(calls: Iterable[ModelCall]) -> str:
    """Tokens in and out as far as known: `1,204 → 86`, or a dash where no call reports any."""
    usages = [call.usage for call in calls if call.usage is not None]
    if not usages:
        return "–"
    inward = sum(usage.input_tokens or 0 for usage in usages)
    outward = sum(usage.output_tokens or 0 for usage in usages)
    return f"{inward:,} → {outward:,}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 step`, `5 steps`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
