import asyncio
import json
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest

from orchestrator import retry
from orchestrator.bill import Bill, Heard
from orchestrator.model_call import CallRole, ChargeStatus, Usage
from orchestrator.reply import text_and_thinking
from orchestrator.tool import Remaining
from tests.priced import ASKED, BY_HOUR, GRATIS, billed, broken, good, in_turn, priced


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


async def test_a_call_keeps_what_was_sent_and_what_came_back() -> None:
    sent: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return good()

    call = await billed(priced(handler))
    assert call.prompt == sent[0].decode()
    assert json.loads(call.reply or "") == {"content": "forty-two"}
    assert call.charge.usd == Decimal("0.00019")
    assert call.charge.status is ChargeStatus.PRICED
    assert call.usage == Usage(90, 10)
    assert (call.in_flight, call.queued_s, call.tokens_by, call.error) == (1, 0.0, None, None)


async def test_who_counted_the_prompt_is_kept() -> None:
    counted = replace(ASKED, prompt_tokens=77, tokens_by="tokenizer.json")
    assert (await billed(priced(in_turn(good())), counted)).tokens_by == "tokenizer.json"
    call = await billed(priced(in_turn(good(usage=None))), counted)
    assert call.usage == Usage(77, 3)
    assert call.charge.source == "own; tokens by tokenizer.json, because the server did not report them"


async def test_where_the_server_counts_nothing_tokens_are_estimated_and_so_is_the_charge() -> None:
    call = await billed(priced(in_turn(good(usage=None))))
    assert call.usage == Usage(100, 3)
    assert call.charge.usd == Decimal("0.00013")
    assert call.charge.status is ChargeStatus.ESTIMATED
    assert call.tokens_by == "estimate (3 bytes a token)"
    assert "tokens by estimate (3 bytes a token), because the server did not report them" in call.charge.source


async def test_only_what_the_server_did_not_count_is_estimated() -> None:
    call = await billed(priced(in_turn(good(usage={"prompt_tokens": 90}))))
    assert call.usage == Usage(90, 3)
    assert call.charge.status is ChargeStatus.ESTIMATED


async def test_tokens_that_cost_nothing_cost_nothing_whoever_counted_them() -> None:
    call = await billed(priced(in_turn(broken("a"), good(usage=None)), GRATIS))
    assert call.charge.status is ChargeStatus.FREE
    assert [attempt.usd for attempt in call.attempts] == [0]


async def test_gpu_hours_are_charged_by_the_time_that_was_not_spent_waiting_here() -> None:
    async def handler(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.1)
        return good()

    model = priced(handler, BY_HOUR, max_in_flight=1)
    first, second = await asyncio.gather(billed(model), billed(model))
    assert first.queued_s == pytest.approx(0, abs=0.05)
    assert second.queued_s == pytest.approx(first.latency_s, abs=0.05)
    for call in (first, second):
        assert call.charge.usd is not None
        assert float(call.charge.usd) == pytest.approx((call.latency_s - (call.queued_s or 0)) / 100, rel=0.05)
    assert second.latency_s > second.queued_s


async def test_a_call_that_is_cancelled_is_billed_for_what_had_arrived() -> None:
    bill, heard = Bill(), asyncio.Event()
    bill.hear = lambda piece: heard.set()
    model = priced(in_turn(broken("abc", "def", silent=True)))
    task = asyncio.create_task(model.ask(ASKED, Remaining(), bill))
    await asyncio.wait_for(heard.wait(), 5)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (call,) = bill
    assert call.error == "cancelled"
    assert call.usage == Usage(100, 2)
    assert call.charge.status is ChargeStatus.ESTIMATED
    assert call.prompt is not None


async def test_a_call_cancelled_while_it_waits_was_never_sent_and_costs_nothing() -> None:
    async def handler(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    model = priced(handler, max_in_flight=1)
    first, second = Bill(), Bill()
    tasks = [asyncio.create_task(model.ask(ASKED, Remaining(), bill)) for bill in (first, second)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    (call,) = second
    assert (call.charge.usd, call.usage, call.in_flight) == (0, None, None)
    assert call.queued_s == pytest.approx(call.latency_s, abs=0.02)


async def test_whoever_listens_hears_who_writes_what() -> None:
    heard: list[Heard] = []
    await priced(in_turn(broken("ab"), good())).ask(ASKED, Remaining(), Bill(heard.append))
    assert heard == [
        Heard(CallRole.EXPERT, "answer-1", "ab", thinking=False),
        Heard(CallRole.EXPERT, "answer-1", "forty-two", thinking=False, fresh=True),
    ]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_key_that_a_server_repeats_is_in_no_record(stream: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "sk-canary-1")
    heard: list[Heard] = []
    message = {"content": "it is sk-canary-1", "reasoning": "sk%2Dcanary%2D1", "tool_calls": [{"id": "sk-canary-1"}]}
    replies = in_turn(
        httpx.Response(500, text="sk-canary-1"),
        httpx.Response(200, json={"error": {"message": "sk-canary-1"}}),
        good(choices=[{"message": message}], model="sk-canary-1"),
    )
    bill = Bill(heard.append)
    completion = await priced(replies, stream=stream, api_key_env="KEY").ask(ASKED, Remaining(), bill)
    told = f"{bill!r} {heard!r} {completion!r}"
    assert "canary" not in told
    assert told.count("[key]") > 8


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "it is sk-can"}, {"type": "text", "text": "ary-1"}],
        "it is sk-can<think>hm</think>ary-1",
        "<think>sk-ca</think>it is sk-can<think>ary-1</think>ary-1",
    ],
)
async def test_a_key_whose_parts_are_put_together_is_in_no_record(
    content: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "sk-canary-1")
    heard: list[Heard] = []
    bill = Bill(heard.append)
    replies = in_turn(good(choices=[{"message": {"content": content}}]))
    completion = await priced(replies, api_key_env="KEY").ask(ASKED, Remaining(), bill)
    again = text_and_thinking(completion.message)
    listened = "".join(piece.piece for piece in heard if not piece.thinking)
    assert "sk-canary-1" not in f"{completion.text} {again} {listened}"
