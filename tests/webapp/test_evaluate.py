"""`podium evaluate`: its figures, its doors, and that it leaves nothing behind unless asked to."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from webapp.cli import main
from webapp.cli.evaluate_progress import Ticker, words
from webapp.evaluation.bench import Standing

STRONG = "fixed:search-1,reasoner-1,answer-1"
SMALL = ("--limit", "6", "--split", "test")


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PODIUM_DATABASE_URL", "PODIUM_POOL", "PODIUM_POLICY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))


class Evaluate:
    """Runs the command and gives what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        try:
            got = main(("evaluate", *arguments))
        except SystemExit as end:
            got = int(end.code or 0)
        out, err = self._capsys.readouterr()
        assert got == code, err
        return out, err

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self(*arguments, "--json", code=code)[0])
        return found


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str]) -> Evaluate:
    return Evaluate(capsys)


def test_the_json_has_the_keys_that_people_script_against(evaluate: Evaluate) -> None:
    found = evaluate.json("--policy", "random", "--policy", STRONG, *SMALL)
    assert [one["policy"] for one in found["policies"]] == ["random", STRONG]
    for one in found["policies"]:
        assert set(one) >= {
            *("policy", "tasks", "solved", "adherence", "cost_usd"),
            *("latency_s", "calls", "strongest_share", "alias_share"),
        }
        for name in ("solved", "adherence"):
            assert set(one[name]) == {"mean", "low", "high"}
            assert one[name]["low"] <= one[name]["mean"] <= one[name]["high"]
        assert isinstance(one["cost_usd"], str)
        ends = one["intervals"]["cost_usd"]
        assert Decimal(ends["low"]) <= Decimal(one["cost_usd"]) + Decimal("1e-6")
        assert Decimal(one["cost_usd"]) <= Decimal(ends["high"]) + Decimal("1e-6")
        assert one["intervals"]["latency_s"]["low"] <= one["latency_s"] <= one["intervals"]["latency_s"]["high"]
        assert sum(one["alias_share"].values()) == pytest.approx(1, abs=1e-4)
        assert 0 <= one["strongest_share"] <= 1
        assert one["tasks"] == 6
        assert [limit["turns"] for limit in one["allowed_turns"]] == [5, 10, 20, 50]
        assert {name: part["tasks"] for name, part in one["domains"].items()} == dict.fromkeys(one["domains"], 1)
    assert (found["complete"], found["simulated"], found["baseline"]) == (True, True, STRONG)


def test_the_strongest_route_calls_three_times_and_always_the_dearest(evaluate: Evaluate) -> None:
    (one,) = evaluate.json("--policy", STRONG, *SMALL)["policies"]
    assert (one["calls"], one["strongest_share"]) == (3.0, 1.0)
    assert {alias for alias, share in one["alias_share"].items() if share} == {"search-1", "reasoner-1", "answer-1"}
    assert one["against_baseline"]["cost_ratio"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert sum(Decimal(part["cost_usd"]) for part in one["domains"].values()) == Decimal(one["cost_usd"])


def test_the_same_seed_gives_the_same_figures_whatever_the_concurrency(evaluate: Evaluate) -> None:
    def told(*more: str) -> list[Any]:
        found = evaluate.json("--policy", "random", *SMALL, "--alternatives", "2", *more)
        return [(one["solved"], one["cost_usd"], one["calls"], one["alias_share"]) for one in found["policies"]]

    assert told("--concurrency", "1") == told("--concurrency", "5")
    assert told() != told("--seed", "1")


def test_every_preset_can_be_tried_and_a_vector_in_json(evaluate: Evaluate) -> None:
    few = ("--policy", "fixed:answer-2", "--limit", "2")
    every = evaluate.json(*few, "--preference", "all")["policies"]
    assert [one["preference"] for one in every] == ["Balanced", "Accuracy first", "Frugal", "Fast", "Keep it local"]
    found = evaluate.json(*few, "--preference", '{"accuracy": 1, "cost": 0, "latency": 0}')
    (one,) = found["policies"]
    assert one["adherence"]["mean"] == one["solved"]["mean"]
    assert list(found["preferences"].values()) == [{"accuracy": 1.0, "cost": 0.0, "latency": 0.0, "tools": {}}]


def test_the_policy_that_is_named_nowhere_is_the_default_one(evaluate: Evaluate) -> None:
    assert [one["policy"] for one in evaluate.json("--limit", "1")["policies"]] == ["embedded"]


def test_without_json_a_table_is_printed_that_says_what_is_simulated(evaluate: Evaluate) -> None:
    out, err = evaluate("--policy", "random", *SMALL)
    assert out.splitlines()[0].startswith("Policy")
    assert out.splitlines()[1].startswith("random")
    assert "6 tasks of the test split, one run of each" in out
    assert "Simulated" in out
    assert "12 of 12 trajectories" in err


def test_nothing_is_written_unless_asked(evaluate: Evaluate, tmp_path: Path) -> None:
    evaluate("--policy", "fixed:answer-2", "--limit", "1")
    assert list(tmp_path.iterdir()) == []


def test_saved_trajectories_of_a_task_are_alternatives_of_one_run(
    evaluate: Evaluate, capsys: pytest.CaptureFixture[str]
) -> None:
    _, err = evaluate("--policy", "random", "--policy", "fixed:answer-2", "--limit", "2", "--save")
    assert "6 trajectories are kept" in err
    main(["export", "trajectories"])
    kept = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    runs = {record["run"]: {other["query"] for other in kept if other["run"] == record["run"]} for record in kept}
    assert len(kept) == 6
    assert [len(queries) for queries in runs.values()] == [1, 1]
    assert all(record["outcome"]["verdict"] != "ungraded" and record["steps"] for record in kept)


def test_a_budget_starts_no_more_runs_and_the_figures_are_of_what_was_finished(evaluate: Evaluate) -> None:
    found = evaluate.json("--policy", "fixed:answer-1", "--budget-usd", "0.2", "--concurrency", "1")
    assert (found["complete"], found["stopped"]) == (False, "the budget of $0.2 is spent")
    assert 0.2 <= float(found["spent"]["usd"]) < 0.3
    assert 0 < found["policies"][0]["tasks"] < 20


def test_a_budget_of_nothing_gives_nothing_to_compare(evaluate: Evaluate) -> None:
    out, err = evaluate("--policy", "fixed:answer-1", "--budget-usd", "0", "--json", code=1)
    assert json.loads(out)["policies"] == []
    assert "nothing to compare" in err


def test_a_policy_whose_server_is_not_there_fails_with_its_reason(evaluate: Evaluate) -> None:
    out, _ = evaluate("--policy", "openai:http://127.0.0.1:9/v1#m", "--limit", "1", code=1)
    assert "1 trajectories failed and count as unsolved" in out
    assert "127.0.0.1:9" in out


def test_another_baseline_can_be_named(evaluate: Evaluate) -> None:
    found = evaluate.json("--policy", "fixed:answer-2", "--baseline", "fixed:answer-2", "--limit", "2")
    assert found["baseline"] == "fixed:answer-2"
    assert found["spent"]["trajectories"] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--policy", "magic"], "embedded"),
        (["--policy", "fixed:search-1"], "must end in an answer alias"),
        (["--preference", "Cheap"], "Balanced"),
        (["--preference", '{"cost": 7}'], "--preference"),
        (["--split", "exam"], "invalid choice"),
        (["--limit", "0"], "the limit of tasks must be from 1"),
        (["--alternatives", "0"], "number of alternatives must be from 1 to 64"),
        (["--concurrency", "0"], "from 1 to 256"),
        (["--seed", "-1"], "the seed must be from 0"),
        (["--turns", "0"], "from 1 to 1000"),
        (["--pool", "nowhere.toml"], "nowhere.toml"),
        (["--report", "nowhere/at/all.html"], "does not exist"),
    ],
)
def test_bad_input_says_what_to_do(evaluate: Evaluate, arguments: Sequence[str], says: str) -> None:
    out, err = evaluate(*arguments, code=2)
    assert says in err
    assert out == ""


def test_control_c_reports_what_is_finished() -> None:
    asked = ("--policy", "random", "--split", "train", "--alternatives", "40", "--json")
    command = [sys.executable, "-m", "webapp", "evaluate", *asked]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("Pool:")
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "stopped by hand" in err
    assert json.loads(out)["complete"] is False


def test_progress_says_how_many_how_much_and_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    standing = Standing(done=5, total=20, usd=Decimal("0.0131"), unpriced_calls=2, elapsed_s=10.0)
    assert words(standing) == "5 of 20 trajectories, $0.0131 + 2 unpriced so far, 10 s, about 30 s left"
    ticker = Ticker(sys.stderr)
    ticker(standing)
    ticker.end(standing)
    assert capsys.readouterr().err.count("\n") == 1
