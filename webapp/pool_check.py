"""What stands behind each alias of a pool: reachable or why not, and its price with source and date."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from orchestrator.pool import Endpoint, Pool, PoolEntry
from orchestrator.pool_file import read_pool
from orchestrator.prices import PriceBook, quote_entry
from orchestrator.rehearsal.world import rehearsal_pool

HEADER = ("alias", "model", "endpoint", "reachable", "price")


async def checked(path: Path | None) -> list[tuple[str, ...]]:
    """A header and one row of cells for each alias; raises ValueError for a pool file that cannot be read."""
    pool = read_pool(path) if path is not None else rehearsal_pool()
    book = PriceBook.read()
    reached = await _reached(pool)
    return [HEADER, *(_row(entry, reached, book) for entry in pool.entries)]


async def _reached(pool: Pool) -> dict[Endpoint, str]:
    endpoints = list({entry.endpoint: None for entry in pool.entries if entry.endpoint is not None})
    async with httpx.AsyncClient(timeout=5.0) as client:
        answers = await asyncio.gather(*(_try(client, endpoint) for endpoint in endpoints))
    return dict(zip(endpoints, answers, strict=True))


async def _try(client: httpx.AsyncClient, endpoint: Endpoint) -> str:
    key = os.environ.get(endpoint.api_key_env) if endpoint.api_key_env else None
    if endpoint.api_key_env and not key:
        return f"unreachable: {endpoint.api_key_env} is not set"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    started = time.perf_counter()
    try:
        response = await client.get(f"{endpoint.base_url.rstrip('/')}/models", headers=headers)
    except httpx.HTTPError as error:
        return f"unreachable: {type(error).__name__}"
    took_ms = (time.perf_counter() - started) * 1000
    if response.status_code in (401, 403):
        return f"unreachable: it refuses the key ({response.status_code})"
    return f"yes, {took_ms:.0f} ms" if response.is_success else f"unreachable: it answers {response.status_code}"


def _row(entry: PoolEntry, reached: dict[Endpoint, str], book: PriceBook) -> tuple[str, ...]:
    if entry.endpoint is None:
        return (entry.alias, entry.model, "stand-in", "simulated", _price(entry, book))
    return (entry.alias, entry.model, entry.endpoint.base_url, reached[entry.endpoint], _price(entry, book))


def _price(entry: PoolEntry, book: PriceBook) -> str:
    quote = quote_entry(entry, book, datetime.now(UTC))
    price = quote.price
    if price is None:
        return f"unpriced: {quote.missing}"
    if price.usd_per_gpu_hour is not None:
        terms = f"${price.usd_per_gpu_hour}/GPU-hour"
    else:
        terms = f"${price.input_usd_per_mtok} in, ${price.output_usd_per_mtok} out per Mtok"
    return f"{terms} ({price.source}, {price.as_of or 'no date'})"
