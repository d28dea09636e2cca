"""Prompts are built anew each turn, and still a real vLLM server finds most of each one in its cache."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Any

import pytest

from orchestrator.bill import Bill
from orchestrator.pool import TOOLS, Pool
from orchestrator.tool import Request
from orchestrator.trajectory import CodeRun, Document, Observation, Origin, StopReason
from tests.vllm.asking import call_text, policy_at, prompt_tokens, run_to_end
from tests.vllm.checkpoint import WORDS
from tests.vllm.relay import in_turn, relaying, said
from tests.vllm.server import Server

BLOCK_TOKENS = 128
"""vLLM caches whole blocks of this many tokens on a CPU."""
ROUTE = (
    "search-1", "search-2", "reasoner-1", "search-3", "reasoner-2",
    "search-1", "search-2", "reasoner-3", "search-3", "answer-1",
)  # fmt: skip
CODE_HEADING = "\npython code and execution outputs:\n"
Measure = Callable[[str, object], None]


@dataclass(slots=True)
class Gathering:
    """A tool whose every call brings something new: passages, a program with its output, or the answer."""

    tool: str
    passages: int = 3
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def offered(self, request: Request) -> Sequence[str]:
        return TOOLS[self.tool]

    async def __call__(self, alias: str, request: Request, bill: Bill) -> Observation:
        if self.tool == "answer":
            return Observation("397.8", Origin.MODEL)
        if self.tool == "enhance_reasoning":
            run = CodeRun(f"# {self._words(30)}\nprint(17 * 23.4)", "397.8\n")
            return Observation("397.8", Origin.EXECUTED, code_run=run)
        number = self.chance.randrange(10**9)
        found = [
            Document(f"{number}-{n}", f"Title {number}-{n}", self._words(150), "file.txt", float(self.passages - n))
            for n in range(self.passages)
        ]
        return Observation("found", Origin.RETRIEVED, tuple(found), "words")

    def _words(self, count: int) -> str:
        return " ".join(self.chance.choices(WORDS, k=count))


@pytest.mark.parametrize("streaming", [True, False], ids=["streaming", "whole"])
async def test_ten_turns_are_read_from_the_cache_up_to_what_is_new(
    server: Server, pool: Pool, streaming: bool, measure: Measure
) -> None:
    tools = {tool: Gathering(tool) for tool in TOOLS}
    script = in_turn([said(call_text(alias, "Go on.")) for alias in ROUTE])
    # Each way asks something else, so that neither finds the other's prompts in the cache.
    query = f"What is 17% of 2,340? ({'streaming' if streaming else 'whole'})"
    async with (
        relaying(server.root, script) as relay,
        policy_at(relay.base_url, pool, streaming=streaming) as policy,
    ):
        trajectory = await run_to_end(policy, tools, turns=len(ROUTE), query=query)
    assert trajectory.stop_reason is StopReason.ANSWERED
    assert len(relay.requests) == len(ROUTE)
    stable(relay.requests)

    prompts = [await prompt_tokens(server.root, sent) for sent in relay.requests]
    usages = [step.calls[0].usage for step in trajectory.steps]
    assert [usage.input_tokens for usage in usages] == [len(prompt) for prompt in prompts]
    sure = [whole_blocks(prompt, before) for before, prompt in pairwise(prompts)]
    for usage, least in zip(usages[1:], sure, strict=True):
        assert usage.cached_tokens >= least
    cached, read = sum(usage.cached_tokens for usage in usages), sum(usage.input_tokens for usage in usages)
    # A turn shares all but what it adds with the turn before. Of that, at most one block less one token is not whole.
    assert cached / read >= sum(sure) / read >= 0.6
    measure(
        f"prefix-cache hits over {len(ROUTE)} turns, {'streaming' if streaming else 'whole'}", f"{cached / read:.1%}"
    )
    measure("  tokens of each prompt (cached)", ", ".join(f"{u.input_tokens} ({u.cached_tokens})" for u in usages))


async def test_a_context_that_is_full_is_read_anew_but_for_its_head(
    server: Server, pool: Pool, measure: Measure
) -> None:
    """What is cut from the front of the documents moves all the others; tools and problem stand before them."""
    route = (*ROUTE[:4], ROUTE[-1])
    tools = {tool: Gathering(tool, passages=150) for tool in TOOLS}
    script = in_turn([said(call_text(alias, "Go on.")) for alias in route])
    async with (
        relaying(server.root, script) as relay,
        policy_at(relay.base_url, pool, streaming=True) as policy,
    ):
        trajectory = await run_to_end(policy, tools, turns=len(route), query="What is 17% of 2,340? (full)")
    assert trajectory.stop_reason is StopReason.ANSWERED
    head = len(await prompt_tokens(server.root, relay.requests[0])) // BLOCK_TOKENS * BLOCK_TOKENS
    usages = [step.calls[0].usage for step in trajectory.steps]
    assert all(usage.cached_tokens >= head - BLOCK_TOKENS for usage in usages[1:])
    cached, read = sum(usage.cached_tokens for usage in usages), sum(usage.input_tokens for usage in usages)
    measure(f"prefix-cache hits over {len(route)} turns, context full", f"{cached / read:.1%}")


def stable(requests: Sequence[dict[str, Any]]) -> None:
    """Tools and system message stay; the user message begins as the one before, up to the end of its documents."""
    for before, after in pairwise(requests):
        assert after["tools"] == before["tools"]
        assert after["messages"][0] == before["messages"][0]
        kept, separator, _ = before["messages"][1]["content"].partition(CODE_HEADING)
        assert separator
        assert after["messages"][1]["content"].startswith(kept)


def whole_blocks(prompt: Sequence[int], before: Sequence[int]) -> int:
    """Tokens in whole blocks that a prompt shares with the one before; the last token is always read again."""
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(prompt, before, strict=False)))
    return min(shared, len(prompt) - 1) // BLOCK_TOKENS * BLOCK_TOKENS
