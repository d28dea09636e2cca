"""The seam of search: a query goes in, documents come out, and what it took is on the bill."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from orchestrator.bill import Bill
from orchestrator.documents.index import MODEL, Index
from orchestrator.model_call import FREE, Attempt, CallRole, Charge, ModelCall
from orchestrator.tool import Remaining, Request, ToolError
from orchestrator.trajectory import Document


class Retriever(Protocol):
    """Finds passages. Each search is appended to `bill` with the role RETRIEVER, also when it fails or is cancelled."""

    @property
    def name(self) -> str:
        """What stands as the model in its calls."""

    def afford(self, left: Remaining) -> None:
        """Raises CannotAfford where one search costs more than what is left."""

    async def retrieve(self, query: str, request: Request, alias: str, bill: Bill) -> tuple[Document, ...]:
        """The passages that fit best, best first; raises ToolError, or CannotAfford before any money is spent."""


@dataclass(slots=True)
class Retrieval:
    """One search while it is under way: what its call on the bill will say."""

    charge: Charge
    """What it costs if it ends now."""
    attempts: list[Attempt] = field(default_factory=list)
    in_flight: int | None = None
    prompt: str | None = None


async def billed(
    name: str, alias: str, bill: Bill, retrieval: Retrieval, search: Callable[[], Awaitable[tuple[Document, ...]]]
) -> tuple[Document, ...]:
    """What `search` finds; its call is appended to `bill` whatever happens."""
    started_at, began = datetime.now(UTC), time.perf_counter()
    error: str | None = "cancelled"
    try:
        found = await search()
        error = None
    except ToolError as failure:
        error = str(failure)
        raise
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
        raise
    finally:
        bill.append(
            ModelCall(
                CallRole.RETRIEVER,
                alias,
                name,
                None,
                retrieval.charge,
                started_at,
                time.perf_counter() - began,
                attempts=tuple(retrieval.attempts),
                in_flight=retrieval.in_flight,
                prompt=retrieval.prompt,
                error=error,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class IndexRetriever:
    """The index on this machine, searched in a thread so that other runs go on. Free."""

    index: Index
    passages: int = 8

    @property
    def name(self) -> str:
        """What stands as the model in its calls."""
        return MODEL

    def afford(self, left: Remaining) -> None:
        """Nothing to pay."""

    async def retrieve(self, query: str, request: Request, alias: str, bill: Bill) -> tuple[Document, ...]:  # noqa: ARG002 - the words of the query are enough
        """The passages that fit best, best first."""

        async def search() -> tuple[Document, ...]:
            return await asyncio.to_thread(self.index.search, query, self.passages)

        return await billed(self.name, alias, bill, Retrieval(FREE), search)
