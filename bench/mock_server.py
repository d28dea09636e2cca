"""A model server that costs next to nothing: canned replies after a given latency, on loopback.

A request is recognised by a mark in its text, `bench:KIND:NUMBER:TURNS:LATENCY_MS:` (see `mark`). The first TURNS
requests of a KIND and NUMBER get a tool call, the next one the end: text for KIND `talk`, a call of the answer tool for
KIND `route`. `GET /stats` gives the requests served, the most in flight at once and the server's own CPU seconds.

    python -m bench.mock_server       (prints its port on one line, ends when stdin closes)
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import cast

MARK = b"bench:"


def mark(kind: str, number: int, tool_turns: int, latency_ms: int) -> str:
    """Text to put into a query, so that the server knows which trajectory and turn it is."""
    return f"{MARK.decode()}{kind}:{number}:{tool_turns}:{latency_ms}:"


def _reply(turn: int, tool: str | None, arguments: dict[str, str]) -> bytes:
    """A whole HTTP response holding one chat completion: a call of `tool`, or text."""
    message: dict[str, object] = {"role": "assistant", "content": "The answer is 42, as the notes say."}
    if tool is not None:
        function = {"name": tool, "arguments": json.dumps(arguments)}
        call = {"id": f"call_{turn:04d}", "type": "function", "function": function}
        message = {"role": "assistant", "content": "I need one more look at the notes.", "tool_calls": [call]}
    finish = "stop" if tool is None else "tool_calls"
    body = json.dumps(
        {
            "id": f"chatcmpl-{turn:04d}",
            "object": "chat.completion",
            "created": 1767225600,
            "model": "mock",
            "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
            "usage": {"prompt_tokens": 400 + 80 * turn, "completion_tokens": 24, "total_tokens": 424 + 80 * turn},
        }
    ).encode()
    return _response(b"200 OK", body)


def _response(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


TURNS = range(64)
CALLS = {
    b"talk": [_reply(turn, "lookup", {"topic": f"topic {turn}"}) for turn in TURNS],
    b"route": [_reply(turn, "search", {"model": f"search-{turn % 3 + 1}"}) for turn in TURNS],
}
ENDS = {
    b"talk": [_reply(turn, None, {}) for turn in TURNS],
    b"route": [_reply(turn, "answer", {"model": "answer-1"}) for turn in TURNS],
}


@dataclass(slots=True)
class Served:
    """What the server has done so far."""

    turns: defaultdict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    requests: int = 0
    in_flight: int = 0
    most_in_flight: int = 0

    def stats(self) -> bytes:
        """A response with the counts, which then start again at 0; the CPU seconds never do."""
        counts = {"requests": self.requests, "most_in_flight": self.most_in_flight, "cpu_s": time.process_time()}
        self.turns.clear()
        self.requests = self.most_in_flight = 0
        return _response(b"200 OK", json.dumps(counts).encode())

    def completion(self, body: bytes) -> tuple[bytes, float]:
        """The response of the next turn of the trajectory that the body is marked with, and its latency in seconds."""
        begin = body.find(MARK)
        if begin < 0:
            return _response(b"400 Bad Request", b'{"error": {"message": "no mark in the request"}}'), 0.0
        _, kind, number, tool_turns, latency_ms, _ = body[begin : begin + 64].split(b":", 5)
        key = kind + number
        turn = self.turns[key]
        self.turns[key] = turn + 1
        return (CALLS if turn < int(tool_turns) else ENDS)[kind][turn], int(latency_ms) / 1000


class Connection(asyncio.Protocol):
    """One client's connection: keep-alive, one request at a time, bodies with a Content-Length."""

    def __init__(self, served: Served, loop: asyncio.AbstractEventLoop) -> None:
        self.served, self.loop = served, loop
        self.buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head, whole = self.buffer[:end].lower(), end + 4
            length = head.find(b"\r\ncontent-length:")
            if length >= 0:
                whole += int(head[length + 17 :].split(b"\r\n", 1)[0])
            if len(self.buffer) < whole:
                return
            body, self.buffer = self.buffer[end + 4 : whole], self.buffer[whole:]
            self.serve(head, body)

    def serve(self, head: bytes, body: bytes) -> None:
        served = self.served
        if head.startswith(b"get /stats "):
            self.transport.write(served.stats())
            return
        if b"/tokenize " in head.split(b"\r\n", 1)[0]:
            # It has no tokenizer; a client that asks for one estimates from then on.
            self.transport.write(_response(b"404 Not Found", b"{}"))
            return
        served.requests += 1
        served.in_flight += 1
        served.most_in_flight = max(served.most_in_flight, served.in_flight)
        response, latency_s = served.completion(body)
        if latency_s:
            self.loop.call_later(latency_s, self.finish, response)
        else:
            self.finish(response)

    def finish(self, response: bytes) -> None:
        self.served.in_flight -= 1
        if not self.transport.is_closing():
            self.transport.write(response)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    served = Served()
    server = await loop.create_server(lambda: Connection(served, loop), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        asyncio.run(serve())
    else:
        uvloop.run(serve())


if __name__ == "__main__":
    main()
