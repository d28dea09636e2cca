"""Scores of trajectories by a checkpoint folder: on onnxruntime where it holds an export, else on torch."""

from dataclasses import dataclass
from pathlib import Path

from orchestrator.trajectory import Trajectory
from prefs.neural.head import NETWORK, Head, OnnxHead
from prefs.neural.reader import Reader, reader_at


class NeedsTorch(RuntimeError):
    """The checkpoint has no export, and torch is not installed."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a reward model says of one trajectory. Only differences between trajectories of one query mean anything."""

    value: float
    tokens: int
    cut: int
    """Tokens that were left out, because the trajectory is longer than the model reads."""


class Scorer:
    """A checkpoint that is ready. Any number of threads may ask it."""

    def __init__(self, reader: Reader, head: Head) -> None:
        self.reader = reader
        self._head = head

    def score(self, trajectory: Trajectory) -> Score:
        """What it says of this trajectory."""
        tokens = self.reader.tokens(trajectory)
        return Score(self._head.score(tokens.ids), len(tokens.ids), tokens.cut)


def scorer_at(folder: Path) -> Scorer:
    """The scorer of a checkpoint; raises Unreadable, Damaged or NeedsTorch."""
    reader = reader_at(folder)
    if (folder / NETWORK).is_file():
        return Scorer(reader, OnnxHead(folder / NETWORK))
    try:
        from prefs.neural.torch_head import TorchHead  # noqa: PLC0415 - not everybody has the extra
    except ImportError as error:
        raise NeedsTorch(
            "this reward model has no ONNX export, so that it runs on torch alone: "
            f"pip install 'podium[train]' ({error})"
        ) from error
    return Scorer(reader, TorchHead.of_folder(folder, reader.pad_id))
