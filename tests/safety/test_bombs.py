"""Small inputs that would fill memory or take minutes are refused, each measured in a process of its own."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from orchestrator.bounded_json import bounded, parts
from orchestrator.bounded_toml import bounded_toml
from tests.page.conftest import ROOT
from tests.safety.bombs import BOMBS

MOST_GROWTH_BYTES = 260 * 2**20
"""The largest file that is read at all has 64 MB, and is in memory as bytes, as text and in lines."""
MOST_CPU_S = 8.0
PDF_GROWTH_BYTES, PDF_CPU_S = 400 * 2**20, 20.0
"""PDFs are read by pypdf, within limits of its own."""
LONGER_THAN_MAY_BE = "it has more than 64 MB; split it into smaller files"
TOO_DEEP = "nested too deep"
TOO_MANY = "values and names; 500,000 are the most"
RECURSION = "maximum recursion depth exceeded while decoding"
TOLD = {
    "documents: gzip of a text": LONGER_THAN_MAY_BE,
    "documents: gzip of JSON lines": LONGER_THAN_MAY_BE,
    "documents: gzip in gzip": "it is binary, not text",
    "documents: deep HTML": TOO_DEEP,
    "documents: wide HTML": TOO_DEEP,
    "documents: entities of HTML": "1001 passages",
    "documents: one line": "6667 passages",
    "documents: brackets in Markdown": "750 passages",
    "documents: deep JSON": f"line 1: not JSON ({RECURSION}",
    "documents: wide JSON": TOO_MANY,
    "documents: a packed PDF": "it is no PDF that can be read: LimitReachedError",
    "documents: a PDF of many pages of one content": "it is no PDF that can be read: LimitReachedError",
    "import: deep JSON": TOO_MANY,
    "import: wide JSON": TOO_MANY,
    "import: wide JSON of objects": TOO_MANY,
    "import: gzip": "in.jsonl.gz, line 1: not JSON: 'utf-8' codec can't decode",
    "import: a line without end": "line 1: longer than 50,000,000 bytes",
    "import: many empty lines": "0 0 queries imported",
    "import: deep trace": f"in.json, not valid JSON: {RECURSION}",
    "import: wide trace": TOO_MANY,
    "import: Parquet": "bomb.parquet, line 1: not a row of exported rankings",
    "import: a trace of a billion turns": "is no turn of any run",
    "pool: deep": "BadPoolFile",
    "pool: dotted": "a key in it has too many dots",
    "pool: huge": "1,000,000 are the most",
    "profile: billion laughs": "BadProfile: this is no profile",
    "study: wide": "100,000 are the most",
    "study: all of it wrong": "the study is wrong at tags.0",
    "patterns: wide": "groups within groups are too deep",
    "patterns: huge": "has more than 1,048,576 bytes",
    "patterns: many": "Redaction(own=(re.compile(",
    "patterns: repeated": "is no regular expression",
    "reply: gzip": "did not reply with JSON but with ''",
    "reply: gzip in gzip": "did not reply with JSON but with '\\x1f",
    "reply: br": "the reply has no end or cannot be decoded",
    "reply: long": "did not reply with JSON but with ''",
    "reply: wide JSON": "replied without any choice",
    "reply: deep JSON": "did not reply with JSON but with '[[",
    "request: wide JSON": "413 ",
    "request: deep JSON": "413 ",
    "request: gzip": "415 ",
}
"""What is said of each; those that are harmless once they are read with bounds are read."""
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc for a process's memory"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def measured() -> list[dict[str, Any]]:
    if not os.environ.get("PODIUM_BOMBS"):
        pytest.skip("takes a minute; set PODIUM_BOMBS=1")
    return set_off("-m", "tests.safety.set_off")


def set_off(*arguments: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-W", "ignore", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_each_bomb_is_set_off_and_leaves_its_process_alive(measured: list[dict[str, Any]]) -> None:
    assert [one["name"] for one in measured] == list(BOMBS)
    assert [one for one in measured if one["wait_status"] != 0] == []


def test_no_bomb_fills_the_memory_or_the_time(measured: list[dict[str, Any]]) -> None:
    for one in measured:
        print(f"{one['grew'] / 2**20:5.0f} MiB {one['cpu_s']:5.1f} s  {one['name']}")
    for one in measured:
        pdf = "PDF" in one["name"]
        assert one["grew"] < (PDF_GROWTH_BYTES if pdf else MOST_GROWTH_BYTES), one
        assert one["cpu_s"] < (PDF_CPU_S if pdf else MOST_CPU_S), one


def test_each_bomb_is_refused_with_its_sentence(measured: list[dict[str, Any]]) -> None:
    assert TOLD.keys() == BOMBS.keys()
    assert [one for one in measured if TOLD[one["name"]] not in one["told"]] == []
    assert [one for one in measured if "MemoryError" in one["told"] or "Traceback" in one["told"]] == []


@pytest.mark.parametrize(
    ("dies", "status"), [("os.kill(os.getpid(), 9)", 9), ("sys.exit(3)", 256), ("time.sleep(0)", 0)]
)
def test_a_process_that_dies_is_told(dies: str, status: int) -> None:
    code = f"import os, sys, time; from tests.safety.set_off import forked; forked('one', lambda _: {dies})"
    (row,) = set_off("-c", code)
    assert (row["name"], row["wait_status"]) == ("one", status)
    assert (row["grew"] is None) == (status != 0)


def test_json_is_counted_outside_of_its_texts() -> None:
    assert parts('{"a,[": ["x\\",[", {"b": "{{,,::"}]}') == parts(b'{"a,[": ["x\\",[", {"b": "{{,,::"}]}') == 6
    text = json.dumps({"text": ",[{" * 400_000})
    assert bounded(text) == json.loads(text)
    for wide in ("[" + "[]," * 300_000 + "[]]", b'{"a": [' + b"1," * 600_000 + b"1]}"):
        with pytest.raises(ValueError, match="values and names"):
            bounded(wide)


def test_toml_of_keys_that_are_too_deep_or_too_many_is_refused() -> None:
    for text in (".".join(["a"] * 200_000) + " = 1", "[" + ". ".join(["a"] * 40) + "]", "x = 1\n" * 200_000):
        with pytest.raises(ValueError, match=r"dots|characters"):
            bounded_toml(text)
    assert bounded_toml('a.b.c = "1.2.3 ... and so on"\n[d."e.f"]\ng = 1.5') == {
        "a": {"b": {"c": "1.2.3 ... and so on"}},
        "d": {"e.f": {"g": 1.5}},
    }
