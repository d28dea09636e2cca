"""The bundled checkpoint on a real vLLM server: it reads the same prompts and writes the same replies."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from orchestrator.bill import Bill
from orchestrator.chat import ChatClients
from orchestrator.embedded.checkpoint import Checkpoint, Loaded, checkpoint_at
from orchestrator.embedded.decoder import MOST_TOKENS
from orchestrator.embedded.vocabulary import END_OF_TURN
from orchestrator.policies.spec import parse_spec
from orchestrator.pool import TOOL_OF
from tests.embedded.asked import POOL, Asked, requests
from tests.vllm.server import MODEL, Server, serving

# In full precision, as it was trained: vLLM would halve it.
FLAGS: Final = (
    "--dtype=float32",
    "--enforce-eager",
    "--max-num-seqs=8",
    "--no-enable-chunked-prefill",
    "--max-num-batched-tokens=16384",
)
AT_ONCE: Final = 8


@pytest.fixture(scope="module")
def bundled() -> Checkpoint:
    return checkpoint_at()


@pytest.fixture(scope="module")
def model(bundled: Checkpoint) -> Loaded:
    return bundled.loaded()


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    return requests()


@pytest.fixture(scope="module")
def bundled_server(
    vllm_python: Path,
    bundled: Checkpoint,
    tmp_path_factory: pytest.TempPathFactory,
    measure: Callable[[str, object], None],
) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("bundled") / "log"
    with serving(vllm_python, bundled.path, log, FLAGS) as running:
        measure("the server of the bundled model is healthy after", f"{running.start_s:.0f} s")
        yield running


@pytest.fixture
async def http(bundled_server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=bundled_server.root, trust_env=False, verify=False, timeout=120) as client:
        yield client


async def test_it_reads_and_writes_what_the_app_does(
    http: httpx.AsyncClient, model: Loaded, asked: list[Asked]
) -> None:
    assert len(asked) == 200
    room = asyncio.Semaphore(AT_ONCE)

    async def reply(one: Asked) -> dict[str, Any]:
        async with room:
            answered = await http.post("/v1/chat/completions", json=request(one))
        assert answered.status_code == 200, answered.text
        replied: dict[str, Any] = answered.json()
        return replied

    replies = await asyncio.gather(*(reply(one) for one in asked))
    called = 0
    for one, replied in zip(asked, replies, strict=True):
        prompt = model.ids(model.text(one.messages, one.tools))
        assert replied["prompt_token_ids"] == prompt
        (choice,) = replied["choices"]
        assert choice["token_ids"] == model.decoder.greedy(prompt)
        called += parsed_as_written(model, choice)
    assert called == len(asked)


def request(one: Asked) -> dict[str, Any]:
    """What a chat request of it holds."""
    sampling = {"temperature": 0.0, "max_tokens": MOST_TOKENS, "return_token_ids": True}
    return {"model": MODEL, "messages": one.messages, "tools": one.tools, **sampling}


def parsed_as_written(model: Loaded, choice: dict[str, Any]) -> bool:
    """Whether the server's tool parser found the call that the tokens spell."""
    names = {number: word for word, number in model.vocabulary.items()}
    written = [names[number] for number in choice["token_ids"]]
    alias = next(word for word in written if word in TOOL_OF)
    (call,) = choice["message"]["tool_calls"]
    spelled = {"name": TOOL_OF[alias], "arguments": {"model": alias}}
    said = {"name": call["function"]["name"], "arguments": json.loads(call["function"]["arguments"])}
    return written[-1] == END_OF_TURN and said == spelled


async def test_the_policy_over_the_server_decides(bundled_server: Server, asked: list[Asked]) -> None:
    clients = ChatClients()
    try:
        policy = parse_spec(bundled_server.spec, POOL, clients)
        for one in asked[:20]:
            decision = await policy.decide(one.turn, Bill())
            assert decision.call is not None or "is not on offer now" in (decision.problem or "")
            assert decision.thought.startswith("This ")
    finally:
        await clients.aclose()
