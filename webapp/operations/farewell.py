"""The last seconds of a serving process: what runs finishes its step, and is kept to be resumed."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)

CLOSING_S: Final = 3.0
"""Of the time to stop within, what is kept for ending streams and letting go of the database."""
_LOOK_S: Final = 0.05


async def finish_steps(
    leave: Callable[[], set[asyncio.Task[None]]], within_s: float, hurry: Callable[[], bool]
) -> None:
    """Let every trajectory finish its step, and start nothing; returns when all have, when time is up, or in a hurry.

    `leave` says so to the runs and gives the tasks that go on. What goes on when time is up is kept as far as it came,
    and can be resumed.
    """
    running = leave()
    logger.info("stopping", extra={"trajectories_running": len(running)})
    until = time.monotonic() + max(within_s - CLOSING_S, 0.0)
    while running and time.monotonic() < until and not hurry():
        _, running = await asyncio.wait(running, timeout=_LOOK_S)
