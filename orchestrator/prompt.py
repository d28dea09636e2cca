"""What the orchestrator reads at a turn: two messages and three tools, in the layout of a prompt profile.

Building a prompt costs time in proportion to what is kept in it, however much was gathered before.
"""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypedDict, TypeVar

from orchestrator.context import context_of
from orchestrator.evidence import Evidence
from orchestrator.policy import Turn
from orchestrator.pool import TOOLS, Pool
from orchestrator.preference import instruction
from orchestrator.profile import DEFAULT, PromptProfile, profile
from orchestrator.tokenizer import Estimate, Tokenizer, estimated_tokens
from orchestrator.tool_text import Tools, tools

__all__ = [
    "TEMPLATE_TOKENS",
    "Caps",
    "Prompt",
    "Rendered",
    "Tools",
    "context",
    "estimated_tokens",
    "messages",
    "offered",
    "prompt_of",
    "rendered",
    "tools",
]

TEMPLATE_TOKENS: Final = 150
"""What Qwen3's chat template writes around messages and tools, and a little more."""

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Caps:
    """How much evidence a prompt may hold."""

    document_characters: int = 4_000
    code_tokens: int = 12_000
    total_tokens: int = 24_000


@dataclass(frozen=True, slots=True)
class Prompt:
    """The two messages of a turn, and their tokens as the tokenizer counts them, without tools and template."""

    messages: list[dict[str, str]]
    tokens: int


class Rendered(TypedDict):
    """A turn as it is sent."""

    messages: list[dict[str, str]]
    tools: list[dict[str, Any]]


async def prompt_of(turn: Turn, chosen: PromptProfile, tokenizer: Tokenizer) -> Prompt:
    """Exactly two messages, system and user, built anew from the query, the preference and the evidence."""
    wish = instruction(turn.preference)
    problem = chosen.preference.format(query=turn.query, instruction=wish) if wish else turn.query
    evidence = await context_of(turn.evidence, chosen, tokenizer, problem)
    user = chosen.user.format(problem=problem, context=evidence.text)
    frame = f"{chosen.system}{chosen.user.format(problem=problem, context='')}"
    said = [{"role": "system", "content": chosen.system}, {"role": "user", "content": user}]
    return Prompt(said, evidence.tokens + await tokenizer.count(frame))


async def rendered(chosen: PromptProfile, turn: Turn, pool: Pool, tokenizer: Tokenizer) -> Rendered:
    """What a turn sends under a profile, for people who want to see it."""
    prompt = await prompt_of(turn, chosen, tokenizer)
    return {"messages": prompt.messages, "tools": tools(pool, offered(turn, chosen))}


def offered(turn: Turn, chosen: PromptProfile) -> Sequence[str]:
    """The aliases of a turn that the profile lets the model choose between."""
    if not chosen.one_search or not turn.evidence.searches:
        return turn.offered
    return [alias for alias in turn.offered if alias not in TOOLS["search"]] or turn.offered


def messages(turn: Turn, name: str = DEFAULT) -> list[dict[str, str]]:
    """The messages of a turn under a bundled profile, where tokens are estimated."""
    return _at_once(prompt_of(turn, profile(name), Estimate())).messages


def context(evidence: Evidence, caps: Caps = Caps()) -> str:
    """The evidence alone, whole blocks of it, where tokens are estimated."""
    clean = profile("clean")
    layout = replace(
        clean,
        code_heading=f"\n{clean.code_heading}",
        problem_counts=False,
        document_characters=caps.document_characters,
        code_tokens=caps.code_tokens,
        total_tokens=caps.total_tokens,
    )
    return _at_once(context_of(evidence, layout, Estimate(), "")).text


def _at_once(work: Coroutine[Any, Any, Done]) -> Done:
    """The result of work that has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration as done:
        result: Done = done.value
        return result
    work.close()
    raise AssertionError("the estimate waits for nobody")
