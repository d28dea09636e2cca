"""Bodies of replies, read piece by piece and never more of them than memory should hold."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx

LARGEST_BYTES: Final = 8 << 20
"""Of one reply."""
_LONGEST_REFUSAL: Final = 64 << 10
"""Bytes that are read of a reply that refuses; its beginning says why."""


class TooLarge(Exception):
    """A reply is larger than any sound reply."""

    def __init__(self, most_bytes: int = LARGEST_BYTES) -> None:
        super().__init__(f"more than {most_bytes >> 20} MiB")


@asynccontextmanager
async def pieces(response: httpx.Response) -> AsyncIterator[AsyncIterator[bytes]]:
    """The body, decoded, as it arrives."""
    stream = response.stream
    # Without an encoding the detour through httpx's decoders would only cost time.
    if isinstance(stream, httpx.AsyncByteStream) and "content-encoding" not in response.headers:
        arriving = aiter(stream)
    else:
        arriving = response.aiter_bytes()
    try:
        yield arriving
    finally:
        # A generator that was left in its midst would be closed some time later by the event loop.
        if (close := getattr(arriving, "aclose", None)) is not None:
            await close()


async def whole(response: httpx.Response) -> bytes:
    """The body; raises TooLarge or httpx.TransportError."""
    kept: list[bytes] = []
    size = 0
    async with pieces(response) as arriving:
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
        async with pieces(response) as arriving:
            async for piece in arriving:
                kept.append(piece)
                size += len(piece)
                if size >= _LONGEST_REFUSAL:
                    break
    except httpx.TransportError:
        pass
    return b"".join(kept)[:_LONGEST_REFUSAL]
