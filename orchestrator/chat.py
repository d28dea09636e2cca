"""Chat completions of every OpenAI-compatible server."""

import time
from datetime import UTC, datetime
from typing import Final

import httpx

from orchestrator.chat_reading import ChatReading, Raw
from orchestrator.chat_request import ChatRequest, Dialect
from orchestrator.completion import Completion, completion
from orchestrator.course import Course
from orchestrator.endpoint_client import EndpointClient, EndpointFailed, Sent
from orchestrator.hearing import Hear, Hearing
from orchestrator.key import Given
from orchestrator.pool import Endpoint
from orchestrator.retry import RETRIES
from orchestrator.transport import PooledTransport

_PATH: Final = "/chat/completions"


class ChatClient:
    """Chat completions of one endpoint, streamed where the endpoint says so."""

    def __init__(
        self,
        endpoint: Endpoint,
        transport: httpx.AsyncBaseTransport,
        *,
        retries: int = RETRIES,
        given: Given | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.server = EndpointClient(endpoint, transport, retries=retries, given=given)
        self._dialect = Dialect(endpoint)

    @property
    def in_flight(self) -> int:
        """Calls under way now."""
        return self.server.in_flight

    async def complete(
        self, request: ChatRequest, course: Course | None = None, hear: Hear | None = None, *, anew: bool = False
    ) -> Completion:
        """The model's reply within the sampling's `timeout_s`, waiting and retries included; raises EndpointFailed.

        `hear` is told each piece while the model writes, the first one as a new beginning where `anew`.
        """
        course = course or Course()
        hearing = None if hear is None else Hearing(hear, self.server.key, anew=anew)
        started_at, clock = datetime.now(UTC), time.perf_counter()
        raw = await self._asked(request, course, ChatReading(self.server, course, hearing))
        latency_s = time.perf_counter() - clock
        return completion(raw, started_at, latency_s, course.in_flight or 1, tuple(course.attempts))

    async def _asked(self, request: ChatRequest, course: Course, reading: ChatReading) -> Raw:
        """The reply to the request, or to the request without what the server refuses to be told."""
        known = wording = self._dialect.wording(request)
        left_s = request.sampling.timeout_s
        while True:
            course.sent = body = wording.json()
            clock = time.perf_counter()
            try:
                sent = Sent("POST", _PATH, body.encode("ascii"))
                raw = await self.server.exchange(sent, reading, left_s, course)
            except EndpointFailed as failure:
                other = wording.after(failure, body)
                if other is None:
                    raise
                course.failed(str(failure))
                wording, left_s = other, left_s - (time.perf_counter() - clock)
            else:
                if wording is not known:
                    self._dialect.learn(wording)
                return raw


class ChatClients:
    """One client per endpoint over one transport: connections, calls in flight, limit and breaker are the server's."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport or PooledTransport()
        self._clients: dict[Endpoint, ChatClient] = {}
        self._given: Given = {}

    def of(self, endpoint: Endpoint) -> ChatClient:
        """The chat client of that endpoint; the same one each time."""
        if endpoint not in self._clients:
            self._clients[endpoint] = ChatClient(endpoint, self._transport, given=self._given)
        return self._clients[endpoint]

    def endpoint(self, endpoint: Endpoint) -> EndpointClient:
        """What speaks to that endpoint; the same object as below its chat client."""
        return self.of(endpoint).server

    def apart(self, endpoint: Endpoint) -> EndpointClient:
        """A client of its own, for what must neither wait for chats nor count as their failure. It tries once."""
        return EndpointClient(endpoint, self._transport, retries=0, given=self._given)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()
