"""An OpenAI-compatible server on loopback that replies as a test plans it, with every oddity of `tests.servers.reply`.

Beside chat it serves `/v1/models`, `/tokenize`, `/detokenize` and `/metrics` in the form that vLLM gives them.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
from aiohttp import web

from tests.servers.listening import Listening, Served, listening, send
from tests.servers.reply import COUNTED, Refusal, Reply, pieces, whole
from tests.servers.tokens import detokenized, tokens

MODEL: Final = "orchestrator"
LONGEST: Final = 40_960
"""Tokens that prompt and reply may have together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One chat request as it arrived."""

    number: int
    """How many chat requests came before it."""
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    """Names in lower case."""

    @property
    def model(self) -> str:
        """The model that was asked for."""
        return str(self.body.get("model"))

    @property
    def streamed(self) -> bool:
        """Whether a stream was asked for."""
        return bool(self.body.get("stream"))

    @property
    def prompt(self) -> str:
        """The last message's text."""
        return str(self.body["messages"][-1]["content"])


Plan = Callable[[Asked], Reply | Refusal]
Instead = Callable[[Mapping[str, str]], Refusal]
"""From a request's headers to what is said."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server does not take."""

    refused: frozenset[str] = frozenset()
    """Keys of a request that are answered with 400."""
    key: str | None = None
    """The only API key that it takes."""
    refusal: Callable[[str], Any] = lambda text: {"error": {"message": text, "type": "BadRequestError", "code": 400}}
    """The body of such a 400."""


def in_turn(*said: Reply | Refusal) -> Plan:
    """A plan that gives these one after the other and then the last one again."""
    return lambda asked: said[min(asked.number, len(said) - 1)]


class Conformance:
    """The server without its socket. `asked`, `most_at_work` and `broken_off` tell afterwards what went on."""

    def __init__(
        self,
        plan: Plan | Reply | Refusal,
        dialect: Dialect = Dialect(),
        *,
        remembers: int | None = None,
        instead: Mapping[str, Instead] | None = None,
    ) -> None:
        self.plan = plan if callable(plan) else in_turn(plan)
        self.dialect = dialect
        self.instead = instead or {}
        """Path to what is said there instead of what this server would say."""
        self.requests = 0
        """Chat requests so far."""
        self.asked: deque[Asked] = deque(maxlen=remembers)
        """The latest of them, oldest first."""
        self.at_work = 0
        self.most_at_work = 0
        self.broken_off = 0
        """Replies that the client did not wait for."""
        self.replied_tokens = 0

    def serve(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Served:
        """The reply to one request."""
        if path in self.instead:
            return _refused(self.instead[path]({name.lower(): value for name, value in headers.items()}))
        if (method, path) == ("POST", "/v1/chat/completions"):
            return self._chat(json.loads(body), {name.lower(): value for name, value in headers.items()})
        match method, path:
            case "POST", "/tokenize":
                said = self._tokenize(json.loads(body))
            case "POST", "/detokenize":
                said = {"prompt": detokenized(json.loads(body)["tokens"])}
            case _, "/tokenize" | "/detokenize":
                return _json({"detail": "Method Not Allowed"}, 405)
            case "GET", "/v1/models":
                said = {"object": "list", "data": [{"id": MODEL, "object": "model", "max_model_len": LONGEST}]}
            case "GET", "/metrics":
                return Served(200, (self._metrics().encode(),), "text/plain; version=0.0.4")
            case _:
                return _json({"detail": "Not Found"}, 404)
        return _json(said)

    def _chat(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Served:
        asked = Asked(self.requests, body, headers)
        self.requests += 1
        self.asked.append(asked)
        dialect = self.dialect
        if dialect.key is not None and headers.get("authorization") != f"Bearer {dialect.key}":
            return _json({"error": {"message": "Unauthorized"}}, 401)
        if unknown := sorted(dialect.refused & body.keys()):
            return _json(dialect.refusal(f"Unrecognized request argument supplied: {unknown[0]}"), 400)
        said = self.plan(asked)
        if isinstance(said, Refusal):
            return _refused(said)
        return self._completion(said, asked)

    def _completion(self, reply: Reply, asked: Asked) -> Served:
        counted = self._counted(reply, asked)
        usage = counted if reply.usage is COUNTED else reply.usage
        model = asked.model if reply.model is None else reply.model
        if not asked.streamed or reply.stream.ignored:
            return Served(200, (whole(reply, model, usage),), headers=reply.headers, waits_s=reply.waits_s)
        options = asked.body.get("stream_options") or {}
        sent = tuple(pieces(reply, model, usage, asked_for_usage=bool(options.get("include_usage"))))
        return Served(200, sent, "text/event-stream", reply.headers, reply.waits_s, reply.stream.gap_s)

    def _counted(self, reply: Reply, asked: Asked) -> dict[str, int]:
        prompt = len(tokens(json.dumps([asked.body.get("messages"), asked.body.get("tools")])))
        written = len(tokens(json.dumps(reply.message)))
        self.replied_tokens += written
        return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}

    def _tokenize(self, body: Mapping[str, Any]) -> dict[str, Any]:
        text = body.get("prompt")
        if text is None:
            text = json.dumps([body.get("messages"), body.get("tools")])
        found = tokens(text)
        return {"count": len(found), "max_model_len": LONGEST, "tokens": found, "token_strs": None}

    def _metrics(self) -> str:
        replies = self.requests
        values = {
            "num_requests_running": self.at_work,
            "num_requests_waiting": 0,
            "kv_cache_usage_perc": 0.25,
            "prefix_cache_queries_total": 1_000 * replies,
            "prefix_cache_hits_total": 750 * replies,
            "prompt_tokens_total": 1_000 * replies,
            "generation_tokens_total": self.replied_tokens,
            "time_to_first_token_seconds_sum": 0.05 * replies,
            "time_to_first_token_seconds_count": replies,
        }
        label = f'{{engine="0",model_name="{MODEL}"}}'
        return "".join(
            f"# HELP vllm:{name} .\n# TYPE vllm:{name} {'counter' if name.endswith('_total') else 'gauge'}\n"
            f"vllm:{name}{label} {float(value)}\n"
            for name, value in values.items()
        )


def _refused(said: Refusal) -> Served:
    return Served(said.status, (said.bytes,), said.content_type, said.headers, said.waits_s)


def _json(said: Any, status: int = 200) -> Served:
    return Served(status, (json.dumps(said).encode(),))


@asynccontextmanager
async def conforming(server: Conformance) -> AsyncIterator[Listening]:
    """The server behind a real socket."""

    async def handle(request: web.Request) -> web.StreamResponse:
        served = server.serve(request.method, request.path, request.headers, await request.read())
        server.at_work += 1
        server.most_at_work = max(server.most_at_work, server.at_work)
        try:
            return await send(request, served)
        except (ConnectionError, asyncio.CancelledError):
            server.broken_off += 1
            raise
        finally:
            server.at_work -= 1

    async with listening(handle) as there:
        yield there


class InProcess(httpx.AsyncBaseTransport):
    """The same server without a socket, behind httpx's transport interface."""

    def __init__(self, server: Conformance) -> None:
        self._server = server

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        served = self._server.serve(
            request.method, request.url.path, dict(request.headers.items()), await request.aread()
        )
        await asyncio.sleep(served.waits_s)
        headers = {"content-type": served.content_type, **served.headers}
        return httpx.Response(served.status, headers=headers, stream=_Pieces(served), request=request)


@dataclass(frozen=True)
class _Pieces(httpx.AsyncByteStream):
    served: Served

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.served.pieces:
            yield piece
            await asyncio.sleep(self.served.gap_s)
