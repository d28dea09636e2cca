"""A real server that was told secrets: none is in a reply, its log, its command line, a file or its last words."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.store import Store
from tests.accounts import CHEAP, CONSOLE
from tests.servers.leaks import leaked, texts_of_database
from tests.servers.orchestra import pool_toml

PASSWORD = "Wn4-harbour-Lq9-violet-Tz2"
EXPERT_KEY = "sk-Bv6tR1yM8wQ3/eJ5uN0kS2zD9hF7cX4pA"
HOUSE_SECRET = "Jd7-Pk2vT9xC4mZ8qW1rY6"
CLIENT_SECRET = "oid-Hs3fG8nB5lV0jU7aE2iO9"
SECRETS = (PASSWORD, EXPERT_KEY, HOUSE_SECRET, CLIENT_SECRET)


@contextmanager
def served(folder: Path, log: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`podium serve` with an admin, a key, and an expert that nobody answers for."""
    pool = folder / "pool.toml"
    pool.write_text(pool_toml("http://127.0.0.1:9", key_env="CANARY_EXPERT", timeout_s=2))
    named = {
        "PODIUM_DATA_DIR": str(folder / "data"),
        "PODIUM_POOL": str(pool),
        "PODIUM_LOG": log,
        "PODIUM_DISCOVER": "0",
    }
    named |= {"PODIUM_OIDC_ISSUER": "http://127.0.0.1:9", "PODIUM_OIDC_CLIENT_ID": "podium"}
    told = {"PODIUM_SECRET": HOUSE_SECRET, "CANARY_EXPERT": EXPERT_KEY, "PODIUM_OIDC_CLIENT_SECRET": CLIENT_SECRET}
    command = [sys.executable, "-m", "webapp", "serve", "--port", "0", "--policy", "fixed:search-1,answer-1"]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(command, env={**os.environ, **named, **told}, stdout=out, stderr=err)
    try:
        until = time.monotonic() + 120
        while not (found := re.search(r"http://[\d.:]+", (folder / "out").read_text())):
            assert process.poll() is None, (folder / "err").read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        yield process, found[0]
    finally:
        process.kill()
        process.wait()


def look_in(url: str) -> dict[str, str]:
    """What the server says to a person who mistypes the password, logs in, asks in vain and looks everywhere."""
    said = {}
    with httpx.Client(base_url=url, timeout=60) as http:
        wrong = http.post("/login", data={"name": "ada", "password": PASSWORD[:-1] + "x"})
        said["a wrong password"] = f"{wrong.headers} {wrong.text}"
        assert wrong.status_code in (401, 403, 422)
        assert http.post("/login", data={"name": "ada", "password": PASSWORD}).status_code == 303
        asked = http.post("/api/v1/runs", json={"query": "Who answers?", "alternatives": 1, "limits": {"turns": 3}})
        said["a run"] = asked.text
        said["its end"] = http.get(f"/api/v1/runs/{asked.json()['id']}/events").text
        paths = [path for path, how in http.get("/openapi.json").json()["paths"].items() if "get" in how]
        pages = ["/ui/", "/ui/config", "/account", "/accounts", "/rank", "/runs", "/stage", "/tune", "/metrics"]
        for path in [
            *(one for one in paths if "{" not in one),
            *pages,
            "/login/oidc",
            "/api/v1/export/trajectories",
            "/nothing",
        ]:
            reply = http.get(path)
            said[path] = f"{reply.headers} {reply.text}"
    return said


@pytest.mark.parametrize("log", ["text", "json"])
def test_what_a_server_was_told_in_confidence_leaves_it_nowhere(
    log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr("storage.accounts.passwords._cost", CHEAP)
    with Store.open(f"sqlite:///{tmp_path / 'data' / 'podium.sqlite3'}") as store:
        asyncio.run(Accounts(store).add("ada", Role.ADMIN, PASSWORD, CONSOLE))
    with served(tmp_path, log) as (process, url):
        said = look_in(url)
        said["command line"] = Path(f"/proc/{process.pid}/cmdline").read_text() if sys.platform == "linux" else ""
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    said["out"], said["err"] = (tmp_path / "out").read_text(), (tmp_path / "err").read_text()
    assert len(said) > 25
    assert "answer" in said["its end"]
    for where, text in texts_of_database(tmp_path / "data" / "podium.sqlite3"):
        said[where] = text if isinstance(text, str) else text.decode("utf-8", "replace")
    found = {where: around for where, text in said.items() if (around := leaked(text, *SECRETS)) is not None}
    assert found == {}
