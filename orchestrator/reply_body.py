"""Bodies of replies, read piece by piece and never more of them than memory should hold."""

import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

import httpx

LARGEST_BYTES: Final = 8 << 20
"""Of one reply."""
_LONGEST_REFUSAL: Final = 64 << 10
"""Bytes that are read of a reply that refuses; its beginning says why."""


_UNPACKED_AT_ONCE: Final = 1 << 18


class TooLarge(Exception):
    """A reply is larger than any sound reply."""

    def __init__(self, most_bytes: int = LARGEST_BYTES) -> None:
        super().__init__(f"more than {most_bytes >> 20} MiB")


class Arriving:
    """The body, decoded, as it arrives: `async with Arriving(response) as pieces`."""

    def __init__(self, response: httpx.Response) -> None:
        stream = response.stream
        encoding = (header(response, b"content-encoding") or b"identity").strip().lower()
        if not isinstance(stream, httpx.AsyncByteStream):
            self._pieces: AsyncIterator[bytes] = response.aiter_bytes()
        elif encoding == b"identity":
            # The detour through httpx's decoders would only cost time.
            self._pieces = stream.__aiter__()
        else:
            self._pieces = _unpacked(stream, encoding)

    async def __aenter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def __aexit__(self, *_: object) -> None:
        # A generator that was left in its midst would be closed some time later by the event loop.
        if isinstance(self._pieces, AsyncGenerator):
            await self._pieces.aclose()


async def _unpacked(stream: httpx.AsyncByteStream, encoding: bytes) -> AsyncGenerator[bytes, None]:
    """The body in pieces of bounded size: httpx would unpack a thousand times what has arrived at once.

    Replies are asked for as they are; gzip is what some proxies make of them all the same.
    """
    if encoding not in (b"gzip", b"x-gzip", b"deflate"):
        raise httpx.RemoteProtocolError(f"the reply is packed as {encoding.decode('latin-1')[:40]!r}, not as asked for")
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        async for packed in stream:
            left = packed
            while left:
                yield unpacking.decompress(left, _UNPACKED_AT_ONCE)
                left = unpacking.unconsumed_tail
    except zlib.error as error:
        raise httpx.RemoteProtocolError(f"the reply cannot be unpacked: {error}") from error


def header(response: httpx.Response, name: bytes) -> bytes | None:
    """A header, by its name in lower case. Several times faster than asking httpx, which decodes them all."""
    for written, value in response.headers.raw:
        if written.lower() == name:
            return value
    return None


async def whole(response: httpx.Response) -> bytes:
    """The body; raises TooLarge or httpx.TransportError."""
    kept: list[bytes] = []
    size = 0
    async with Arriving(response) as arriving:
        async for piece in arriving:
            size += len(piece)
            if size > LARGEST_BYTES:
                raise TooLarge
            kept.append(piece)
    return b"".join(kept)


async def beginning(response: httpx.Response) -> bytes:
    """The first part of the body; what came of it where the connection breaks."""
    kept: list[bytes] = []
    size = 0
    try:
        async with Arriving(response) as arriving:
            async for piece in arriving:
                kept.append(piece)
                size += len(piece)
                if size >= _LONGEST_REFUSAL:
                    break
    except httpx.TransportError:
        pass
    return b"".join(kept)[:_LONGEST_REFUSAL]
