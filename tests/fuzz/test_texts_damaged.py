"""Damaged pool files, replies of models and documents are refused in words, or read."""

import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.documents.reading import Found, Skipped, read_file
from orchestrator.pool_file import BadPoolFile, parse_pool
from orchestrator.reply import decide
from tests.fuzz.campaign import campaign, mutants, read_or_refused, told
from tests.fuzz.mutation import damaged_bytes, damaged_json
from tests.servers.orchestra import pool_toml

ROOT = Path(__file__).parents[2]
SEEDS = st.integers(0, 2**32)
POOLS = [path.read_bytes() for path in sorted((ROOT / "pools").glob("*.toml"))]
"""Those that people begin with."""
POOLS += [pool_toml("http://127.0.0.1:8000", key_env="KEY", judge_key_env="KEY").encode()]
TOML_ODD = (
    b"0", b"-1", b"1e999", b"nan", b"-inf", b"9" * 400, b'""', b'" "', b'"\\u0000"', b"[]", b"{}", b"true",
    b"1979-05-27", b"[[[[[[[[]]]]]]]]", b"[" * 3_000, b"{a = " * 400, b'"""', b"'''\n", b'"http://[::1"', b'"http://user:key@host/v1"',
    b'"file:///etc/passwd"', b'"answer-1"', b'"GREAT_KEY=1"', b"1e-400", b'"\xed\xa0\x80"', b"0x" + b"f" * 400,
)  # fmt: skip
MESSAGE: dict[str, Any] = {
    "role": "assistant",
    "content": '<think>hm</think><tool_call>{"name": "search", "arguments": {"model": "search-1"}}</tool_call>',
    "reasoning_content": "because",
    "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "answer", "arguments": '{"model": "answer-1"}'}},
        {"id": "d", "type": "function", "function": {"name": "search", "arguments": {"model": "search-2"}}},
    ],
}
DOCUMENTS = {
    "html": b"""<!doctype html><title>Tolls</title><main><h1 id=a>Tolls</h1><p>The toll is <b>41</b> marks.</p>
        <table><tr><th>Port<th>Toll<tr><td>Ambrel<td>41</table><dl><dt id=x>Toll</dt><dd>A fee</dd></dl>
        <pre>x = 1</pre><ul><li>one<li>two</ul><h2>More</h2><svg><p>no</p></svg></main>""",
    "md": b"# Tolls\n\nThe toll is **41** marks.\n\n"
        b"| Port | Toll |\n|---|---|\n| Ambrel | 41 |\n\n```\nx = 1\n```\n\n- one\n",
    "txt": b"Tolls\n=====\n\nThe toll is 41 marks.\n\n    x = 1\n\f\n1.2 More\n\n* one\n" * 3,
    "jsonl": b'{"id": "d1", "title": "Tolls", "text": "The toll is 41 marks.", "source": "http://127.0.0.1/tolls"}',
    "pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
        b"4 0 obj<</Length 37>>stream\nBT /F 9 Tf 9 9 Td (The toll is 41) Tj ET\nendstream endobj\n"
        b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R/Size 6>>\n%%EOF\n",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _tally() -> Iterator[None]:
    yield
    print(f"\n{told()}")


def damaged_pool(written: bytes, chance: random.Random) -> bytes:
    """Values exchanged for odd ones, lines doubled, taken away or moved, and bytes damaged."""
    lines = written.split(b"\n")
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(lines))
        key, equals, _value = lines[at].partition(b" = ")
        kind = chance.randrange(5)
        if kind <= 1 and equals:
            lines[at] = key + equals + chance.choice(TOML_ODD)
        elif kind == 2:
            lines.insert(at, lines[chance.randrange(len(lines))])
        elif kind == 3:
            lines[at] = lines[at].replace(b"1", chance.choice((b"2", b"", b"-", b"99999999999999999999")))
        elif len(lines) > 1:
            del lines[at]
    text = b"\n".join(lines)
    return damaged_bytes(text, chance) if chance.random() < 0.3 else text


@campaign()
@given(st.sampled_from(POOLS), SEEDS)
def test_a_damaged_pool_file_is_refused_or_read(pool: bytes, seed: int) -> None:
    for chance in mutants(seed):
        text = damaged_pool(pool, chance).decode("utf-8", "replace")
        found = read_or_refused("pool", text, lambda text=text: parse_pool(text, "pool.toml"), (BadPoolFile,))
        assert found is None or any(entry.tool == "answer" for entry in found.entries)


@campaign()
@given(SEEDS)
def test_a_damaged_reply_is_a_call_or_a_problem(seed: int) -> None:
    offered = ("search-1", "answer-1", "reasoner-1")
    for chance in mutants(seed):
        try:
            message = json.loads(damaged_json(MESSAGE, chance))
        except (ValueError, RecursionError):
            message = {"content": damaged_json(MESSAGE["content"], chance).decode("utf-8", "replace")}
        if isinstance(message, dict):
            found = read_or_refused("reply", message, lambda message=message: decide(message, offered), ())
            assert found is not None
            assert found.call is None or found.call.model in offered
            assert (found.call is None) == (found.problem is not None)
            found.thought.encode()


@campaign()
@given(st.sampled_from(sorted(DOCUMENTS)), SEEDS)
def test_a_damaged_document_is_passed_over_or_read(kind: str, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"document.{kind}")
        for chance in mutants(seed):
            written = DOCUMENTS[kind]
            text = damaged_json(json.loads(written), chance) if kind == "jsonl" else damaged_bytes(written, chance)
            file.write_bytes(text)
            found = read_or_refused("document", text, lambda: read_file(Found(file, file.name, kind)), ())
            if not isinstance(found, Skipped):
                assert found is not None
                for document in found:
                    document.text.encode()
                    document.title.encode()
                    document.id.encode()
