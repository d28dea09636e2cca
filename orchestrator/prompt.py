"""What the orchestrator reads at a turn: two messages and three tools, in the layout its model was evaluated with.

The layout is that of ToolOrchestra's FRAMES evaluation; descriptions are Podium's own and come from the pool. Pure.
Building a prompt costs time in proportion to what is kept in it, however much was gathered before.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from orchestrator.evidence import Evidence
from orchestrator.policy import Turn
from orchestrator.pool import TOOLS, Pool, PoolEntry
from orchestrator.preference import instruction
from orchestrator.trajectory import CodeRun, Document

SYSTEM: Final = "You are good at using tools."
USER: Final = "Problem: {problem}\n\n{context}\n\nChoose an appropriate tool."
WITH_PREFERENCE: Final = "{query}\n\n{instruction}"
"""How the preference instruction is appended to the problem."""

_PURPOSE: Final = {
    "search": "Look for information that is still missing.",
    "enhance_reasoning": "Have Python code written and run, and keep its output for the answer.",
    "answer": "Give the final answer. This ends the work.",
}
_ARGUMENT: Final = {
    "search": "The model that writes the search query.",
    "enhance_reasoning": "The model that writes the code.",
    "answer": "The model that answers.",
}
_TABLE: Final = "Model | price per million input tokens | price per million output tokens | average latency"


@dataclass(frozen=True, slots=True)
class Caps:
    """How much evidence a prompt may hold."""

    document_characters: int = 4_000
    code_tokens: int = 12_000
    total_tokens: int = 24_000


class Tools(tuple[Mapping[str, Any], ...]):
    """Tools that are sent with many calls; their JSON is written once."""

    @cached_property
    def json(self) -> str:
        """All of them as a JSON list."""
        return json.dumps(self)


def estimated_tokens(text: str) -> int:
    """A careful guess: one token for three bytes. English has four or more; most other scripts about three."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return -(-size // 3)


def messages(turn: Turn, caps: Caps = Caps()) -> list[dict[str, str]]:
    """Exactly two messages, system and user, built anew from the query, the preference and the evidence."""
    wish = instruction(turn.preference)
    problem = WITH_PREFERENCE.format(query=turn.query, instruction=wish) if wish else turn.query
    user = USER.format(problem=problem, context=context(turn.evidence, caps))
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}]


def context(evidence: Evidence, caps: Caps = Caps()) -> str:
    """The documents, best last, and the code runs, newest last. What does not fit is left out from the front."""
    code = _code(evidence.code_runs, caps.code_tokens)
    room = caps.total_tokens - estimated_tokens(code)
    documents = _documents(evidence, room, caps.document_characters)
    heading = "Documents:\n" if documents else ""
    return f"{heading}{documents}\npython code and execution outputs:\n{code}"


def _documents(evidence: Evidence, room: int, longest: int) -> str:
    kept: list[str] = []
    for number, document in _best_last_backwards(evidence.searches):
        text = f"Doc {number}: {_passage(document, longest)}\n\n"
        room -= estimated_tokens(text)
        if room < 0:
            break
        kept.append(text)
    return "".join(reversed(kept))


def _best_last_backwards(searches: Sequence[Sequence[Document]]) -> Iterator[tuple[int, Document]]:
    """Documents with their numbers, from the last of the prompt to the first: newest search first, best first in it."""
    number = sum(map(len, searches))
    for found in reversed(searches):
        for document in found:
            yield number, document
            number -= 1


def _passage(document: Document, longest: int) -> str:
    titled = document.text if document.text.startswith(document.title) else f"{document.title}\n{document.text}"
    return titled[:longest]


def _code(runs: Sequence[CodeRun], room: int) -> str:
    kept: list[str] = []
    for run in reversed(runs):
        text = _block(run, longest=3 * room)
        size = estimated_tokens(text)
        if size > room:
            if not kept:
                # One token is at least one character, so this many characters always fit.
                kept.append(f"```\n{text[-room:]}" if room > 0 else "")
            break
        room -= size
        kept.append(text)
    return "".join(reversed(kept))


def _block(run: CodeRun, longest: int) -> str:
    output = "\n".join(part[-longest:] for part in _outputs(run)) or "(no output)"
    return f"```python\n{run.code[-longest:]}\n```\n\n```output\n{output}\n```\n\n"


def _outputs(run: CodeRun) -> Iterator[str]:
    if run.stdout:
        yield run.stdout.rstrip("\n")
    if run.value is not None and run.value != "None":
        yield run.value
    if run.error:
        yield run.error


def tools(pool: Pool, offered: Iterable[str]) -> list[dict[str, Any]]:
    """The tools as JSON, each with one argument `model`. A tool none of whose aliases is on offer is left out."""
    there = set(offered)
    entries = [entry for entry in pool.entries if entry.alias in there]
    described = ((tool, [entry for entry in entries if entry.tool == tool]) for tool in TOOLS)
    return [_tool(tool, serving) for tool, serving in described if serving]


def _tool(tool: str, entries: Sequence[PoolEntry]) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": tool,
            "description": _PURPOSE[tool],
            "parameters": {
                "properties": {"model": {"description": _choices(tool, entries), "type": "string"}},
                "required": ["model"],
                "title": "parameters",
                "type": "object",
            },
        },
    }


def _choices(tool: str, entries: Sequence[PoolEntry]) -> str:
    aliases = ", ".join(f"'{entry.alias}'" for entry in entries)
    said = " ".join(f"{entry.alias}: {entry.description.strip()}" for entry in entries)
    rows = "\n".join(price_row(entry) for entry in entries)
    return f"{_ARGUMENT[tool]} Choices: [{aliases}]. {said}\n{_TABLE}\n{rows}"


def price_row(entry: PoolEntry) -> str:
    """One row of the price table: `alias | $in | $out | Ns`."""
    price = entry.price
    dollars_in = None if price is None else price.input_usd_per_mtok
    dollars_out = None if price is None else price.output_usd_per_mtok
    return f"{entry.alias} | {_dollars(dollars_in)} | {_dollars(dollars_out)} | {entry.latency_s:g}s"


def _dollars(price: Decimal | None) -> str:
    return "unknown" if price is None else f"${price.normalize():f}"
