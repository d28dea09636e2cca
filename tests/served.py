"""A real server process, from its start until it has ended."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx

ROOT = Path(__file__).parents[1]


@dataclass
class Served:
    """A process that serves."""

    process: asyncio.subprocess.Process
    http: httpx.AsyncClient
    """Asks its API."""
    url: str
    said: list[str] = field(default_factory=list)
    """Lines of stderr."""


S = TypeVar("S", bound=Served)


@asynccontextmanager
async def listening(
    kind: type[S], *command: str, within_s: float, asks_within_s: float, **environment: str
) -> AsyncIterator[S]:
    """Python with this command, once it has printed its address; killed in the end unless it has ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PODIUM_DISCOVER": "0", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[str] = []

    async def listen(stream: asyncio.StreamReader) -> None:
        while line := (await stream.readline()).decode():
            said.append(line)

    hearing = asyncio.create_task(listen(process.stderr))
    try:
        async with asyncio.timeout(within_s):
            line = (await process.stdout.readline()).decode().strip()
        assert "http://" in line, "".join(said)
        url = "http://" + line.rpartition("http://")[2].removesuffix("/ui")
        async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=asks_within_s) as http:
            yield kind(process, http, url, said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await hearing
