"""The network of a checkpoint on onnxruntime: token ids in, logits out, with a key-value cache. The one door to it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.embedded.damage import BadCheckpoint

FILE_NAME: Final = "model.onnx"
INPUTS: Final = ("input_ids", "past")
"""int64 [1, tokens], and float32 [2 * layers, key-value heads, tokens read before, head dimension]."""
OUTPUTS: Final = ("logits", "present")
"""float32 [vocabulary] behind the last token, and `past` for the next call."""

Numbers = NDArray[np.float32]


class Network:
    """One session, shared by all threads."""

    def __init__(self, path: Path) -> None:
        """Raises BadCheckpoint where the file is no network with these inputs and outputs."""
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # Else it reports to its maker how it is used.
        import onnxruntime as ort  # noqa: PLC0415 - slow to import, and not every policy needs it

        options = ort.SessionOptions()
        # One decision is small: more threads would wait for each other, and a spinning one takes a core from others.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        try:
            self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library has exceptions of its own for each kind of fault
            raise BadCheckpoint(f"{path.name} cannot be read: {_line(error)}") from error
        past, logits = self._checked(path.name)
        self._nothing: Numbers = np.zeros((past[0], past[1], 0, past[3]), np.float32)
        self.vocabulary = logits
        """Tokens that it gives logits for."""

    def read(self, ids: Sequence[int], past: Numbers | None = None) -> tuple[Numbers, Numbers]:
        """Logits [vocabulary] behind the last of these tokens, and the cache of all that was read so far."""
        given = {INPUTS[0]: np.array([ids], np.int64), INPUTS[1]: self._nothing if past is None else past}
        try:
            logits, present = self._session.run(OUTPUTS, given)
        except Exception as error:  # as above
            raise BadCheckpoint(f"its network cannot read {len(ids)} tokens: {_line(error)}") from error
        return logits, present

    def _checked(self, name: str) -> tuple[list[int], int]:
        """Shape of the cache, and size of the vocabulary."""
        ins = {one.name: one.shape for one in self._session.get_inputs()}
        outs = {one.name: one.shape for one in self._session.get_outputs()}
        if set(ins) != set(INPUTS) or set(outs) != set(OUTPUTS):
            raise BadCheckpoint(
                f"{name} takes {', '.join(ins)} and gives {', '.join(outs)} instead of {', '.join(INPUTS)} and "
                f"{', '.join(OUTPUTS)}: export it with orchestrator.training.export"
            )
        past, logits = ins[INPUTS[1]], outs[OUTPUTS[0]]
        if len(past) != 4 or not all(_whole(past[place]) for place in (0, 1, 3)) or not _whole(logits[-1]):
            raise BadCheckpoint(f"{name} does not say the sizes of its cache and of its vocabulary: export it again")
        return past, int(logits[-1])


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _whole(size: Any) -> bool:
    return isinstance(size, int) and size > 0
