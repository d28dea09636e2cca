"""Model servers on this machine: found on loopback and offered, never used unless a pool file names them."""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from orchestrator.endpoint_client import EndpointClient, EndpointFailed
from orchestrator.pool import Endpoint
from orchestrator.transport import PooledTransport

PORTS: Final = (11434, 8000, 8001, 8002, 8080, 1234)
"""Where Ollama, vLLM, llama.cpp and LM Studio listen unless told otherwise, and where people put a second one."""
WITHIN_S: Final = 0.5
"""For all ports together; who has not answered by then is not found."""
_MOST_MODELS: Final = 200
_LONGEST_NAME: Final = 200
_SHOWN: Final = 3


class ServerKind(StrEnum):
    """What a server turned out to be."""

    OLLAMA = "Ollama"
    VLLM = "vLLM"
    LLAMA_CPP = "llama.cpp"
    LM_STUDIO = "LM Studio"
    OTHER = "a server"
    """OpenAI-compatible, and nothing more is known. It may pass calls on to somebody who charges for them."""


_OWNERS: Final = {
    "vllm": ServerKind.VLLM,
    "llamacpp": ServerKind.LLAMA_CPP,
    "organization_owner": ServerKind.LM_STUDIO,
    "library": ServerKind.OLLAMA,
}
"""What servers write as the owner of their models."""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that a server offers."""

    name: str
    """As the server calls it."""
    context_tokens: int | None = None
    """Longest prompt and reply together, where the server tells."""


@dataclass(frozen=True, slots=True)
class Found:
    """A server that answered."""

    kind: ServerKind
    base_url: str
    """Up to and including `/v1`."""
    models: tuple[FoundModel, ...]
    version: str | None = None

    @property
    def words(self) -> str:
        """In words: what it is, where it is, what it offers."""
        names = [model.name for model in self.models[:_SHOWN]]
        more = f" and {len(self.models) - _SHOWN} more" if len(self.models) > _SHOWN else ""
        offered = ", ".join(names) + more if names else "no model yet"
        what = f"{self.kind} {self.version}" if self.version else str(self.kind)
        return f"{what} at {self.base_url} ({offered})"


def offer_words(found: Sequence[Found]) -> str:
    """What was found and how to use it, in two sentences; empty where there is nothing to offer."""
    offered = [server.words for server in found if server.models]
    if not offered:
        return ""
    return (
        f"Found on this machine, and not used: {'; '.join(offered)}. "
        "To use it, write a pool file with `podium pool discover --out pool.toml` and start with --pool pool.toml."
    )


async def found(
    ports: Collection[int] = PORTS, *, own_port: int | None = None, within_s: float = WITHIN_S
) -> tuple[Found, ...]:
    """The model servers on these ports of 127.0.0.1, in that order; the app's own port is never asked."""
    transport = PooledTransport()
    ends_at = time.monotonic() + within_s
    try:
        asked = [port for port in dict.fromkeys(ports) if port != own_port]
        seen = await asyncio.gather(*(_Look(port, transport, ends_at).server() for port in asked))
    finally:
        await transport.aclose()
    return tuple(server for server in seen if server is not None)


class _Look:
    """Asks what listens on one port."""

    def __init__(self, port: int, transport: PooledTransport, ends_at: float) -> None:
        self._root = f"http://127.0.0.1:{port}"
        endpoint = Endpoint(f"{self._root}/v1", connect_timeout_s=WITHIN_S)
        self._client = EndpointClient(endpoint, transport, retries=0)
        self._ends_at = ends_at

    async def server(self) -> Found | None:
        """The server, or `None` where nothing there lists models."""
        listed = await self._json("/models")
        data = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(data, list):
            return None
        models = [model for model in data[:_MOST_MODELS] if isinstance(model, dict) and _is_name(model.get("id"))]
        kind, version = await self._kind({str(model.get("owned_by")) for model in models})
        offered = tuple(FoundModel(model["id"], _tokens(model.get("max_model_len"))) for model in models)
        return Found(kind, f"{self._root}/v1", offered, version)

    async def _kind(self, owners: set[str]) -> tuple[ServerKind, str | None]:
        ollama, other, metrics = await asyncio.gather(
            self._json(f"{self._root}/api/version"), self._json(f"{self._root}/version"), self._metrics()
        )
        told = next((kind for owner, kind in _OWNERS.items() if owner in owners), None)
        if told is None and _version(ollama):
            told = ServerKind.OLLAMA
        if told is None and "vllm:" in metrics:
            told = ServerKind.VLLM
        kind = told or ServerKind.OTHER
        return kind, _version(ollama if kind is ServerKind.OLLAMA else other if kind is ServerKind.VLLM else None)

    async def _json(self, path: str) -> Any:
        """What is there; `None` where that is nothing of use, or too late."""
        try:
            return await self._client.get_json(path, timeout_s=self._left_s)
        except EndpointFailed:
            return None

    async def _metrics(self) -> str:
        try:
            return await self._client.get_text(f"{self._root}/metrics", timeout_s=self._left_s)
        except EndpointFailed:
            return ""

    @property
    def _left_s(self) -> float:
        return max(self._ends_at - time.monotonic(), 0.001)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable() and bool(name.strip())


def _tokens(length: object) -> int | None:
    return length if isinstance(length, int) and not isinstance(length, bool) and length > 0 else None


def _version(told: object) -> str | None:
    version = told.get("version") if isinstance(told, dict) else None
    return version if isinstance(version, str) and version.isprintable() and 0 < len(version) <= 40 else None
