"""`search`: an expert writes the query, a retriever finds passages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from orchestrator.bill import Bill
from orchestrator.expert import Expert
from orchestrator.model_call import CallRole, ModelCall, known_dollars
from orchestrator.retrieval.retriever import Retriever
from orchestrator.tool import Request, ToolError
from orchestrator.tools.offering import able, behind
from orchestrator.trajectory import Document, Observation, Origin

_QUERY = re.compile(r"<query>(.*?)</query>", re.DOTALL | re.IGNORECASE)
_TITLES_SHOWN: Final = 3
_QUERY_CHARACTERS: Final = 2000


class SearchTool:
    """Serves the aliases of `search`. `experts` maps each alias to the writer of its queries, in the pool's order."""

    def __init__(self, experts: Mapping[str, Expert], retriever: Retriever) -> None:
        self._experts = experts
        self._retriever = retriever

    def offered(self, request: Request) -> Sequence[str]:
        """The aliases whose expert can write a query."""
        return able(self._experts, CallRole.QUERY_WRITER, request)

    async def __call__(self, alias: str, request: Request, bill: Bill) -> Observation:
        """The passages that fit the expert's query best.

        Raises ToolError where it wrote none or nothing could be searched, and CannotAfford before any money is spent
        where the search alone would cost more than is left.
        """
        expert = behind(self._experts, alias)
        self._retriever.afford(request.left)
        before = len(bill)
        reply = await expert.reply(CallRole.QUERY_WRITER, request, bill)
        query = written_query(reply.text)
        if not query:
            raise ToolError(f"{alias} wrote no search query")
        documents = await self._retriever.retrieve(query, _behind(request, bill[before:]), alias, bill)
        if not documents:
            return Observation(f"Nothing was found for “{query}”.", Origin.NONE, search_query=query)
        return Observation(_told(query, documents), Origin.RETRIEVED, documents, query)


def _behind(request: Request, calls: Sequence[ModelCall]) -> Request:
    """The request with what is left behind these calls."""
    left = request.left
    if left.usd is not None:
        left = replace(left, usd=max(left.usd - known_dollars(calls), Decimal(0)))
    if left.seconds is not None:
        left = replace(left, seconds=max(left.seconds - sum(call.latency_s for call in calls), 0.0))
    return replace(request, left=left)


def written_query(text: str) -> str:
    """The query in a writer's reply: the last one inside `<query></query>`, or the whole reply; one line."""
    marked = _QUERY.findall(text)
    query = marked[-1] if marked else text
    return " ".join(query.split())[:_QUERY_CHARACTERS].strip(" \"“”'")


def _told(query: str, documents: Sequence[Document]) -> str:
    titles = list(dict.fromkeys(document.title for document in documents))
    shown = "; ".join(titles[:_TITLES_SHOWN])
    more = f"; and {len(titles) - _TITLES_SHOWN} more" if len(titles) > _TITLES_SHOWN else ""
    noun = "passage" if len(documents) == 1 else "passages"
    return f"Found {len(documents)} {noun} for “{query}”: {shown}{more}"
