"""`podium prompt` shows what would be sent, `podium ask` what a judge said; bad input gets words and no traceback."""

import asyncio
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.servers.conformance import MODEL, Conformance, conforming
from tests.servers.orchestra import pool_toml
from tests.webapp.orchestra_app import following, orchestra_app
from webapp.asking import Asking
from webapp.cli import main

POOLS = sorted((Path(__file__).parents[2] / "pools").glob("*.toml"))
LISTED = """
name = "listed"
[alias.answer-1]
base_url = "https://api.openai.com/v1"
model = "gpt-5-mini"
description = "d"
latency_s = 1
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    for name in ("OPENAI_API_KEY", "TAVILY_API_KEY", "PODIUM_POOL", "PODIUM_POLICY", "PODIUM_PROMPT_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["prompt", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("profile", ["eval-frames", "eval-hle", "train", "clean"])
async def test_what_is_printed_is_what_is_sent(
    profile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with orchestra_app(tmp_path, prompt_profile=profile) as app:
        live = await app.services.ask(Asking("What is the capital?"))
        await app.ended(live)
        sent = next(asked.body for asked in app.server.asked if asked.model == MODEL)
        shown = await asyncio.to_thread(
            printed, capsys, "What is the capital?", "--pool", str(app.pool), "--profile", profile
        )
    assert shown == {"messages": sent["messages"], "tools": sent["tools"]}


def test_a_price_that_is_looked_up_is_shown_as_the_orchestrator_will_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = tmp_path / "pool.toml"
    pool.write_text(LISTED)
    assert "$0.25" in json.dumps(printed(capsys, "q", "--pool", str(pool)))


@pytest.mark.parametrize("pool", POOLS, ids=lambda path: path.stem)
def test_every_worked_example_can_be_shown_without_keys(pool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    aliases = tomllib.loads(pool.read_text())["alias"]
    shown = json.dumps(printed(capsys, "q", "--pool", str(pool)))
    assert all(alias in shown for alias in aliases)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prompt", ""], "query"),
        (["prompt", "q", "--profile", "evals"], "eval-frames"),
        (["prompt", "q", "--pool", "FOLDER"], "cannot be read"),
        (["prompt", "q", "--pool", "FOLDER/none.toml"], "cannot be read"),
        (["ask", "q", "--pool", "FOLDER"], "cannot be read"),
        (["pool", "check", "--pool", "FOLDER"], "cannot be read"),
        (["ask", "q", "--texts"], "--json"),
        (["ask", "q", "--prompt-profile", "evals"], "choose from"),
        (["ask", "q", "--tokenizer", "FOLDER/none.json"], "none.json"),
        (["ask", "q", "--policy", "openai:http://127.0.0.1:9/v1"], "which model"),
        (["ask", "q", "--policy", "openai:http://127.0.0.1:9/v1#m;profile=evals"], "choose from"),
        (["ask", "q", "--policy", "openai:file:///etc/passwd#m"], "http://"),
        (["ask", "q", "--policy", "openai:127.0.0.1:9/v1#m"], "http://"),
        (["ask", "q", "--policy", "transformers:"], "which folder"),
        (["ask", "q", "--policy", "openai:http://127.0.0.1:9/v1#m", "--tokenizer", "FOLDER"], "tokenizer.json"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert main([argument.replace("FOLDER", str(folder)) for argument in arguments]) == 2
    told = capsys.readouterr().err.splitlines()
    assert words in told[-1]
    assert told[-1].startswith("podium: ")
    assert len(told) == 1


async def test_a_judge_and_all_texts_are_in_the_records_that_ask_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Conformance(following())
    async with conforming(server) as there:
        pool = tmp_path / "pool.toml"
        pool.write_text(pool_toml(there.url) + '\n[judge]\nendpoint = "judge"\nmodel = "judge"\n')
        arguments = ["ask", "Where?", "--reference", "The seat of the government", "--json", "--pool", str(pool)]
        codes = [await asyncio.to_thread(main, [*arguments, *more]) for more in ([], ["--texts"])]
    assert codes == [0, 0]
    short, long = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    for record in (short, long):
        assert record["outcome"]["by"] == "judge"
        assert record["outcome"]["verdict"] == "ungraded"
        assert record["outcome"]["call"]["model"] == "judge"
    assert "Problem" in long["steps"][0]["calls"][0]["prompt"]
    assert len(json.dumps(short)) < len(json.dumps(long))
