"""A slow orchestrator on loopback: streams its thinking word by word, then one tool call. Standard library only."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

THOUGHT = (
    "The heights of both mountains have to be looked up <b>first</b>; ${1+1} {{value}} is no sum of theirs. "
    "A search is cheap, and the difference is easy to work out once both numbers are on the table. "
)
ROUTE = (("search", "search-1"), ("answer", "answer-1"))


@dataclass(slots=True)
class SlowModel:
    """What it was asked, and how slowly it writes."""

    url: str = ""
    gap_s: float = 0.08
    bodies: list[str] = field(default_factory=list)
    """Requests in order, as they came."""

    def chunks(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The reply to a request in pieces: the first turn searches, the next answers."""
        tool, alias = ROUTE[min(len(self.bodies) - 1, len(ROUTE) - 1)]
        for word in THOUGHT.split(" "):
            yield _delta({"reasoning_content": f"{word} "})
        function = {"name": tool, "arguments": json.dumps({"model": alias})}
        yield _delta({"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": function}]})
        yield {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
        tokens = {"prompt_tokens": 2431, "completion_tokens": 86, "prompt_tokens_details": {"cached_tokens": 1920}}
        yield {"choices": [], "usage": {**tokens, "total_tokens": 2517}}


def _delta(delta: dict[str, Any]) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": None}]}


@contextmanager
def slow_model() -> Iterator[SlowModel]:
    """The model at an address of this machine."""
    model = SlowModel()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_error(404)

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if not self.path.endswith("/chat/completions"):
                self.send_error(404)
                return
            model.bodies.append(text)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            with suppress(OSError):  # The reader may hang up.
                self._stream(json.loads(text))
            self.close_connection = True

        def _stream(self, body: dict[str, Any]) -> None:
            for chunk in model.chunks(body):
                record = {"id": "r", "object": "chat.completion.chunk", "created": 1, "model": body["model"], **chunk}
                self.wfile.write(f"data: {json.dumps(record)}\n\n".encode())
                self.wfile.flush()
                time.sleep(model.gap_s)
            self.wfile.write(b"data: [DONE]\n\n")

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        model.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        yield model
        server.shutdown()
