"""Where the figures are taken: the rehearsal world with a price table that training has never seen."""

import asyncio
import tomllib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bench.bundled.expectimax import ExpectimaxPolicy
from orchestrator.chat import ChatClients
from orchestrator.documents.index import Index
from orchestrator.policies.embedded import EmbeddedPolicy
from orchestrator.policies.local_model import LocalModels
from orchestrator.policies.spec import PolicyMaker
from orchestrator.policy import Policy
from orchestrator.pool import Pool, PoolEntry, Price
from orchestrator.prices import PriceBook
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.world import rehearsal_pool
from webapp.evaluation.strongest import dearest_tier
from webapp.fitting import Fitter
from webapp.settings import Settings
from webapp.workshop import Workshop

PRICES: Final = Path(__file__).parent / "prices.toml"
ORACLE: Final = "oracle"
"""SPEC, here only, of the policy that knows every chance."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A pool, and what makes workshops and policies for it and for pools that differ from it."""

    pool: Pool
    library: Index
    fitter: Fitter
    own: Mapping[str, Callable[[Pool], Policy]]
    """SPEC, known here only, to what makes that policy for a pool."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Name, as the figures have it, to the SPEC that it stands for."""

    def workshop(self, pool: Pool) -> Workshop:
        """One whose stand-ins wait for nothing."""
        return self.fitter.workshop(pool)

    def policy(self, spec: str, pool: Pool | None = None, *, likeliest: bool = False) -> Policy:
        """The policy of a SPEC or a name as it is told of that pool, else of the held-out one; raises ValueError.

        `likeliest` makes one that draws its calls take the likeliest instead.
        """
        told = pool or self.pool
        if spec in self.own:
            return self.own[spec](told)
        made = PolicyMaker(told, self.fitter.clients, self.fitter.book, self.fitter.models).make(
            self.names.get(spec, spec)
        )
        if likeliest and isinstance(made, EmbeddedPolicy):
            return EmbeddedPolicy(made.checkpoint, told, temperature=0.0)
        return made

    def policies(self, specs: Iterable[str], pool: Pool | None = None) -> dict[str, Policy]:
        """By SPEC, each once."""
        return {spec: self.policy(spec, pool) for spec in dict.fromkeys(specs)}

    @property
    def strongest(self) -> frozenset[str]:
        """The dearest alias of each tool; here as in the rehearsal pool the most able ones."""
        return dearest_tier(self.pool, self.fitter.book)

    @property
    def without_strongest(self) -> Pool:
        """The pool without them."""
        left = tuple(entry for entry in self.pool.entries if entry.alias not in self.strongest)
        return replace(self.pool, name=f"{self.pool.name}, strongest removed", entries=left)


@asynccontextmanager
async def opened(names: Mapping[str, str] | None = None) -> AsyncIterator[Setting]:
    """The setting with the held-out prices, closed at the end."""
    async with AsyncExitStack() as stack:
        library = await asyncio.to_thread(Index.open, articles())
        stack.callback(library.close)
        clients, models = ChatClients(), LocalModels()
        stack.push_async_callback(clients.aclose)
        stack.push_async_callback(models.aclose)
        fitter = Fitter(Settings(policy="random", pace=0.0), library, clients, models, PriceBook.read())
        yield Setting(held_out_pool(), library, fitter, {ORACLE: ExpectimaxPolicy}, names or {})


def held_out_pool() -> Pool:
    """The rehearsal pool with the prices and seconds of `prices.toml`."""
    table: dict[str, Any] = tomllib.loads(PRICES.read_text("utf-8"))["alias"]
    entries = tuple(_entry(entry, table[entry.alias]) for entry in rehearsal_pool().entries)
    return Pool("rehearsal, held-out prices", entries)


def dearer(pool: Pool, alias: str, factor: Decimal) -> Pool:
    """The pool with one alias dearer by that factor."""
    entries = []
    for entry in pool.entries:
        price = token_price(entry)
        usd = {name: value * factor for name, value in zip(("input", "output"), price, strict=True)}
        entries.append(_priced(entry, usd["input"], usd["output"]) if entry.alias == alias else entry)
    return replace(pool, entries=tuple(entries))


def token_price(entry: PoolEntry) -> tuple[Decimal, Decimal]:
    """Dollars per million tokens in and out; raises ValueError where they are unknown."""
    price = entry.price
    if price is None or price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
        raise ValueError(f"{entry.alias} has no token prices")
    return price.input_usd_per_mtok, price.output_usd_per_mtok


def _entry(entry: PoolEntry, row: dict[str, Any]) -> PoolEntry:
    usd = row["usd_per_mtok"]
    return replace(_priced(entry, Decimal(usd["input"]), Decimal(usd["output"])), latency_s=float(row["latency_s"]))


def _priced(entry: PoolEntry, input_usd: Decimal, output_usd: Decimal) -> PoolEntry:
    price = Price("bench/bundled/prices.toml", date(2026, 11, 22), input_usd, output_usd)
    return replace(entry, price=price)
