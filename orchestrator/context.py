"""The evidence of a turn in the layout of a profile: what the prompt holds between the problem and the last line.

It is made of blocks, one a document or a code run, and read from its end: what is kept costs time, what was gathered
before does not. A block ends in a line break and the next begins with a sign, so that its tokens are its own.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.evidence import Evidence
from orchestrator.profile import Characters, Cut, Heading, Order, Outputs, PromptProfile, template_parts
from orchestrator.tokenizer import Tokenizer
from orchestrator.trajectory import CodeRun, Document

_FENCE: Final = "```\n"
"""Stands before code that lost its beginning."""
_MARKER: Final = re.compile(r"<\|(?!fim_|repo_name|file_sep)[a-z0-9_]+\|>")
"""Tokens that frame a chat. In evidence they would end the user's message; ToolOrchestra's decoding drops them, too."""


@dataclass(frozen=True, slots=True)
class Context:
    """The text, and its length in tokens as the prompt's tokenizer counts them."""

    text: str
    tokens: int


async def context_of(evidence: Evidence, profile: PromptProfile, tokenizer: Tokenizer, problem: str) -> Context:
    """Documents, best last, then code runs, newest last. What does not fit is left out from the front."""
    room = profile.total_tokens
    if profile.problem_counts:
        room -= await tokenizer.count(problem)
    if profile.cut is Cut.BLOCKS:
        return await _in_blocks(evidence, profile, tokenizer, room)
    return await _in_tokens(evidence, profile, tokenizer, room)


async def _in_tokens(evidence: Evidence, profile: PromptProfile, tokenizer: Tokenizer, room: int) -> Context:
    """The last tokens of all. The code is cut first; where there was more of it than room, nothing else is told."""
    pieces = profile.characters is Characters.PIECES
    runs = (_code_block(run, profile) for run in _told(evidence.code_runs, profile.outputs))
    most = profile.code_tokens
    code, there = await _tail(runs, most, max(most, room), tokenizer, pieces)
    if code and not code[0].startswith("```"):
        code[0] = f"{_FENCE}{code[0]}"
    if there >= room:
        return Context("".join(code), min(there, most))
    kept, there = await _tail(_backwards(code, evidence, profile), room, room, tokenizer, pieces)
    if not evidence.searches:
        return Context("".join(kept), min(there, room))
    heading = profile.documents_heading
    return Context(f"{heading}{''.join(kept)}", min(there, room) + await tokenizer.count(heading))


async def _tail(
    backwards: Iterable[str], most: int, enough: int, tokenizer: Tokenizer, pieces: bool
) -> tuple[list[str], int]:
    """The last `most` tokens of blocks that come from the end, in order; and how many there are, or `enough`."""
    kept: list[str] = []
    there = 0
    for block in backwards:
        size = await tokenizer.count(block)
        room = most - there
        there += size
        if room >= size and not (pieces and not block.isascii()):
            kept.append(block)
        elif room > 0 and (part := await tokenizer.tail(block, min(room, size), piecewise=pieces)):
            kept.append(part)
        if there >= enough:
            break
    kept.reverse()
    return kept, there


def _backwards(code: Sequence[str], evidence: Evidence, profile: PromptProfile) -> Iterator[str]:
    """Code, the heading and documents from the last block to the first. The heading's tokens join the document's."""
    yield from reversed(code)
    when = profile.code_heading_when
    heading = profile.code_heading if when is Heading.ALWAYS or (when is Heading.WITH_CODE and code) else ""
    for block in _documents_backwards(evidence, profile):
        yield f"{block}{heading}"
        heading = ""
    if heading:
        yield heading


async def _in_blocks(evidence: Evidence, profile: PromptProfile, tokenizer: Tokenizer, room: int) -> Context:
    """Whole blocks only; the last part of the newest code run where not even that fits."""
    code: list[str] = []
    code_tokens, most = 0, min(profile.code_tokens, room)
    for run in _told(evidence.code_runs, profile.outputs):
        block = _code_block(run, profile)
        size = await tokenizer.count(block)
        if code_tokens + size > most:
            if not code and (part := await tokenizer.tail(block, most)):
                code, code_tokens = [f"{_FENCE}{part}"], most
            break
        code.append(block)
        code_tokens += size
    when = profile.code_heading_when
    heading = profile.code_heading if when is Heading.ALWAYS or (when is Heading.WITH_CODE and code) else ""
    used = code_tokens + (await tokenizer.count(heading) if heading else 0)
    documents: list[str] = []
    for block in _documents_backwards(evidence, profile):
        size = await tokenizer.count(block)
        if used + size > room:
            break
        documents.append(block)
        used += size
    above = profile.documents_heading if documents else ""
    return Context(f"{above}{''.join(reversed(documents))}{heading}{''.join(reversed(code))}", used)


def _documents_backwards(evidence: Evidence, profile: PromptProfile) -> Iterator[str]:
    before, between, after = template_parts(profile.document)
    number, longest, titles = sum(map(len, evidence.searches)), profile.document_characters, profile.titles
    for document in _ORDERED[profile.order](evidence.searches):
        text = document.text
        if titles and not text.startswith(document.title):
            text = f"{document.title}\n{text}"
        yield f"{before}{number}{between}{_unmarked(text[:longest])}{after}"
        number -= 1


def _appended(searches: Sequence[Sequence[Document]]) -> Iterator[Document]:
    """From the last of the prompt to the first: newest search first, best first in it."""
    for found in reversed(searches):
        yield from found


def _interleaved(searches: Sequence[Sequence[Document]]) -> Iterator[Document]:
    """The same for training's order, which places the documents of a search evenly among those of earlier ones."""
    placed: list[Document] = []
    for found in searches:
        placed = _placed_among(placed, found[::-1])
    return reversed(placed)


def _placed_among(earlier: list[Document], new: Sequence[Document]) -> list[Document]:
    """Each new document and, behind it, an equal share of the earlier; what is left over at the end."""
    if not new or len(earlier) < len(new):
        return [*earlier, *new]
    share = len(earlier) // len(new)
    placed: list[Document] = []
    for place, document in enumerate(new):
        placed.append(document)
        placed += earlier[place * share : (place + 1) * share]
    return [*placed, *earlier[share * len(new) :]]


_ORDERED: Final[dict[Order, Callable[[Sequence[Sequence[Document]]], Iterator[Document]]]] = {
    Order.APPEND: _appended,
    Order.INTERLEAVE: _interleaved,
}


def _code_block(run: CodeRun, profile: PromptProfile) -> str:
    before, between, after = template_parts(profile.code)
    return _unmarked(f"{before}{run.code}{between}{_output(run, profile.outputs)}{after}")


def _told(runs: Sequence[CodeRun], outputs: Outputs) -> Iterable[CodeRun]:
    """The runs that the prompt tells of, newest first."""
    newest_first = reversed(runs)
    if outputs is Outputs.PRINTED:
        return (run for run in newest_first if run.stdout.strip())
    return newest_first


def _output(run: CodeRun, outputs: Outputs) -> str:
    if outputs is Outputs.PRINTED:
        return run.stdout
    text = run.stdout
    for part in (run.value if run.value != "None" else None, run.error):
        if part:
            text = f"{text}\n{part}" if text and not text.endswith("\n") else f"{text}{part}"
    if outputs is Outputs.TRIMMED:
        text = text.rstrip("\n")
    return text or "(no output)"


def _unmarked(text: str) -> str:
    if "|" not in text or "<|" not in text:  # looking for one sign is much faster
        return text
    before = ""
    while before != text:  # dropping one may put another together
        before, text = text, _MARKER.sub("", text)
    return text
