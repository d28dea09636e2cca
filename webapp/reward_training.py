"""From the rankings of a store to a reward model in a folder: measured, described, and ready to be registered."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.trajectory import Trajectory
from prefs.judgement import Judgement
from prefs.neural import fingerprint
from prefs.neural.accuracy import calibration, gain, pair_accuracy
from prefs.neural.pairs import Pair, Split, pairs, split
from prefs.neural.reward_model import Course, Figures, Reading, RewardModel
from storage.reward_models import load_reward_model, reward_model_json
from storage.store import Store
from webapp import reward_card
from webapp.reward_yardsticks import ceiling, linear_margins

if TYPE_CHECKING:
    from prefs.neural.reader import Reader, Tokens

MODEL, STATE, PAIRS, RECORD = "model", "state", "pairs.jsonl", "reward-model.json"
Report = Callable[[int, int, Mapping[str, float]], None]
"""Told of a step, of how many, with what was measured."""


@dataclass(frozen=True, slots=True)
class Data:
    """What a model is trained on and measured with."""

    judgements: tuple[Judgement, ...]
    """All of them, those without a strict pair too."""
    split: Split
    training: tuple[Pair, ...]
    held_out: tuple[Pair, ...]
    trajectories: Mapping[str, Trajectory]
    """All that the pairs name, by id."""
    cost_was_hidden: int
    """Rankings whose annotator did not see the cost."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """What training and writing found out."""

    scores: Mapping[str, float]
    cut: int
    parameters: int
    onnx_difference: float | None
    seconds: float


def data_of(store: Store, course: Course) -> Data:
    """The current rankings of a store, split by query. Raises ValueError where there are too few, StoreMissing."""
    judgements = tuple(store.iter_judgements())
    parts = split(judgements, share=course.held_out, seed=course.seed)
    training, held_out = pairs(parts.training), pairs(parts.held_out)
    trajectories = {}
    for id in _named((*training, *held_out)):
        found = store.trajectory(id)
        if found is None:
            raise ValueError(f"trajectory {id} is ranked, but it is not in the database: restore a backup")
        trajectories[id] = found
    telling = (*parts.training, *parts.held_out)
    hidden = sum("cost" in one.hidden for one in telling)
    return Data(judgements, parts, training, held_out, trajectories, hidden)


def train(data: Data, course: Course, reading: Reading, out: Path, report: Report) -> RewardModel:
    """Train in the folder `out` and describe the model there; it is finished once `reward-model.json` is there.

    Started again on the same rankings with the same settings, it goes on after the last finished epoch. Raises
    ImportError without the extra `train`, FileExistsError where `out` holds a finished model, ValueError.
    """
    from prefs.neural.base import reader_of  # noqa: PLC0415 - not everybody has the extra
    from prefs.neural.trainer import Lesson, forget  # noqa: PLC0415
    from prefs.neural.trainer import train as learn  # noqa: PLC0415

    if (out / RECORD).exists():
        raise FileExistsError(
            f"{out} holds a finished reward model: choose another --out, or register it with "
            f"`podium reward-models --add {out}`"
        )
    began = time.monotonic()
    reader = reader_of(course.base, [data.trajectories[id] for id in _named(data.training)], reading)
    tokens = {id: reader.tokens(trajectory) for id, trajectory in data.trajectories.items()}
    lines = "".join(_lines(data, reader))
    digest = fingerprint.of_text(lines)
    ids = {id: one.ids for id, one in tokens.items()}
    network = learn(Lesson(course, reader, data.training, ids, digest), out / STATE, report)
    seconds = time.monotonic() - began
    measured = _written(network, reader, tokens, out / MODEL, seconds)
    (out / PAIRS).write_text(lines, "utf-8")
    weights = fingerprint.of_folder(out / MODEL)
    made_at = datetime.now(UTC)
    model = RewardModel(
        f"rm-{made_at:%Y%m%d-%H%M%S}-{weights[:6]}",
        str((out / MODEL).resolve()),
        made_at,
        digest,
        weights,
        fingerprint.code_version(),
        course,
        reading,
        _figures(data, course.seed, measured),
    )
    _describe(model, out)
    forget(out / STATE)
    return model


def finished(out: Path) -> RewardModel:
    """The model that a finished training left in a folder, at the place where it is now.

    Raises ValueError where there is none, or where its files are not those that were trained.
    """
    path = out / RECORD
    if not path.is_file():
        raise ValueError(f"{out} holds no finished reward model: there is no {RECORD} in it")
    model = load_reward_model(path.read_text("utf-8"))
    found = fingerprint.of_folder(out / MODEL)
    if found != model.weights_sha256:
        raise ValueError(f"the files in {out / MODEL} are not those that were trained: their digest is {found[:12]}…")
    return replace(model, path=str((out / MODEL).resolve()))


def _named(some: tuple[Pair, ...]) -> list[str]:
    return sorted({id for pair in some for id in (pair.better, pair.worse)})


def _lines(data: Data, reader: "Reader") -> Iterator[str]:
    """Every pair as a line of JSON, with the digests of what the model reads of both."""
    digests = {id: fingerprint.of_text(reader.text(one)) for id, one in data.trajectories.items()}
    for side, some in (("training", data.training), ("held_out", data.held_out)):
        for pair in some:
            line = {
                "side": side,
                "ranking": pair.ranking,
                "better": pair.better,
                "worse": pair.worse,
                "weight": pair.weight,
                "better_text_sha256": digests[pair.better],
                "worse_text_sha256": digests[pair.worse],
            }
            yield json.dumps(line, ensure_ascii=False) + "\n"


def _written(network: Any, reader: "Reader", tokens: Mapping[str, "Tokens"], folder: Path, seconds: float) -> _Measured:
    """Write the checkpoint, whole or not at all, and score every trajectory."""
    from prefs.neural.checkpoint import add_export, scores, write_checkpoint  # noqa: PLC0415 - as above

    partial = folder.with_name(f"{folder.name}.partial")
    for left in (partial, folder):
        shutil.rmtree(left, ignore_errors=True)
    write_checkpoint(network, reader, partial)
    ids = {id: one.ids for id, one in tokens.items()}
    found = scores(network, ids)
    difference = add_export(network, partial, ids)
    partial.rename(folder)
    return _Measured(
        found, sum(one.cut > 0 for one in tokens.values()), int(network.num_parameters()), difference, seconds
    )


def _margins(some: tuple[Pair, ...], scores: Mapping[str, float]) -> list[float]:
    return [scores[pair.better] - scores[pair.worse] for pair in some]


def _figures(data: Data, seed: int, measured: _Measured) -> Figures:
    held_out = _margins(data.held_out, measured.scores)
    linear = linear_margins(data.split.training, data.split.held_out)
    telling = (*data.split.training, *data.split.held_out)
    return Figures(
        rankings=len(telling),
        training_pairs=len(data.training),
        held_out_pairs=len(data.held_out),
        held_out_queries=len({pair.query for pair in data.held_out}),
        ties=sum(comparison.tied for one in data.judgements for comparison in one.comparisons()),
        trajectories=len(data.trajectories),
        cut=measured.cut,
        cost_was_hidden=data.cost_was_hidden,
        parameters=measured.parameters,
        accuracy=pair_accuracy(data.held_out, held_out, seed),
        accuracy_in_training=pair_accuracy(data.training, _margins(data.training, measured.scores), seed).mean,
        linear=None if linear is None else pair_accuracy(data.held_out, linear, seed),
        gain=None if linear is None else gain(data.held_out, held_out, linear, seed),
        ceiling=ceiling(data.judgements, seed),
        calibration=calibration(data.held_out, held_out, seed),
        onnx_difference=measured.onnx_difference,
        seconds=measured.seconds,
    )


def _describe(model: RewardModel, out: Path) -> None:
    """Write the card, the calibration and, last of all, the record."""
    (out / "README.md").write_text(reward_card.markdown(model), "utf-8")
    (out / "calibration.html").write_text(reward_card.page(model), "utf-8")
    record = json.dumps(reward_model_json(model), indent=2, ensure_ascii=False) + "\n"
    (out / "calibration.json").write_text(
        json.dumps(reward_model_json(model)["figures"]["calibration"], indent=2) + "\n", "utf-8"
    )
    partial = out / f"{RECORD}.partial"
    partial.write_text(record, "utf-8")
    partial.rename(out / RECORD)
