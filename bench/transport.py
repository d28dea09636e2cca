"""Which transport should carry model calls? Processor time per call of each candidate, against a bare aiohttp client.

Run it with `.venv/bin/python bench/transport.py`. A mock of a model server in a process of its own replies after 50 ms;
each candidate runs in a process of its own, so that its processor time is its own. Candidates take turns within a
round, and a table shows medians with the smallest and the largest.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from orchestrator.chat import ChatClient
from orchestrator.chat_request import ChatRequest
from orchestrator.pool import Endpoint, Sampling
from orchestrator.transport import PooledTransport

MESSAGES = [
    {"role": "system", "content": "You are good at using tools."},
    {"role": "user", "content": "Problem: " + "how many " * 220},
]
BODY = {"model": "mock", "messages": MESSAGES, "temperature": 1.0, "max_tokens": 100, "stream": False}
MESSAGE = {"role": "assistant", "content": "so many " * 30, "tool_calls": None}
REPLY = json.dumps(
    {
        "id": "mock",
        "model": "mock",
        "choices": [{"index": 0, "finish_reason": "stop", "message": MESSAGE}],
        "usage": {"prompt_tokens": 500, "completion_tokens": 60, "total_tokens": 560},
    }
).encode()
WORDS = 30
PIECES = [{"role": "assistant", "content": ""}, *[{"content": "so many "}] * WORDS]
CHUNKS = [{"id": "mock", "model": "mock", "choices": [{"index": 0, "delta": piece}]} for piece in PIECES]
CHUNKS[-1]["choices"][0]["finish_reason"] = "stop"
STREAM = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in CHUNKS) + b"data: [DONE]\n\n"
HEADERS = {"content-type": "application/json", "accept": "application/json"}
TIMEOUTS = {"timeout": {"connect": 10.0, "read": 60.0}}

Call = Callable[[], Awaitable[object]]
Candidate = tuple[Call, Callable[[], Awaitable[None]]]


class Mock(asyncio.Protocol):
    """Replies to each request after a delay; knows as much HTTP as that needs."""

    delay_s = 0.05

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            if len(self.received) < end + 4 + size:
                return
            streamed = b'"stream": true' in self.received[end : end + 4 + size]
            self.received = self.received[end + 4 + size :]
            asyncio.get_running_loop().call_later(self.delay_s, self.reply, STREAM if streamed else REPLY)

    def reply(self, body: bytes) -> None:
        kind = "text/event-stream" if body is STREAM else "application/json"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(head.encode() + body)


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Mock, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def bare_aiohttp(base: str) -> Candidate:
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def call() -> object:
        data = json.dumps(BODY).encode()
        async with session.post(f"{base}/chat/completions", data=data, headers=HEADERS) as response:
            return json.loads(await response.read())

    return call, session.close


def through_httpx(base: str, **options: object) -> Candidate:
    client = httpx.AsyncClient(timeout=httpx.Timeout(60, pool=None), **options)  # type: ignore[arg-type]

    async def call() -> object:
        data = json.dumps(BODY).encode()
        response = await client.post(f"{base}/chat/completions", content=data, headers=HEADERS)
        return json.loads(response.content)

    return call, client.aclose


def direct(base: str, transport: httpx.AsyncBaseTransport) -> Candidate:
    url = httpx.URL(f"{base}/chat/completions")

    async def call() -> object:
        data = json.dumps(BODY).encode()
        request = httpx.Request("POST", url, headers=HEADERS, content=data, extensions=TIMEOUTS)
        response = await transport.handle_async_request(request)
        return json.loads(await response.aread())

    return call, transport.aclose


def chat_client(base: str, *, stream: bool = False) -> Candidate:
    transport = PooledTransport()
    client = ChatClient(Endpoint(base, stream=stream), transport)
    sampling = Sampling(temperature=1.0, max_tokens=100, timeout_s=60.0)

    async def call() -> object:
        return await client.complete(ChatRequest(MESSAGES, "mock", sampling))

    return call, transport.aclose


def unlimited_aiohttp() -> AiohttpTransport:
    return AiohttpTransport(client=lambda: aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))


CANDIDATES: dict[str, Callable[[str], Candidate]] = {
    "aiohttp, bare": bare_aiohttp,
    "httpx, its own limits": through_httpx,
    "httpx, no limits": lambda base: through_httpx(base, limits=httpx.Limits()),
    "httpx over httpx-aiohttp": lambda base: through_httpx(base, transport=unlimited_aiohttp()),
    "httpx-aiohttp's transport": lambda base: direct(base, unlimited_aiohttp()),
    "PooledTransport": lambda base: direct(base, PooledTransport()),
    "ChatClient": chat_client,
    "ChatClient, streamed": lambda base: chat_client(base, stream=True),
}


async def measure(name: str, base: str, concurrent: int, calls: int) -> None:
    call, close = CANDIDATES[name](base)

    async def worker() -> None:
        for _ in range(calls):
            await call()

    await asyncio.gather(*(call() for _ in range(concurrent)))
    processor, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrent)))
    used = (time.process_time() - processor) / (concurrent * calls)
    print(json.dumps({"cpu_us": used * 1e6, "wall_s": time.perf_counter() - wall}))
    await close()


def compare(rounds: int, candidates: list[str]) -> None:
    mock = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    assert mock.stdout is not None
    base = f"http://127.0.0.1:{mock.stdout.readline().strip()}/v1"
    print("| concurrent | candidate | CPU µs per call | ÷ bare | wall s | ideal |\n|---|---|---|---|---|---|")
    try:
        for concurrent, calls in ((1, 40), (100, 10), (500, 4)):
            found: dict[str, list[dict[str, float]]] = {name: [] for name in candidates}
            for _ in range(rounds):
                for name in candidates:
                    arguments = ["--one", name, "--base", base, "--concurrent", str(concurrent), "--calls", str(calls)]
                    done = subprocess.run(
                        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True
                    )
                    found[name].append(json.loads(done.stdout))
            bare = [each["cpu_us"] for each in found[candidates[0]]]
            for name, runs in found.items():
                spent = [each["cpu_us"] for each in runs]
                ratio = statistics.median(one / other for one, other in zip(spent, bare, strict=True))
                spread = f"{statistics.median(spent):.0f} [{min(spent):.0f}–{max(spent):.0f}]"
                wall = statistics.median(each["wall_s"] for each in runs)
                print(
                    f"| {concurrent} | {name} | {spread} | {ratio:.1f} | {wall:.2f} | {calls * 0.05:.2f} |", flush=True
                )
    finally:
        mock.terminate()
        mock.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=CANDIDATES, default=list(CANDIDATES))
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--base", help=argparse.SUPPRESS)
    parser.add_argument("--concurrent", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--calls", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(serve())
    elif chosen.one:
        asyncio.run(measure(chosen.one, chosen.base, chosen.concurrent, chosen.calls))
    else:
        compare(chosen.rounds, ["aiohttp, bare", *(name for name in chosen.only if name != "aiohttp, bare")])


if __name__ == "__main__":
    main()
