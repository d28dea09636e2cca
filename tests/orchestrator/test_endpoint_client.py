import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import retry
from orchestrator.endpoint_client import EndpointClient, EndpointFailed
from orchestrator.model_call import Attempt
from orchestrator.pool import Endpoint
from orchestrator.retry import retry_after_s

BASE = "http://127.0.0.1:8001/v1"
Handler = Callable[[httpx.Request], Any]


def client(handler: Handler, key: str | None = None, **more: Any) -> EndpointClient:
    return EndpointClient(Endpoint(BASE, key, **more), httpx.MockTransport(handler))


def in_turn(*replies: httpx.Response) -> Handler:
    left = list(replies)
    return lambda request: left.pop(0)


async def ask(client: EndpointClient, timeout_s: float = 5.0, attempts: list[Attempt] | None = None) -> Any:
    return await client.post_json("/search", {"query": "why"}, timeout_s=timeout_s, attempts=attempts)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


async def test_json_is_posted_and_got_and_text_is_got_below_the_base() -> None:
    sent: list[tuple[str, str, bytes]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append((request.method, str(request.url), request.content))
        return httpx.Response(200, json=["ü"])

    asked = client(handler)
    assert await asked.post_json("/search", {"query": "why"}, timeout_s=5) == ["ü"]
    assert await asked.post_json("/search", b"[1]", timeout_s=5) == ["ü"]
    assert await asked.get_json("/search", {"q": "a b&c"}, timeout_s=5) == ["ü"]
    assert await asked.get_text("http://127.0.0.1:8001/metrics", timeout_s=5) == '["ü"]'
    assert sent == [
        ("POST", f"{BASE}/search", b'{"query": "why"}'),
        ("POST", f"{BASE}/search", b"[1]"),
        ("GET", f"{BASE}/search?q=a+b%26c", b""),
        ("GET", "http://127.0.0.1:8001/metrics", b""),
    ]


@pytest.mark.parametrize(
    "path",
    [
        "http://127.0.0.1:8002/v1",
        "https://127.0.0.1:8001/v1",
        "http://localhost:8001/v1",
        "http://127.0.0.1:8001@elsewhere.example/",
        "http://user@127.0.0.1:8001/v1",
        "http://[",
    ],
)
async def test_no_address_leads_to_another_server(path: str) -> None:
    with pytest.raises(EndpointFailed, match="leads away from"):
        await client(in_turn()).get_text(path, timeout_s=5)


async def test_no_path_turns_the_base_into_another_server() -> None:
    asked = EndpointClient(Endpoint("http://127.0.0.1"), httpx.MockTransport(in_turn()))
    for path in ("@elsewhere.example/", ".elsewhere.example/", ":9/"):
        with pytest.raises(EndpointFailed, match="leads away from"):
            await asked.get_text(path, timeout_s=5)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503, 599])
async def test_a_passing_failure_is_tried_again_and_recorded_as_free(status: int) -> None:
    attempts: list[Attempt] = []
    asked = client(in_turn(httpx.Response(status, text="busy"), httpx.Response(200, json=1)))
    assert await ask(asked, attempts=attempts) == 1
    (attempt,) = attempts
    assert f"HTTP {status}: busy" in attempt.error
    assert attempt.usd == 0


async def test_a_lasting_failure_is_tried_three_times_and_what_it_cost_is_not_known() -> None:
    calls, attempts = [], list[Attempt]()

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        raise httpx.ReadError("gone", request=request)

    with pytest.raises(EndpointFailed, match="broke off the connection: gone"):
        await ask(client(handler), attempts=attempts)
    assert len(calls) == 3
    assert [attempt.usd for attempt in attempts] == [None, None]


async def test_the_server_says_how_long_to_wait() -> None:
    asked = client(in_turn(httpx.Response(429, headers={"retry-after": "0.2"}), httpx.Response(200, json=1)))
    begun = time.perf_counter()
    await ask(asked)
    assert 0.19 < time.perf_counter() - begun < 9


async def test_waiting_for_the_next_attempt_ends_at_the_deadline() -> None:
    busy = {"error": {"message": "slow down"}}
    asked = client(lambda request: httpx.Response(429, headers={"retry-after": "9"}, json=busy))
    with pytest.raises(EndpointFailed, match=r"within 0\.1 s; before that: .*slow down"):
        await ask(asked, timeout_s=0.1)


async def test_a_server_that_asks_to_wait_longer_than_anybody_would_is_not_asked_again() -> None:
    asked = client(in_turn(httpx.Response(429, headers={"retry-after": "3600"})))
    with pytest.raises(EndpointFailed, match=r"HTTP 429.*; it asks to wait 3,600 s") as failed:
        await ask(asked)
    assert failed.value.of_server


@given(st.integers(-10_000, 10_000))
def test_a_date_to_wait_for_is_as_far_away_as_it_says(seconds: int) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    header = format_datetime(now + timedelta(seconds=seconds), usegmt=True)
    assert retry_after_s(header, now) == max(seconds, 0)


@given(st.text())
def test_any_header_says_how_long_to_wait_or_nothing(header: str) -> None:
    seconds = retry_after_s(header)
    assert seconds is None or 0 <= seconds < float("inf")


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (httpx.Response(400, json={"error": {"message": "too long"}}), "HTTP 400: too long"),
        (httpx.Response(401, json={"error": "no"}), "HTTP 401: no; is the key in KEY right?"),
        (httpx.Response(404, json={"detail": "Not Found"}), "does base_url end in /v1"),
        (httpx.Response(302, headers={"location": "http://elsewhere"}), "HTTP 302"),
    ],
)
async def test_a_refusal_is_an_error_in_plain_words_and_not_tried_again(
    response: httpx.Response, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "secret")
    with pytest.raises(EndpointFailed) as refused:
        await ask(client(in_turn(response), "KEY"))
    assert said in str(refused.value)
    assert not refused.value.of_server


@pytest.mark.parametrize("content", ["<html>welcome</html>", "[" * 50_000, '{"half": ', ""])
async def test_what_is_no_json_is_tried_again_and_then_named(content: str) -> None:
    asked = client(lambda request: httpx.Response(200, text=content))
    attempts: list[Attempt] = []
    with pytest.raises(EndpointFailed, match="did not reply with JSON but with"):
        await ask(asked, attempts=attempts)
    assert len(attempts) == 2


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_more_than_eight_mebibytes_are_not_read(status: int) -> None:
    handed_out = 0

    async def endless() -> Any:
        nonlocal handed_out
        while True:
            handed_out += 1 << 20
            yield b"x" * (1 << 20)

    with pytest.raises(EndpointFailed, match=f"HTTP {status}" if status != 200 else "more than 8 MiB"):
        await ask(client(lambda request: httpx.Response(status, content=endless())))
    assert handed_out <= 9 << 20


async def test_the_key_is_read_at_call_time_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(401, json={"error": f"bad key {seen[-1]}"})

    secretive = client(handler, "KEY")
    monkeypatch.delenv("KEY", raising=False)
    with pytest.raises(EndpointFailed, match="set the environment variable KEY"):
        await ask(secretive)
    monkeypatch.setenv("KEY", "sk-ü")
    with pytest.raises(EndpointFailed, match="characters that no key has"):
        await ask(secretive)
    monkeypatch.setenv("KEY", "sk-secret")
    with pytest.raises(EndpointFailed) as refused:
        await ask(secretive)
    assert seen == ["Bearer sk-secret"]
    assert "sk-secret" not in str(refused.value)
    assert "[key]" in str(refused.value)


async def test_a_key_is_struck_out_of_what_a_server_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", 'sk/"+')
    said = {'sk/"+': ['sk/"+', {"in a link": "https://e.example/?k=sk%2f%22%2B", "in JSON": '"sk\\/\\"\\u002b"'}]}
    asked = client(lambda request: httpx.Response(200, json=said), "KEY")
    assert await ask(asked) == {"[key]": ["[key]", {"in a link": "https://e.example/?k=[key]", "in JSON": '"[key]"'}]}
