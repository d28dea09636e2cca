"""Networks with a scalar head; the one here runs on onnxruntime."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np

NETWORK: Final = "reward.onnx"
INPUT, OUTPUT = "input_ids", "score"
"""int64 [1, tokens], and float32 [1]."""


class Damaged(ValueError):
    """The checkpoint cannot be loaded; the message says why."""


class Head(Protocol):
    """A network with a scalar head."""

    def score(self, ids: Sequence[int]) -> float:
        """The score of one trajectory's tokens."""


class OnnxHead:
    """One session, shared by all threads."""

    def __init__(self, path: Path) -> None:
        """Raises Damaged where the file is no network with this input and output."""
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # Else it reports to its maker how it is used.
        import onnxruntime as ort  # noqa: PLC0415 - slow to import, and only a neural model needs it

        options = ort.SessionOptions()
        options.intra_op_num_threads = max(1, min(4, (os.cpu_count() or 2) // 2))
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        try:
            self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library has exceptions of its own for each kind of fault
            raise Damaged(f"{path.name} cannot be read: {' '.join(str(error).split())[:200]}") from error
        names = [one.name for one in (*self._session.get_inputs(), *self._session.get_outputs())]
        if names != [INPUT, OUTPUT]:
            raise Damaged(f"{path.name} has {', '.join(names)} instead of {INPUT} and {OUTPUT}: train it again")

    def score(self, ids: Sequence[int]) -> float:
        """The score of one trajectory's tokens."""
        (found,) = self._session.run([OUTPUT], {INPUT: np.array([ids], np.int64)})
        return float(found[0])
