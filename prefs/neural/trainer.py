"""Trains a reward model with TRL's RewardTrainer. Needs the extra `train`.

The pairs come to TRL as tokens, cut to what the model reads: texts longer than its `max_length` it would leave out
without a word. Each pair's loss is weighted by 1 / C(k, 2), which TRL has no column for.
"""

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from datasets import Dataset
from torch.nn.functional import softplus
from transformers import PreTrainedTokenizerFast, PrinterCallback, TrainerCallback
from trl import RewardConfig, RewardTrainer
from trl.trainer.reward_trainer import DataCollatorForPreference

from prefs.neural.base import network_of
from prefs.neural.pairs import Pair
from prefs.neural.quiet import quiet
from prefs.neural.reader import Reader
from prefs.neural.reward_model import Course

CENTRING: Final = 0.01
"""Weight of the squared sum of both scores: a pairwise loss leaves the zero free (TRL recommends this value)."""
LARGE: Final = 300_000_000
"""Parameters from which on activations are computed twice instead of kept."""
ASKED: Final = "asked.json"

Report = Callable[[int, int, Mapping[str, float]], None]
"""Told of a step, of how many, with `loss` and `accuracy` of the last batches once they are known."""


class OtherTraining(ValueError):
    """The folder holds the state of a training on other data or with other settings."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Everything a training depends on."""

    course: Course
    reader: Reader
    pairs: tuple[Pair, ...]
    ids: Mapping[str, Sequence[int]]
    """Tokens of each trajectory."""
    data_sha256: str


def train(lesson: Lesson, state: Path, report: Report) -> Any:
    """The trained network on the CPU in full precision. Goes on from the last epoch kept in the folder `state`.

    Raises OtherTraining, and Unreadable for the base.
    """
    kept = _kept(lesson, state)
    with quiet():
        trainer = _trainer(lesson, state, report)
        if len(trainer.train_dataset) != len(lesson.pairs):
            raise RuntimeError(f"TRL left out {len(lesson.pairs) - len(trainer.train_dataset)} pairs")
        trainer.train(resume_from_checkpoint=kept)
    # Mixed precision is for training: what is measured and served is the network as it is written.
    network = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return network.to(device="cpu", dtype=torch.float32).eval()


def forget(state: Path) -> None:
    """Remove what a finished training kept to go on from."""
    shutil.rmtree(state, ignore_errors=True)


def _kept(lesson: Lesson, state: Path) -> str | None:
    """The newest state of this very training."""
    asked = json.dumps({"data": lesson.data_sha256, **asdict(lesson.course), **asdict(lesson.reader.reading)}, indent=2)
    note = state / ASKED
    if note.is_file() and note.read_text("utf-8") != asked:
        raise OtherTraining(
            f"{state} holds an unfinished training on other rankings or with other settings: "
            "choose another --out, or remove that folder"
        )
    state.mkdir(parents=True, exist_ok=True)
    note.write_text(asked, "utf-8")
    whole = [path for path in state.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return max((str(path) for path in whole), key=lambda name: int(name.rpartition("-")[2]), default=None)


def _trainer(lesson: Lesson, state: Path, report: Report) -> "_WeightedTrainer":
    network = network_of(lesson.course.base, lesson.reader, lesson.course.seed)
    mean = math.fsum(pair.weight for pair in lesson.pairs) / len(lesson.pairs)
    data = Dataset.from_dict(
        {
            "chosen_ids": [list(lesson.ids[pair.better]) for pair in lesson.pairs],
            "rejected_ids": [list(lesson.ids[pair.worse]) for pair in lesson.pairs],
            "weight": [pair.weight / mean for pair in lesson.pairs],
        }
    )
    trainer = _WeightedTrainer(
        model=network,
        args=_settings(lesson, state, large=network.num_parameters() >= LARGE),
        train_dataset=data,
        processing_class=_tokenizer(lesson.reader),
        data_collator=_Collator(pad_token_id=lesson.reader.pad_id),
        callbacks=[_Told(report)],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _settings(lesson: Lesson, state: Path, *, large: bool) -> RewardConfig:
    course, on_gpu = lesson.course, torch.cuda.is_available()
    steps = math.ceil(course.epochs * math.ceil(len(lesson.pairs) / course.batch))
    # A large batch of long texts does not fit into a GPU's memory at once.
    at_once = 1 if large else course.batch
    while course.batch % at_once:
        at_once -= 1
    return RewardConfig(
        output_dir=str(state),
        num_train_epochs=course.epochs,
        learning_rate=course.rate,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, steps // 20),
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=course.batch // at_once,
        gradient_checkpointing=large,
        bf16=on_gpu,
        use_cpu=not on_gpu,
        optim="adamw_torch" if course.optimiser == "adamw" else "adafactor",
        center_rewards_coefficient=CENTRING,
        max_length=None,
        seed=course.seed,
        data_seed=course.seed,
        save_strategy="epoch",
        save_total_limit=1,
        logging_steps=5,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=on_gpu,
        push_to_hub=False,
    )


def _tokenizer(reader: Reader) -> PreTrainedTokenizerFast:
    named = dict(reader.special_tokens)
    named.setdefault("pad_token", named.get("eos_token", ""))
    return PreTrainedTokenizerFast(tokenizer_object=reader.tokenizer, **named)


class _Collator(DataCollatorForPreference):  # type: ignore[misc] # untyped
    """Tokens padded to the longest, and the weights of the pairs."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch: dict[str, Any] = super().torch_call(examples)
        batch["weight"] = torch.tensor([example["weight"] for example in examples], dtype=torch.float32)
        return batch


class _WeightedTrainer(RewardTrainer):  # type: ignore[misc] # untyped
    """RewardTrainer whose loss counts each pair by its weight."""

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = ["chosen_ids", "rejected_ids", "weight"]

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        weight = inputs.pop("weight")
        _, outputs = super().compute_loss(model, inputs, return_outputs=True, num_items_in_batch=num_items_in_batch)
        better, worse = outputs.logits.squeeze(-1).float().chunk(2)
        each = softplus(worse - better) + self.args.center_rewards_coefficient * (better + worse) ** 2
        loss = (weight * each).mean()
        return (loss, outputs) if return_outputs else loss


class _Told(TrainerCallback):  # type: ignore[misc] # untyped
    """Passes on how far the training is."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._measured: dict[str, float] = {}

    def on_log(self, *_: Any, logs: Mapping[str, float] | None = None, **__: Any) -> None:
        self._measured = {name: float(logs[name]) for name in ("loss", "accuracy") if logs and name in logs}

    def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
        self._report(state.global_step, state.max_steps, self._measured)
