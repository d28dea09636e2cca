"""The log of a served process, as a collector reads it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from webapp.operations.logs import LogForm
from webapp.settings import Settings, SettingsError

QUERY = "What is 17% of 2,340?"


def served(folder: Path, form: LogForm) -> str:
    """What a server writes to standard error in which one query is asked to its end."""
    environment = os.environ | {"PODIUM_DATA_DIR": str(folder), "PODIUM_PACE": "0", "PODIUM_LOG": form}
    command = [sys.executable, "-m", "webapp", "serve", "--port", "0"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        home = server.stdout.readline().split()[-1].removesuffix("/ui")
        run = httpx.post(f"{home}/api/v1/runs", json={"query": QUERY, "alternatives": 2}, timeout=60).json()["id"]
        with httpx.stream("GET", f"{home}/api/v1/runs/{run}/events", timeout=60) as events:
            assert "event: ended" in events.read().decode()
        server.send_signal(signal.SIGTERM)
        return server.communicate(timeout=60)[1]


def test_a_collector_reads_what_happened_line_by_line_and_never_what_was_asked(tmp_path: Path) -> None:
    lines = served(tmp_path, LogForm.JSON).splitlines()
    said: list[dict[str, Any]] = [json.loads(line) for line in lines if line.startswith("{")]
    assert [one["message"] for one in said] == ["serving", "run begun", *2 * ["trajectory ended"], "stopping"]
    assert {one["run"] for one in said[1:4]} == {said[1]["run"]}
    assert all(float(one["cost_usd"]) >= 0 and one["stop_reason"] == "answered" for one in said[2:4])
    assert all(one["time"].endswith("+00:00") and one["level"] == "info" for one in said)
    assert QUERY not in "\n".join(lines)


def test_people_are_told_of_nothing_where_nothing_is_wrong(tmp_path: Path) -> None:
    written = served(tmp_path, LogForm.TEXT)
    assert "trajectory ended" not in written
    assert "WARNING" not in written


def test_another_form_is_refused() -> None:
    with pytest.raises(SettingsError, match="PODIUM_LOG must be text or json, not 'xml'"):
        Settings.from_environment({"PODIUM_LOG": "xml"})
