"""What a person asks of a server that may be in trouble."""

import asyncio
from typing import Any

from tests.webapp.test_served_process import Podium

SOLO = {"query": "What is 6 times 7?", "policy": "fixed:search-1,reasoner-1,answer-1"}


async def ask(app: Podium, status: int = 201) -> dict[str, Any]:
    """Start a run; the reply is a run or a problem document."""
    reply = await app.http.post("/runs", json=SOLO)
    assert reply.status_code == status, reply.text
    if status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"
        assert set(reply.json()) == {"type", "title", "status", "detail"}
    found: dict[str, Any] = reply.json()
    return found


async def ended(app: Podium, run: str) -> dict[str, Any]:
    """The one trajectory of a run once it has ended."""
    found = await app.until(f"/runs/{run}", lambda run: run["ended"])
    (trajectory,) = found["trajectories"]
    return dict(trajectory)


async def readiness(app: Podium) -> tuple[int, dict[str, Any]]:
    """What `/readyz` says."""
    reply = await app.http.get(str(app.http.base_url).removesuffix("/api/v1/") + "/readyz")
    return reply.status_code, reply.json()


async def readiness_is(app: Podium, status: int) -> dict[str, Any]:
    """What `/readyz` says once it says so."""

    async def look() -> tuple[int, dict[str, Any]]:
        return await readiness(app)

    async with asyncio.timeout(60):
        while (found := await look())[0] != status:  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.2)
    return found[1]
