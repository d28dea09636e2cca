"""A server that tells of itself at `/metrics` and `/v1/models` as vLLM does, and counts who asks."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(slots=True)
class Metered:
    """What the server tells next. Its counters grow by a second's work whenever they are read."""

    model: str = "orchestrator"
    root: str = "/models/small"
    running: int = 3
    waiting: int = 0
    generation_tokens: float = 0.0
    grows: float = 0.0
    status: int = 200
    waits_s: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Reply to any request."""
        self.asked[request.path] += 1
        await asyncio.sleep(self.waits_s)
        if request.path == "/v1/models":
            return web.json_response({"object": "list", "data": [{"id": self.model, "root": self.root}]})
        if request.path == "/metrics":
            return web.Response(status=self.status, text=self.text() if self.status == 200 else "no")
        return web.json_response({"detail": "Not Found"}, status=404)

    def text(self) -> str:
        """The metrics."""
        self.generation_tokens += self.grows
        told = {
            "num_requests_running": self.running,
            "num_requests_waiting": self.waiting,
            "prefix_cache_queries_total": 10_000,
            "prefix_cache_hits_total": 8_300,
            "prompt_tokens_total": 10_000,
            "generation_tokens_total": self.generation_tokens,
            "kv_cache_usage_perc": 0.125,
        }
        labels = f'{{engine="0",model_name="{self.model}"}}'
        return "".join(f"vllm:{name}{labels} {float(value)}\n" for name, value in told.items())
