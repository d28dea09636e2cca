"""`search`: an expert writes the query, the index finds passages."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from orchestrator.bill import Bill
from orchestrator.documents.index import MODEL, Index
from orchestrator.expert import Expert
from orchestrator.model_call import FREE, CallRole, ModelCall
from orchestrator.tool import Request, ToolError
from orchestrator.tools.offering import able, behind
from orchestrator.trajectory import Document, Observation, Origin

_QUERY = re.compile(r"<query>(.*?)</query>", re.DOTALL | re.IGNORECASE)
_TITLES_SHOWN: Final = 3
_QUERY_CHARACTERS: Final = 2000


class SearchTool:
    """Serves the aliases of `search`. `experts` maps each alias to the writer of its queries, in the pool's order."""

    def __init__(self, experts: Mapping[str, Expert], index: Index, *, passages: int = 8) -> None:
        self._experts = experts
        self._index = index
        self._passages = passages

    def offered(self, request: Request) -> Sequence[str]:
        """The aliases whose expert can write a query."""
        return able(self._experts, CallRole.QUERY_WRITER, request)

    async def __call__(self, alias: str, request: Request, bill: Bill) -> Observation:
        """The passages that fit the expert's query best; raises ToolError where it wrote none."""
        reply = await behind(self._experts, alias).reply(CallRole.QUERY_WRITER, request, bill)
        query = written_query(reply.text)
        if not query:
            raise ToolError(f"{alias} wrote no search query")
        documents = await self._retrieve(alias, query, bill)
        if not documents:
            return Observation(f"Nothing was found for “{query}”.", Origin.NONE, search_query=query)
        return Observation(_told(query, documents), Origin.RETRIEVED, documents, query)

    async def _retrieve(self, alias: str, query: str, bill: Bill) -> tuple[Document, ...]:
        """Search in a thread, so that other runs go on; billed also when it fails or is cancelled."""
        started_at, began = datetime.now(UTC), time.perf_counter()
        error: str | None = "cancelled"
        try:
            found = await asyncio.to_thread(self._index.search, query, self._passages)
            error = None
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
            raise
        finally:
            latency_s = time.perf_counter() - began
            bill.append(ModelCall(CallRole.RETRIEVER, alias, MODEL, None, FREE, started_at, latency_s, error=error))
        return found


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
