"""The dearest tier of a pool: for each tool the alias with the highest price, and the route through them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from orchestrator.model_call import Usage
from orchestrator.pool import TOOL_OF, TOOLS, Pool, PoolEntry
from orchestrator.prices import PriceBook, charge, priced

TYPICAL: Final = Usage(1_000, 1_000)
"""Tokens of the call by which aliases are compared."""


def dearest_tier(pool: Pool, book: PriceBook | None) -> frozenset[str]:
    """For each tool the alias of the pool whose typical call costs the most, several where they cost the same.

    Aliases without a known price are never in it.
    """
    known = {entry.alias: usd for entry in _priced(pool, book) if (usd := typical_usd(entry)) is not None}
    most = {tool: max((usd for alias, usd in known.items() if TOOL_OF[alias] == tool), default=None) for tool in TOOLS}
    return frozenset(alias for alias, usd in known.items() if usd == most[TOOL_OF[alias]])


def strongest_route(pool: Pool, book: PriceBook | None) -> str:
    """SPEC of the fixed route through the dearest alias of each tool that the pool has: the first, where there are two.

    A tool of whose aliases no price is known is served by its first one. Raises ValueError without an answer alias.
    """
    tier = dearest_tier(pool, book)
    here = {entry.alias for entry in pool.entries}
    if not here.intersection(TOOLS["answer"]):
        raise ValueError(f"the pool {pool.name!r} has no answer alias, so nothing can be evaluated with it")
    offered = [[alias for alias in aliases if alias in here] for aliases in TOOLS.values()]
    route = [next((alias for alias in some if alias in tier), some[0]) for some in offered if some]
    return f"fixed:{','.join(route)}"


def typical_usd(entry: PoolEntry) -> Decimal | None:
    """Dollars of a call with 1,000 tokens in and 1,000 out that takes the entry's usual seconds; `None` if unknown."""
    return charge(TYPICAL, entry.price, at=datetime.now(UTC), latency_s=entry.latency_s, in_flight=1).usd


def _priced(pool: Pool, book: PriceBook | None) -> tuple[PoolEntry, ...]:
    return priced(pool, book, datetime.now(UTC)).entries
