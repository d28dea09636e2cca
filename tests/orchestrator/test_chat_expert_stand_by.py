import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from orchestrator import retry
from orchestrator.bill import Bill, Heard
from orchestrator.chat import ChatClients
from orchestrator.chat_expert import ChatExpert
from orchestrator.evidence import Evidence
from orchestrator.model_call import CallRole
from orchestrator.pool import Endpoint, PoolEntry, Price, ServedModel
from orchestrator.tool import Remaining, Request, ToolError

PRICE = Price("own", None, Decimal(1), Decimal(10))
REQUEST = Request("What is 6 times 7?", Evidence(), seed=3, attempt=2)
HERE, THERE = Endpoint("http://127.0.0.1:8001/v1"), Endpoint("http://127.0.0.1:8002/v1")
Handler = Callable[[httpx.Request], httpx.Response]


def saying(text: str) -> Handler:
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    reply = {"choices": [{"finish_reason": "stop", "message": {"content": text}}], "usage": usage}
    return lambda request: httpx.Response(200, json=reply)


def expert(handler: Handler) -> ChatExpert:
    entry = PoolEntry("answer-1", "m", "d", 1.0, PRICE, endpoint=HERE, fallback=STAND_BY)
    return ChatExpert(entry, ChatClients(httpx.MockTransport(handler)))


def request(**left: Any) -> Request:
    return Request(REQUEST.query, Evidence(), left=Remaining(**left))


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


STAND_BY = ServedModel("m2", THERE, Price("other", None, Decimal(2), Decimal(20)))


def first_fails(failure: httpx.Response | Exception, then: Handler | None = None) -> Handler:
    def handler(got: httpx.Request) -> httpx.Response:
        if got.url.port == 8002:
            return (then or saying("<answer>42</answer>"))(got)
        if isinstance(failure, Exception):
            raise failure
        return failure

    return handler


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("gone"), httpx.Response(503), httpx.Response(429), httpx.Response(402)]
)
async def test_the_stand_by_is_asked_where_the_first_server_fails_and_both_calls_are_billed(
    failure: httpx.Response | Exception,
) -> None:
    heard: list[Heard] = []
    bill = Bill(heard.append)
    asked = expert(first_fails(failure))
    assert (await asked.reply(CallRole.EXPERT, REQUEST, bill)).text == "42"
    first, second = bill
    assert [(call.alias, call.model) for call in bill] == [("answer-1", "m"), ("answer-1", "m2")]
    assert first.error is not None
    assert (first.charge.usd, second.charge.usd) == (0, Decimal("0.0004"))
    assert second.charge.source == "other"
    assert [piece.fresh for piece in heard] == [True]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
async def test_a_mistake_of_ours_is_not_worked_around(status: int) -> None:
    bill = Bill()
    with pytest.raises(ToolError, match=f"HTTP {status}"):
        await expert(first_fails(httpx.Response(status))).reply(CallRole.EXPERT, REQUEST, bill)
    assert len(bill) == 1


async def test_where_both_fail_both_reasons_are_told() -> None:
    bill = Bill()
    failing = first_fails(httpx.ConnectError("gone"), lambda got: httpx.Response(500, text="ill"))
    with pytest.raises(ToolError, match=r"answer-1 \(m\) did not reply: .*gone; nor did m2 in its place: .*ill"):
        await expert(failing).reply(CallRole.EXPERT, REQUEST, bill)
    assert len(bill) == 2


async def test_the_stand_by_gets_what_the_first_call_left() -> None:
    bill = Bill()
    failing = first_fails(httpx.ConnectError("gone"))
    left = request(usd=Decimal("0.01"), seconds=100, tokens=500)
    await expert(failing).reply(CallRole.EXPERT, left, bill)
    assert json.loads(bill[1].prompt or "")["max_tokens"] < 500
    with pytest.raises(ToolError, match=r"did not reply.*m2\) was not asked"):
        await expert(failing).reply(CallRole.EXPERT, request(usd=Decimal("0.0014")), Bill())
