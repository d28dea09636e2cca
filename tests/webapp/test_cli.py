import json
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from webapp.cli import main

QUERY = "What is 17% of 2,340?"


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PODIUM_DATABASE_URL", "PODIUM_POOL", "PODIUM_HOST", "PODIUM_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PODIUM_POLICY", "random")


class Terminal:
    """Runs `podium` and gives what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        try:
            got = main(arguments)
        except SystemExit as end:
            got = int(end.code or 0)
        out, err = self._capsys.readouterr()
        assert got == code, err
        return out, err

    def records(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self(*arguments)[0].splitlines()]


@pytest.fixture
def podium(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def test_ask_prints_a_record_for_each_alternative_whose_dollars_add_up(podium: Terminal) -> None:
    records = podium.records("ask", QUERY, "--alternatives", "4", "--seed", "1", "--json")
    assert len(records) == 4
    for record in records:
        charges = [call["charge"]["usd"] for step in record["steps"] for call in step["calls"]]
        assert sum(Decimal(usd) for usd in charges if usd is not None) == Decimal(record["cost_usd"])


def test_the_same_seed_gives_the_same_routing_answers_and_dollars(podium: Terminal) -> None:
    def told() -> list[Any]:
        records = podium.records("ask", QUERY, "--alternatives", "4", "--seed", "1", "--json")
        return [([step["call"] for step in r["steps"]], r["answer"], r["cost_usd"]) for r in records]

    assert told() == told()


def test_ask_without_json_prints_answer_route_and_cost(podium: Terminal) -> None:
    out, err = podium("ask", QUERY, "--policy", "fixed:reasoner-1,answer-1")
    assert "reasoner-1 → answer-1" in out
    assert "simulated" in out
    assert "stand-in" in err


def test_a_budget_of_zero_spends_nothing(podium: Terminal) -> None:
    (record,) = podium.records("ask", QUERY, "--budget-usd", "0", "--json")
    assert (record["stop_reason"], Decimal(record["cost_usd"])) == ("budget", 0)


def test_a_question_about_a_users_own_documents_gets_a_sourced_answer(podium: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "manuals"
    folder.mkdir()
    text = "# Zephyr kettle\n\nThe warranty of the Zephyr kettle lasts 42 months from the day of purchase.\n"
    (folder / "zephyr.md").write_text(text)
    question = "How long does the warranty of the Zephyr kettle last?"
    route = ("--documents", str(folder), "--policy", "fixed:search-1,answer-1", "--json")
    (record,) = podium.records("ask", question, *route)
    assert "42 months" in record["answer"]
    last = record["steps"][-1]["observation"]
    assert last["origin"] == "extracted"
    assert "zephyr.md" in last["source"]
    (lost,) = podium.records("ask", "Who won the 1987 regional accordion contest of Glarus?", *route)
    assert lost["steps"][-1]["observation"]["origin"] == "none"


def test_what_was_asked_can_be_exported_and_imported_elsewhere(
    podium: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = podium.records("ask", QUERY, "--alternatives", "2", "--json")
    file = tmp_path / "trajectories.jsonl"
    podium("export", "trajectories", "--out", str(file))
    assert [json.loads(line) for line in file.read_text().splitlines()] == asked
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "elsewhere"))
    assert "2 trajectories imported, 0 were here already" in podium("import", "trajectories", str(file))[1]
    assert "0 trajectories imported, 2 were here already" in podium("import", "trajectories", str(file))[1]
    assert podium.records("export", "trajectories") == asked


def test_queries_can_be_imported_once(podium: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text('{"query": "Who wrote Emma?", "reference": "Jane Austen"}\n"What is 2 + 2?"\n')
    assert "2 queries imported" in podium("import", "queries", str(file))[1]
    assert "0 queries imported, 2 were here already" in podium("import", "queries", str(file))[1]


@pytest.mark.parametrize(
    ("kind", "line", "says"),
    [
        ("queries", "{", "not JSON"),
        ("queries", "{}", 'a text "query"'),
        ("queries", '{"query": "x", "colour": 1}', "unknown key 'colour'"),
        ("queries", '{"query": ""}', "empty"),
        ("trajectories", '{"format": 99}', "newer Podium"),
        ("trajectories", '{"format": 1}', "Field required"),
        ("trajectories", "[1]", "JSON object"),
    ],
)
def test_a_malformed_line_is_named_and_nothing_is_kept(
    podium: Terminal, tmp_path: Path, kind: str, line: str, says: str
) -> None:
    file = tmp_path / "bad.jsonl"
    good = '{"query": "fine"}' if kind == "queries" else json.dumps(podium.records("ask", QUERY, "--json")[0])
    file.write_text(f"{good}\n\n{line}\n")
    _, err = podium("import", kind, str(file), code=2)
    assert "bad.jsonl, line 3" in err
    assert says in err
    if kind == "queries":
        file.write_text(good)
        assert "1 queries imported, 0" in podium("import", kind, str(file))[1]


def test_reward_scores_the_trajectories_of_a_file(podium: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "trajectories.jsonl"
    file.write_text(podium("ask", QUERY, "--alternatives", "4", "--json")[0])
    rewards = podium.records("reward", str(file), "--preference", '{"accuracy": 1, "cost": 1, "latency": 0}')
    assert len(rewards) == 4
    assert all(r["reward"] == 0 for r in rewards if r["verdict"] == "unsolved")
    assert all(set(r["parts"]) >= {"accuracy", "cost", "latency"} for r in rewards)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", ""], "empty"),
        (["ask", "x" * 100_000], "100,000 characters"),
        (["ask", QUERY, "--cost", "1.5"], "from 0 to 1"),
        (["ask", QUERY, "--latency", "nan"], "finite"),
        (["ask", QUERY, "--prefer", "answer-9=1"], "unknown alias 'answer-9'"),
        (["ask", QUERY, "--prefer", "answer-1=2"], "from 0 to 1"),
        (["ask", QUERY, "--prefer", "answer-1"], "must be a number"),
        (["ask", QUERY, "--budget-usd", "-1"], "zero or more dollars"),
        (["ask", QUERY, "--budget-usd", "NaN"], "zero or more dollars"),
        (["ask", QUERY, "--alternatives", "0"], "1 to 12 alternatives"),
        (["ask", QUERY, "--turns", "0"], "from 1 to 1000"),
        (["ask", QUERY, "--seed", "-4"], "seed"),
        (["ask", QUERY, "--policy", "fixed:search-1"], "answer"),
        (["ask", QUERY, "--policy", "fixed:search-7,answer-1"], "search-7"),
        (["ask", QUERY, "--policy", "magic"], "embedded"),
        (["ask", QUERY, "--pool", "nowhere.toml"], "nowhere.toml"),
        (["ask", QUERY, "--documents", "nowhere"], "nowhere"),
        (["ask", QUERY, "--db", "sqlite:////nowhere/at/all.db"], "/nowhere/at"),
        (["import", "queries", "nowhere.jsonl"], "nowhere.jsonl"),
        (["export", "wat"], "invalid choice"),
        (["reward", "nowhere.jsonl"], "nowhere.jsonl"),
        (["serve", "--port", "99999"], "0 to 65535"),
    ],
)
def test_bad_input_says_what_to_do_and_ends_with_code_2(podium: Terminal, arguments: list[str], says: str) -> None:
    out, err = podium(*arguments, code=2)
    assert says in err
    assert "Traceback" not in err
    assert out == ""


def test_a_port_in_use_is_said_at_once(podium: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port} of 127.0.0.1 is in use" in podium("serve", "--port", port, code=2)[1]


def test_the_database_can_be_upgraded_checked_and_backed_up(podium: Terminal, tmp_path: Path) -> None:
    podium("db", "upgrade")
    podium("ask", QUERY, "--json")
    copy = tmp_path / "copy.sqlite3"
    podium("db", "backup", str(copy))
    assert "nothing wrong" in podium("db", "check", "--db", f"sqlite:///{copy}")[1]
    assert "exists" in podium("db", "backup", str(copy), code=2)[1]


def test_a_backup_is_restored_and_the_database_copied_at_the_command_line(podium: Terminal, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    podium("db", "upgrade")
    podium("db", "backup", str(copy))
    (record,) = podium.records("ask", QUERY, "--json")
    assert "--replace keeps it beside" in podium("db", "restore", str(copy), code=2)[1]
    out, _ = podium("db", "restore", str(copy), "--replace")
    kept = out.partition("what was there before is kept in ")[2].strip()
    assert podium.records("export", "trajectories") == []
    assert [one["id"] for one in podium.records("export", "trajectories", "--db", f"sqlite:///{kept}")] == [
        record["id"]
    ]
    out, told = podium("db", "copy", f"sqlite:///{kept}", f"sqlite:///{tmp_path / 'moved.db'}", "--progress")
    assert "both ends" in out
    assert "trajectory: 1 of 1 rows" in told
    assert "exists already" in podium("db", "copy", f"sqlite:///{kept}", f"sqlite:///{copy}", code=2)[1]


def test_pool_check_lists_each_alias_with_price_source_and_date(podium: Terminal) -> None:
    out, _ = podium("pool", "check")
    assert len(out.splitlines()) == 13
    assert "2026-01-28" in out
    assert "stand-in" in out


def test_pool_check_says_why_an_endpoint_cannot_be_reached(podium: Terminal, tmp_path: Path) -> None:
    pool = tmp_path / "pool.toml"
    pool.write_text(
        'name = "here"\n[alias.answer-1]\nmodel = "m"\nbase_url = "http://127.0.0.1:9/v1"\n'
        'description = "nobody is there"\nlatency_s = 3\nself_hosted = true\n'
    )
    out, _ = podium("pool", "check", "--pool", str(pool), code=1)
    assert "unreachable" in out
    assert "unpriced" in out


def test_an_import_that_meets_another_trajectory_of_the_same_id_keeps_nothing(podium: Terminal, tmp_path: Path) -> None:
    record = podium.records("ask", QUERY, "--json")[0]
    file = tmp_path / "twice.jsonl"
    lines = [{**record, "id": "new"}, {**record, "id": "same", "seed": 8}, {**record, "id": "same", "seed": 9}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert "same" in podium("import", "trajectories", str(file), code=2)[1]
    assert [kept["id"] for kept in podium.records("export", "trajectories")] == [record["id"]]


def test_half_a_character_in_an_imported_record_is_escaped_in_the_export(podium: Terminal, tmp_path: Path) -> None:
    record = podium.records("ask", QUERY, "--json")[0]
    file = tmp_path / "half.jsonl"
    file.write_text(json.dumps({**record, "id": "half", "answer": "\ud83d"}) + "\n")
    podium("import", "trajectories", str(file))
    assert "\ud83d" in [kept["answer"] for kept in podium.records("export", "trajectories")]
