import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from orchestrator import breaker, retry
from orchestrator.breaker import FAILURES_TO_OPEN, BreakerState
from orchestrator.course import Course
from orchestrator.endpoint_client import EndpointClient, EndpointFailed, Sent
from orchestrator.pool import Endpoint

Handler = Callable[[httpx.Request], Any]


def client(handler: Handler, patience_s: float = 0.0, **more: Any) -> EndpointClient:
    endpoint = Endpoint("http://127.0.0.1:8001/v1", **more)
    return EndpointClient(endpoint, httpx.MockTransport(handler), patience_s=patience_s)


async def ask(client: EndpointClient, timeout_s: float = 5.0) -> Any:
    return await client.post_json("/search", {"query": "why"}, timeout_s=timeout_s)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


async def read_nothing(response: httpx.Response) -> None:
    return None


async def test_places_are_given_in_the_order_of_asking_and_waiting_is_counted() -> None:
    order: list[bytes] = []
    most = now = 0

    async def handler(request: httpx.Request) -> httpx.Response:
        nonlocal most, now
        now += 1
        most = max(most, now)
        order.append(await request.aread())
        await asyncio.sleep(0.01)
        now -= 1
        return httpx.Response(200, json=1)

    asked = client(handler, max_in_flight=2)
    courses = [Course() for _ in range(6)]
    await asyncio.gather(
        *(asked.exchange(Sent("POST", "", b"%d" % n), read_nothing, 5, course) for n, course in enumerate(courses))
    )
    assert order == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert most == 2
    assert {course.in_flight for course in courses} == {1, 2}
    assert courses[0].queued_s < 0.009 < courses[5].queued_s
    assert asked.in_flight == 0


async def test_a_call_cancelled_while_it_waits_leaves_its_place_to_the_next() -> None:
    gate, begun = asyncio.Event(), 0

    async def handler(request: httpx.Request) -> httpx.Response:
        nonlocal begun
        begun += 1
        await gate.wait()
        return httpx.Response(200, json=1)

    asked = client(handler, max_in_flight=1)
    first, second, third = (asyncio.create_task(ask(asked)) for _ in range(3))
    await asyncio.sleep(0.01)
    assert (begun, asked.in_flight) == (1, 1)
    second.cancel()
    gate.set()
    assert (await first, await third) == (1, 1)
    assert second.cancelled()
    assert (begun, asked.in_flight) == (2, 0)


async def test_waiting_for_a_place_ends_at_the_deadline_and_says_so() -> None:
    async def handler(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    asked = client(handler, max_in_flight=1)
    first = asyncio.create_task(ask(asked, timeout_s=0.2))
    await asyncio.sleep(0)
    with pytest.raises(EndpointFailed, match=r"had no free place for the call within 0\.05 s"):
        await ask(asked, timeout_s=0.05)
    with pytest.raises(EndpointFailed, match=r"did not finish its reply within 0\.2 s"):
        await first


async def test_a_server_that_keeps_failing_is_left_alone_and_then_tried_by_one_call() -> None:
    ill, calls = True, 0

    async def handler(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        return httpx.Response(503, text="no engine") if ill else httpx.Response(200, json=1)

    asked = client(handler)
    for _ in range(2):
        with pytest.raises(EndpointFailed, match="no engine"):
            await ask(asked)
    assert calls == FAILURES_TO_OPEN
    assert asked.breaker.state is BreakerState.OPEN
    with pytest.raises(
        EndpointFailed, match=r"not asked now: it failed 5 times in a row, and it is tried again in"
    ) as no:
        await ask(asked)
    assert no.value.of_server
    assert calls == FAILURES_TO_OPEN
    ill = False
    await asyncio.sleep(1.01)
    assert asked.breaker.state is BreakerState.HALF_OPEN
    probe, other = await asyncio.gather(ask(asked), ask(asked), return_exceptions=True)
    assert probe == 1
    assert "it is being tried by another call" in str(other)
    assert asked.breaker.state is BreakerState.CLOSED
    assert await ask(asked) == 1


async def test_a_short_pause_of_the_breaker_is_waited_for_and_a_long_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(breaker, "FIRST_COOL_DOWN_S", 0.05)
    ill = True
    asked = client(lambda request: httpx.Response(503 if ill else 200, json=1), patience_s=0.08)
    with pytest.raises(EndpointFailed, match="HTTP 503"):
        await ask(asked)
    with pytest.raises(EndpointFailed, match="HTTP 503"):  # the third attempt is the probe, after the first pause
        await ask(asked)
    assert asked.breaker.wait_s > 0.08
    began = time.monotonic()
    with pytest.raises(EndpointFailed, match="not asked now"):
        await ask(asked)
    assert time.monotonic() - began < 0.05
    ill = False
    await asyncio.sleep(0.05)
    courses = [Course() for _ in range(5)]
    sent = Sent("POST", "", b"{}")
    await asyncio.gather(*(asked.exchange(sent, read_nothing, 5, course) for course in courses))
    assert asked.breaker.state is BreakerState.CLOSED
    assert all(course.queued_s > 0 for course in courses)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 429])
async def test_refusals_do_not_open_the_breaker(status: int) -> None:
    asked = client(lambda request: httpx.Response(status))
    for _ in range(9):
        with pytest.raises(EndpointFailed):
            await ask(asked)
    assert asked.breaker.state is BreakerState.CLOSED
