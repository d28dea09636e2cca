"""`podium reward --lint` on functions, files and endpoints."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from prefs.linting.linter import lint
from webapp.api import problems, rewards
from webapp.cli import main
from webapp.cli.reward_target import posting

RELEASED = "prefs.released_reward:released_reward"
OURS = "prefs.reward_functions.records:reward"


def linted(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["reward", "--lint", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_our_reward_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = linted(capsys, OURS, "--cases", "20")
    assert code == 0
    assert "No law is broken in 20 cases" in out


def test_the_page_shows_what_the_linter_prints(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reward.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert linted(capsys, RELEASED, "--cases", "14")[1] == shown


@pytest.mark.parametrize(
    ("target", "signature"),
    [("prefs.reward_functions.trl:trl_reward", "trl"), ("prefs.reward_functions.verl:compute_score", "verl")],
)
def test_the_reward_functions_of_trainers_are_called_as_their_trainer_does(
    capsys: pytest.CaptureFixture[str], target: str, signature: str
) -> None:
    assert linted(capsys, target, "--as", signature, "--cases", "14")[0] == 0


def test_the_released_reward_fails_and_the_batch_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = linted(capsys, RELEASED, "--cases", "14")
    assert code == 1
    assert "FAIL  cost" in out
    assert "B costs more than A and is otherwise the same, yet it scores higher." in out


def test_findings_as_json_can_be_scored_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = linted(capsys, RELEASED, "--cases", "14", "--json")
    found = json.loads(out)
    assert (code, found["clean"]) == (1, False)
    file = tmp_path / "shown.jsonl"
    shown = found["violations"][0]["before"]
    file.write_text("\n".join(json.dumps(record) for record in shown["trajectories"]), encoding="utf-8")
    assert main(["reward", str(file)]) == 0
    scored = [json.loads(line)["reward"] for line in capsys.readouterr().out.splitlines()]
    assert scored == [1.0, 0.0], "ours puts the cheaper one first"


def test_a_function_of_a_file_is_linted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "def always_one(trajectories, preference):\n    return [1.0 for _ in trajectories]\n", encoding="utf-8"
    )
    code, out, _ = linted(capsys, f"{file}:always_one", "--cases", "14")
    assert code == 1
    failed = [line.split()[1] for line in out.splitlines() if line.startswith("FAIL")]
    assert failed == ["used-once", "ungraded"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "module:function"),
        (["no_such_module:reward"], "cannot import no_such_module"),
        (["prefs.reward:no_such"], "no function named 'no_such'"),
        (["no_such_file.py:reward"], "no file no_such_file.py"),
        (["http://127.0.0.1:9/reward", "--as", "trl"], "an endpoint takes records"),
        (["http://127.0.0.1:9/reward"], "nobody answers"),
        ([OURS, "--cases", "0"], "at least one case"),
        ([OURS, "--call-timeout", "0"], "more than 0"),
    ],
)
def test_what_cannot_be_linted_is_bad_input(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code, _, err = linted(capsys, *arguments)
    assert code == 2
    assert message in err


def test_a_file_and_a_target_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reward"]) == 2
    assert main(["reward", "some.jsonl", "--lint", OURS]) == 2
    assert "either a FILE" in capsys.readouterr().err


def test_a_module_that_fails_to_load_says_why(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("import no_such_library\n", encoding="utf-8")
    code, _, err = linted(capsys, f"{file}:reward")
    assert code == 2
    assert "no_such_library" in err


def test_a_module_that_leaves_the_program_is_one_that_cannot_be_loaded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "leaving.py"
    file.write_text("raise SystemExit(0)\n", encoding="utf-8")
    code, _, err = linted(capsys, f"{file}:reward")
    assert code == 2
    assert "SystemExit" in err


def test_what_a_reward_prints_is_no_part_of_the_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "loud.py"
    file.write_text(
        "def reward(trajectories, preference):\n    print('scoring')\n    return [1.0 for _ in trajectories]\n",
        encoding="utf-8",
    )
    _, out, err = linted(capsys, f"{file}:reward", "--cases", "1", "--json")
    assert json.loads(out)["cases"] == 1
    assert "scoring" in err


def test_a_reward_that_does_not_answer_in_time_ends_the_search(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "slow.py"
    file.write_text(
        "import time\ndef reward(trajectories, preference):\n    time.sleep(20)\n    return []\n", encoding="utf-8"
    )
    code, _, err = linted(capsys, f"{file}:reward", "--call-timeout", "0.05")
    assert code == 2
    assert "did not answer within 0.05 s" in err


def test_a_long_search_tells_how_far_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "leisurely.py"
    file.write_text(
        "import time\nfrom prefs.reward_functions import records\n"
        "def reward(trajectories, preference):\n"
        "    time.sleep(0.005)\n    return records.reward(trajectories, preference)\n",
        encoding="utf-8",
    )
    code, out, err = linted(capsys, f"{file}:reward", "--cases", "14")
    assert code == 0, out
    assert "of 14 cases, 0 laws broken so far" in err


def test_the_endpoint_of_podium_itself_is_clean() -> None:
    app = FastAPI()
    app.include_router(rewards.routes, prefix="/api/v1")
    problems.install(app)
    with TestClient(app) as client:
        assert lint(posting(client, "/api/v1/reward"), cases=14).clean


class Dearest(BaseHTTPRequestHandler):
    """An endpoint that rewards dollars, and refuses what nobody graded."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        records = body["trajectories"]
        ungraded = any(record["outcome"]["verdict"] == "ungraded" for record in records)
        answer = {"rewards": [{"reward": float(record["cost_usd"])} for record in records]}
        self.send_response(422 if ungraded else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"detail": "grade them first"} if ungraded else answer).encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dearest)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/reward"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_endpoint_is_linted_in_the_shape_of_ours(capsys: pytest.CaptureFixture[str], endpoint: str) -> None:
    code, out, _ = linted(capsys, endpoint, "--cases", "3")
    assert code == 1
    failed = [line.split()[1] for line in out.splitlines() if line.startswith("FAIL")]
    assert {"cost", "price-unit", "constant-element"} <= set(failed)
    assert "ungraded" not in failed
