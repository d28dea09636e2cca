"""What the tests do with a real server: ask a policy, run trajectories to their end, read the server's gauges."""

import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import httpx

from orchestrator.chat import ChatClient, ChatClients
from orchestrator.policies.spec import parse_spec
from orchestrator.policy import Policy
from orchestrator.pool import TOOL_OF, Endpoint, Pool
from orchestrator.run import Routed, events
from orchestrator.tool import Tool
from orchestrator.trajectory import Limits, Step, StopReason, Trajectory
from tests.examples import trajectory
from tests.vllm.server import MODEL

QUERY: Final = "What is 17% of 2,340?"
RUNNING: Final = "vllm:num_requests_running"
WAITING: Final = "vllm:num_requests_waiting"


class WholeReplies(ChatClients):
    """Clients that ask every endpoint for whole replies instead of streams."""

    def of(self, endpoint: Endpoint) -> ChatClient:
        """The client of that endpoint."""
        return super().of(replace(endpoint, stream=False))


@asynccontextmanager
async def policy_at(base_url: str, pool: Pool, *, streaming: bool, model: str = MODEL) -> AsyncIterator[Policy]:
    """The policy that asks the server at that address."""
    clients = ChatClients() if streaming else WholeReplies()
    try:
        yield parse_spec(f"openai:{base_url}#{model}", pool, clients)
    finally:
        await clients.aclose()


async def run_to_end(
    policy: Policy, tools: Mapping[str, Tool], *, turns: int, query: str = QUERY, **changes: Any
) -> Trajectory:
    """A whole run of the loop."""
    begun = trajectory(query=query, policy=policy.spec, limits=Limits(turns=turns), **changes)
    steps: list[Step] = []
    async for event in events(begun, policy, tools):
        if isinstance(event, Step):
            steps.append(event)
        elif not isinstance(event, Routed):
            ended = replace(begun, steps=tuple(steps), stop_reason=StopReason(event.reason))
            return replace(ended, stop_detail=event.detail, answer=event.answer)
    raise AssertionError("the loop ended without a stop")


def call_text(alias: str, thinking: str = "") -> str:
    """What a trained model writes to call that alias."""
    call = json.dumps({"name": TOOL_OF[alias], "arguments": {"model": alias}})
    return (f"<think>\n{thinking}\n</think>\n\n" if thinking else "") + f"<tool_call>\n{call}\n</tool_call>"


async def gauge(root: str, name: str) -> float:
    """The sum of a metric of the server, over its labels."""
    async with _http() as http:
        text = (await http.get(f"{root}/metrics")).text
    found = re.findall(rf"^{re.escape(name)}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
    assert found, f"the server has no metric {name}"
    return sum(float(value) for value in found)


async def seconds_until(root: str, name: str, value: float, within_s: float = 20.0) -> float:
    """How long it takes until the metric has this value; fails after `within_s`."""
    began = time.monotonic()
    while await gauge(root, name) != value:
        assert time.monotonic() - began < within_s, f"{name} is not {value} after {within_s} s"
    return time.monotonic() - began


async def prompt_tokens(root: str, sent: Mapping[str, Any]) -> list[int]:
    """The tokens of a request's prompt, as the server itself renders and counts them."""
    asked = {key: sent[key] for key in ("model", "messages", "tools") if key in sent}
    async with _http() as http:
        answer = await http.post(f"{root}/tokenize", json=asked)
    answer.raise_for_status()
    tokens: list[int] = answer.json()["tokens"]
    return tokens


def _http() -> httpx.AsyncClient:
    """Without proxies, and without reading certificates, which takes longer than asking."""
    return httpx.AsyncClient(trust_env=False, verify=False, timeout=60)
