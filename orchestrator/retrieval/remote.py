"""A search server at an endpoint: asked once for each search, billed by the search, its reply read as data."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from orchestrator.bill import Bill
from orchestrator.endpoint_client import EndpointClient, EndpointFailed
from orchestrator.model_call import Attempt, Charge, ChargeStatus, unpriced
from orchestrator.pool import SearchBackend
from orchestrator.retrieval.found import documents, one_line, visible
from orchestrator.retrieval.retriever import Retrieval, billed
from orchestrator.retrieval.speech import NothingReplied, SearchRequest, Speech, UnreadableReply
from orchestrator.tool import CannotAfford, Remaining, Request, ToolError
from orchestrator.trajectory import Document

TIMEOUT_S: Final = 30.0
"""For one search, its retries included."""
LONGEST_QUERY: Final = 390
"""Characters; ToolOrchestra sends no more to `/retrieve`, and Tavily takes 400."""
_SAID_CHARACTERS: Final = 300
_ADVICE: Final = {
    403: "does the key allow searches?",
    404: "is base_url right?",
    429: "too many searches, or the plan is used up",
}


@dataclass(frozen=True, slots=True)
class RemoteRetriever:
    """A server that is spoken to in `speech`."""

    speech: Speech
    client: EndpointClient
    backend: SearchBackend
    timeout_s: float = TIMEOUT_S

    @property
    def name(self) -> str:
        """What stands as the model in its calls."""
        return self.speech.name

    def afford(self, left: Remaining) -> None:
        """Raises CannotAfford where one search costs more than what is left."""
        usd = self.backend.usd_per_search
        if usd is not None and left.usd is not None and usd > left.usd:
            raise CannotAfford(f"a search by {self.name} costs ${usd}, and ${left.usd} are left; raise the limit")

    async def retrieve(self, query: str, request: Request, alias: str, bill: Bill) -> tuple[Document, ...]:
        """The passages that fit best, best first; raises ToolError, or CannotAfford before any money is spent."""
        self.afford(request.left)
        sent = self.speech.request(visible(query)[:LONGEST_QUERY], self.backend.passages)
        retrieval = Retrieval(self._charge(searched=False), in_flight=self.client.in_flight + 1, prompt=_written(sent))
        seconds = request.left.seconds
        timeout_s = self.timeout_s if seconds is None else min(self.timeout_s, seconds)

        async def search() -> tuple[Document, ...]:
            reply = await self._reply(sent, timeout_s, retrieval.attempts)
            retrieval.charge = self._charge(searched=True)
            # Markup of a stranger may take long to read, so other runs go on meanwhile.
            return await asyncio.to_thread(self._documents, reply)

        return await billed(self.name, alias, bill, retrieval, search)

    async def _reply(self, sent: SearchRequest, timeout_s: float, attempts: list[Attempt]) -> object:
        try:
            if sent.body is None:
                return await self.client.get_json(sent.path, timeout_s=timeout_s, attempts=attempts)
            return await self.client.post_json(sent.path, sent.body, timeout_s=timeout_s, attempts=attempts)
        except EndpointFailed as failure:
            raise ToolError(f"{self.name} did not search: {self._refusal(failure)}") from failure

    def _refusal(self, failure: EndpointFailed) -> str:
        """What went wrong, with what to do about it at a server of searches."""
        advice = {**_ADVICE, **self.speech.advice}.get(failure.status or 0)
        if advice is None:
            return str(failure)
        said = one_line(failure.said, _SAID_CHARACTERS)
        base = self.client.endpoint.base_url
        return f"{base} replied with HTTP {failure.status}{f': {said}' if said else ''}; {advice}"

    def _documents(self, reply: object) -> tuple[Document, ...]:
        try:
            found = self.speech.found(reply)
        except UnreadableReply as error:
            base = self.client.endpoint.base_url
            raise ToolError(f"{base} replied with {error}: is it a {self.name}?") from error
        except NothingReplied as reason:
            raise ToolError(f"{self.name} found nothing because {reason}") from reason
        return documents(found, self.name, self.backend.passages, web=self.speech.web)

    def _charge(self, *, searched: bool) -> Charge:
        backend, usd = self.backend, self.backend.usd_per_search
        as_of = backend.as_of or datetime.now(UTC).date()
        if usd is None:
            return unpriced(f"the pool gives a search by {self.name} no price (usd_per_search)")
        if usd == 0:
            return Charge(Decimal(0), ChargeStatus.FREE, backend.source, as_of)
        if not searched:
            return unpriced(f"the search did not end well; whether {self.name} charges for it is not known")
        return Charge(usd, ChargeStatus.PRICED, backend.source, as_of)


def _written(sent: SearchRequest) -> str:
    return sent.path if sent.body is None else json.dumps(sent.body, ensure_ascii=False)
