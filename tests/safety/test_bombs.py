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

MOST_GROWTH_BYTES = 260 * 2**20
"""The largest file that is read at all has 64 MB, and is in memory as bytes, as text and in lines."""
MOST_CPU_S = 8.0
READ = "brackets", "entities", "one line", "many pages", "empty lines"
"""Bombs that are harmless once they are read with bounds."""
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc for a process's memory"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def measured() -> list[dict[str, Any]]:
    if not os.environ.get("PODIUM_BOMBS"):
        pytest.skip("takes a minute; set PODIUM_BOMBS=1")
    command = [sys.executable, "-W", "ignore", "-m", "tests.safety.bombs"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_no_bomb_fills_the_memory_or_the_time(measured: list[dict[str, Any]]) -> None:
    for one in measured:
        print(f"{one['grew'] / 2**20:5.0f} MiB {one['cpu_s']:5.1f} s  {one['name']}")
    assert len(measured) > 25
    assert [one for one in measured if one["grew"] > MOST_GROWTH_BYTES] == []
    assert [one for one in measured if one["cpu_s"] > MOST_CPU_S] == []


def test_each_bomb_is_refused_with_a_sentence(measured: list[dict[str, Any]]) -> None:
    for one in measured:
        if not any(word in one["name"] for word in READ):
            assert "MemoryError" not in one["told"], one
            assert "Traceback" not in one["told"], one
            assert len(one["told"]) > 3, one


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
