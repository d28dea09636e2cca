"""verl itself reads an exported Parquet file and is rewarded by the functions that are shipped beside it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from prefs.reward_functions.shipped import shipped_source
from prefs.training_files import FileOptions, Tally
from prefs.training_files.parquet_schema import schema
from prefs.training_files.verl import rows
from tests.prefs.training_files.judged_examples import QUERY, examples, pool
from webapp.exports.parquet import parquet

CHECKPOINT = Path(__file__).parents[1] / "vllm/checkpoint.py"
ROOT = Path(__file__).parents[2]
READER = Path(__file__).with_name("reader.py")
PLENTY = 16_384


def reply(alias: str) -> str:
    return f'<tool_call>\n{{"name": "t", "arguments": {{"model": "{alias}"}}}}\n</tool_call>'


@pytest.fixture(scope="module")
def tokenizer(verl_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    done(verl_python, CHECKPOINT, folder)
    return folder


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    tally = Tally()
    told = rows(iter(examples()), FileOptions(pool=pool()), tally)
    with (folder / "prompts.parquet").open("wb") as file:
        file.writelines(parquet(told, schema("verl"), tally))
    (folder / "rewards.py").write_text(shipped_source(), "utf-8")
    return folder


def done(python: Path, *arguments: object) -> str:
    """What a script says; nothing is fetched."""
    told = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONPATH": str(ROOT)}
    command = [str(python), "-P", *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | told)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def read(python: Path, exported: Path, tokenizer: Path, most: int, *replies: str) -> dict[str, Any]:
    """What verl makes of the file where prompts may be that long."""
    said = done(python, READER, exported / "prompts.parquet", exported / "rewards.py", tokenizer, most, *replies)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


@pytest.fixture(autouse=True)
def no_cache_of_others(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """verl and `datasets` keep copies of what they read; not in the home folder."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(exported / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(exported / "cache"))


def test_verl_reads_every_row_and_is_rewarded(verl_python: Path, exported: Path, tokenizer: Path):
    replies = [reply("answer-2"), reply("search-1"), reply("answer-3"), "I call nobody."]
    found = read(verl_python, exported, tokenizer, PLENTY, *replies)
    assert found["rows"] == [0, 1, 2]
    assert found["reported"]["rows"] == 3
    assert found["reported"]["dropped"] == 0
    assert QUERY in found["first"]
    assert "answer-2 | $1.25 | $10 | 27s" in found["first"]
    scores = found["scores"]
    assert scores[replies[0]][0] > scores[replies[1]][0] > 0
    assert scores[replies[2]] == scores[replies[3]] == [0, 0, 0]


def test_length_report_tells_what_verl_drops(verl_python: Path, exported: Path, tokenizer: Path):
    median = read(verl_python, exported, tokenizer, PLENTY)["reported"]["median"]
    found = read(verl_python, exported, tokenizer, median)
    assert found["reported"]["dropped"] == 3 - len(found["rows"]) > 0
