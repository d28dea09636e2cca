"""The queries of rankings, each once under each preference vector: what reinforcement learning starts from."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestrator.model_call import ModelCall
from orchestrator.pool import TOOL_OF, Pool, Price
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Trajectory
from prefs.features import weights
from prefs.training_files.judged import Judged, Tally
from prefs.training_files.options import FileOptions

AGAIN = "a query that has its row already"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query under one preference vector, with a trajectory of it and the alternatives that it stood among."""

    index: str
    """Sixteen hexadecimal digits, the same for the same query and P in every file."""
    preference: PreferenceVector
    trajectory: Trajectory
    judged: Judged


@dataclass(frozen=True, slots=True)
class Quote:
    """What an alias costs and takes, as far as known."""

    model: str | None
    input_usd_per_mtok: Decimal | None
    output_usd_per_mtok: Decimal | None
    latency_s: float | None
    """What the orchestrator is told; `None` without a pool."""


class Once:
    """Remembers in eight bytes each what was seen."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def first(self, key: str) -> bool:
        """Whether the key comes for the first time."""
        short = int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        known = short in self._seen
        self._seen.add(short)
        return not known


def asked(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Asked]:
    """Each query once under each preference vector that its trajectories ran under, or under that of the options."""
    once = Once()
    for one in judged:
        tally.rankings += 1
        for trajectory in one.trajectories:
            preference = options.preference or trajectory.preference
            key = json.dumps([trajectory.query, weights(preference)])
            if once.first(key):
                yield Asked(_index(key), preference, trajectory, one)
            else:
                tally.skip(AGAIN)


def pref_vec(preference: PreferenceVector) -> dict[str, float]:
    """P by name with every one of the twelve aliases, as ToolOrchestra's trainer wants it."""
    return {
        **weights(PreferenceVector(preference.accuracy, preference.cost, preference.latency)),
        **{alias: preference.tools.get(alias, 0.0) for alias in TOOL_OF},
    }


def quotes(trajectory: Trajectory, pool: Pool | None) -> dict[str, Quote]:
    """By alias: the pool's prices, or what the trajectory's own calls were charged by."""
    if pool is not None:
        return {entry.alias: Quote(entry.model, *_of_price(entry.price), entry.latency_s) for entry in pool.entries}
    found: dict[str, Quote] = {}
    for call in trajectory.calls:
        if call.alias is not None and call.usage is not None:
            found.setdefault(call.alias, _of_call(call))
    return dict(sorted(found.items()))


def quotes_json(found: Mapping[str, Quote]) -> str:
    """Quotes as JSON text; dollars are texts, unknown is null."""
    return json.dumps({alias: _quote_json(quote) for alias, quote in found.items()}, ensure_ascii=False)


def _quote_json(quote: Quote) -> dict[str, Any]:
    return {
        "model": quote.model,
        "input_usd_per_mtok": _text(quote.input_usd_per_mtok),
        "output_usd_per_mtok": _text(quote.output_usd_per_mtok),
        "latency_s": quote.latency_s,
    }


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else f"{usd:f}"


def _of_price(price: Price | None) -> tuple[Decimal | None, Decimal | None]:
    return (None, None) if price is None else (price.input_usd_per_mtok, price.output_usd_per_mtok)


def _of_call(call: ModelCall) -> Quote:
    return Quote(call.model, call.charge.input_usd_per_mtok, call.charge.output_usd_per_mtok, None)


def _index(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
