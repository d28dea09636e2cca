"""Tries what a pool names: each model with one small call, shared by all that ask it the same way."""

import asyncio
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from orchestrator.bill import Bill
from orchestrator.chat import ChatClient
from orchestrator.endpoint_client import EndpointClient, EndpointFailed
from orchestrator.evidence import Evidence
from orchestrator.model_call import CallRole, Charge
from orchestrator.pool import Endpoint, Pool, SearchBackend, ServedModel
from orchestrator.priced_model import Asked, PricedModel
from orchestrator.prices import PriceBook, quote
from orchestrator.retrieval.choice import SPEECHES
from orchestrator.retrieval.remote import RemoteRetriever
from orchestrator.tool import Remaining, Request, ToolError
from orchestrator.transport import PooledTransport
from webapp.pool_trial import Trial, TrialState

TIMEOUT_S: Final = 60.0
"""For one call; a server that must load its model first may need it."""
AT_ONCE: Final = 8
AT_ONCE_PER_ENDPOINT: Final = 4
OUTPUT_TOKENS: Final = 64
_QUESTION: Final = "What is 2 + 3? Reply with the number alone."
_ROUTING: Final[Mapping[str, Any]] = {
    "type": "function",
    "function": {
        "name": "answer",
        "description": "Let a model answer.",
        "parameters": {"type": "object", "properties": {"model": {"type": "string"}}, "required": ["model"]},
    },
}
"""Sent to the orchestrator, so that a server which was started without a parser of tool calls refuses here already."""
_NO_LIST: Final = frozenset((404, 405, 501))

Progress = Callable[[int, int, str], None]
"""Told how many trials have ended, of how many, and what the last one was."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A model that a pool names, and what for."""

    name: str
    role: CallRole
    served: ServedModel

    @property
    def manner(self) -> Hashable:
        """Equal for those whom one call can speak for."""
        served, how = self.served, self.served.sampling
        sent = (how.temperature, how.top_p, how.top_k, how.reasoning_effort, how.thinking)
        return served.endpoint, served.model, sent, self.role is CallRole.ORCHESTRATOR


@dataclass(frozen=True, slots=True)
class _Finding:
    state: TrialState
    detail: str = ""
    latency_s: float | None = None
    charge: Charge | None = None


async def tried(
    pool: Pool, book: PriceBook, *, call: bool = True, timeout_s: float = TIMEOUT_S, on_progress: Progress | None = None
) -> tuple[Trial, ...]:
    """Each alias with its fallback, then the orchestrator, the judge and the search backend, in this order.

    Without `call`, only the servers' lists of models are looked at, and nothing is spent.
    """
    subjects = [*_subjects(pool)]
    asked: dict[Hashable, Subject] = {}
    for subject in subjects:
        asked.setdefault(subject.manner, subject)
    transport = PooledTransport()
    try:
        check = _Check(book, transport, timeout_s, call)
        searches = [pool.search] if pool.search.endpoint is not None else []
        total, done = len(asked) + len(searches), 0

        async def told(name: str, finding: _Finding) -> _Finding:
            nonlocal done
            done += 1
            if on_progress is not None:
                on_progress(done, total, f"{name}: {finding.state}")
            return finding

        async def model(subject: Subject) -> _Finding:
            served = subject.served
            return await told(f"{served.model} at {served.endpoint.base_url}", await check.model(subject))

        async def search(backend: SearchBackend) -> _Finding:
            return await told(f"search by {backend.kind}", await check.search(backend))

        found = await asyncio.gather(*map(model, asked.values()), *map(search, searches))
    finally:
        await transport.aclose()
    of_manner = dict(zip(asked, found, strict=False))
    at = datetime.now(UTC)
    models = {each.name: _trial(each, asked[each.manner], of_manner[each.manner], book, at) for each in subjects}
    return (*_in_order(pool, models), *(_searched(backend, found[-1]) for backend in searches))


def _subjects(pool: Pool) -> Iterator[Subject]:
    for entry in pool.entries:
        if (served := entry.served) is not None:
            yield Subject(entry.alias, CallRole.EXPERT, served)
        if entry.fallback is not None:
            yield Subject(_fallback(entry.alias), CallRole.EXPERT, entry.fallback)
    if pool.orchestrator is not None:
        yield Subject("orchestrator", CallRole.ORCHESTRATOR, pool.orchestrator.served)
    if pool.judge is not None:
        yield Subject("judge", CallRole.JUDGE, pool.judge)


def _fallback(alias: str) -> str:
    return f"{alias} fallback"


def _in_order(pool: Pool, models: Mapping[str, Trial]) -> Iterator[Trial]:
    for entry in pool.entries:
        if entry.alias in models:
            yield models[entry.alias]
        else:
            found = quote(entry.model, None, datetime.now(UTC), own=entry.price)
            yield Trial(entry.alias, entry.model, None, TrialState.SIMULATED, quote=found)
        if _fallback(entry.alias) in models:
            yield models[_fallback(entry.alias)]
    yield from (models[name] for name in ("orchestrator", "judge") if name in models)


def _trial(subject: Subject, asked: Subject, finding: _Finding, book: PriceBook, at: datetime) -> Trial:
    served = subject.served
    own = quote(served.model, served.endpoint, at, own=served.price, self_hosted=served.self_hosted, book=book)
    first = subject is asked
    return Trial(
        subject.name,
        served.model,
        served.endpoint.base_url,
        finding.state,
        finding.detail,
        finding.latency_s,
        finding.charge if first else None,
        None if first or finding.charge is None else asked.name,
        own,
    )


def _searched(backend: SearchBackend, finding: _Finding) -> Trial:
    address = None if backend.endpoint is None else backend.endpoint.base_url
    found = (finding.state, finding.detail, finding.latency_s, finding.charge)
    return Trial("search", str(backend.kind), address, *found, search=backend)


class _Check:
    """Tries one thing after the other, a few at a time. Nothing is tried twice: a passing trouble is worth knowing."""

    def __init__(self, book: PriceBook, transport: PooledTransport, timeout_s: float, call: bool) -> None:
        self._book = book
        self._transport = transport
        self._timeout_s = timeout_s
        self._call = call
        self._places = asyncio.Semaphore(AT_ONCE)
        self._places_at: dict[Endpoint, asyncio.Semaphore] = {}
        self._lists: dict[Endpoint, asyncio.Task[Any]] = {}

    async def model(self, subject: Subject) -> _Finding:
        """The model, asked; or looked up in its server's list."""
        endpoint = subject.served.endpoint
        most = min(endpoint.max_in_flight or AT_ONCE_PER_ENDPOINT, AT_ONCE_PER_ENDPOINT)
        async with self._places_at.setdefault(endpoint, asyncio.Semaphore(most)), self._places:
            return await (self._asked(subject) if self._call else self._listed(subject.served))

    async def _asked(self, subject: Subject) -> _Finding:
        served, bill = subject.served, Bill()
        sampling = replace(served.sampling, max_tokens=OUTPUT_TOKENS, timeout_s=self._timeout_s)
        tools = [_ROUTING] if subject.role is CallRole.ORCHESTRATOR else None
        asked = Asked(subject.role, None, [{"role": "user", "content": _QUESTION}], sampling, tools=tools)
        client = ChatClient(served.endpoint, self._transport, retries=0)
        try:
            await PricedModel(served, client, self._book).ask(asked, Remaining(), bill)
        except EndpointFailed as failure:
            return _Finding(TrialState.UNREACHABLE, str(failure), None, bill[-1].charge if bill else None)
        return _Finding(TrialState.REACHED, "", bill[-1].latency_s, bill[-1].charge)

    async def _listed(self, served: ServedModel) -> _Finding:
        endpoint = served.endpoint
        if endpoint not in self._lists:
            client = EndpointClient(endpoint, self._transport, retries=0)
            self._lists[endpoint] = asyncio.create_task(client.get_json("/models", timeout_s=self._timeout_s))
        try:
            listed = await self._lists[endpoint]
        except EndpointFailed as failure:
            if failure.status in _NO_LIST:
                return _Finding(
                    TrialState.REACHED, "the server is there; it lists no models, so only a call can tell more"
                )
            return _Finding(TrialState.UNREACHABLE, str(failure))
        return _Finding(*_among(served.model, listed))

    async def search(self, backend: SearchBackend) -> _Finding:
        """The search backend, with one search."""
        if backend.endpoint is None or not self._call:
            return _Finding(TrialState.UNTRIED, "a search may cost money; it is made without --no-call")
        client, bill = EndpointClient(backend.endpoint, self._transport, retries=0), Bill()
        retriever = RemoteRetriever(SPEECHES[backend.kind](), client, replace(backend, passages=1), self._timeout_s)
        try:
            await retriever.retrieve("podium", Request("podium", Evidence()), "search", bill)
        except ToolError as failure:
            return _Finding(TrialState.UNREACHABLE, str(failure), None, bill[-1].charge if bill else None)
        return _Finding(TrialState.REACHED, "", bill[-1].latency_s, bill[-1].charge)


def _among(model: str, listed: Any) -> tuple[TrialState, str]:
    """Whether a server's list names the model."""
    data = listed.get("data") if isinstance(listed, dict) else None
    names = (
        [str(each["id"]) for each in data if isinstance(each, dict) and "id" in each] if isinstance(data, list) else []
    )
    if model in names:
        return TrialState.REACHED, "its server lists it; it was not asked"
    if not names:
        return TrialState.REACHED, "the server is there; it lists no models, so only a call can tell more"
    shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    return TrialState.UNREACHABLE, f"the server does not list {model}; it lists {shown}"
