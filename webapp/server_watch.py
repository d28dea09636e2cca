"""One model server as it is now: looked at when somebody asks, not oftener than every two seconds."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import httpx

from orchestrator.endpoint_client import EndpointClient, EndpointFailed
from orchestrator.pool import Endpoint
from orchestrator.serving_metrics import ServingMetrics, ServingRates, rates, read_metrics

EVERY_S: Final = 2.0
"""Least seconds between two looks."""
SELDOM_S: Final = 60.0
"""Least seconds between two looks at a server that has no metrics, such as a hosted one."""
WITHIN_S: Final = 2.0
SPAN_S: Final = 10.0
"""Rates are those of so many seconds, as far as somebody looked."""


class Reach(StrEnum):
    """What came of the last look."""

    UP = "up"
    SLOW = "slow"
    """It did not answer in time, as one does that shares a busy machine. The numbers are those of the look before."""
    UNREACHABLE = "unreachable"
    NO_METRICS = "no metrics"
    """It answers, and tells nothing of itself that is understood here."""


@dataclass(frozen=True, slots=True)
class ServerLook:
    """What the last look found."""

    reach: Reach
    at: datetime
    problem: str | None = None
    """Why it could not be reached, or was not in time."""
    metrics: ServingMetrics | None = None
    rates: ServingRates | None = None
    """`None` until there were two looks."""
    root: str | None = None
    """What the server says that the model really is: a folder or a name."""


class ServerWatch:
    """Looks at one server. Everybody who asks at the same time shares one look."""

    def __init__(self, endpoint: Endpoint, model: str, transport: httpx.AsyncBaseTransport) -> None:
        self.last: ServerLook | None = None
        self._endpoint = endpoint
        self._model = model
        self._transport = transport
        self._root: str | None = None
        self._root_known = False
        self._readings: deque[tuple[float, ServingMetrics]] = deque()
        self._next_at = 0.0
        self._looking: asyncio.Task[None] | None = None

    async def look(self) -> ServerLook | None:
        """What the last look found, after a new one where the last is old. Takes `WITHIN_S` seconds at most."""
        if self._looking is None and time.monotonic() >= self._next_at:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked)
        if self._looking is not None:
            # Whoever asked may go away; the others still want to know.
            await asyncio.shield(self._looking)
        return self.last

    async def aclose(self) -> None:
        """Break off the look that is under way."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    def _looked(self, _: asyncio.Task[None]) -> None:
        self._looking = None

    async def _look(self) -> None:
        # A client of its own: what is asked here must neither open nor close the breaker of the runs.
        client = EndpointClient(self._endpoint, self._transport, retries=0)
        try:
            async with asyncio.timeout(WITHIN_S):
                self.last = await self._asked(client)
        except TimeoutError:
            self.last = self._late(f"{client.base} did not answer within {WITHIN_S:g} s")
        seldom = self.last.reach is Reach.NO_METRICS
        self._next_at = time.monotonic() + (SELDOM_S if seldom else EVERY_S)

    async def _asked(self, client: EndpointClient) -> ServerLook:
        try:
            text = await client.get_text(f"{client.base.removesuffix('/v1')}/metrics", timeout_s=2 * WITHIN_S)
        except EndpointFailed as failure:
            if failure.status is None or failure.status >= httpx.codes.INTERNAL_SERVER_ERROR:
                return self._lost(str(failure))
            text = ""
        root = await self._served(client)
        metrics, at = read_metrics(text, self._model), datetime.now(UTC)
        if metrics is None:
            return ServerLook(Reach.NO_METRICS, at, root=root)
        return ServerLook(Reach.UP, at, metrics=metrics, rates=self._rates(metrics), root=root)

    def _late(self, problem: str) -> ServerLook:
        before = self.last.metrics if self.last is not None else None
        return ServerLook(Reach.SLOW, datetime.now(UTC), problem, before, root=self._root)

    def _lost(self, problem: str) -> ServerLook:
        self._readings.clear()
        # Another model may be served when it comes back.
        self._root, self._root_known = None, False
        return ServerLook(Reach.UNREACHABLE, datetime.now(UTC), problem)

    async def _served(self, client: EndpointClient) -> str | None:
        """What the model really is, asked once as long as the server is there."""
        if not self._root_known:
            try:
                self._root = _root(await client.get_json("/models", timeout_s=2 * WITHIN_S), self._model)
            except EndpointFailed:
                self._root = None
            self._root_known = True
        return self._root

    def _rates(self, metrics: ServingMetrics) -> ServingRates | None:
        now = time.monotonic()
        while self._readings and now - self._readings[0][0] > SPAN_S:
            self._readings.popleft()
        self._readings.append((now, metrics))
        since, before = self._readings[0]
        return rates(before, metrics, now - since) if now > since else None


def _root(listed: Any, model: str) -> str | None:
    """The `root` of a model in an OpenAI-style list, which vLLM tells."""
    models = listed.get("data") if isinstance(listed, Mapping) else None
    for one in models if isinstance(models, list) else []:
        if isinstance(one, Mapping) and one.get("id") == model and isinstance(one.get("root"), str):
            return str(one["root"])
    return None
