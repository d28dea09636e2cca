"""The three tools as the orchestrator reads them: our words, the pool's descriptions, ToolOrchestra's price table."""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from orchestrator.pool import Pool, PoolEntry

ORDER: Final = ("enhance_reasoning", "answer", "search")
"""As the released model was shown them."""

_PURPOSE: Final = {
    "search": "Look for information that is still missing.",
    "enhance_reasoning": "Have Python code written and run, and keep its output for the answer.",
    "answer": "Give the final answer. This ends the work.",
}
_ARGUMENT: Final = {
    "search": "The model that writes the search query.",
    "enhance_reasoning": "The model that writes the code.",
    "answer": "The model that answers.",
}
_TABLE: Final = "Model | price per million input tokens | price per million output tokens | average latency"


class Tools(tuple[Mapping[str, Any], ...]):
    """Tools that are sent with many calls; their JSON is written once."""

    @cached_property
    def json(self) -> str:
        """All of them as a JSON list."""
        return json.dumps(self)


def tools(pool: Pool, offered: Iterable[str]) -> list[dict[str, Any]]:
    """The tools as JSON, each with one argument `model`. A tool none of whose aliases is on offer is left out."""
    there = set(offered)
    entries = [entry for entry in pool.entries if entry.alias in there]
    described = ((tool, [entry for entry in entries if entry.tool == tool]) for tool in ORDER)
    return [_tool(tool, serving) for tool, serving in described if serving]


def _tool(tool: str, entries: Sequence[PoolEntry]) -> dict[str, Any]:
    # The chat template writes the keys in this order.
    return {
        "type": "function",
        "function": {
            "name": tool,
            "description": _PURPOSE[tool],
            "parameters": {
                "properties": {"model": {"description": _choices(tool, entries), "type": "string"}},
                "required": ["model"],
                "title": "parameters",
                "type": "object",
            },
        },
    }


def _choices(tool: str, entries: Sequence[PoolEntry]) -> str:
    aliases = ", ".join(f"'{entry.alias}'" for entry in entries)
    said = " ".join(f"{entry.alias}: {entry.description.strip()}" for entry in entries)
    rows = "\n".join(price_row(entry) for entry in entries)
    return f"{_ARGUMENT[tool]} Choices: [{aliases}]. {said}\n{_TABLE}\n{rows}"


def price_row(entry: PoolEntry) -> str:
    """One row of the price table: `alias | $in | $out | Ns`."""
    price = entry.price
    dollars_in = None if price is None else price.input_usd_per_mtok
    dollars_out = None if price is None else price.output_usd_per_mtok
    return f"{entry.alias} | {_dollars(dollars_in)} | {_dollars(dollars_out)} | {entry.latency_s:g}s"


def _dollars(price: Decimal | None) -> str:
    return "unknown" if price is None else f"${price.normalize():f}"
