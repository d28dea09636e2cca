"""Servers of searches on loopback: ToolOrchestra's `/retrieve`, Tavily's and SearXNG's `/search`."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.servers.listening import Listening, listening
from tests.servers.reply import Refusal


@dataclass(frozen=True, slots=True)
class Passage:
    """What a search finds."""

    text: str
    score: float | None = 0.9
    title: str | None = None
    url: str | None = None


Found = Callable[[str], Sequence[Passage] | Refusal]
"""From what is looked for to what is found, best first."""


class Searching:
    """The server; `asked` holds the body, or the fields, of each request."""

    def __init__(self, found: Found, *, contents: bool = False, key: str | None = None) -> None:
        self._found = found
        self._contents = contents
        """Whether `/retrieve` names the text `contents`, as some indexes do, instead of `content`."""
        self._key = key
        self.asked: list[Mapping[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Reply to one request."""
        body = json.loads(await request.read()) if request.method == "POST" else dict(request.query)
        self.asked.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if self._key is not None and request.headers.get("Authorization") != f"Bearer {self._key}":
            return web.json_response({"detail": {"error": "Unauthorized: missing or invalid API key."}}, status=401)
        match request.method, request.path:
            case "POST", "/retrieve":
                return self._answer([str(query) for query in body["queries"]], self._retrieved)
            case "POST", "/search":
                return self._answer([str(body["query"])], self._tavily)
            case "GET", "/search" if body.get("format") == "json":
                return self._answer([str(body["q"])], self._searxng)
            case "GET", "/search":
                return web.Response(text="<!doctype html><title>search</title>", content_type="text/html")
        return web.json_response({"detail": "Not Found"}, status=404)

    def _answer(
        self, queries: Sequence[str], written: Callable[[Sequence[str], Sequence[Sequence[Passage]]], Any]
    ) -> web.Response:
        found: list[Sequence[Passage]] = []
        for query in queries:
            said = self._found(query)
            if isinstance(said, Refusal):
                headers = {"Content-Type": said.content_type, **said.headers}
                return web.Response(status=said.status, body=said.bytes, headers=headers)
            found.append(said)
        return web.json_response(written(queries, found))

    def _retrieved(self, queries: Sequence[str], found: Sequence[Sequence[Passage]]) -> Any:
        key = "contents" if self._contents else "content"
        return [[{"document": {key: p.text}, "score": p.score} for p in passages] for passages in found]

    def _tavily(self, queries: Sequence[str], found: Sequence[Sequence[Passage]]) -> Any:
        results = [{"title": p.title, "url": p.url, "content": p.text, "score": p.score} for p in found[0]]
        return {"query": queries[0], "answer": None, "images": [], "results": results, "response_time": 0.1}

    def _searxng(self, queries: Sequence[str], found: Sequence[Sequence[Passage]]) -> Any:
        results = [
            {"title": p.title, "url": p.url, "content": p.text, "score": p.score, "engine": "test", "engines": ["test"]}
            for p in found[0]
        ]
        return {"query": queries[0], "number_of_results": 0, "results": results, "unresponsive_engines": []}


@asynccontextmanager
async def searching(server: Searching) -> AsyncIterator[Listening]:
    """The server behind a real socket."""
    async with listening(server.handle) as there:
        yield there
