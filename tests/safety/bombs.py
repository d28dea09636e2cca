"""Small inputs that would fill a machine's memory or take minutes; `python -m tests.safety.set_off` reads each."""

import asyncio
import gzip
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import httpx
from aiohttp import web

from orchestrator.chat import ChatClients
from orchestrator.documents.reading import read_documents
from orchestrator.pool import Endpoint
from orchestrator.pool_file import read_pool
from prefs.tuning.profile import load_profile
from tests.servers.asking import ask
from tests.servers.listening import listening
from webapp.app import create_app
from webapp.cli import main
from webapp.redaction import Redaction
from webapp.services import open_services
from webapp.settings import Settings
from webapp.studies import read_new_study

Bomb = Callable[[Path], Any]
ZEROS: Final = 1 << 28
"""Bytes that the packed ones unpack to."""


@cache
def packed(size: int = ZEROS, filled: bytes = b" ") -> bytes:
    """So many bytes in gzip, made without having them."""
    compressor = zlib.compressobj(6, wbits=31)
    block = filled * (1 << 20)
    made = [compressor.compress(block) for _ in range(size // len(block))]
    return b"".join(made) + compressor.flush()


def file(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def imported(kind: str, content: bytes, name: str = "in.jsonl") -> Bomb:
    def run(folder: Path) -> Any:
        path = file(folder, name, content)
        return main(["import", kind, str(path), "--db", f"sqlite:///{folder / 'podium.sqlite3'}"])

    return run


def wide(opening: bytes, item: bytes, count: int, closing: bytes) -> bytes:
    return opening + b",".join([item] * count) + closing


def deep(opening: str, closing: str, depth: int) -> bytes:
    return (opening * depth + closing * depth).encode()


def parquet_bomb(folder: Path) -> int:
    """A text of a megabyte that stands in five thousand rows, and is stored once."""
    import pyarrow as pa  # noqa: PLC0415 - its threads must not be there before the fork
    from pyarrow import parquet  # noqa: PLC0415

    from webapp.exports.columns import ranking_schema  # noqa: PLC0415

    schema = pa.schema([pa.field(one.name, one.type) for one in ranking_schema()])
    one = pa.array(["x" * 1_000_000])
    columns = [
        pa.DictionaryArray.from_arrays(pa.array([0] * 5_000, "int32"), one)
        if pa.types.is_string(field.type)
        else pa.nulls(5_000, field.type)
        for field in schema
    ]
    path = folder / "bomb.parquet"
    parquet.write_table(pa.table(columns, names=schema.names), path, compression="zstd")
    return main(["import", "rankings", str(path), "--db", f"sqlite:///{folder / 'p.sqlite3'}"])


def documents(name: str, content: bytes) -> Bomb:
    def run(folder: Path) -> Any:
        file(folder, f"documents/{name}", content)
        read = read_documents(folder / "documents")
        return [one.reason for one in read.skipped] or f"{len(read.passages)} passages"

    return run


def pdf(stream: bytes, pages: int = 1) -> bytes:
    """A PDF whose pages share one packed content."""
    content = b"<< /Length %d /Filter /FlateDecode >> stream\n%s\nendstream" % (len(stream), stream)
    kids = b" ".join(b"%d 0 R" % (number + 4) for number in range(pages))
    font = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 3 0 R %s >>" % font
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        content,
    ]
    out = BytesIO(b"%PDF-1.4\n")
    out.seek(0, 2)
    places = []
    for number, body in enumerate([*objects, *[page] * pages], 1):
        places.append(out.tell())
        out.write(b"%d 0 obj %s endobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, start))
    return out.getvalue()


def replied(encoding: str | None) -> Bomb:
    """A model server that says what is `SERVED`."""
    headers = {} if encoding is None else {"Content-Encoding": encoding}

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(body=SERVED[0], headers={"Content-Type": "application/json", **headers})

    async def run_async() -> str:
        async with listening(handle) as there:
            clients = ChatClients()
            try:
                return str(await ask(clients.of(Endpoint(f"{there.url}/v1", None))))
            finally:
                await clients.aclose()

    return lambda _: asyncio.run(run_async())


SERVED: list[bytes] = [b""]
REPLIES: Final[dict[str, tuple[str | None, Callable[[], bytes]]]] = {
    "reply: gzip": ("gzip", packed),
    "reply: gzip in gzip": ("gzip, gzip", lambda: gzip.compress(packed())),
    "reply: br": ("br", lambda: b"\x1b" * 1_000),  # refused by its name
    "reply: long": (None, lambda: b" " * (50 << 20)),
    "reply: wide JSON": (None, lambda: wide(b'{"choices": [', b"[]", 2_000_000, b"]}")),
    "reply: deep JSON": (None, lambda: deep("[", "]", 1_000_000)),
}


def prepare(name: str) -> None:
    """Make what the server of that bomb says, before anything is measured."""
    SERVED[0] = REPLIES[name][1]() if name in REPLIES else b""


def posted(path: str, body: bytes, **headers: str) -> Bomb:
    """A request to the application."""

    async def run_async(folder: Path) -> str:
        async with open_services(Settings(data_dir=folder, pace=0.0, policy="random")) as services:
            transport = httpx.ASGITransport(create_app(services, page=False))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                sent = {"Content-Type": "application/json", **headers}
                return str((await http.post(path, content=body, headers=sent)).status_code)

    return lambda folder: asyncio.run(run_async(folder))


BOMBS: Final[dict[str, Bomb]] = {
    "documents: gzip of a text": documents("a.txt.gz", packed()),
    "documents: gzip of JSON lines": documents("a.jsonl.gz", packed(filled=b"\n")),
    "documents: gzip in gzip": documents("a.txt.gz", gzip.compress(packed())),
    "documents: deep HTML": documents("a.html", b"<div>" * 400_000),
    "documents: wide HTML": documents("a.html", b"<b><i>" * 300_000),
    "documents: entities of HTML": documents(
        "a.html", b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"&a;" * 200_000 + b"]>" + b"&a;" * 200_000
    ),
    "documents: one line": documents("a.md", b"a " * 4_000_000),
    "documents: brackets in Markdown": documents("a.md", b"[" * 500_000 + b"](x)" * 100_000),
    "documents: deep JSON": documents("a.jsonl", deep("[", "]", 500_000)),
    "documents: wide JSON": documents("a.jsonl", wide(b'{"text": [', b"[]", 4_000_000, b"]}")),
    "documents: a packed PDF": documents("a.pdf", pdf(zlib.compress(b"BT /F1 9 Tf (a) Tj ET\n" * 4_000_000, 9))),
    "documents: a PDF of many pages of one content": documents(
        "a.pdf", pdf(zlib.compress(b"BT /F1 9 Tf (word) Tj ET\n" * 500_000, 9), 200)
    ),
    "import: deep JSON": imported("trajectories", deep('{"steps":', "}", 300_000)),
    "import: wide JSON": imported("trajectories", wide(b'{"format": 1, "steps": [', b"[]", 12_000_000, b"]}")),
    "import: wide JSON of objects": imported("queries", wide(b'{"query": [', b"{}", 12_000_000, b"]}")),
    "import: gzip": imported("trajectories", packed(), "in.jsonl.gz"),
    "import: a line without end": imported("rankings", b"[" + b" " * 60_000_000),
    "import: many empty lines": imported("queries", b"\n" * 5_000_000),
    "import: deep trace": imported("traces", deep("[", "]", 300_000), "in.json"),
    "import: wide trace": imported("traces", wide(b'{"a": [', b"[]", 12_000_000, b"]}"), "in.json"),
    "import: Parquet": parquet_bomb,
    "import: a trace of a billion turns": imported(
        "traces", b'{"id": 1, "all_tool_responses": {"turn_999999999_response": []}}'
    ),
    "pool: deep": lambda folder: read_pool(file(folder, "pool.toml", b"a = " + deep("[", "]", 200_000))),
    "pool: dotted": lambda folder: read_pool(file(folder, "pool.toml", b".".join([b"a"] * 200_000) + b" = 1")),
    "pool: huge": lambda folder: read_pool(
        file(folder, "pool.toml", b"".join(b"a%d = []\n" % n for n in range(1_500_000)))
    ),
    "profile: billion laughs": lambda _: load_profile(
        "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(999))
    ),
    "study: wide": lambda folder: read_new_study(
        file(folder, "study.json", wide(b'{"name": "a", "ballots": [', b"[]", 2_000_000, b"]}")).read_text()
    ),
    "study: all of it wrong": lambda _: read_new_study(wide(b'{"name": "a", "tags": [', b"[]", 45_000, b"]}").decode()),
    "patterns: wide": lambda folder: Redaction.read(file(folder, "patterns", b"(" * 4_000 + b"a" + b")" * 4_000)),
    "patterns: huge": lambda folder: Redaction.read(file(folder, "patterns", b"a|" * 4_000_000 + b"b")),
    "patterns: many": lambda folder: Redaction.read(file(folder, "patterns", b"[a-z]{1,9}b?c\n" * 70_000)),
    "patterns: repeated": lambda folder: Redaction.read(file(folder, "patterns", b"a{99999999999999999999}")),
    **{name: replied(encoding) for name, (encoding, _) in REPLIES.items()},
    "request: wide JSON": posted("/api/v1/reward", wide(b"[", b"[]", 600_000, b"]")),
    "request: deep JSON": posted("/api/v1/reward", deep("[", "]", 900_000)),
    "request: gzip": posted("/api/v1/runs", packed(), **{"Content-Encoding": "gzip"}),
}
