"""`podium study`."""

import asyncio
import json
from pathlib import Path

import pytest

from storage.store import Store
from tests.webapp.test_studies_http import runs
from webapp.cli import main


@pytest.fixture
def db(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'podium.db'}"
    with Store.open(url) as store:
        asyncio.run(runs(store, 3))
    return url


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["study", *arguments]) == 0
    return capsys.readouterr().out.strip()


def test_a_study_is_made_from_flags_and_told_of(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "read.md").write_text("Read the answers first.")
    more = ["--guidelines", str(tmp_path / "read.md"), "--hidden", "identity", "cost", "--next", "order", "--seed", "3"]
    id = printed(capsys, "create", "--name", "Routing", "--runs", "all", "--overlap", "2", *more, "--db", db)
    assert printed(capsys, "list", "--db", db) == f"{id}  Routing: 0 of 6 rankings"
    record = json.loads(printed(capsys, "list", "--json", "--db", db))
    assert (record["guidelines"], record["hidden"], record["seed"]) == (
        "Read the answers first.",
        ["identity", "cost"],
        3,
    )
    assert printed(capsys, "progress", id, "--db", db).startswith("0 of 6 rankings; 0 of 3 ballots are complete")
    far = json.loads(printed(capsys, "progress", id, "--annotator", "ann", "--json", "--db", db))
    assert far["own"][0]["left"] == 3
    assert "Routing is closed since" in printed(capsys, "close", id, "--db", db)
    assert printed(capsys, "list", "--db", db).endswith("closed")


def test_a_study_in_two_phases_tells_what_second_looks_say(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["create", "--name", "Twice", "--runs", "all", "--two-phases", "--tags", "too slow"]
    id = printed(capsys, *asked, "--hidden", "cost", "latency", "--db", db)
    record = json.loads(printed(capsys, "list", "--json", "--db", db))
    assert (record["two_phases"], record["tags"]) == (True, ["too slow"])
    assert (
        printed(capsys, "progress", id, "--db", db).splitlines()[-1].startswith("Nobody has looked at a ballot again")
    )
    far = json.loads(printed(capsys, "progress", id, "--json", "--db", db))  # one JSON value and no sentence behind it
    assert far["counted"] == 0


def test_a_new_study_hides_names_and_scores_unless_the_flag_stands_alone(
    db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = {}
    for name, more in (("blind", ()), ("open", ("--hidden",))):
        id = printed(capsys, "create", "--name", name, "--runs", "all", "--db", db, *more)
        records = map(json.loads, printed(capsys, "list", "--json", "--db", db).splitlines())
        hidden[name] = next(one["hidden"] for one in records if one["id"] == id)
    assert hidden == {"blind": ["identity", "outcome"], "open": []}


def test_a_study_is_made_from_a_file(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "study.json"
    file.write_text(json.dumps({"name": "Routing", "runs": ["r0", "r2"], "alternatives": 2, "gold_share": 0.5}))
    id = printed(capsys, "create", str(file), "--db", db)
    assert json.loads(printed(capsys, "progress", id, "--json", "--db", db))["gold"] == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["create", "--name", "Routing"], "either which ballots"),
        (["create", "none.json"], "none.json"),
        (["create", "--runs", "all"], "wrong at name"),
        (["create", "--name", "N", "--runs", "all", "--next", "best"], "wrong at next_by"),
        (["create", "study.json", "--name", "N"], "leave out --name"),
        (["progress", "none"], "no study 'none'"),
        (["close", "none"], "no study 'none'"),
    ],
)
def test_what_cannot_be_is_told_plainly(
    db: str, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", *arguments, "--db", db]) == 2
    assert says in capsys.readouterr().err
