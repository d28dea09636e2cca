"""`podium train-reward` and `podium reward-models` where nothing can be trained, and the card of a model."""

import argparse
import asyncio
import importlib.util
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from prefs.bootstrap import Interval
from storage.reward_models import RewardModels, reward_model_json
from storage.store import Store
from tests.reward_models import FIGURES, checkpoint, reward_model
from webapp import reward_card
from webapp.cli import reward_model as command


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'podium.db'}"
    monkeypatch.setenv("PODIUM_DATABASE_URL", url)
    return url


def podium(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_to(parser.add_subparsers())
    chosen = parser.parse_args(arguments)
    code: int = chosen.run(chosen)
    return code


def finished(out: Path) -> None:
    """A folder as a training leaves it."""
    checkpoint(out / "model")
    made = reward_model(out / "model")
    (out / "reward-model.json").write_text(json.dumps(reward_model_json(replace(made, path="/where/it/was"))))


@pytest.mark.skipif(importlib.util.find_spec("trl") is not None, reason="the extra is installed")
def test_training_without_the_extra_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"pip install 'podium\[train\]'"):
        podium("train-reward", "--base", "small", "--out", str(tmp_path / "out"))


@pytest.mark.parametrize(
    "wrong", [("--epochs", "0"), ("--rate", "-1"), ("--batch", "0"), ("--max-length", "8")], ids=lambda one: one[0]
)
def test_impossible_settings_are_refused_before_anything_is_loaded(tmp_path: Path, wrong: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"greater than 0|at least 32 tokens"):
        podium("train-reward", "--base", "small", "--out", str(tmp_path / "out"), *wrong)
    assert not (tmp_path / "out").exists()


def test_a_finished_folder_is_registered_where_it_lies(
    tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    finished(tmp_path / "out")
    assert podium("reward-models", "--add", str(tmp_path / "out"), "--json") == 0
    (record,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert record["id"] == "rm-1"
    with Store.open(database) as store:
        known = RewardModels(store).find("rm-1")
    assert known is not None
    assert known.path == str((tmp_path / "out" / "model").resolve())


def test_a_folder_whose_files_were_changed_is_not_registered(tmp_path: Path, database: str) -> None:
    finished(tmp_path / "out")
    (tmp_path / "out" / "model" / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match="not those that were trained"):
        podium("reward-models", "--add", str(tmp_path / "out"))
    with pytest.raises(ValueError, match="holds no finished reward model"):
        podium("reward-models", "--add", str(tmp_path))
    with Store.open(database) as store:
        assert RewardModels(store).newest() == ()


def test_where_no_model_is_registered_it_says_how_to_make_one(
    database: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Store.open(database).close()
    assert podium("reward-models") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "`podium train-reward` makes one" in told.err


def test_models_are_listed_with_their_accuracy(
    tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(database) as store:
        asyncio.run(RewardModels(store).register(reward_model(tmp_path / "model")))
    assert podium("reward-models") == 0
    said = capsys.readouterr().out
    assert "rm-1  70.0% (55.0% to 85.0%) of 20 held-out pairs" in said
    assert str(tmp_path / "model") in said


def test_the_card_tells_yardsticks_doubts_and_digests(tmp_path: Path) -> None:
    doubtful = replace(FIGURES, accuracy=Interval(0.55, 0.45, 0.65), cut=5, cost_was_hidden=2, onnx_difference=None)
    said = reward_card.markdown(reward_model(tmp_path / "model", figures=doubtful))
    for part in (
        "55.0% (45.0% to 65.0%)",
        "75.0% (60.0% to 90.0%)",
        "−5.0 points (−20.0 to +10.0)",
        "| Two people on the same pair | unknown |",
        "| Noise ceiling: the best model | unknown |",
        "not shown to be better than chance",
        "5 of 48 trajectories were longer",
        "2 of 12 rankings the annotator did not see the cost",
        "serving it needs the extra `train`",
        "d" * 64,
    ):
        assert part in said


def test_the_page_holds_everything_it_needs(tmp_path: Path) -> None:
    page = reward_card.page(reward_model(tmp_path / "model"))
    assert not re.search(r"\[\[\w+\]\]", page.split("<script>")[0])
    assert "src=" not in page.split("<script>")[0]
    figure = json.loads(re.findall(r'<script type="application/json" id="figure">(.*?)</script>', page, re.DOTALL)[0])
    assert figure["data"][1]["y"] == [50.0, 90.0]


class Terminal:
    """A stream that counts lines."""

    def __init__(self, rewrites: bool) -> None:
        self.said = ""
        self._rewrites = rewrites

    def isatty(self) -> bool:
        return self._rewrites

    def write(self, text: str) -> int:
        self.said += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("rewrites", [True, False])
def test_progress_is_one_line_at_a_terminal_and_few_elsewhere(rewrites: bool) -> None:
    terminal = Terminal(rewrites)
    ticker = command.Ticker(terminal)  # type: ignore[arg-type]
    for step in range(1, 1001):
        ticker(step, 1000, {"loss": 0.5})
    ticker.end()
    assert terminal.said.count("\n") == (1 if rewrites else 2)
    assert "1,000/1,000  loss 0.500" in terminal.said
