"""The consumers themselves take exported files: TRL's trainers each make a real step, and no row is lost on the way."""

from pathlib import Path
from typing import Any

import pytest

from prefs.reward_functions.trl import trl_reward
from prefs.training_files import FORMATS, FileOptions, Tally
from prefs.training_files.length_report import length_report
from prefs.training_files.parquet_schema import schema
from prefs.training_files.ruler import ChatTokenizer, Estimate
from prefs.training_files.verl import rows as verl_rows
from tests.prefs.training_files.judged_examples import pool
from tests.train.exported import TRL_WARNINGS, checkpoint, judged_pair, rankings, settings, weights, write
from webapp.exports.parquet import parquet

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
trl = pytest.importorskip("trl")
datasets = pytest.importorskip("datasets")

pytestmark = list(TRL_WARNINGS)

PLENTY = 16_384
QWEN3 = Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def tokenizer(folder: Path) -> Any:
    return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)


def loaded(path: Path, cache: Path) -> Any:
    return datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(cache / "cache"))


def causal(folder: Path) -> Any:
    return transformers.Qwen3ForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)


def classifier(folder: Path) -> Any:
    torch.manual_seed(2)
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, num_labels=1)
    return transformers.Qwen3ForSequenceClassification(config)


def stepped(trainer: Any) -> float:
    """The loss of a step that must have changed the weights."""
    before = list(weights(trainer.model))
    loss = trainer.train().training_loss
    assert any(not torch.equal(one, other) for one, other in zip(before, weights(trainer.model), strict=True))
    return float(loss)


@pytest.mark.parametrize("name", FORMATS)
def test_datasets_loads_each_file_of_lines_whole(name: str, tmp_path: Path):
    path, rows, tally = write(tmp_path, name, rankings())
    table = loaded(path, tmp_path)
    assert len(table) == len(rows) == tally.rows > 0
    assert set(table.column_names) == set(rows[0])


def test_datasets_loads_the_parquet_file_whole(tmp_path: Path):
    rows = list(verl_rows(rankings(), FileOptions(pool=pool()), Tally()))
    path = tmp_path / "prompts.parquet"
    path.write_bytes(b"".join(parquet(iter(rows), schema("verl"), Tally())))
    table = datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert table.to_list() == rows


@pytest.mark.parametrize(("name", "template"), [("trl-implicit", "small"), ("trl-explicit", "qwen3")])
def test_reward_trainer_takes_a_step_on_every_pair(
    name: str, template: str, folder: Path, tokenizer: Any, tmp_path: Path
):
    if template == "qwen3":
        tokenizer.chat_template = QWEN3.read_text("utf-8")
    path, rows, _ = write(tmp_path, name, rankings())
    trainer = trl.RewardTrainer(
        classifier(folder),
        trl.RewardConfig(**settings(tmp_path), max_length=None, learning_rate=1e-3),
        train_dataset=loaded(path, tmp_path),
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == len(rows)
    told = tokenizer.decode(trainer.train_dataset[0]["chosen_ids"])
    for part in (
        "How long does Mercury take",
        "I care a great deal",
        "answer-2 knows.",
        '"answer-2"',
        "so far: $0.0041",
        "88 days",
    ):
        assert part in told
    assert stepped(trainer) > 0


def test_margin_changes_the_loss_of_the_reward_trainer(folder: Path, tokenizer: Any, tmp_path: Path):
    losses = {}
    for margin in ("none", "rank"):
        path, rows, _ = write(tmp_path, "trl-implicit", rankings()[1:2], margin=margin)
        trainer = trl.RewardTrainer(
            classifier(folder),
            trl.RewardConfig(**settings(tmp_path) | {"per_device_train_batch_size": len(rows)}, max_length=None),
            train_dataset=loaded(path, tmp_path / margin),
            processing_class=tokenizer,
        )
        losses[margin] = stepped(trainer)
    assert losses["rank"] > losses["none"] + 0.1


def test_dpo_trainer_takes_a_step(folder: Path, tokenizer: Any, tmp_path: Path):
    path, rows, _ = write(tmp_path, "dpo", rankings())
    trainer = trl.DPOTrainer(
        causal(folder),
        args=trl.DPOConfig(**settings(tmp_path), max_length=PLENTY, learning_rate=1e-3),
        train_dataset=loaded(path, tmp_path),
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == len(rows)
    assert stepped(trainer) == pytest.approx(0.693, abs=0.01)


def test_kto_trainer_takes_a_step(folder: Path, tokenizer: Any, tmp_path: Path):
    path, rows, _ = write(tmp_path, "kto", rankings())
    assert {row["label"] for row in rows} == {True, False}
    trainer = trl.KTOTrainer(
        causal(folder),
        args=trl.KTOConfig(**settings(tmp_path), max_length=PLENTY, learning_rate=1e-3),
        train_dataset=loaded(path, tmp_path),
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == len(rows)
    assert stepped(trainer) > 0


def test_sft_trainer_takes_a_step(folder: Path, tokenizer: Any, tmp_path: Path):
    path, rows, _ = write(tmp_path, "sft", rankings())
    trainer = trl.SFTTrainer(
        causal(folder),
        args=trl.SFTConfig(**settings(tmp_path), max_length=PLENTY, learning_rate=1e-3),
        train_dataset=loaded(path, tmp_path),
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == len(rows)
    assert "<tool_call>" in tokenizer.decode(trainer.train_dataset[0]["input_ids"])
    assert stepped(trainer) > 0


def test_grpo_trainer_takes_a_step_and_hands_the_columns_to_the_reward(folder: Path, tokenizer: Any, tmp_path: Path):
    path, _, _ = write(tmp_path, "trl-grpo", rankings())
    given: list[dict[str, Any]] = []

    def podium_reward(prompts: Any, completions: Any, **columns: Any) -> list[float | None]:
        # A model that was never taught writes no calls; they are put into its mouth, so that rewards differ.
        said = ("answer-2", "answer-3")
        calls = [
            [
                {
                    "role": "assistant",
                    "content": f'<tool_call>{{"name": "t", "arguments": {{"model": "{said[place % 2]}"}}}}</tool_call>',
                }
            ]
            for place in range(len(completions))
        ]
        scores = trl_reward(prompts, calls, **columns)
        given.append({"columns": columns, "scores": scores, "as written": trl_reward(prompts, completions, **columns)})
        return scores

    trainer = trl.GRPOTrainer(
        causal(folder),
        podium_reward,
        args=trl.GRPOConfig(
            **settings(tmp_path) | {"per_device_train_batch_size": 4},
            num_generations=2,
            max_completion_length=8,
            learning_rate=1e-3,
        ),
        train_dataset=loaded(path, tmp_path).filter(lambda row: row["reference"] is not None),
        processing_class=tokenizer,
    )
    stepped(trainer)
    [seen] = given
    assert len(seen["scores"]) == 4
    assert min(seen["scores"][0::2]) > max(seen["scores"][1::2]) == 0
    assert seen["as written"] == [0.0] * 4
    assert {"query", "reference", "preference", "choices", "tools", "quotes"} <= set(seen["columns"])


@pytest.mark.parametrize("most", [900, 1024])
@pytest.mark.parametrize("name", ["trl-implicit", "trl-explicit", "dpo", "kto"])
def test_length_report_tells_what_trl_drops(name: str, most: int, folder: Path, tokenizer: Any, tmp_path: Path):
    some = [judged_pair(f"p{number}", "Think well. " * number * 40) for number in range(1, 12)]
    path, rows, _ = write(tmp_path, name, [*rankings(4), *some])
    report = length_report(rows, name, ChatTokenizer(tokenizer), most)
    assert report.rows == len(rows)
    assert report.exact
    kind, config, model = {
        "dpo": (trl.DPOTrainer, trl.DPOConfig, causal),
        "kto": (trl.KTOTrainer, trl.KTOConfig, causal),
    }.get(name, (trl.RewardTrainer, trl.RewardConfig, classifier))
    trainer = kind(
        model(folder),
        args=config(**settings(tmp_path), max_length=most),
        train_dataset=loaded(path, tmp_path),
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == report.rows - report.dropped
    assert 0 < report.dropped < report.rows
    guessed = length_report(rows, name, Estimate(), most)
    assert not guessed.exact
    assert guessed.quantiles[1.0] > report.quantiles[1.0] / 3
