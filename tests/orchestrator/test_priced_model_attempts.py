from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest

from orchestrator import retry
from orchestrator.model_call import ChargeStatus, Usage
from tests.priced import ASKED, SAMPLING, Broken, billed, broken, good, in_turn, priced


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


async def test_an_attempt_that_was_refused_costs_nothing() -> None:
    call = await billed(priced(in_turn(httpx.Response(503), httpx.ConnectError("gone"), good())))
    assert [attempt.usd for attempt in call.attempts] == [0, 0]
    assert call.charge.usd == Decimal("0.00019")
    assert call.charge.status is ChargeStatus.PRICED


async def test_an_attempt_lost_in_the_middle_costs_its_prompt_and_what_had_arrived() -> None:
    call = await billed(priced(in_turn(broken("abc", "dé"), good())))
    (attempt,) = call.attempts
    assert attempt.usd == Decimal("0.00012")
    assert call.charge.usd == Decimal("0.00031")
    assert call.charge.status is ChargeStatus.ESTIMATED
    assert call.charge.source == "own; attempts that broke off are estimated"
    assert call.usage == Usage(90, 10)


async def test_what_an_attempt_cost_is_unknown_where_there_is_no_price() -> None:
    call = await billed(priced(in_turn(broken("abc"), good()), None))
    assert [attempt.usd for attempt in call.attempts] == [None]
    assert call.charge.status is ChargeStatus.UNPRICED
    refused = await billed(priced(in_turn(broken("abc"), httpx.Response(400)), None))
    assert refused.charge.status is ChargeStatus.UNPRICED
    assert "an attempt broke off" in refused.charge.source


async def test_a_call_that_is_refused_costs_only_what_was_lost_before() -> None:
    call = await billed(priced(in_turn(httpx.Response(401))))
    assert (call.usage, call.charge.usd, call.charge.status) == (None, 0, ChargeStatus.FREE)
    call = await billed(priced(in_turn(broken("abc"), httpx.Response(401))))
    assert (call.usage, call.charge.usd) == (None, Decimal("0.00011"))
    assert call.charge.status is ChargeStatus.ESTIMATED


async def test_a_call_that_breaks_off_each_time_costs_all_its_attempts() -> None:
    call = await billed(priced(in_turn(broken("abc"), broken("abc"), broken("abcdef"))))
    assert len(call.attempts) == 2
    assert call.usage == Usage(100, 2)
    assert call.charge.usd == Decimal("0.00011") * 2 + Decimal("0.00012")
    assert "because the reply did not end" in call.charge.source


async def test_what_was_lost_is_not_counted_twice_where_the_deadline_comes_before_the_next_attempt() -> None:
    hasty = replace(ASKED, sampling=replace(SAMPLING, timeout_s=0.1))
    lost = httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Broken("abc"))
    call = await billed(priced(in_turn(lost, httpx.Response(429, headers={"retry-after": "9"}))), hasty)
    assert (call.usage, call.charge.usd) == (None, Decimal("0.00011"))
    assert [attempt.usd for attempt in call.attempts] == [Decimal("0.00011"), 0]


async def test_a_page_or_an_error_instead_of_a_reply_costs_nothing_and_half_a_reply_does() -> None:
    page = httpx.Response(200, text="<html>sign in</html>")
    error = httpx.Response(200, content=pieces(b'{"error": "over', b'loaded"}'))
    call = await billed(priced(in_turn(page, error, good())))
    assert [attempt.usd for attempt in call.attempts] == [0, 0]
    half = httpx.Response(200, content=pieces(b'{"choices": [{"message": {"con', b'tent": "'))
    call = await billed(priced(in_turn(half, good())))
    assert [attempt.usd for attempt in call.attempts] == [Decimal("0.00023")]


async def test_no_more_is_reckoned_than_was_asked_for() -> None:
    call = await billed(priced(in_turn(broken("a" * 99_000), good())))
    assert [attempt.usd for attempt in call.attempts] == [Decimal("0.0011")]


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
