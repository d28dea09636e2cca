"""A clock that jumps by a day, forth and back, while the server runs."""

import asyncio
import shutil
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.database import check
from tests.faults.asked import ask, ended, readiness_is
from tests.faults.conftest import See
from tests.skips import skip
from tests.webapp.test_served_process import Podium, podium

DAY_S = 86_400


@pytest.fixture
def clock(tmp_path: Path) -> dict[str, str]:
    """The environment of a process whose clock follows a file."""
    if (compiler := shutil.which("cc")) is None:
        skip("no C compiler to build a clock that jumps")
    library, file = tmp_path / "clock.so", tmp_path / "clock"
    source = Path(__file__).with_name("clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    file.write_text("0")
    return {"LD_PRELOAD": str(library), "FAULT_CLOCK": str(file)}


async def test_a_clock_that_jumps_forth_and_back_loses_no_run_no_ballot_and_no_ranking(
    tmp_path: Path, clock: dict[str, str], seen: See
) -> None:
    async with podium(tmp_path, PODIUM_PACE="0.3", **clock) as app:
        for number, jump in enumerate((0, DAY_S, -DAY_S, 0)):
            going = await app.http.post("/runs", json={"query": "What is 6 times 7?", "alternatives": 2})
            run = going.json()["id"]
            await jump_to(clock, jump)
            assert not (await app.http.get(f"/runs/{run}")).json()["ended"], "it was over before the clock jumped"
            found = await app.until(f"/runs/{run}", lambda run: run["ended"])
            assert [one["state"] for one in found["trajectories"]] == ["finished"] * 2
            assert all(call["latency_s"] >= 0 for one in found["trajectories"] for call in calls(one))
            assert abs((await asked_at(app)) - (datetime.now(UTC).timestamp() + jump)) < 120
            await rank(app, run, f"ann-{number}")
            await readiness_is(app, 200)
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    assert "Traceback" not in "".join(app.said)
    assert check(f"sqlite:///{tmp_path / 'data' / 'podium.sqlite3'}") == []
    seen("clock jumps", "by a day forth and back: runs, ballots and rankings went on; durations were right", "nothing")


def calls(trajectory: dict[str, list[dict[str, list[dict[str, float]]]]]) -> list[dict[str, float]]:
    return [call for step in trajectory["steps"] for call in step["calls"]]


async def jump_to(clock: dict[str, str], by_s: int) -> None:
    await asyncio.to_thread(Path(clock["FAULT_CLOCK"]).write_text, str(by_s))


async def asked_at(app: Podium) -> float:
    """When the server thinks that a run is asked now."""
    run = await ask(app)
    await ended(app, run["id"])
    return datetime.fromisoformat(run["asked_at"]).timestamp()


async def rank(app: Podium, run: str, annotator: str) -> None:
    """Rank the ballot of a run, twice under the same key, which counts once."""
    ballot = (await app.http.get(f"/runs/{run}/ballot")).json()
    labels = [shown["label"] for shown in ballot["alternatives"]]
    body = {"groups": [[label] for label in labels], "annotator": annotator}
    path, headers = f"/ballots/{ballot['id']}/rankings", {"Idempotency-Key": annotator}
    first, again = [await app.http.post(path, json=body, headers=headers) for _ in range(2)]
    assert first.status_code in (200, 201), first.text
    assert first.json()["id"] == again.json()["id"]
