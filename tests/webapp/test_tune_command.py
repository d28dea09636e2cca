"""`podium tune`, from the database to the words."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.model_call import Usage, unpriced
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Outcome, Step, StopReason, Trajectory, Verdict
from prefs.ballot import ballot
from prefs.ranking import Ranking
from prefs.tuning.profile import Profile, dump_profile_yaml
from storage.store import Store
from tests.examples import NOON, call, model_call, trajectory
from webapp.cli import main

PRICES = """
[[price]]
model = "gpt-5"
from = 2026-01-01
source = "a test"
as_of = 2026-01-01
input_usd_per_mtok = 100
output_usd_per_mtok = 1000
"""


def ended(query: int, name: str, usd: str, seconds: float, verdict: Verdict, **changes: Any) -> Trajectory:
    alias, model = ("answer-1", "gpt-5") if name == "quick" else ("answer-2", "other")
    of = model_call(usd, seconds, alias=alias, model=model, usage=Usage(100, 20), **changes)
    return trajectory(
        id=f"{query}-{name}",
        query=f"query {query}",
        steps=(Step(0, "", call(alias), None, (of,)),),
        stop_reason=StopReason.ANSWERED,
        answer="42",
        outcome=Outcome(verdict),
    )


@pytest.fixture
async def database(tmp_path: Path) -> str:
    """Six queries with a cheap and a quick right answer each, and a wrong one that is both."""
    url = f"sqlite:///{tmp_path / 'podium.sqlite3'}"
    async with Store.open(url) as store:
        for query in range(6):
            several = [
                ended(query, "cheap", f"0.0{query + 1}", 9.0, Verdict.SOLVED),
                ended(query, "quick", f"0.0{query + 3}", 2.0, Verdict.SOLVED),
                ended(query, "wrong", "0.001", 1.0, Verdict.UNSOLVED),
            ]
            await store.add_all(several)
        ids = ["0-cheap", "0-quick"]
        shown = ballot("b0", ids, query="query 0", run=None, seed=1, made_at=NOON)
        await store.keep_ballot(shown)
        label = {one.trajectory: one.label for one in shown.alternatives}
        await store.keep_ranking(Ranking("r0", "b0", ((label["0-cheap"],), (label["0-quick"],)), NOON, annotator="ann"))
    return url


def tuned(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["tune", "--json", *arguments]) == 0
    return dict(json.loads(capsys.readouterr().out))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    try:
        code = main(["tune", *arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == 2
    return capsys.readouterr().err


def test_the_weight_of_cost_chooses_the_cheap_answers_and_their_dollars_add_up(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tuned(capsys, "--cost", "1", "--latency", "0", "--db", database)
    assert found["winners"] == {f"query {n}": f"{n}-cheap" for n in range(6)}
    assert Decimal(found["totals"]["cost_usd"]) == Decimal("0.21")
    assert (found["queries"], found["alternatives"], found["totals"]["solved"]) == (6, 18, 6)


def test_an_alias_that_is_preferred_wins(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = tuned(capsys, "--cost", "0.2", "--latency", "0", "--prefer", "answer-1=1", "--db", database)
    assert set(found["winners"].values()) == {f"{n}-quick" for n in range(6)}
    assert found["totals"]["alias_share"] == {"answer-1": 1.0}


def test_a_comparison_tells_what_changes(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = tuned(capsys, "--cost", "1", "--latency", "0", "--against", '{"cost": 0, "latency": 1}', "--db", database)
    assert len(found["against"]["changed"]) == 6
    assert Decimal(found["against"]["cost_usd"]) == Decimal("-0.12")
    assert found["against"]["latency_s"] == pytest.approx(42)


def test_a_saved_profile_is_a_reference(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(dump_profile_yaml(Profile("Ours", 2, PreferenceVector(1, 1, 0), NOON)), "utf-8")
    found = tuned(capsys, "--against", str(path), "--cost", "1", "--latency", "0", "--db", database)
    assert found["against"]["name"] == "Ours, version 2"
    assert found["against"]["changed"] == []


def test_thresholds_hold_when_they_are_tried(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = tuned(capsys, "--latency", "0.1", "--cost", "0.5", "--thresholds", "--db", database)
    assert found["thresholds"]["accuracy"]["flips"] == []
    for flip in found["thresholds"]["cost"]["flips"]:
        for weight, side in ((flip["at"] - 1e-4, "before"), (flip["at"] + 1e-4, "after")):
            there = tuned(capsys, "--cost", f"{weight:.6f}", "--latency", "0.1", "--db", database)
            assert there["winners"][flip["query"]] == flip[side]
    assert len(found["thresholds"]["cost"]["flips"]) == 6


def test_other_prices_change_dollars_winners_and_the_order_on_ballots(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "prices.toml"
    book.write_text(PRICES, "utf-8")
    weights = ("--cost", "1", "--latency", "0.1", "--db", database)
    found = tuned(capsys, *weights, "--prices", str(book))
    assert found["repricing"]["calls"] == {"anew": 6, "kept": 12, "unknown": 0}
    # every quick answer costs $0.03 now, so from the third query on it is the cheap one
    assert [change["query"] for change in found["repricing"]["changed"]] == [f"query {n}" for n in (2, 3, 4, 5)]
    assert Decimal(found["totals"]["cost_usd"]) == Decimal("0.15")
    assert found["repricing"]["ballots"]["ballots"] == 1
    assert (found["repricing"]["ballots"]["agreed_before"], found["repricing"]["ballots"]["pairs"]) == (1, 1)


def test_all_of_it_in_words(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "prices.toml"
    book.write_text(PRICES, "utf-8")
    asked = ["--thresholds", "--front", "--forecast", "1000", "--against", "Frugal", "--prices", str(book)]
    assert main(["tune", *asked, "--cost", "0.2", "--latency", "0.9", "--db", database]) == 0
    said = capsys.readouterr().out
    for words in (
        "6 queries with 18 stored alternatives",
        "P: accuracy 1, cost 0.2, latency 0.9",
        "6 of 6 graded, 100.0%",
        "Against Frugal",
        "accuracy 1: nothing changes from 0 to 1",
        "Settings that nothing beats",
        "1,000 queries a day",
        "of 1 ranked ballot",
    ):
        assert words in said


async def test_what_is_unknown_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'podium.sqlite3'}"
    async with Store.open(url) as store:
        await store.add_all([ended(0, "quick", "0", 1.0, Verdict.UNGRADED, charge=unpriced("no price"))])
    assert main(["tune", "--forecast", "10", "--db", url]) == 0
    said = capsys.readouterr().out
    assert "$0 + 1 unpriced call" in said
    assert "nobody has graded a winner" in said
    assert "1 of the queries has only one" in said
    assert "No forecast: no winner's dollars are all known" in said
    assert main(["tune", "--ungraded", "left-out", "--forecast", "10", "--thresholds", "--front", "--db", url]) == 0
    assert "1 query left out: nobody has graded an alternative" in capsys.readouterr().out


def test_an_empty_database_and_bad_flags_are_told_plainly(
    tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    Store.open(empty).close()
    assert "holds no finished trajectory yet; `podium ask" in refused(capsys, "--db", empty)
    assert "there is no preset or profile named 'Cheap'" in refused(capsys, "--against", "Cheap", "--db", database)
    assert "--against" in refused(capsys, "--against", '{"cost": 2}', "--db", database)
    assert "the pool's to say" in refused(capsys, "--against", "Keep it local", "--db", database)
    assert "whole number of queries" in refused(capsys, "--forecast", "0", "--db", database)
    assert "from 0 to 1" in refused(capsys, "--cost", "2", "--db", database)
    assert "--prefer answer-1=2" in refused(capsys, "--prefer", "answer-1=2", "--db", database)
    assert "prices.toml" in refused(capsys, "--prices", str(tmp_path / "prices.toml"), "--db", database)
