import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from orchestrator import retry
from orchestrator.endpoint_client import EndpointClient, EndpointFailed
from orchestrator.model_call import Attempt
from orchestrator.pool import Endpoint
from orchestrator.transport import PooledTransport


@pytest.fixture
async def transport() -> AsyncIterator[PooledTransport]:
    pooled = PooledTransport()
    yield pooled
    await pooled.aclose()


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


@asynccontextmanager
async def server(reply: Callable[[bytes], bytes | None], closed: asyncio.Event | None = None) -> AsyncIterator[str]:
    """A real server on loopback that replies to each request, or never where the reply is None."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                answer = reply(await reader.readexactly(length))
                if answer is not None:
                    writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            if closed is not None:
                closed.set()
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"


def http(body: object, length: int | None = None) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    size = len(content) if length is None else length
    return f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n".encode() + content


async def ask(url: str, transport: PooledTransport, timeout_s: float = 5.0, **more: Any) -> Any:
    return await EndpointClient(Endpoint(url), transport).post_json("", {}, timeout_s=timeout_s, **more)


async def test_a_real_server_is_asked_many_times_at_once(transport: PooledTransport) -> None:
    async with server(lambda body: http({"a": 1})) as url:
        assert await asyncio.gather(*(ask(url, transport) for _ in range(50))) == [{"a": 1}] * 50
        assert await ask(url, transport) == {"a": 1}
        await transport.aclose()


async def test_a_server_that_is_not_running_is_named(transport: PooledTransport) -> None:
    async with server(lambda body: None) as url:
        pass
    attempts: list[Attempt] = []
    with pytest.raises(EndpointFailed, match=f"{url} refused the connection: is the server running") as failed:
        await ask(url, transport, attempts=attempts)
    assert [attempt.usd for attempt in attempts] == [0, 0]
    assert failed.value.of_server


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectError("unknown host"), "cannot be reached: unknown host"),
        (httpx.ConnectTimeout("slow"), "did not accept a connection within 3 s"),
        (httpx.ReadTimeout("slow"), "stopped replying: nothing came for 7 s"),
    ],
)
async def test_a_server_that_cannot_be_reached_is_named(error: httpx.TransportError, said: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.extensions["timeout"] == {"connect": 3, "read": 5}
        raise error

    there = Endpoint("http://127.0.0.1:8001/v1", connect_timeout_s=3, read_timeout_s=7)
    with pytest.raises(EndpointFailed) as failed:
        await EndpointClient(there, httpx.MockTransport(handler)).post_json("", {}, timeout_s=5)
    assert f"http://127.0.0.1:8001/v1 {said}" in str(failed.value)


async def test_a_reply_that_breaks_off_is_tried_again(transport: PooledTransport) -> None:
    replies = [http(b'{"choi', length=500), http({"a": 1})]
    served: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        served.append(await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])))
        writer.write(replies.pop(0))
        await writer.drain()
        writer.close()

    attempts: list[Attempt] = []
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        assert await ask(url, transport, attempts=attempts) == {"a": 1}
    assert len(served) == 2
    assert "broke off the connection" in attempts[0].error


async def test_a_reply_that_does_not_come_ends_at_the_deadline(transport: PooledTransport) -> None:
    async with server(lambda body: None) as url:
        with pytest.raises(EndpointFailed, match=r"within 0\.2 s"):
            await ask(url, transport, timeout_s=0.2)
        await transport.aclose()


@pytest.mark.parametrize("partial", [None, http(b'{"choi', length=500)], ids=["before the reply", "in the reply"])
async def test_cancelling_a_call_closes_its_socket(transport: PooledTransport, partial: bytes | None) -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    def reply(body: bytes) -> bytes | None:
        asked.set()
        return partial

    async with server(reply, closed) as url:
        task = asyncio.create_task(ask(url, transport))
        await asyncio.wait_for(asked.wait(), 20)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(closed.wait(), 20)


async def test_a_reply_that_is_too_large_closes_its_socket(transport: PooledTransport) -> None:
    closed = asyncio.Event()
    async with server(lambda body: http(b"[" + b" " * (9 << 20), length=10 << 20), closed) as url:
        with pytest.raises(EndpointFailed, match="more than 8 MiB"):
            await ask(url, transport)
        await asyncio.wait_for(closed.wait(), 20)


async def test_neither_an_error_with_its_causes_nor_a_log_shows_what_was_sent(
    transport: PooledTransport, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KEY", "sk-canary")
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    async with server(lambda body: b"HTTP/1.1 sk-canary\r\n\r\n") as url:
        with pytest.raises(EndpointFailed) as failed:
            await EndpointClient(Endpoint(url, "KEY"), transport).post_json("", {}, timeout_s=5)
    assert failed.value.__cause__ is failed.value.__context__ is None
    assert "canary" not in f"{failed.value!r} {caplog.text}"


async def test_the_proxy_of_the_environment_carries_calls_to_other_hosts(
    transport: PooledTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server(lambda body: http({"a": 1})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert await ask("http://models.example/v1", transport) == {"a": 1}
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert await ask(proxy, transport) == {"a": 1}
        await transport.aclose()
