"""A small reward model trained on planted preferences: better than chance, registered, and served as it was trained."""

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("trl")

from prefs.neural import fingerprint, trainer  # noqa: E402
from prefs.neural.accuracy import pair_accuracy  # noqa: E402
from prefs.neural.base import reader_of  # noqa: E402
from prefs.neural.head import NETWORK  # noqa: E402
from prefs.neural.quiet import quiet  # noqa: E402
from prefs.neural.reader import reader_of_base  # noqa: E402
from prefs.neural.reward_model import Course, Reading, RewardModel  # noqa: E402
from prefs.neural.scorer import scorer_at  # noqa: E402
from prefs.training_files.chat import conversation  # noqa: E402
from storage.reward_models import RewardModels  # noqa: E402
from storage.store import Store  # noqa: E402
from tests.train.planted import plant  # noqa: E402
from tests.vllm.checkpoint import make  # noqa: E402
from webapp.reward_training import Data, data_of, train  # noqa: E402
from webapp.scoring import scored  # noqa: E402

COURSE = Course(epochs=3, rate=2e-3, batch=16, held_out=0.3)
BRIEF = Course(epochs=2, rate=1e-3, batch=8, held_out=0.3)
READING = Reading(max_length=512)
TINY = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """So small a model is slower with more of them, and far slower where others compute, too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def silent(step: int, steps: int, measured: Mapping[str, float]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Trained:
    url: str
    out: Path
    data: Data
    model: RewardModel


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("planted")
    url = f"sqlite:///{folder / 'podium.db'}"
    with Store.open(url) as store:
        asyncio.run(plant(store, 60, raters=2))
        data = data_of(store, COURSE)
        model = train(data, COURSE, READING, folder / "out", silent)
        asyncio.run(RewardModels(store).register(model))
    return Trained(url, folder / "out", data, model)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Data:
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('few') / 'podium.db'}") as store:
        asyncio.run(plant(store, 8, seed=4))
        return data_of(store, BRIEF)


def test_planted_preferences_are_learnt_better_than_chance(trained: Trained):
    figures = trained.model.figures
    said = f"{figures.accuracy} of {figures.held_out_pairs} pairs of {figures.held_out_queries} queries"
    print(f"\nreward model: {said}; linear {figures.linear}; ceiling {figures.ceiling}; {figures.seconds:.0f} s")
    assert figures.accuracy.low > 0.5, said
    assert figures.accuracy.low > pair_accuracy(trained.data.held_out, [0.0] * figures.held_out_pairs).high


def test_yardsticks_are_taken_on_the_same_pairs(trained: Trained):
    figures = trained.model.figures
    assert figures.linear is not None
    assert figures.gain is not None
    assert figures.linear.low > 0.5
    assert figures.gain.mean == pytest.approx(figures.accuracy.mean - figures.linear.mean)
    assert figures.ceiling is not None
    assert 0.5 < figures.ceiling.agreement < figures.ceiling.high < 1


def test_every_pair_was_used_and_no_held_out_query_was_seen(trained: Trained):
    lines = [json.loads(line) for line in (trained.out / "pairs.jsonl").read_text("utf-8").splitlines()]
    sides = {side: {line["better"] for line in lines if line["side"] == side} for side in ("training", "held_out")}
    assert len(lines) == trained.model.figures.training_pairs + trained.model.figures.held_out_pairs
    queries = {side: {trained.data.trajectories[id].query for id in ids} for side, ids in sides.items()}
    assert not queries["training"] & queries["held_out"]


def test_digests_are_of_what_lies_in_the_folder(trained: Trained):
    assert trained.model.data_sha256 == hashlib.sha256((trained.out / "pairs.jsonl").read_bytes()).hexdigest()
    assert trained.model.weights_sha256 == fingerprint.of_folder(trained.out / "model")
    assert {path.name for path in trained.out.iterdir()} == {
        "README.md",
        "calibration.html",
        "calibration.json",
        "model",
        "pairs.jsonl",
        "reward-model.json",
    }


def test_served_scores_are_those_of_torch(trained: Trained):
    network = transformers.AutoModelForSequenceClassification.from_pretrained(
        trained.out / "model", local_files_only=True, dtype=torch.float32
    ).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(trained.out / "model", local_files_only=True)
    some = list(trained.data.trajectories.values())[:40]
    with Store.open(trained.url) as store:
        served = scored(store, trained.model.id, some)
    for trajectory, score in zip(some, served.scores, strict=True):
        messages = conversation(trajectory, cost_shown=True, latency_shown=True)
        given = tokenizer.apply_chat_template(messages, return_tensors="pt", return_dict=True)
        with torch.no_grad():
            assert score.value == pytest.approx(float(network(**given).logits[0, 0]), abs=1e-4)
        assert score.tokens == given["input_ids"].shape[1]


def test_scores_without_an_export_are_the_same(trained: Trained, tmp_path: Path):
    copied = tmp_path / "copied"
    copied.mkdir()
    for path in (trained.out / "model").iterdir():
        if path.name != NETWORK:
            (copied / path.name).write_bytes(path.read_bytes())
    by_torch, by_onnx = scorer_at(copied), scorer_at(trained.out / "model")
    for trajectory in list(trained.data.trajectories.values())[:10]:
        assert by_torch.score(trajectory).value == pytest.approx(by_onnx.score(trajectory).value, abs=1e-4)


def test_a_finished_folder_is_not_trained_over(trained: Trained):
    with pytest.raises(FileExistsError, match="--add"):
        train(trained.data, COURSE, READING, trained.out, silent)


def test_an_interrupted_training_goes_on_and_ends_the_same(few: Data, tmp_path: Path):
    def stopping(step: int, steps: int, measured: Mapping[str, float]) -> None:
        if step > steps // 2 + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(few, BRIEF, READING, tmp_path / "stopped", stopping)
    assert not (tmp_path / "stopped" / "model").exists()
    assert not (tmp_path / "stopped" / "reward-model.json").exists()
    with pytest.raises(trainer.OtherTraining, match="unfinished training"):
        train(few, replace(BRIEF, seed=1), READING, tmp_path / "stopped", silent)
    seen: list[int] = []
    again = train(few, BRIEF, READING, tmp_path / "stopped", lambda step, steps, measured: seen.append(step))
    whole = train(few, BRIEF, READING, tmp_path / "whole", silent)
    assert min(seen) > 1
    assert again.figures.calibration == whole.figures.calibration
    assert again.data_sha256 == whole.data_sha256
    one, other = (scorer_at(tmp_path / name / "model") for name in ("stopped", "whole"))
    for trajectory in few.trajectories.values():
        assert one.score(trajectory).value == pytest.approx(other.score(trajectory).value, abs=1e-5)


def test_long_trajectories_are_cut_counted_and_kept(few: Data, tmp_path: Path):
    model = train(few, replace(BRIEF, epochs=0.1), Reading(max_length=48), tmp_path / "out", silent)
    assert model.figures.cut == model.figures.trajectories
    assert model.figures.training_pairs == len(few.training)


def test_each_pair_counts_by_its_weight(few: Data, tmp_path: Path):
    weights = (1 / 6, 1 / 6, 1 / 2, 1.0)
    some = tuple(replace(few.training[place], weight=weight) for place, weight in enumerate(weights))
    reader = reader_of("small", few.trajectories.values(), READING)
    ids = {id: reader.tokens(one).ids for id, one in few.trajectories.items()}
    with quiet():
        made = trainer._trainer(trainer.Lesson(BRIEF, reader, some, ids, "data"), tmp_path, silent)
    made.model.eval()
    (batch,) = [dict(batch) for batch in made.get_train_dataloader()]
    with torch.no_grad():
        loss = float(made.compute_loss(made.model, dict(batch)))
        better, worse = made.model(batch["input_ids"], batch["attention_mask"]).logits[:, 0].chunk(2)
    assert sorted(batch["weight"].tolist()) == pytest.approx([4 / 11, 4 / 11, 12 / 11, 24 / 11])
    each = -torch.nn.functional.logsigmoid(better - worse) + trainer.CENTRING * (better + worse) ** 2
    assert loss == pytest.approx(float((batch["weight"] * each).sum() / 4), rel=1e-5)


def test_another_base_is_read_with_its_own_tokenizer_and_template(few: Data, tmp_path: Path):
    base = make(tmp_path / "base", TINY)
    config = transformers.Qwen3Config.from_pretrained(base, local_files_only=True)
    transformers.Qwen3ForCausalLM(config).save_pretrained(base)
    reader = reader_of_base(base, READING)
    tokenizer = transformers.AutoTokenizer.from_pretrained(base, local_files_only=True)
    for trajectory in few.trajectories.values():
        messages = conversation(trajectory, cost_shown=True, latency_shown=True)
        assert reader.text(trajectory) == tokenizer.apply_chat_template(messages, tokenize=False)
        whole = tokenizer.apply_chat_template(messages, return_dict=False)
        assert reader.tokens(trajectory).ids == tuple(whole)
    course = replace(BRIEF, base=str(base), epochs=0.5, rate=1e-4, optimiser="adafactor")
    model = train(few, course, READING, tmp_path / "out", silent)
    assert model.figures.onnx_difference is not None
    assert not model.is_small


def test_a_large_base_takes_one_pair_at_a_time_and_learns_the_same(
    few: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    course = replace(BRIEF, epochs=1)
    train(few, course, READING, tmp_path / "small", silent)
    monkeypatch.setattr(trainer, "LARGE", 1)
    train(few, course, READING, tmp_path / "large", silent)
    one, other = (scorer_at(tmp_path / name / "model") for name in ("small", "large"))
    for trajectory in few.trajectories.values():
        assert one.score(trajectory).value == pytest.approx(other.score(trajectory).value, abs=1e-3)


@pytest.mark.parametrize("fault", ["architecture", "rounding"])
def test_a_training_is_not_lost_where_no_export_can_be_made(
    few: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
):
    def failing(network: object, folder: Path) -> Path:
        raise RuntimeError("this architecture cannot be exported")

    if fault == "architecture":
        monkeypatch.setattr("prefs.neural.checkpoint.export", failing)
    else:
        monkeypatch.setattr("prefs.neural.checkpoint.TOLERANCE", -1.0)
    model = train(few, replace(BRIEF, epochs=0.1), READING, tmp_path / "out", silent)
    assert model.figures.onnx_difference is None
    assert not (tmp_path / "out" / "model" / NETWORK).exists()
    assert scorer_at(tmp_path / "out" / "model").score(next(iter(few.trajectories.values()))).tokens
