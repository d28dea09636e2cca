"""The rehearsal setting: its pool, and the declared skill of each stand-in."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from orchestrator.pool import Pool, PoolEntry, Price


@dataclass(frozen=True, slots=True)
class Skill:
    """How often the stand-in of one alias replies rightly, and how much it reads and writes."""

    right: Mapping[str, tuple[float, ...]]
    """Domain to the probabilities at difficulty 1, 2 and 3, with everything at hand that the task needs."""
    input_tokens: int
    """Typical tokens of one call without the evidence in its context."""
    output_tokens: int

    def probability(self, domain: str, difficulty: int) -> float:
        """Of a right reply to such a task."""
        return self.right[domain][difficulty - 1]


@dataclass(frozen=True, slots=True)
class World:
    """All that is declared of the rehearsal setting."""

    pool: Pool
    skills: Mapping[str, Skill]
    time_scale: float
    """Seconds of a stand-in for one second of the released price table."""
    documents_missing: float
    """Factor on the probability of a right reply where needed articles have not been found."""
    program_output_missing: float
    """Factor on the probability of a right answer where the needed computation has not been made."""


@cache
def rehearsal_world() -> World:
    """The setting as `pool.toml` beside this module declares it."""
    declared = tomllib.loads((files("orchestrator.rehearsal") / "pool.toml").read_text(encoding="utf-8"))
    entries: Mapping[str, Any] = declared["entry"]
    time_scale = float(declared["time_scale"])
    pool = Pool(
        declared["name"],
        tuple(
            _pool_entry(alias, entry, time_scale, declared["price_source"], declared["as_of"])
            for alias, entry in entries.items()
        ),
    )
    return World(
        pool,
        {alias: _skill(entry) for alias, entry in entries.items()},
        time_scale,
        float(declared["factor"]["documents_missing"]),
        float(declared["factor"]["program_output_missing"]),
    )


def rehearsal_pool() -> Pool:
    """The pool named "rehearsal": all twelve aliases, each served by a stand-in."""
    return rehearsal_world().pool


def _pool_entry(alias: str, entry: Mapping[str, Any], time_scale: float, source: str, as_of: date) -> PoolEntry:
    return PoolEntry(
        alias=alias,
        model=entry["model"],
        description=entry["description"],
        latency_s=round(entry["table_latency_s"] * time_scale, 3),
        price=Price(
            source,
            as_of,
            input_usd_per_mtok=Decimal(entry["usd_per_mtok"]["input"]),
            output_usd_per_mtok=Decimal(entry["usd_per_mtok"]["output"]),
        ),
        self_hosted=entry["self_hosted"],
    )


def _skill(entry: Mapping[str, Any]) -> Skill:
    right = {domain: tuple(map(float, chances)) for domain, chances in entry["skill"].items()}
    return Skill(right, entry["tokens"]["input"], entry["tokens"]["output"])
