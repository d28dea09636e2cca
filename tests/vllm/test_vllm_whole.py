"""What else Podium takes from a real vLLM server: its tokenizer, its stream as it comes, its metrics, its trial."""

import asyncio
import json
import random
import sys
from pathlib import Path

import httpx
import pytest

from orchestrator.bill import Bill, Heard
from orchestrator.evidence import Evidence
from orchestrator.policy import Turn
from orchestrator.pool import TOOL_OF, Pool
from orchestrator.preference import PreferenceVector
from orchestrator.serving_metrics import read_metrics
from orchestrator.trajectory import Document, Observation, Origin
from tests.vllm.asking import QUERY, call_text, policy_at, prompt_tokens
from tests.vllm.checkpoint import WORDS
from tests.vllm.relay import in_turn, relaying, said
from tests.vllm.server import MODEL, Server

ROOT = Path(__file__).resolve().parents[2]
CAP_TOKENS = {"eval-frames": 24_000, "eval-hle": 27_000, "train": 24_000, "clean": 24_000}
"""Of the context, by prompt profile."""
PIECEWISE = ("eval-hle", "train")
TOOLS_AND_TEMPLATE = 3_000
SCRIPTS = "北京的天气 🔎🧮 Ωμέγα naïve "


def overfull() -> Turn:
    """Far more documents than any prompt takes, in several scripts."""
    chance, found = random.Random(5), Evidence()
    for number in range(30):
        texts = [" ".join(chance.choices([*WORDS, SCRIPTS], k=700)) for _ in range(2)]
        documents = [Document(f"{number}-{n}", f"Title {n}", text, "file", 2.0 - n) for n, text in enumerate(texts)]
        found.add(Observation("found", Origin.RETRIEVED, tuple(documents)))
    return Turn(0, QUERY, PreferenceVector(), found, tuple(TOOL_OF), seed=1)


@pytest.mark.parametrize("profile", CAP_TOKENS)
async def test_a_context_that_is_too_long_is_cut_by_the_servers_own_tokenizer(
    server: Server, pool: Pool, profile: str
) -> None:
    bill = Bill()
    async with (
        relaying(server.root, in_turn([said(call_text("answer-1"))])) as relay,
        policy_at(relay.base_url, pool, streaming=True, model=f"{MODEL};profile={profile}") as policy,
    ):
        decision = await policy.decide(overfull(), bill)
    assert decision.call is not None, decision.problem
    (call,) = bill
    assert call.tokens_by == f"{relay.root}/tokenize"
    tokens = await prompt_tokens(server.root, relay.requests[0])
    assert call.usage.input_tokens == len(tokens)
    assert len(tokens) <= CAP_TOKENS[profile] + TOOLS_AND_TEMPLATE
    user = relay.requests[0]["messages"][1]["content"]
    # The released code decodes each token alone, which breaks every character of several tokens.
    assert ("\ufffd" in user) == (profile in PIECEWISE)
    if profile not in PIECEWISE:
        assert "北京的天气 🔎🧮" in user
        assert len(tokens) >= CAP_TOKENS[profile] * 0.8, "far more was cut than had to be"


async def test_thinking_is_heard_while_the_model_writes(server: Server, pool: Pool) -> None:
    thought = "First I look. " * 20 + "先查一下资料 🔎"
    heard: list[Heard] = []
    async with (
        relaying(server.root, in_turn([said(call_text("search-2", thought))])) as relay,
        policy_at(relay.base_url, pool, streaming=True) as policy,
    ):
        arrived = asyncio.create_task(policy.decide(turn(), Bill(heard.append)))
        while not heard and not arrived.done():  # noqa: ASYNC110 - that is what is tested
            await asyncio.sleep(0.001)
        assert not arrived.done(), "nothing was heard before the reply was whole"
        decision = await arrived
    assert len(heard) > 20
    assert "".join(piece.piece for piece in heard if piece.thinking).strip() == decision.thought == thought
    assert decision.call.model == "search-2"


async def test_the_first_valid_of_several_calls_counts(server: Server, pool: Pool) -> None:
    text = '<tool_call>\n{"name": "fly", "arguments": {"model": "x"}}\n</tool_call>\n' + call_text("answer-1")
    for streaming in (True, False):
        async with (
            relaying(server.root, in_turn([said(text)])) as relay,
            policy_at(relay.base_url, pool, streaming=streaming) as policy,
        ):
            decision = await policy.decide(turn(), Bill())
        assert decision.call.model == "answer-1"


async def test_the_metrics_of_the_server_are_understood(server: Server, pool: Pool) -> None:
    async with (
        relaying(server.root, in_turn([said(call_text("answer-1"))])) as relay,
        policy_at(relay.base_url, pool, streaming=True) as policy,
    ):
        for _ in range(2):
            await policy.decide(turn(), Bill())
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
        read = read_metrics((await http.get(f"{server.root}/metrics")).text, MODEL)
    assert read is not None
    assert read.models == (MODEL,)
    assert (read.running, read.waiting) == (0, 0)
    assert read.generation_tokens > 0
    assert read.prompt_tokens > 0
    assert 0 < read.prefix_hit_rate < 1
    assert 0 <= read.cache_used <= 1
    assert read.first_token[-1][1] > 0


async def test_the_pool_check_reaches_the_server_and_prices_its_model(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "pool.toml"
    file.write_text(
        f"""
name = "real"
[endpoint.here]
base_url = "{server.base_url}"
self_hosted = true
[orchestrator]
endpoint = "here"
model = "{MODEL}"
price = {{ usd_per_gpu_hour = 1.1, source = "test" }}
[alias.answer-1]
endpoint = "here"
model = "{MODEL}"
description = "The same model."
latency_s = 1
max_output_tokens = 64
price = {{ input_usd_per_mtok = 1, output_usd_per_mtok = 2, source = "test" }}
"""
    )
    command = [sys.executable, "-m", "webapp", "pool", "check", "--pool", str(file), "--json"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, err.decode()
    told = json.dumps(json.loads(out))
    assert "unreachable" not in told
    assert "reached" in told


def turn() -> Turn:
    found = Evidence()
    found.add(Observation("found", Origin.RETRIEVED, (Document("d", "Title", "Text.", "file"),)))
    return Turn(0, QUERY, PreferenceVector(), found, tuple(TOOL_OF), seed=1)
