"""A server that is killed at random moments, seen from outside with a record of its own of what was acknowledged."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from storage.database import check
from storage.store import Store
from storage.trajectories import State

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("PODIUM_KILLS", "15"))
PACE = 0.02


@dataclass
class Record:
    """What the server acknowledged, and what was sent without an answer."""

    steps: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    rankings: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Idempotency key to the ranking that was acknowledged."""
    unanswered: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """Idempotency key to ballot and body."""
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Idempotency key to the body sent."""


@contextmanager
def started(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    command = [sys.executable, "tests/webapp/bare_server.py", str(data_dir), str(PACE)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            assert port, "the server did not start"
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30) as http:
                yield server, http
        finally:
            server.kill()


def follow(http: httpx.Client, run: str, record: Record) -> None:
    """Take down every step the server tells, until it is gone or the run ends."""
    with suppress(httpx.HTTPError), http.stream("GET", f"/runs/{run}/events") as response:
        for name, data in events(response.iter_lines()):
            if name == "step":
                record.steps.setdefault(data["trajectory"], {})[data["index"]] = data
            elif name == "stopped":
                record.stopped[data["id"]] = data["stop_reason"]


def events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in lines:
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            yield name, json.loads(value)


def rank(http: httpx.Client, key: str, ballot: str, body: dict[str, Any], record: Record) -> None:
    record.unanswered[key] = (ballot, body)
    record.said[key] = body
    with suppress(httpx.HTTPError):
        response = http.post(f"/ballots/{ballot}/rankings", json=body, headers={"Idempotency-Key": key})
        assert response.status_code == 201, response.text
        record.rankings[key] = response.json()
        del record.unanswered[key]


def orders(labels: list[str], chance: random.Random) -> dict[str, Any]:
    chance.shuffle(labels)
    return {"groups": [[label] for label in labels], "reason": f"because {chance.random()}"}


def disturb(http: httpx.Client, round_: int, chance: random.Random, record: Record) -> None:
    """Ask, follow and rank until the server is gone."""
    with suppress(httpx.HTTPError):
        for key, (ballot, body) in list(record.unanswered.items()):
            rank(http, key, ballot, body, record)
        for number in range(100):
            body = {"query": "What is 17% of 2,340?", "alternatives": 3, "seed": round_ * 100 + number}
            run = http.post("/runs", json=body).json()
            follower = threading.Thread(target=follow, args=(http, run["id"], record))
            follower.start()
            try:
                ballot = http.get("/ballots/next", params={"annotator": f"a{round_}"})
                if ballot.status_code == 200:
                    labels = [shown["label"] for shown in ballot.json()["alternatives"]]
                    said = {**orders(labels, chance), "annotator": f"a{round_}"}
                    rank(http, f"{round_}-{number}", ballot.json()["id"], said, record)
            finally:
                follower.join()
            http.get(f"/runs/{run['id']}/ballot")


def test_nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed(tmp_path: Path) -> None:
    chance, record = random.Random(7), Record()
    for round_ in range(KILLS):
        with started(tmp_path) as (server, http):
            client = threading.Thread(target=disturb, args=(http, round_, chance, record))
            client.start()
            time.sleep(random.Random(round_).uniform(0.05, 1.0))
            server.kill()
            client.join(timeout=30)
    with started(tmp_path) as (server, http):
        for key, (ballot, body) in list(record.unanswered.items()):
            rank(http, key, ballot, body, record)
        server.terminate()
    _judge(tmp_path / "podium.sqlite3", record)


def _judge(database: Path, record: Record) -> None:
    assert len(record.steps) >= KILLS / 2, "the test hardly ran anything"
    assert len(record.rankings) >= KILLS / 5, "the test hardly ranked anything"
    assert check(f"sqlite:///{database}") == []
    with Store.open(f"sqlite:///{database}") as store:
        for id, steps in record.steps.items():
            kept = store.trajectory(id)
            assert kept is not None
            for index, told in steps.items():
                assert kept.steps[index].thought == told["thought"]
                assert f"{kept.steps[index].cost_usd:f}" == told["cost_usd"]
            if id in record.stopped:
                assert kept.stop_reason == record.stopped[id]
            else:
                assert (store.state(id) is State.FINISHED) == (kept.stop_reason is not None)
        rankings = list(store.iter_rankings())
    ids = [ranking.id for ranking in rankings]
    assert len(ids) == len(set(ids))
    assert {acknowledged["id"] for acknowledged in record.rankings.values()} <= set(ids)
    reasons = [ranking.reason for ranking in rankings]
    assert len(reasons) == len(set(reasons)), "a ranking was kept twice"
    assert set(reasons) == {body["reason"] for body in record.said.values()}
