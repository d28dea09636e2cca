"""How a reply is broken: what goes over the wire for each fault."""

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Final

from tests.servers.fault import HEAVY, Fault

HUGE: Final = 12 << 20
"""Bytes of a huge body."""
PIECE: Final = 1 << 16
"""Bytes that are sent at a time."""

_UNAIDED: Final = (Fault.STALL, Fault.RESET_AT_ONCE, Fault.HTML, Fault.ERROR_IN_200, Fault.GARBAGE)
"""Need no server behind the proxy."""
STATUS: Final = {
    Fault.RATE_LIMIT: 429,
    Fault.RATE_LIMIT_SECONDS: 429,
    Fault.RATE_LIMIT_DATE: 429,
    Fault.TIMEOUT_408: 408,
    Fault.CONFLICT_409: 409,
    Fault.ERROR_500: 500,
    Fault.BAD_GATEWAY_502: 502,
    Fault.UNAVAILABLE_503: 503,
}


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the server behind the proxy said."""

    status: str
    content_type: str
    body: bytes

    @property
    def head(self) -> bytes:
        return _head(self.status, self.content_type, b"Content-Length: %d" % len(self.body))


@dataclass(frozen=True, slots=True)
class Client:
    """The connection of whoever asks."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *pieces: bytes) -> None:
        """Send all of it now."""
        self.writer.write(b"".join(pieces))
        await self.writer.drain()

    async def silence(self) -> None:
        """Until the client goes away."""
        await self.reader.read()
        raise ConnectionResetError

    def close(self) -> None:
        """End the connection in good order."""
        self.writer.close()
        raise ConnectionResetError

    def reset(self) -> None:
        """End it with a reset."""
        peer: socket.socket = self.writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        raise ConnectionResetError

    async def pass_on(self, port: int, head: bytes, body: bytes) -> None:
        """The reply as it comes, piece by piece."""
        async with _upstream(port, head, body) as (said, rest):
            await self.send(_head(said.status, said.content_type, b"Transfer-Encoding: chunked"))
            while piece := await rest.read(PIECE):
                await self.send(b"%x\r\n" % len(piece), piece, b"\r\n")
        await self.send(b"0\r\n\r\n")


@asynccontextmanager
async def _upstream(port: int, head: bytes, body: bytes) -> AsyncIterator[tuple[_Reply, asyncio.StreamReader]]:
    """The server's reply to the same request; HTTP/1.0, so that its body is neither chunked nor compressed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        first, _, rest = head.partition(b"\r\n")
        writer.write(first.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n" + rest + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        kind = next((line[13:].strip() for line in lines if line.lower().startswith("content-type:")), "")
        yield _Reply(lines[0].partition(" ")[2], kind, b""), reader
    finally:
        writer.close()


async def _asked(port: int, head: bytes, body: bytes) -> _Reply:
    async with _upstream(port, head, body) as (said, rest):
        return _Reply(said.status, said.content_type, await rest.read())


def _head(status: str, content_type: str, *more: bytes) -> bytes:
    lines = (f"HTTP/1.1 {status}".encode(), f"Content-Type: {content_type}".encode(), *more)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _whole(status: str, content_type: str, body: bytes, *more: bytes) -> bytes:
    return _head(status, content_type, b"Content-Length: %d" % len(body), *more) + body


async def serve(fault: Fault, asked: tuple[bytes, bytes], client: Client, upstream_port: int, drip_s: float) -> None:
    """Reply to a request, its head and its body, with that fault; raises ConnectionError where the client is gone."""
    if fault is Fault.NONE:
        await client.pass_on(upstream_port, *asked)
    elif fault in STATUS:
        await _refuse(fault, client)
    elif fault in HEAVY:
        await _overwhelm(fault, client, streamed=bool(json.loads(asked[1]).get("stream")))
    elif fault in _UNAIDED:
        await _instead(fault, client)
    else:
        await _spoil(fault, await _asked(upstream_port, *asked), client, drip_s)


async def _refuse(fault: Fault, client: Client) -> None:
    """A status that may pass."""
    body, kind, more = b'{"error": {"message": "not now"}}', "application/json", []
    if fault is Fault.RATE_LIMIT_SECONDS:
        more = [b"Retry-After: 0.05"]
    elif fault is Fault.RATE_LIMIT_DATE:
        # Whole seconds only, so a moment that has just passed: whoever reads it need not wait.
        more = [f"Retry-After: {format_datetime(datetime.now(UTC) - timedelta(seconds=1), usegmt=True)}".encode()]
    elif fault is Fault.BAD_GATEWAY_502:
        body, kind = b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html"
    elif fault is Fault.UNAVAILABLE_503:
        body = b""
    await client.send(_whole(f"{STATUS[fault]} Refused", kind, body, *more))


async def _instead(fault: Fault, client: Client) -> None:
    """Something that needs no server behind it."""
    match fault:
        case Fault.STALL:
            await client.silence()
        case Fault.RESET_AT_ONCE:
            client.reset()
        case Fault.HTML:
            await client.send(_whole("200 OK", "text/html", b"<!doctype html><title>Sign in</title>"))
        case Fault.ERROR_IN_200:
            body = json.dumps({"error": {"message": "the model is overloaded", "code": 503}}).encode()
            await client.send(_whole("200 OK", "application/json", body))
        case Fault.GARBAGE:
            await client.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            client.close()


async def _cut_short(fault: Fault, said: _Reply, client: Client) -> None:
    """A good reply that does not arrive whole."""
    head, half = said.head, said.body[: len(said.body) // 2]
    match fault:
        case Fault.RESET_IN_HEADERS:
            await client.send(head[: len(head) // 2])
            client.reset()
        case Fault.RESET_IN_BODY:
            await client.send(head, half)
            client.reset()
        case Fault.STALL_IN_BODY:
            await client.send(head, half)
            await client.silence()
        case Fault.SHORT_BODY:
            await client.send(head, half)
            client.close()
        case Fault.CUT_CHUNKS:
            chunked = _head(said.status, said.content_type, b"Transfer-Encoding: chunked")
            await client.send(chunked, b"%x\r\n" % len(said.body), half)
            client.close()


async def _spoil(fault: Fault, said: _Reply, client: Client, drip_s: float) -> None:
    """A good reply that arrives badly."""
    match fault:
        case Fault.DRIP:
            for byte in said.head + said.body:
                await client.send(bytes((byte,)))
                await asyncio.sleep(drip_s)
        case Fault.LONG_BODY:
            await client.send(said.head, said.body, said.body)
        case Fault.INVALID_UTF8:
            broken = said.body.replace(b"model", b"mod\xff\xfe", 1)
            await client.send(_whole(said.status, said.content_type, broken))
        case _:
            await _cut_short(fault, said, client)


async def _overwhelm(fault: Fault, client: Client, *, streamed: bool) -> None:
    """More than anybody wants."""
    kind = "text/event-stream" if streamed else "application/json"
    match fault:
        case Fault.HUGE_BODY:
            await client.send(_head("200 OK", "application/json", b"Content-Length: %d" % HUGE))
            for start in range(0, HUGE, PIECE):
                await client.send(_huge()[start : start + PIECE])
        case Fault.BOMB:
            await client.send(_whole("200 OK", "application/json", _bomb(), b"Content-Encoding: gzip"))
        case Fault.ENDLESS_HEADERS:
            await client.send(b"HTTP/1.1 200 OK\r\n")
            await _forever(client, b"X-More: " + b"m" * 1_000 + b"\r\n")
        case Fault.ENDLESS_LINE:
            await client.send(_head("200 OK", kind), b'data: {"choices":[{"delta":{"content":"')
            await _forever(client, b"a" * PIECE)
        case Fault.ENDLESS:
            await client.send(_head("200 OK", kind))
            event = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % (b"and so on " * 200)
            await _forever(client, event * 20 if streamed else b" " * PIECE)


@cache
def _huge() -> bytes:
    """A good reply of that many bytes."""
    begin, end = b'{"choices":[{"message":{"content":"', b'"},"finish_reason":"stop"}]}'
    return begin + b"a" * (HUGE - len(begin) - len(end)) + end


@cache
def _bomb() -> bytes:
    """Ten times as much, compressed."""
    return gzip.compress(b'{"choices":[{"message":{"content":"' + b"a" * 10 * HUGE + b'"}}]}', 1)


async def _forever(client: Client, piece: bytes) -> None:
    while True:
        await client.send(piece)
        await asyncio.sleep(0)
