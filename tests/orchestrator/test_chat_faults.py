"""The client behind a proxy that breaks replies: it tries again, or says what is wrong, in bounded time and memory."""

import asyncio
import time
import traceback
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from orchestrator import retry
from orchestrator.chat import ChatClient
from orchestrator.completion import Completion
from orchestrator.endpoint_client import EndpointFailed
from orchestrator.pool import Endpoint
from orchestrator.transport import PooledTransport
from tests.servers.asking import ask
from tests.servers.conformance import Conformance, conforming
from tests.servers.fault import HEAVY, Fault
from tests.servers.faults import FaultProxy, proxying
from tests.servers.leaks import leaked
from tests.servers.patience import until
from tests.servers.reply import Reply, Stream

GOOD = Reply("Canberra is the capital. 🗼", stream=Stream(fragment=4))
PASSING = (
    Fault.RESET_AT_ONCE, Fault.RESET_IN_HEADERS, Fault.RESET_IN_BODY, Fault.RATE_LIMIT, Fault.RATE_LIMIT_SECONDS,
    Fault.RATE_LIMIT_DATE, Fault.TIMEOUT_408, Fault.CONFLICT_409, Fault.ERROR_500, Fault.BAD_GATEWAY_502,
    Fault.UNAVAILABLE_503, Fault.SHORT_BODY, Fault.CUT_CHUNKS, Fault.GARBAGE, Fault.HTML, Fault.ENDLESS_HEADERS,
)  # fmt: skip
"""Passes when tried again."""
SECRET = "sk-canary/Zq7xW2vK9pR4tY8uB3nM6j+L1h"


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


@asynccontextmanager
async def behind(
    fault: Fault, stream: bool, times: int = 1, drip_s: float = 0.01, **more: Any
) -> AsyncIterator[tuple[ChatClient, FaultProxy]]:
    """A client whose first requests, so many of them, meet that fault."""
    met = iter([fault] * times)
    async with (
        conforming(Conformance(GOOD)) as there,
        proxying(there.port, lambda body, before: next(met, Fault.NONE), drip_s=drip_s) as proxy,
    ):
        transport = PooledTransport()
        try:
            yield ChatClient(Endpoint(f"{proxy.url}/v1", stream=stream, **more), transport), proxy
        finally:
            await transport.aclose()
            await until(lambda: proxy.open == there.connections == 0)


def good(completion: Completion) -> bool:
    return completion.text == GOOD.content and completion.finish_reason == "stop"


@pytest.mark.parametrize("fault", PASSING)
async def test_a_passing_fault_is_one_failed_attempt_and_then_a_reply(fault: Fault, stream: bool) -> None:
    async with behind(fault, stream) as (client, proxy):
        completion = await ask(client)
        assert proxy.injected == {fault: 1, Fault.NONE: 1}
    assert good(completion)
    (attempt,) = completion.attempts
    assert attempt.error.startswith("http://127.0.0.1:")
    assert len(attempt.error) < 600


@pytest.mark.parametrize("fault", PASSING)
async def test_a_lasting_fault_is_tried_three_times_and_then_told_in_plain_words(fault: Fault, stream: bool) -> None:
    async with behind(fault, stream, times=9) as (client, proxy):
        with pytest.raises(EndpointFailed) as failed:
            await ask(client)
        assert proxy.injected == {fault: 3}
        assert client.in_flight == 0
    assert str(failed.value).startswith("http://127.0.0.1:")
    assert len(str(failed.value)) < 600


@pytest.mark.parametrize("fault", [Fault.DRIP, Fault.LONG_BODY])
async def test_a_reply_that_comes_badly_but_whole_is_read_and_so_is_the_next(fault: Fault, stream: bool) -> None:
    async with behind(fault, stream, drip_s=0) as (client, _):
        assert good(await ask(client))
        assert good(await ask(client))


@pytest.mark.parametrize("fault", [Fault.STALL, Fault.STALL_IN_BODY, Fault.DRIP])
async def test_a_server_that_falls_silent_or_dawdles_costs_no_more_than_the_time_given(
    fault: Fault, stream: bool
) -> None:
    async with behind(fault, stream, times=9) as (client, _):
        begun = time.perf_counter()
        with pytest.raises(EndpointFailed, match=r"within 0\.25 s"):
            await ask(client, 0.25)
        assert time.perf_counter() - begun < 1
        assert client.in_flight == 0


@pytest.mark.parametrize("fault", [Fault.STALL, Fault.STALL_IN_BODY])
async def test_silence_longer_than_the_endpoint_allows_is_tried_again(fault: Fault, stream: bool) -> None:
    async with behind(fault, stream, read_timeout_s=0.2) as (client, _):
        completion = await ask(client)
    assert good(completion)
    assert "stopped replying" in completion.attempts[0].error


async def test_an_error_body_with_status_200_is_told(stream: bool) -> None:
    async with behind(Fault.ERROR_IN_200, stream, times=9) as (client, _):
        with pytest.raises(EndpointFailed, match="the model is overloaded"):
            await ask(client)


async def test_bytes_that_are_no_utf8_are_a_reply_or_an_error_but_no_crash(stream: bool) -> None:
    async with behind(Fault.INVALID_UTF8, stream, times=9) as (client, _):
        with suppress(EndpointFailed):
            assert (await ask(client)).text == GOOD.content


@pytest.mark.parametrize("fault", HEAVY)
async def test_more_than_anybody_wants_is_not_read(fault: Fault, stream: bool) -> None:
    """Eight MiB are the most that is read, and thrice that is held while they are joined; a bomb that goes off within
    one piece of what arrives brings aiohttp's own bound for such pieces on top."""
    async with behind(fault, stream, times=99) as (client, proxy):
        with pytest.raises(EndpointFailed):
            await ask(client, 1)  # the first makes the proxy write down what it sends
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            with pytest.raises(EndpointFailed):
                await ask(client, 1)
            most = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
        assert most < (100 if fault is Fault.BOMB else 40) << 20
        await until(lambda: proxy.open == 0, within_s=2)


ECHOES = {
    "status line": "{key} 200 OK\r\n\r\n",
    "reason": "HTTP/1.1 500 {key}\r\nContent-Length: 0\r\n\r\n",
    "status": "HTTP/1.1 {key} OK\r\n\r\n",
    "header without colon": "HTTP/1.1 200 OK\r\n{key}\r\n\r\n",
    "header name": "HTTP/1.1 200 OK\r\n{key}: 1\r\n\r\n",
    "long header": "HTTP/1.1 200 OK\r\nX-Echo: " + "x" * 76 + "{key}" + "y" * 20_000 + "\r\n\r\n",
    "length": "HTTP/1.1 200 OK\r\nContent-Length: {key}\r\n\r\n",
    "chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{key}\r\n",
    "encoding": "HTTP/1.1 200 OK\r\nContent-Encoding: {key}\r\nContent-Length: 2\r\n\r\n{{}}",
    "damaged gzip": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 40\r\n\r\n{key}----------",
    "type": "HTTP/1.1 200 OK\r\nContent-Type: {key}; charset={key}\r\nContent-Length: 2\r\n\r\n{{}}",
    "half a page": "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n<html>{key}",
}


@pytest.mark.parametrize("place", ECHOES)
async def test_a_key_that_comes_back_outside_of_any_reply_is_not_told(
    place: str, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", SECRET)
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ECHOES[place].format(key=SECRET).encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    transport = PooledTransport()
    try:
        with pytest.raises(EndpointFailed) as failed:
            await ask(ChatClient(Endpoint(base, "CANARY", stream=stream), transport))
    finally:
        await transport.aclose()
        server.close()
    assert SECRET in heard[0].decode()
    told = "".join(traceback.format_exception(failed.value))
    assert leaked(told, SECRET) is None
