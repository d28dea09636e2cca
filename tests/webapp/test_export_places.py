"""Where an export is written: folders, links, pipes, and what stands there already."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.store import Store
from webapp.cli import main

Podium = Callable[..., tuple[int, str]]


@pytest.fixture
def podium(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Podium:
    """Runs `podium export` on an empty database; gives exit code and stderr."""
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PODIUM_DATABASE_URL", f"sqlite:///{tmp_path}/podium.db")
    Store.open(f"sqlite:///{tmp_path}/podium.db").close()

    def run(*arguments: str) -> tuple[int, str]:
        return main(["export", *arguments]), capsys.readouterr().err

    return run


def test_a_folder_is_no_place_for_a_file_and_a_missing_one_is_named(podium: Podium, tmp_path: Path) -> None:
    code, err = podium("rankings", "--out", str(tmp_path))
    assert (code, err) == (2, f"podium: {tmp_path} is a folder: name a file in it\n")
    code, err = podium("rankings", "--out", str(tmp_path / "none" / "r.jsonl"))
    assert (code, err) == (2, f"podium: there is no folder {tmp_path / 'none'}: create it first\n")


def test_a_mistyped_database_is_neither_made_nor_exported(podium: Podium, tmp_path: Path) -> None:
    code, err = podium("rankings", "--db", f"sqlite:///{tmp_path}/typo.db")
    assert code == 2
    assert f"there is no database {tmp_path}/typo.db" in err
    assert not (tmp_path / "typo.db").exists()


def test_a_pipe_stays_a_pipe(podium: Podium, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    assert podium("card", "--out", str(pipe))[0] == 0
    reader.join(timeout=20)
    assert read[0].startswith("# Data card")
    assert pipe.is_fifo()


def test_a_link_goes_on_pointing_where_it_did(podium: Podium, tmp_path: Path) -> None:
    kept, link = tmp_path / "kept.md", tmp_path / "link.md"
    kept.write_text("older")
    link.symlink_to(kept)
    assert podium("card", "--out", str(link))[0] == 0
    assert link.is_symlink()
    assert kept.read_text(encoding="utf-8").startswith("# Data card")


def test_an_empty_training_file_is_called_empty_and_has_no_lengths(podium: Podium, tmp_path: Path) -> None:
    code, err = podium("kto", "--out", str(tmp_path / "k.jsonl"))
    assert code == 0
    assert "the file is empty" in err
    assert "dropped" not in err


def test_a_preference_that_cannot_be_read_says_which_flag_it_came_from(podium: Podium) -> None:
    code, err = podium("trl-grpo", "--preference", "cheap")
    assert code == 2
    assert "preference: " in err
    assert "JSON" in err
