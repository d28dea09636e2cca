"""Bodies that would fill memory, cannot be read or are packed: each is refused at once, and with which status."""

import time
from typing import Final

import pytest

from tests.safety.site import Site


def deep(opening: str, closing: str, depth: int) -> bytes:
    return (opening * depth + closing * depth).encode()


LONG: Final = (413, 413, 413)
PACKED: Final = (415, 415, 415)
BODIES: list[tuple[str, bytes, dict[str, str], tuple[int, int, int]]] = [
    ("too long", b'"' + b"x" * 2_000_001 + b'"', {}, LONG),
    ("many empty lists", b"[" + b"[]," * 300_000 + b"[]]", {}, LONG),
    ("many empty objects in a query", b'{"query": [' + b"{}," * 300_000 + b"{}]}", {}, LONG),
    ("deep lists", deep("[", "]", 99_000), {}, (400, 400, 422)),
    ("deep objects", b'{"query": ' + deep('{"a":', "}", 60_000).replace(b":}", b":1}") + b"}", {}, (400, 400, 422)),
    ("a billion laughs in gzip", b"\x1f\x8b" + b"\0" * 500, {"Content-Encoding": "gzip"}, PACKED),
    ("a billion laughs in br", b"\0" * 500, {"Content-Encoding": "br"}, PACKED),
    ("packed twice", b"\0" * 500, {"Content-Encoding": "gzip, deflate"}, PACKED),
    ("a long number", b'{"query": "x", "seed": ' + b"9" * 1_000_000 + b"}", {}, (400, 400, 422)),
    ("not JSON", b"\xff\xfe\x00", {}, (400, 400, 422)),
]
"""Name, body, headers, and the status of each of `POSTED`."""
POSTED: Final = ("/api/v1/runs", "/api/v1/reward", "/ui/gradio_api/queue/join")


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("body", BODIES, ids=[name for name, *_ in BODIES])
def test_hostile_bodies_are_refused_at_once(
    served: Site, path: str, body: tuple[str, bytes, dict[str, str], tuple[int, int, int]]
) -> None:
    _, content, headers, statuses = body
    began = time.perf_counter()
    with served.client(headers={"Content-Type": "application/json", **headers}) as http:
        response = http.post(path, content=content)
    assert response.status_code == statuses[POSTED.index(path)], response.text[:500]
    assert len(response.content) < 10_000
    assert time.perf_counter() - began < 2
