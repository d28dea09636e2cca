"""Scores by registered reward models: finds the checkpoint, makes sure that it is the registered one, and asks it."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from orchestrator.trajectory import Trajectory
from prefs.neural import fingerprint
from prefs.neural.head import Damaged
from prefs.neural.reader import Unreadable
from prefs.neural.reward_model import RewardModel
from prefs.neural.scorer import NeedsTorch, Score, Scorer, scorer_at
from storage.reward_models import RewardModels
from storage.store import Store
from webapp import reward_card

_LOADING: Final = threading.Lock()
"""A model is loaded once, however many ask for it at the same moment."""


class CannotScore(Exception):
    """A model cannot score; `status` is the HTTP status that says which kind of reason it is."""

    status: HTTPStatus


class NoSuchModel(CannotScore):
    """Nobody registered a model of that id."""

    status = HTTPStatus.NOT_FOUND


class OtherCheckpoint(CannotScore):
    """The checkpoint is missing, or it is not what was registered."""

    status = HTTPStatus.CONFLICT


class TorchIsMissing(CannotScore):
    """The model runs on torch alone, which this installation does not have."""

    status = HTTPStatus.NOT_IMPLEMENTED


@dataclass(frozen=True, slots=True)
class Scored:
    """What a model says of trajectories, in their order."""

    model: RewardModel
    scores: tuple[Score, ...]
    notes: tuple[str, ...]


def scored(store: Store, id: str, trajectories: Sequence[Trajectory]) -> Scored:
    """Score them; takes as long as the model needs, so call it outside the event loop. Raises CannotScore."""
    model = _model(store, id)
    scorer = _scorer(model)
    notes = reward_card.notes(model)
    if model.code_version != fingerprint.code_version():
        notes.append(
            f"The model was trained by code {model.code_version}, and this is {fingerprint.code_version()}: if that "
            "code told trajectories in other words, scores are less reliable."
        )
    return Scored(model, tuple(scorer.score(trajectory) for trajectory in trajectories), tuple(notes))


def scored_record(found: Scored, trajectories: Sequence[Trajectory]) -> dict[str, Any]:
    """The JSON of scores: `reward` is relative to the other trajectories of the same query."""
    return {
        "model": found.model.id,
        "scale": "relative",
        "notes": list(found.notes),
        "rewards": [
            {"id": trajectory.id, "reward": score.value, "tokens": score.tokens, "tokens_left_out": score.cut}
            for trajectory, score in zip(trajectories, found.scores, strict=True)
        ],
    }


def scorer_of(store: Store, id: str) -> Scorer:
    """The scorer of a registered model; raises CannotScore."""
    return _scorer(_model(store, id))


def _model(store: Store, id: str) -> RewardModel:
    model = RewardModels(store).find(id)
    if model is None:
        raise NoSuchModel(f"there is no reward model {id}: `podium reward-models` lists those that are registered")
    return model


def _scorer(model: RewardModel) -> Scorer:
    folder = Path(model.path)
    if not folder.is_dir():
        raise OtherCheckpoint(
            f"the checkpoint of {model.id} is not at {folder} any more: put it back, or register it at its new place "
            "with `podium reward-models --add FOLDER`"
        )
    stamps = tuple((path.name, *_changed(path)) for path in sorted(folder.rglob("*")))
    try:
        with _LOADING:
            return _loaded(folder, model.weights_sha256, stamps)
    except NeedsTorch as error:
        raise TorchIsMissing(str(error)) from error
    except (Damaged, Unreadable, OSError) as error:
        raise OtherCheckpoint(f"the checkpoint of {model.id} cannot be used: {error}") from error


@lru_cache(maxsize=2)
def _loaded(folder: Path, sha256: str, stamps: tuple[tuple[object, ...], ...]) -> Scorer:  # noqa: ARG001 - other files, another entry
    found = fingerprint.of_folder(folder)
    if found != sha256:
        raise Damaged(
            f"the files in {folder} are not those that were registered: SHA-256 {found[:12]}… instead of {sha256[:12]}…"
        )
    return scorer_at(folder)


def _changed(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
