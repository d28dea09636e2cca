"""Real processes in a world that fails."""

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.seen import FAULTS, Seen, write
from tests.skips import skip
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
    write(rows, os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex)


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
        skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
