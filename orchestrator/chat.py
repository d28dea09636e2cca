"""One client for every OpenAI-compatible server: bounded retries, deadlines, counted calls, errors in plain words."""

import asyncio
import json
import os
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from orchestrator.completion import Completion, completion
from orchestrator.model_call import Attempt
from orchestrator.pool import Endpoint
from orchestrator.prompt import Tools
from orchestrator.transport import CONNECT_TIMEOUT_S, PooledTransport, root

RETRIES: Final = 2
"""How often a call is tried again."""
RETRIED_STATUSES: Final = frozenset((408, 409, 429, *range(500, 600)))
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 20.0
_LONGEST_MESSAGE: Final = 300
_JSON: Final = b"application/json"

Message = Mapping[str, str]
Tool = Mapping[str, Any]


class ChatFailed(Exception):
    """The model did not reply; the message says why and never holds the key."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status, where there was one."""


class _TryAgain(Exception):
    """This attempt failed in a way that may pass."""

    def __init__(self, failure: ChatFailed, wait_s: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.wait_s = wait_s


class ChatClient:
    """Calls one endpoint. Clients of several endpoints may share a transport; whoever made the transport closes it."""

    def __init__(self, endpoint: Endpoint, transport: httpx.AsyncBaseTransport, *, retries: int = RETRIES) -> None:
        self.endpoint = endpoint
        self.in_flight = 0
        """Calls under way now."""
        self._transport = transport
        self._retries = retries
        self._base = endpoint.base_url.rstrip("/")
        self._url = httpx.URL(f"{self._base}/chat/completions")
        # OpenAI's own reasoning models refuse `max_tokens`; other servers may not know the newer name.
        self._limit_key = "max_completion_tokens" if self._url.host == "api.openai.com" else "max_tokens"

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        model: str,
        temperature: float,
        max_tokens: int,
        timeout_s: float,
        tools: Sequence[Tool] | None = None,
        seed: int | None = None,
        attempts: list[Attempt] | None = None,
    ) -> Completion:
        """The model's reply within `timeout_s`, retries included; raises ChatFailed.

        Failed attempts are also appended to `attempts`, so that they are known when the call fails or is cancelled.
        """
        fields: dict[str, Any] = {
            "model": model,
            "messages": messages,
            "temperature": temperature,
            self._limit_key: max_tokens,
            "stream": False,
        }
        if seed is not None:
            fields["seed"] = seed
        body = _written(fields, tools)
        tried: list[Attempt] = [] if attempts is None else attempts
        started_at, clock = datetime.now(UTC), time.perf_counter()
        self.in_flight += 1
        in_flight = self.in_flight
        try:
            async with asyncio.timeout(timeout_s):
                raw = await self._persist(body, timeout_s, tried)
        except TimeoutError as error:
            before = f"; before that: {tried[-1].error}" if tried else ""
            raise ChatFailed(f"{self._base} did not finish its reply within {timeout_s:g} s{before}") from error
        finally:
            self.in_flight -= 1
        return completion(raw, started_at, time.perf_counter() - clock, in_flight, tuple(tried))

    async def _persist(self, body: bytes, timeout_s: float, tried: list[Attempt]) -> Mapping[str, Any]:
        for attempt in range(self._retries + 1):
            started_at, clock = datetime.now(UTC), time.perf_counter()
            try:
                return await self._attempt(body, timeout_s)
            except _TryAgain as error:
                if attempt == self._retries:
                    raise error.failure from error.__cause__
                tried.append(Attempt(started_at, time.perf_counter() - clock, str(error)))
                await asyncio.sleep(_wait_s(attempt, error.wait_s))
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, body: bytes, timeout_s: float) -> Mapping[str, Any]:
        # Given a stream, httpx derives no headers; for each call anew, that costs more than writing them here.
        request = httpx.Request(
            "POST",
            self._url,
            headers=[*self._headers(), (b"Content-Length", b"%d" % len(body))],
            stream=httpx.ByteStream(body),
            extensions={"timeout": {"connect": CONNECT_TIMEOUT_S, "read": timeout_s}},
        )
        try:
            response = await self._transport.handle_async_request(request)
            content = await response.aread()
        except httpx.TransportError as error:
            raise _TryAgain(ChatFailed(self._unreachable(error))) from error
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response.status_code, content, response.headers.get("retry-after"))
        return self._reply(content)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        headers = [(b"Host", self._url.netloc), (b"Content-Type", _JSON), (b"Accept", _JSON)]
        if variable := self.endpoint.api_key_env:
            key = os.environ.get(variable, "").strip()
            if not key:
                raise ChatFailed(f"{self._base} needs a key: set the environment variable {variable}")
            if not key.isascii() or not key.isprintable():
                raise ChatFailed(f"the environment variable {variable} holds characters that no key has")
            headers.append((b"Authorization", b"Bearer " + key.encode()))
        return headers

    def _unreachable(self, error: httpx.TransportError) -> str:
        match error:
            case httpx.ConnectTimeout():
                return f"{self._base} did not accept a connection within {CONNECT_TIMEOUT_S:g} s: is the address right?"
            case httpx.ConnectError():
                if isinstance(root(error), ConnectionRefusedError):
                    return f"{self._base} refused the connection: is the server running?"
                return f"{self._base} cannot be reached: {self._safe(str(error))}"
            case httpx.TimeoutException():
                return f"{self._base} stopped replying"
            case _:
                return f"{self._base} broke off the connection: {self._safe(str(error))}"

    def _refusal(self, status: int, content: bytes, retry_after: str | None) -> Exception:
        said = self._safe(_said(content))
        advice = {
            401: f"; is the key in {self.endpoint.api_key_env or 'its environment variable'} right?",
            403: "; does the key allow this model?",
            404: "; does base_url end in /v1, and does the server know the model?",
            429: "; too many calls, or the account has no credit left",
        }.get(status, "")
        failure = ChatFailed(
            f"{self._base} replied with HTTP {status}{f': {said}' if said else ''}{advice}", status=status
        )
        return _TryAgain(failure, _seconds(retry_after)) if status in RETRIED_STATUSES else failure

    def _reply(self, content: bytes) -> Mapping[str, Any]:
        key = os.environ.get(self.endpoint.api_key_env or "", "").strip().encode()
        try:
            raw = json.loads(content.replace(key, b"[key]") if key else content)
        except (ValueError, RecursionError) as error:
            start = self._safe(content[:80].decode("utf-8", "replace"))
            raise ChatFailed(
                f"{self._base} did not reply with JSON but with {start!r}: is it an API address?"
            ) from error
        if not isinstance(raw, dict):
            raise ChatFailed(f"{self._base} replied with {type(raw).__name__} instead of a JSON object")
        if raw.get("error"):
            raise ChatFailed(f"{self._base} replied with an error: {self._safe(_said(content))}")
        choices = raw.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise ChatFailed(f"{self._base} replied without any choice")
        if not isinstance(choices[0].get("message"), dict):
            raise ChatFailed(f"{self._base} replied without a message")
        return raw

    def _safe(self, text: str) -> str:
        """The text, shortened, with the key struck out should a server repeat it."""
        key = os.environ.get(self.endpoint.api_key_env or "", "").strip()
        cleaned = text.replace(key, "[key]") if key else text
        return cleaned if len(cleaned) <= _LONGEST_MESSAGE else f"{cleaned[:_LONGEST_MESSAGE]}…"


class ChatClients:
    """One client per endpoint over one transport, so that calls in flight are counted per server."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport or PooledTransport()
        self._clients: dict[Endpoint, ChatClient] = {}

    def of(self, endpoint: Endpoint) -> ChatClient:
        """The client of that endpoint; the same one each time."""
        if endpoint not in self._clients:
            self._clients[endpoint] = ChatClient(endpoint, self._transport)
        return self._clients[endpoint]

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()


def _written(fields: Mapping[str, Any], tools: Sequence[Tool] | None) -> bytes:
    """The body of a request as JSON."""
    if not tools:
        return json.dumps(fields).encode()
    text = json.dumps({**fields, "parallel_tool_calls": False})
    offered = tools.json if isinstance(tools, Tools) else json.dumps(tools)
    return f'{text[:-1]}, "tools": {offered}}}'.encode()


def _wait_s(attempt: int, asked_s: float | None) -> float:
    """How long to wait before the next attempt: what the server asked for, else twice as long each time."""
    if asked_s is not None:
        return min(asked_s, LONGEST_WAIT_S)
    return min(FIRST_WAIT_S * (1 << attempt), LONGEST_WAIT_S) * random.uniform(0.5, 1.5)


def _seconds(retry_after: str | None) -> float | None:
    """The seconds of a Retry-After header; its date form is not read."""
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _said(content: bytes) -> str:
    """The message of an error reply, whatever form the server gave it."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return " ".join(content.decode("utf-8", "replace").split())
    for key in ("error", "message", "detail"):
        if isinstance(said, dict) and said.get(key):
            said = said[key]
    return said if isinstance(said, str) else json.dumps(said)
