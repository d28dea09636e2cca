"""A priced model over a scripted server, for tests of what its calls cost."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx

from orchestrator.bill import Bill
from orchestrator.chat import ChatClient
from orchestrator.endpoint_client import EndpointFailed
from orchestrator.model_call import CallRole, ModelCall
from orchestrator.pool import Endpoint, Price, Sampling, ServedModel
from orchestrator.priced_model import Asked, PricedModel
from orchestrator.tool import Remaining

ENDPOINT = Endpoint("http://127.0.0.1:8001/v1")
BY_TOKEN = Price("own", None, Decimal(1), Decimal(10))
BY_HOUR = Price("own", usd_per_gpu_hour=Decimal(36))
GRATIS = Price("own", None, Decimal(0), Decimal(0))
SAMPLING = Sampling(max_tokens=100, timeout_s=5)
ASKED = Asked(CallRole.EXPERT, "answer-1", [{"role": "user", "content": "a" * 300}], SAMPLING, seed=3)
GOOD = {
    "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "forty-two"}}],
    "usage": {"prompt_tokens": 90, "completion_tokens": 10},
}
Handler = Callable[[httpx.Request], Any]


def priced(handler: Handler, price: Price | None = BY_TOKEN, **more: Any) -> PricedModel:
    endpoint = Endpoint(ENDPOINT.base_url, **more)
    return PricedModel(ServedModel("m", endpoint, price), ChatClient(endpoint, httpx.MockTransport(handler)))


async def billed(model: PricedModel, asked: Asked = ASKED) -> ModelCall:
    bill = Bill()
    with suppress(EndpointFailed):
        await model.ask(asked, Remaining(), bill)
    (call,) = bill
    return call


def in_turn(*replies: httpx.Response | Exception) -> Handler:
    left = list(replies)

    def handler(request: httpx.Request) -> httpx.Response:
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return handler


def good(**changes: Any) -> httpx.Response:
    return httpx.Response(200, json=GOOD | changes)


class Broken(httpx.AsyncByteStream):
    """A stream that breaks, or falls silent, behind some words."""

    def __init__(self, *words: str, silent: bool = False) -> None:
        self._words = words
        self._silent = silent

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for word in self._words:
            yield b"data: " + json.dumps({"choices": [{"delta": {"content": word}}]}).encode() + b"\n\n"
        if self._silent:
            await asyncio.sleep(60)
        raise httpx.ReadError("reset")


def broken(*words: str, silent: bool = False) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Broken(*words, silent=silent))
