"""Measures of a rollout from what trainers pass around: records, columns, and the orchestrator's own call."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import Any, Final

from prefs.reward_functions.scoring import Measures, Spans, span

OUTCOMES: Final[Mapping[Any, int | None]] = {
    "solved": 1,
    "unsolved": 0,
    "ungraded": None,
    1: 1,
    0: 0,
    None: None,
}


def measures(rollout: Mapping[str, Any]) -> Measures:
    """M(τ) of a trajectory record, or of a mapping with `outcome`, `cost_usd`, `latency_s` and perhaps `uses`.

    Raises ValueError that names what is missing or malformed.
    """
    if "steps" in rollout:
        return _of_record(rollout)
    if "cost_usd" not in rollout or rollout.get("latency_s") is None:
        raise ValueError(
            "a rollout needs `trajectory`, `choices`, or `outcome`, `cost_usd` (null where unknown) and `latency_s`"
        )
    return Measures(
        _outcome(rollout.get("outcome")),
        _dollars([rollout["cost_usd"]]),
        _latency(rollout["latency_s"]),
        {alias: int(count) for alias, count in mapping(rollout.get("uses") or {}, "uses").items() if count},
    )


def _of_record(record: Mapping[str, Any]) -> Measures:
    steps = record["steps"]
    return Measures(
        _outcome((record.get("outcome") or {}).get("verdict", "ungraded")),
        _dollars(call["charge"]["usd"] for step in steps for call in step["calls"]),
        _latency(sum(sum(call["latency_s"] for call in step["calls"]) for step in steps)),
        Counter(step["call"]["model"] for step in steps if step.get("call") is not None),
    )


def measured(row: Mapping[str, Any], completion: Any) -> Measures | None:
    """Measures of one rollout: its `trajectory`, else what its call leads to among `choices`, else its own columns.

    `choices` maps an alias to the measures of calling it. `None` where the completion calls none of them.
    """
    if row.get("trajectory") is not None:
        return measures(mapping(row["trajectory"], "trajectory"))
    if row.get("choices") is None:
        return measures(row)
    alias = called(completion)
    choice = mapping(row["choices"], "choices").get(alias) if alias else None
    return None if choice is None else measures({"uses": {alias: 1}, **mapping(choice, "choices")})


def stated_preference(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """P of a row; raises ValueError where it has none."""
    if row.get("preference") is None:
        raise ValueError('`preference` is missing; it is such as {"accuracy": 1, "cost": 0.5, "latency": 0.5}')
    return mapping(row["preference"], "preference")


def reference_spans(ranges: Mapping[str, Any]) -> Spans:
    """Spans from `ranges`: [least, greatest] of `latency_s`, `cost_usd` (null: unknown) and each alias in `uses`."""
    if "cost_usd" not in ranges or ranges.get("latency_s") is None:
        raise ValueError("`ranges` needs `cost_usd` (null where a price is unknown) and `latency_s`: [least, greatest]")
    cost, outcomes = ranges["cost_usd"], ranges.get("outcome")
    uses = mapping(ranges.get("uses") or {}, "uses")
    return Spans(
        outcomes is None or min(outcomes) < max(outcomes),
        None if cost is None else span(Fraction(Decimal(str(usd))) for usd in cost),
        span(_latency(seconds) for seconds in ranges["latency_s"]),
        {alias: span(Fraction(int(n)) for n in counts) for alias, counts in uses.items() if counts is not None},
    )


def called(completion: Any) -> str | None:
    """The alias that a completion, text or messages, routes to: that of its first well-formed call; else `None`."""
    messages = [{"content": completion}] if isinstance(completion, str) else completion
    for message in messages:
        for arguments in (*_structured(message), *_written(str(message.get("content") or ""))):
            alias = _parsed(arguments).get("model")
            if isinstance(alias, str):
                return alias
    return None


def _structured(message: Mapping[str, Any]) -> list[Any]:
    return [(call.get("function") or call).get("arguments") for call in message.get("tool_calls") or ()]


def _written(text: str) -> list[Any]:
    """Arguments of each `<tool_call>` in a text."""
    return [_parsed(part.split("</tool_call>")[0]).get("arguments") for part in text.split("<tool_call>")[1:]]


def _parsed(text: Any) -> Mapping[str, Any]:
    """The mapping of a JSON text; empty where it is none, since models do write malformed calls."""
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def mapping(value: Any, name: str) -> Mapping[str, Any]:
    """The mapping itself, or that of its JSON text; raises ValueError."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    if not isinstance(found, Mapping):
        raise ValueError(f"`{name}` must be a mapping or the JSON text of one, not {type(found).__name__}")
    return found


def _outcome(value: Any) -> int | None:
    if value not in OUTCOMES:
        raise ValueError(f"an outcome is 1, 0 or null, or solved, unsolved or ungraded, not {value!r}")
    return OUTCOMES[value]


def _dollars(charges: Iterable[Any]) -> Fraction | None:
    known = [None if usd is None else Decimal(str(usd)) for usd in charges]
    total = Fraction(0)
    for usd in known:
        if usd is not None and not (usd.is_finite() and usd >= 0):
            raise ValueError(f"dollars must be zero or more, not {usd}")
        total += Fraction(usd or 0)
    return None if None in known else total


def _latency(seconds: Any) -> Fraction:
    if isinstance(seconds, bool) or not isinstance(seconds, Real) or not 0 <= float(seconds) < math.inf:
        raise ValueError(f"latency_s must be zero or more seconds, not {seconds!r}")
    return Fraction(float(seconds))
