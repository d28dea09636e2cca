"""Models that cost real dollars, behind one server of the test."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from tests.servers.listening import listening
from tests.servers.orchestra import EXPERT, pool_toml

SLOWEST_S: Final = 0.05


@asynccontextmanager
async def priced_pool(folder: Path, seed: int) -> AsyncIterator[Path]:
    """A pool file of models that answer within milliseconds, each with a price of its own length."""
    chance = random.Random(seed)

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        await asyncio.sleep(chance.uniform(0, SLOWEST_S))
        usage = {"prompt_tokens": chance.randrange(100, 5_000), "completion_tokens": chance.randrange(10, 500)}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": EXPERT}}
        return web.json_response({"id": "x", "model": "m", "choices": [choice], "usage": usage})

    async with listening(answer) as server:
        file = folder / "pool.toml"
        file.write_text(pool_toml(server.url, stream=False, timeout_s=30.0))
        yield file
