"""The client at a server of `tests.servers.conformance`, and one call that it makes, the same in all tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from orchestrator.chat import ChatClient
from orchestrator.chat_request import ChatRequest
from orchestrator.completion import Completion
from orchestrator.pool import Endpoint, Sampling
from orchestrator.transport import PooledTransport
from tests.servers.conformance import MODEL, Conformance, Plan, conforming
from tests.servers.listening import Listening
from tests.servers.reply import Refusal, Reply

TOOLS = ({"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}},)


async def ask(client: ChatClient, timeout_s: float = 5.0, content: str = "hi", **more: Any) -> Completion:
    """The reply to one message."""
    sampling = Sampling(temperature=0.2, max_tokens=100, timeout_s=timeout_s)
    said = [{"role": "user", "content": content}]
    return await client.complete(ChatRequest(said, MODEL, sampling, TOOLS, seed=7), **more)


@asynccontextmanager
async def reached(
    server: Conformance, stream: bool, key: str | None = None
) -> AsyncIterator[tuple[ChatClient, Listening]]:
    """A client of the server, which listens."""
    async with conforming(server) as there:
        transport = PooledTransport()
        try:
            yield ChatClient(Endpoint(f"{there.url}/v1", key, stream=stream), transport), there
        finally:
            await transport.aclose()


async def replied(plan: Plan | Reply | Refusal, stream: bool) -> Completion:
    """The one reply of a server with that plan."""
    async with reached(Conformance(plan), stream) as (client, _):
        return await ask(client)
