"""An estimate of a fork in words, and what the fork really came to."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from orchestrator.trajectory import Trajectory
from webapp.fork_estimate import Amounts, Estimate, Ground, Likely
from webapp.views import amounts
from webapp.views.calls import JsonObject

GROUNDS: Final = {
    Ground.SAME_POLICY: "{calls} of {alias} kept here, routed by the same policy; median, and the range of 90 %",
    Ground.ANY_POLICY: "{calls} of {alias} kept here, under any policy; median, and the range of 90 %",
    Ground.PRICE: "no call of {alias} is kept here yet: its price for a typical call (1,000 tokens in, 300 out); what "
    "follows the call is unknown",
    Ground.NOTHING: "no call of {alias} is kept here yet, and its price is unknown",
}
UNKNOWN: Final = "unknown"


def estimate_view(estimate: Estimate) -> JsonObject:
    """Exact amounts as strings or numbers, and the same in words."""
    ground = GROUNDS[estimate.ground].format(calls=amounts.counted(estimate.calls, "call"), alias=estimate.alias)
    if estimate.unpriced:
        ground += f"; {amounts.counted(estimate.unpriced, 'call')} without a known price left out of the dollars"
    return {
        "alias": estimate.alias,
        "call": _amounts(estimate.call),
        "rest": _amounts(estimate.rest),
        "total": _amounts(estimate.total),
        "basis": {
            "kind": estimate.ground.value,
            "calls": estimate.calls,
            "unpriced": estimate.unpriced,
            "words": f"{ground}.",
        },
        "simulated": estimate.simulated,
        "reused": {
            "steps": estimate.reused_steps,
            "cost_usd": f"{estimate.reused_usd:f}",
            "unpriced_calls": estimate.reused_unpriced,
            "words": _reused(estimate),
        },
        "words": _sentence(estimate),
    }


def spent_view(child: Trajectory) -> JsonObject:
    """What a fork has paid for itself so far: the steps behind those that it took over."""
    own = child.steps[0 if child.fork is None else child.fork.step :]
    calls = [call for step in own for call in step.calls]
    return {
        "steps": len(own),
        "cost_usd": f"{sum((step.cost_usd for step in own), Decimal(0)):f}",
        "unpriced_calls": sum(step.unpriced_calls for step in own),
        "latency_s": sum(step.latency_s for step in own),
        "cost": amounts.cost(calls),
        "seconds": amounts.seconds(sum(step.latency_s for step in own)),
    }


def _amounts(of: Amounts) -> JsonObject:
    usd = {name: _plain(getattr(of.usd, name)) for name in ("median", "low", "high")}
    seconds = {name: getattr(of.seconds, name) for name in ("median", "low", "high")}
    return {
        "usd": usd,
        "seconds": seconds,
        "cost_words": _words(of.usd, lambda usd: amounts.dollars(Decimal(usd))),
        "seconds_words": _words(of.seconds, lambda seconds: amounts.seconds(float(seconds))),
    }


def _plain(usd: Decimal | float | None) -> str | None:
    return None if usd is None else f"{Decimal(usd):f}"


def _words(likely: Likely, say: Callable[[Any], str]) -> str:
    if likely.median is None:
        return UNKNOWN
    middle = say(likely.median)
    if likely.low is None or likely.high is None or likely.low == likely.high:
        return f"about {middle}"
    return f"about {middle} ({say(likely.low)} to {say(likely.high)})"


def _reused(estimate: Estimate) -> str:
    if not estimate.reused_steps:
        return "Nothing comes before this step, so nothing is taken over."
    which = "Step 1 is" if estimate.reused_steps == 1 else f"Steps 1 to {estimate.reused_steps} are"
    paid = amounts.dollars(estimate.reused_usd)
    more = f" + {estimate.reused_unpriced} unpriced" if estimate.reused_unpriced else ""
    return f"{which} taken over as recorded, for $0: {paid}{more} was paid for them when they ran."


def _sentence(estimate: Estimate) -> str:
    """The extra cost in one sentence."""
    total, call = _amounts(estimate.total), _amounts(estimate.call)
    if estimate.ground in (Ground.PRICE, Ground.NOTHING):
        return f"This call: {call['cost_words']}, {call['seconds_words']}. What follows it is unknown."
    return f"Extra cost to the end: {total['cost_words']}, {total['seconds_words']}."
