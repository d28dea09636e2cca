"""Prompts and raw replies over HTTP and as files: fetched by address, inlined on demand, imported either way."""

import json
import random
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from orchestrator.kept_text import KeptText, is_address
from orchestrator.trajectory import Outcome, StopReason, Trajectory, Verdict
from prefs.training_files import Tally
from storage.records import dump_trajectory
from storage.store import Store
from storage.tables import TEXT
from tests.examples import model_call, trajectory
from tests.kept import step
from webapp.cli import main
from webapp.exports.kinds import Wishes, rows
from webapp.jsonl import TrajectoryFile, lines
from webapp.services import Services

API = "/api/v1"
PROMPT = json.dumps({"messages": [{"role": "user", "content": "What is 17% of 2,340? — <b>bold</b>"}] * 9})
REPLY = '{"content": "half a pair: \ud83d"}' * 20


def telling(**changes: Any) -> Trajectory:
    """A trajectory of one step with a long prompt and reply, judged by a model."""
    one = replace(step(0), calls=(model_call(prompt=PROMPT, reply=REPLY), model_call(reply="{}")))
    judge = model_call("0.0004", prompt=PROMPT)
    values = {"steps": (one,), "stop_reason": StopReason.ANSWERED, "answer": "397.8"}
    return trajectory(**(values | {"outcome": Outcome(Verdict.SOLVED, "m", "same", judge)} | changes))


def texts(record: dict[str, Any]) -> list[str | None]:
    """Prompts and replies of a record, the judge's prompt last."""
    calls = [call for one in record["steps"] for call in one["calls"]]
    return [text for call in calls for text in (call["prompt"], call["reply"])] + [record["outcome"]["call"]["prompt"]]


async def test_a_text_is_fetched_by_the_address_that_the_record_names(
    http: httpx.AsyncClient, services: Services
) -> None:
    await services.store.add(telling())
    record = (await http.get(f"{API}/trajectories/t1")).json()
    addresses = texts(record)
    assert [is_address(text or "") for text in addresses] == [True, True, False, False, True]
    response = await http.get(f"{API}/texts/{addresses[0]}")
    assert response.text == PROMPT
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers.get_list("x-content-type-options") == ["nosniff"]
    assert response.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert (await http.get(f"{API}/texts/{addresses[1]}")).text == REPLY.replace("\ud83d", "?")


@pytest.mark.parametrize("address", ["sha256:" + "0" * 64, "sha256:" + "A" * 64, "nonsense", "..%2f..%2fetc", "%00"])
async def test_a_text_that_is_not_here_is_a_problem_document(http: httpx.AsyncClient, address: str) -> None:
    response = await http.get(f"{API}/texts/{address}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_damaged_text_is_said_and_not_shown(http: httpx.AsyncClient, services: Services) -> None:
    await services.store.add(telling())
    await services.store._writer.do(lambda connection: connection.execute(update(TEXT).values(packed=b"x")))
    response = await http.get(f"{API}/texts/{KeptText.of(PROMPT).address}")
    assert response.status_code == 503
    assert "is damaged" in response.json()["detail"]


async def test_records_carry_the_texts_where_somebody_asks_for_them(
    http: httpx.AsyncClient, services: Services
) -> None:
    await services.store.add(telling())
    plain = (await http.get(f"{API}/trajectories/t1")).json()
    whole = (await http.get(f"{API}/trajectories/t1", params={"texts": "true"})).json()
    assert texts(whole) == [PROMPT, REPLY, None, "{}", PROMPT]
    assert {**whole, "steps": None, "outcome": None} == {**plain, "steps": None, "outcome": None}
    exports = [(await http.get(f"{API}/export/trajectories", params={"texts": said})).text for said in (False, True)]
    assert [json.loads(line) for line in exports] == [plain, whole]
    assert (await http.get(f"{API}/export/trajectories", params={"texts": "perhaps"})).status_code == 422


async def test_the_interface_describes_the_texts(http: httpx.AsyncClient) -> None:
    described = (await http.get("/openapi.json")).json()["paths"]
    assert "/api/v1/texts/{address}" in described
    names = [one["name"] for one in described["/api/v1/export/{kind}"]["get"]["parameters"]]
    assert {"kind", "texts"} <= set(names)


@pytest.fixture
def podium(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `podium` on a database of that name; gives exit code, stdout and stderr."""

    def run(home: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / home))
        code = main(arguments)
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("inline", [True, False])
def test_an_export_is_imported_elsewhere_with_its_texts_or_without(podium: Any, tmp_path: Path, inline: bool) -> None:
    made, moved = tmp_path / "made.jsonl", tmp_path / "moved.jsonl"
    made.write_text(dump_trajectory(telling()) + "\n")
    assert podium("one", "import", "trajectories", str(made))[0] == 0
    flags = ["--texts"] if inline else []
    assert podium("one", "export", "trajectories", *flags, "--out", str(moved))[0] == 0
    assert podium("two", "import", "trajectories", str(moved))[2] == "1 trajectories imported, 0 were here already\n"
    assert podium("two", "import", "trajectories", str(moved))[2] == "0 trajectories imported, 1 were here already\n"
    record = json.loads(podium("two", "export", "trajectories", "--texts")[1])
    known = [PROMPT, REPLY, None, "{}", PROMPT]
    assert texts(record) == (known if inline else [text and _kept(text) for text in known])
    podium("two", "import", "trajectories", str(made))
    assert texts(json.loads(podium("two", "export", "trajectories", "--texts")[1])) == known
    assert podium("two", "db", "check")[0] == 0


def _kept(text: str) -> str:
    return KeptText.of(text).address if len(text) > 100 else text


def test_only_trajectories_have_texts(podium: Any) -> None:
    code, out, err = podium("one", "export", "rankings", "--texts")
    assert (code, out) == (2, "")
    assert "--texts belongs to `podium export trajectories`" in err


def test_a_bad_line_far_down_keeps_nothing_of_its_file(podium: Any, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(dump_trajectory(telling()) + "\n" + '{"format": 1}\n')
    code, _, err = podium("one", "import", "trajectories", str(file))
    assert code == 2
    assert "line 2" in err
    assert podium("one", "export", "trajectories")[1] == ""


async def test_many_long_texts_are_exported_and_imported_one_trajectory_at_a_time(tmp_path: Path) -> None:
    dice, megabyte = random.Random(1), 1_000_000
    file = tmp_path / "big.jsonl"
    with Store.open(f"sqlite:///{tmp_path}/one.db") as store:
        for number in range(24):
            prompt = "".join(dice.choices("0123456789", k=megabyte))
            one = replace(step(0), calls=(model_call(prompt=prompt),))
            await store.add(telling(id=f"t{number}", steps=(one,), outcome=Outcome()))
        tracemalloc.start()
        with file.open("w") as out:
            out.writelines(lines(rows(store, "trajectories", Wishes(texts=True), Tally())))
        exporting = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        with Store.open(f"sqlite:///{tmp_path}/two.db") as other:
            assert await other.add_all(TrajectoryFile(file)) == 24
        importing = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert file.stat().st_size > 24 * megabyte
    assert max(exporting, importing) < 14 * megabyte, (exporting, importing)
