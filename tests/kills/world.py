"""What all clients of a server that is killed again and again share, and how they ask it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from tests.kills.record import Record
from tests.kills.served import Served

API: Final = "/api/v1"
LOST: Final = (aiohttp.ClientError, TimeoutError, ConnectionError)


@dataclass(slots=True)
class World:
    """What all clients share."""

    served: Served
    record: Record
    http: aiohttp.ClientSession
    seed: int
    away: bool = False
    """The database goes away at times, so that 503 is a right answer."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when nothing new is to be begun; what has no answer yet is still sent again."""

    async def ask(self, name: str, method: str, path: str, **more: Any) -> tuple[int, Any] | None:
        """Status and body, or nothing where no answer came or the server cannot say yet."""
        await self.served.up.wait()
        try:
            async with self.http.request(method, f"{self.served.url}{API}{path}", **more) as answer:
                body = await answer.json(content_type=None) if answer.status != 204 else None
        except LOST:
            self.record.counts[f"{name} lost"] += 1
            await asyncio.sleep(0.01)
            return None
        except ValueError as error:
            self.record.faults.append(f"{name}: no JSON came: {error}")
            return None
        if answer.status in (200, 201, 204):
            self.record.counts[f"{name} {answer.status}"] += 1
            return answer.status, body
        self.refused(name, answer.status, body)
        await asyncio.sleep(0.05)
        return (answer.status, body) if answer.status < 500 else None

    def refused(self, name: str, status: int, body: object = None) -> None:
        """Take down a refusal: none is right, but for 503 where the database goes away."""
        self.record.counts[f"{name} {status}"] += 1
        if not (status == 503 and self.away):
            self.record.faults.append(f"{name}: {status} {body}")
