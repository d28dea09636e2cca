"""Real processes in a world that fails."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.seen import FAULTS, TABLE, Seen, table
from tests.webapp import test_served_process

See = Callable[[str, str, str], None]


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take its time to start a server."""
    monkeypatch.setattr(test_served_process, "WITHIN_S", 120.0)
    monkeypatch.setenv("PODIUM_PACE", "0")


@pytest.fixture(scope="session")
def _table() -> Iterator[list[Seen]]:
    rows: list[Seen] = []
    yield rows
    if not rows:
        return
    TABLE.parent.mkdir(exist_ok=True)
    said = TABLE.read_text("utf-8") if TABLE.exists() else ""
    TABLE.write_text(table(rows, said), "utf-8")


@pytest.fixture
def seen(_table: list[Seen]) -> See:
    """Adds a row to the table that is written at the end."""

    def add(fault: str, happened: str, told: str) -> None:
        assert fault in FAULTS
        _table.append(Seen(fault, happened, told))

    return add


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
