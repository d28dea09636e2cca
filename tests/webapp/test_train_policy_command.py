"""`podium train-policy` and `podium evaluate --weigh`, as far as they need no torch."""

import json
from pathlib import Path

import pytest

from storage.store import Store
from webapp.cli import main


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["train-policy", *arguments]) == 2
    return capsys.readouterr().err


def test_weights_of_ones_own_need_a_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    told = refused(capsys, "--reward", '{"accuracy": 1}', "--out", str(tmp_path))
    assert "--usd D and --seconds S" in told


def test_a_database_without_rankings_teaches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    url = f"sqlite:///{tmp_path / 'podium.sqlite3'}"
    Store.open(url).close()
    told = refused(capsys, "--reward", "learned", "--out", str(tmp_path / "out"), "--db", url)
    assert "there are 0 rankings" in told
    assert not (tmp_path / "out").exists()


def test_an_unknown_preference_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert "no preset named 'Lavish'" in refused(
        capsys, "--reward", "learned", "--out", str(tmp_path), "--asked", "Lavish"
    )


def test_steps_are_counted_from_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert "--steps must be 1 or more" in refused(capsys, "--reward", "learned", "--out", str(tmp_path), "--steps", "0")


def test_policies_are_judged_by_other_weights_than_they_are_asked_for(capsys: pytest.CaptureFixture[str]):
    common = ["evaluate", "--policy", "random", "--limit", "6", "--json"]
    assert main(common) == 0
    asked = json.loads(capsys.readouterr().out)
    assert main([*common, "--weigh", '{"accuracy": 0, "cost": 1, "latency": 0}']) == 0
    weighed = json.loads(capsys.readouterr().out)
    assert asked["weighed"] is None
    assert weighed["weighed"] == {"accuracy": 0.0, "cost": 1.0, "latency": 0.0, "tools": {}}
    assert weighed["preferences"] == asked["preferences"]
    assert weighed["policies"][0]["cost_usd"] == asked["policies"][0]["cost_usd"]
    assert weighed["policies"][0]["reward"] != asked["policies"][0]["reward"]


def test_weights_that_are_none_are_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["evaluate", "--policy", "random", "--limit", "2", "--weigh", '{"cost": 3}']) == 2
    assert "--weigh" in capsys.readouterr().err
