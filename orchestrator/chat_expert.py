"""An expert that is a real model: asked for a search query, for code or for an answer, with prompts of our own."""

import re
from dataclasses import dataclass
from typing import Final

from orchestrator.bill import Bill
from orchestrator.chat import ChatClient, ChatFailed
from orchestrator.expert import Reply
from orchestrator.model_call import CallRole
from orchestrator.pool import PoolEntry
from orchestrator.priced_model import Asked, PricedModel
from orchestrator.prices import PriceBook
from orchestrator.prompt import Caps, context
from orchestrator.tool import Request, ToolError
from orchestrator.trajectory import Origin

TIMEOUT_S: Final = 180.0
LONGEST_SEARCH_QUERY: Final = 390
"""Characters; what retrievers are known to take."""

CAPS: Final = Caps(document_characters=4_000, code_tokens=8_000, total_tokens=20_000)
"""Evidence that an expert reads."""

_TASKS: Final = {
    CallRole.QUERY_WRITER: (
        "Question: {query}\n\nDo not answer it yet. Say what a search engine should look for next: one short query, a "
        "few key words or a brief sentence, about something that the material above does not tell. Put it between "
        "<query> and </query>."
    ),
    CallRole.CODE_WRITER: (
        "Question: {query}\n\nDo not answer it yet. Write Python that computes something which helps to answer it, and "
        "print each result with a word on what it is. The code runs alone: define everything it needs; third-party "
        "packages, files and the network are not there. Put it between ```python and ```."
    ),
    CallRole.EXPERT: (
        "Problem:\n{query}\n\nSolve it with care, step by step, and rely on the material above where there is any. "
        "Then put the final answer alone, as short as it can be, between <answer> and </answer>."
    ),
}
_FENCE: Final = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)
_BOXED: Final = "\\boxed{"


@dataclass(frozen=True, slots=True)
class ChatExpert:
    """The model of one alias behind an OpenAI-compatible endpoint."""

    entry: PoolEntry
    client: ChatClient
    book: PriceBook | None = None
    timeout_s: float = TIMEOUT_S

    def able(self, role: CallRole, request: Request) -> bool:  # noqa: ARG002 - a real model can try anything
        """Whether it knows the role; the request does not matter to it."""
        return role in _TASKS

    async def reply(self, role: CallRole, request: Request, bill: Bill) -> Reply:
        """Its text; raises ToolError, or CannotAfford before any money is spent."""
        entry = self.entry
        model = PricedModel(entry.model, self.client, entry.price, entry.self_hosted, self.book)
        asked = Asked(
            role,
            entry.alias,
            [{"role": "user", "content": _prompt(role, request)}],
            max_tokens=entry.sampling.max_tokens,
            timeout_s=self.timeout_s,
            temperature=entry.sampling.temperature or 0.0,
            seed=(request.seed * 1_000 + request.attempt) % 2**31,
        )
        try:
            completion = await model.ask(asked, request.left, bill)
        except ChatFailed as failure:
            raise ToolError(f"{entry.alias} ({entry.model}) did not reply: {failure}") from failure
        text = _READ[role](completion.text)
        if not text:
            cut = completion.finish_reason == "length"
            wanted = {CallRole.QUERY_WRITER: "query", CallRole.CODE_WRITER: "code"}.get(role, "answer")
            raise ToolError(
                f"{entry.alias} ({entry.model}) wrote no {wanted}"
                + (": its reply was cut off; raise max_output_tokens or the budget" if cut else "")
            )
        return Reply(text, Origin.MODEL)


def _prompt(role: CallRole, request: Request) -> str:
    task = _TASKS[role].format(query=request.query)
    return task if request.evidence.empty else f"{context(request.evidence, CAPS).strip()}\n\n{task}"


def search_query(text: str) -> str:
    """The last `<query>`, or the last line where there is none."""
    lines = (_last_tagged(text, "query") or text).strip().splitlines()
    return lines[-1].strip()[:LONGEST_SEARCH_QUERY] if lines else ""


def code(text: str) -> str:
    """The last fenced block; empty where there is none."""
    blocks = _FENCE.findall(text)
    return str(blocks[-1]).strip() if blocks else ""


def answer(text: str) -> str:
    """The last `<answer>` or `\\boxed{}`, else the whole text."""
    tagged = _last_tagged(text, "answer")
    return tagged if tagged is not None else (_last_boxed(text) or text.strip())


_READ: Final = {CallRole.QUERY_WRITER: search_query, CallRole.CODE_WRITER: code, CallRole.EXPERT: answer}


def _last_tagged(text: str, tag: str) -> str | None:
    start = text.rfind(f"<{tag}>")
    if start < 0:
        return None
    return text[start + len(tag) + 2 :].partition(f"</{tag}>")[0].strip()


def _last_boxed(text: str) -> str | None:
    """What stands in the last `\\boxed{…}`, braces inside it included."""
    start = text.rfind(_BOXED)
    if start < 0:
        return None
    depth, first = 1, start + len(_BOXED)
    for position in range(first, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[first:position].strip()
    return None
