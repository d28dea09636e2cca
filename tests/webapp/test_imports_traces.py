"""ToolOrchestra's traces come in by the command line, from a file of lines, a file of one, or a folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.store import Store
from webapp.cli import main

Podium = Callable[..., tuple[int, str]]


def trace(id: str) -> dict[str, Any]:
    """One turn that answers."""
    answer = {"tool": "answer", "model": "answer-1", "response": "<answer>88</answer>", "pred": "88"}
    return {
        "id": id,
        "problem": "How long is a year?",
        "correct": True,
        "all_tool_responses": {"turn_0_response": [answer]},
    }


@pytest.fixture
def podium(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Podium:
    """Runs `podium`; gives exit code and stderr."""
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PODIUM_DATABASE_URL", f"sqlite:///{tmp_path}/two.db")

    def run(*arguments: str) -> tuple[int, str]:
        return main(arguments), capsys.readouterr().err

    return run


def kept(folder: Path) -> list[str]:
    with Store.open(f"sqlite:///{folder}/two.db") as store:
        return sorted(one.id for one in store.iter_trajectories())


def test_lines_a_single_trace_and_a_folder_are_read(podium: Podium, tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(trace("one"), indent=2))
    (folder / "b.jsonl").write_text("\n".join(json.dumps(trace(id)) for id in ("two", "three")))
    assert podium("import", "traces", str(folder / "a.json")) == (0, "1 traces imported, 0 were here already\n")
    assert podium("import", "traces", str(folder / "b.jsonl")) == (0, "2 traces imported, 0 were here already\n")
    assert podium("import", "traces", str(folder)) == (0, "0 traces imported, 3 were here already\n")
    assert kept(tmp_path) == ["hle-one", "hle-three", "hle-two"]


def test_bad_trace_is_named_by_its_line_and_nothing_is_kept(podium: Podium, tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    for bad in ("{}", "{", json.dumps(trace("x") | {"id": None})):
        file.write_text(json.dumps(trace("one")) + "\n" + bad + "\n")
        code, err = podium("import", "traces", str(file))
        assert code == 2
        assert f"{file}, line 2: " in err
        assert kept(tmp_path) == []


def test_an_empty_folder_or_what_is_no_text_is_said_and_a_byte_order_mark_is_read(
    podium: Podium, tmp_path: Path
) -> None:
    folder, file = tmp_path / "none", tmp_path / "t.jsonl"
    folder.mkdir()
    assert podium("import", "traces", str(folder)) == (2, f"podium: there is no .json or .jsonl file in {folder}\n")
    file.write_bytes(b"\xff\xfe{}\n")
    code, err = podium("import", "traces", str(file))
    assert code == 2
    assert f"{file} is not text in UTF-8" in err
    file.write_text(json.dumps(trace("one")) + "\n", encoding="utf-8-sig")
    assert podium("import", "traces", str(file))[0] == 0
    assert kept(tmp_path) == ["hle-one"]
