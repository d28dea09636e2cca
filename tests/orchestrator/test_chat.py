import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import chat
from orchestrator.chat import ChatClient, ChatClients, ChatFailed
from orchestrator.completion import Completion, usage_of
from orchestrator.model_call import Attempt, Usage
from orchestrator.pool import Endpoint
from orchestrator.transport import PooledTransport

GOOD = {
    "model": "served",
    "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "<think>hm</think>hello"}}],
    "usage": {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    },
}
BASE = "http://127.0.0.1:8001/v1"
Handler = Callable[[httpx.Request], httpx.Response]


async def ask(client: ChatClient, timeout_s: float = 5.0, **more: Any) -> Completion:
    said = [{"role": "user", "content": "hi"}]
    return await client.complete(said, model="m", temperature=0.2, max_tokens=100, timeout_s=timeout_s, **more)


def client(handler: Handler, key: str | None = None, **more: Any) -> ChatClient:
    return ChatClient(Endpoint(BASE, key), httpx.MockTransport(handler), **more)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "FIRST_WAIT_S", 0.001)


async def test_a_completion_holds_text_thinking_usage_and_timing() -> None:
    sent: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=GOOD)

    completion = await ask(client(handler), seed=7, tools=[{"type": "function"}])
    assert (completion.text, completion.thinking, completion.model) == ("hello", "hm", "served")
    assert completion.usage == Usage(10, 5, 4, 2)
    assert completion.tool_calls is None
    assert completion.in_flight == 1
    assert completion.attempts == ()
    assert 0 <= completion.latency_s < 30
    assert str(sent[0].url) == f"{BASE}/chat/completions"
    assert json.loads(sent[0].content) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0.2,
        "max_tokens": 100,
        "stream": False,
        "tools": [{"type": "function"}],
        "parallel_tool_calls": False,
        "seed": 7,
    }


async def test_openai_is_told_the_limit_under_the_name_that_its_models_take() -> None:
    bodies: list[dict[str, Any]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(200, json=GOOD)

    await ask(ChatClient(Endpoint("https://api.openai.com/v1"), httpx.MockTransport(handler)))
    assert bodies[0]["max_completion_tokens"] == 100
    assert "max_tokens" not in bodies[0]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_a_passing_failure_is_tried_again_and_recorded(status: int) -> None:
    replies = [httpx.Response(status, text="busy"), httpx.Response(200, json=GOOD)]
    completion = await ask(client(lambda request: replies.pop(0)))
    assert completion.text == "hello"
    (attempt,) = completion.attempts
    assert f"HTTP {status}: busy" in attempt.error


async def test_a_lasting_failure_is_tried_three_times_and_each_is_recorded() -> None:
    calls, attempts = [], list[Attempt]()

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        raise httpx.ReadError("gone", request=request)

    with pytest.raises(ChatFailed, match="broke off the connection: gone"):
        await ask(client(handler), attempts=attempts)
    assert (len(calls), len(attempts)) == (3, 2)


async def test_the_server_says_how_long_to_wait() -> None:
    replies = [httpx.Response(429, headers={"retry-after": "0.2"}), httpx.Response(200, json=GOOD)]
    begun = time.perf_counter()
    await ask(client(lambda request: replies.pop(0)))
    assert 0.19 < time.perf_counter() - begun < 9


async def test_waiting_for_the_next_attempt_ends_at_the_deadline() -> None:
    limited = client(
        lambda request: httpx.Response(429, headers={"retry-after": "9"}, json={"error": {"message": "slow down"}})
    )
    with pytest.raises(ChatFailed, match=r"within 0\.1 s; before that: .*slow down"):
        await ask(limited, timeout_s=0.1)


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (httpx.Response(400, json={"error": {"message": "too long"}}), "HTTP 400: too long"),
        (httpx.Response(401, json={"error": "no"}), "HTTP 401: no; is the key in KEY right?"),
        (httpx.Response(404, json={"detail": "Not Found"}), "does base_url end in /v1"),
        (httpx.Response(200, text="<html>welcome</html>"), "did not reply with JSON but with '<html>welcome</html>'"),
        (httpx.Response(200, json={"error": {"message": "out of memory"}}), "replied with an error: out of memory"),
        (httpx.Response(200, json={"choices": []}), "without any choice"),
        (httpx.Response(200, json={"choices": [None]}), "without any choice"),
        (httpx.Response(200, json={"choices": [{"message": None}]}), "without a message"),
        (httpx.Response(200, json=[1]), "list instead of a JSON object"),
        (httpx.Response(200, text="[" * 50_000), "did not reply with JSON"),
        (httpx.Response(302, headers={"location": "http://elsewhere"}), "HTTP 302"),
    ],
)
async def test_a_refusal_is_an_error_in_plain_words_and_not_tried_again(
    response: httpx.Response, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "secret")
    calls = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        return response

    with pytest.raises(ChatFailed) as refused:
        await ask(client(handler, "KEY"))
    assert said in str(refused.value)
    assert len(calls) == 1


async def test_the_key_is_read_at_call_time_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(401, json={"error": f"bad key {seen[-1]}"})

    secretive = client(handler, "KEY")
    with pytest.raises(ChatFailed, match="set the environment variable KEY"):
        await ask(secretive)
    monkeypatch.setenv("KEY", "sk-secret")
    with pytest.raises(ChatFailed) as refused:
        await ask(secretive)
    assert seen == ["Bearer sk-secret"]
    assert "sk-secret" not in str(refused.value)
    assert "[key]" in str(refused.value)


async def test_calls_in_flight_are_counted_per_endpoint() -> None:
    gate = asyncio.Event()

    async def handler(request: httpx.Request) -> httpx.Response:
        await gate.wait()
        return httpx.Response(200, json=GOOD)

    clients = ChatClients(httpx.MockTransport(handler))
    one, other = clients.of(Endpoint(BASE)), clients.of(Endpoint("http://127.0.0.1:9/v1"))
    assert clients.of(Endpoint(BASE)) is one
    tasks = [asyncio.create_task(ask(each)) for each in (one, one, one, other)]
    await asyncio.sleep(0)
    assert (one.in_flight, other.in_flight) == (3, 1)
    tasks.pop(0).cancel()
    gate.set()
    assert [(await task).in_flight for task in tasks] == [2, 3, 1]
    assert (one.in_flight, other.in_flight) == (0, 0)


@given(
    st.recursive(
        st.none() | st.integers() | st.booleans() | st.floats() | st.text(max_size=3),
        lambda inner: st.dictionaries(
            st.sampled_from(
                ["prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens", "reasoning_tokens"]
            ),
            inner,
        ),
    )
)
def test_any_report_of_usage_is_understood_or_unknown(reported: object) -> None:
    usage = usage_of(reported)
    assert usage is None or usage.total_tokens >= 0


def test_usage_that_was_not_reported_is_unknown_and_not_zero() -> None:
    assert usage_of(None) is None
    assert usage_of({"total_tokens": 5}) is None
    assert usage_of({"prompt_tokens": 5}) == Usage(5, None)


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
        except asyncio.IncompleteReadError:
            if closed is not None:
                closed.set()
        except ConnectionError:
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"


def http(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n".encode() + body


@pytest.fixture
async def transport() -> AsyncIterator[PooledTransport]:
    pooled = PooledTransport()
    yield pooled
    await pooled.aclose()


async def test_a_real_server_is_asked_many_times_at_once(transport: PooledTransport) -> None:
    async with server(lambda body: http(json.dumps(GOOD).encode())) as url:
        asked = ChatClient(Endpoint(url), transport)
        completions = await asyncio.gather(*(ask(asked) for _ in range(50)))
        assert {completion.text for completion in completions} == {"hello"}
        assert (await ask(asked)).text == "hello"
        await transport.aclose()


async def test_a_server_that_is_not_running_is_named(transport: PooledTransport) -> None:
    async with server(lambda body: None) as url:
        pass
    with pytest.raises(ChatFailed, match=f"{url} refused the connection: is the server running"):
        await ask(ChatClient(Endpoint(url), transport))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectError("unknown host"), "cannot be reached: unknown host"),
        (httpx.ConnectTimeout("slow"), "did not accept a connection within 10 s"),
        (httpx.ReadTimeout("slow"), "stopped replying"),
    ],
)
async def test_a_server_that_cannot_be_reached_is_named(error: httpx.TransportError, said: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(ChatFailed) as failed:
        await ask(client(handler))
    assert f"{BASE} {said}" in str(failed.value)


async def test_a_reply_that_breaks_off_is_tried_again(transport: PooledTransport) -> None:
    good = http(json.dumps(GOOD).encode())
    replies = [http(b'{"choi', length=500), good]
    served: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        served.append(await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])))
        writer.write(replies.pop(0))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        completion = await ask(ChatClient(Endpoint(url), transport))
    assert completion.text == "hello"
    assert len(served) == 2
    assert "broke off the connection" in completion.attempts[0].error


async def test_a_reply_that_does_not_come_ends_at_the_deadline(transport: PooledTransport) -> None:
    async with server(lambda body: None) as url:
        with pytest.raises(ChatFailed, match=r"within 0\.2 s"):
            await ask(ChatClient(Endpoint(url), transport), timeout_s=0.2)
        await transport.aclose()


@pytest.mark.parametrize("partial", [None, http(b'{"choi', length=500)], ids=["before the reply", "in the reply"])
async def test_cancelling_a_call_closes_its_socket(transport: PooledTransport, partial: bytes | None) -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    def reply(body: bytes) -> bytes | None:
        asked.set()
        return partial

    async with server(reply, closed) as url:
        task = asyncio.create_task(ask(ChatClient(Endpoint(url), transport)))
        await asyncio.wait_for(asked.wait(), 20)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(closed.wait(), 20)


async def test_the_proxy_of_the_environment_carries_calls_to_other_hosts(
    transport: PooledTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server(lambda body: http(json.dumps(GOOD).encode())) as proxy:
        monkeypatch.setenv("http_proxy", proxy.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert (await ask(ChatClient(Endpoint("http://models.example/v1"), transport))).text == "hello"
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert (await ask(ChatClient(Endpoint(proxy), transport))).text == "hello"
        await transport.aclose()
