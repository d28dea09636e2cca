"""The listener of the phones keeps its places free: nobody holds one by saying nothing, or takes all of them."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from webapp.phone_server import phones_served
from webapp.services import Services

HEAD = b"POST /join/ABCDEFGH/ranking HTTP/1.1\r\nHost: x\r\n"
UNFINISHED = {"nothing": b"", "half a head": HEAD, "half a body": HEAD + b"Content-Length: 99\r\n\r\n{"}
WHOLE = b"GET /join/ABCDEFGH HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
async def door(services: Services, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """The port of a listener that is in a hurry, with three places for one address."""
    monkeypatch.setattr("webapp.phone_server.LONGEST_S", 0.3)
    monkeypatch.setattr("webapp.phone_server.CUT_S", 0.2)
    monkeypatch.setattr("webapp.phone_server.MOST_FROM_ONE", 3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with phones_served(services, listener):
            yield listener.getsockname()[1]


@pytest.mark.parametrize("said", UNFINISHED.values(), ids=UNFINISHED)
async def test_a_request_that_never_ends_loses_its_place(door: int, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door)
    writer.write(said)
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


async def test_one_address_does_not_take_every_place(door: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.phone_server.LONGEST_S", 60.0)
    held = [await asyncio.open_connection("127.0.0.1", door) for _ in range(3)]
    assert await status(door) == b""
    for _, writer in held:
        writer.close()
    said = b""
    for _ in range(200):  # until the server has seen that they are gone
        said = said or await status(door)
        await asyncio.sleep(0 if said else 0.05)
    assert said == b"HTTP/1.1 200"


async def status(door: int) -> bytes:
    """What a phone that comes now is told first; nothing where it is sent away."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door)
    writer.write(WHOLE)
    try:
        async with asyncio.timeout(20):
            return await reader.read(12)
    except ConnectionResetError:
        return b""  # so a closed door is told where the request had been sent
    finally:
        writer.close()
