"""Waiting for something that happens elsewhere."""

import asyncio
from collections.abc import Callable


async def until(true: Callable[[], bool], within_s: float = 5.0) -> None:
    """Return as soon as it is true; raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is waited for rings no bell
            await asyncio.sleep(0.01)
