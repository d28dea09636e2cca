"""A trained network as one folder that transformers, TRL and onnxruntime load. Needs the extra `train`."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from prefs.neural.export import MOST_PARAMETERS, export
from prefs.neural.head import NETWORK, OnnxHead
from prefs.neural.quiet import quiet
from prefs.neural.reader import Reader
from prefs.neural.torch_head import TorchHead

TOLERANCE: Final = 1e-4
"""Most that the export's scores may differ from torch's, in units of the scores' own size where that is above 1."""
COMPARED: Final = 64
"""Trajectories on which both are compared, from the shortest to the longest."""

logger = logging.getLogger(__name__)


def write_checkpoint(network: Any, reader: Reader, folder: Path) -> None:
    """Write configuration, weights, tokenizer and chat template."""
    folder.mkdir(parents=True)
    with quiet():
        network.save_pretrained(folder)
    reader.write(folder)
    said = {
        **reader.special_tokens,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": reader.reading.max_length,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(said, indent=2, sort_keys=True) + "\n", "utf-8")


def scores(network: Any, ids: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """The score of each trajectory's tokens by torch, on a GPU where there is one."""
    head = TorchHead(network.to("cuda" if torch.cuda.is_available() else "cpu"))
    found = {name: head.score(tokens) for name, tokens in ids.items()}
    network.to("cpu")
    return found


def add_export(network: Any, folder: Path, ids: Mapping[str, Sequence[int]]) -> float | None:
    """Add the ONNX export to a checkpoint; gives the largest difference of its scores from those of torch on the CPU.

    `None` where there is none: the network is too large, its architecture cannot be exported, or the scores differ
    more than rounding explains. A training is not lost for that, since torch can serve it.
    """
    if network.num_parameters() > MOST_PARAMETERS:
        return None
    try:
        export(network, folder)
        return _difference(network, OnnxHead(folder / NETWORK), ids)
    except Exception as error:  # noqa: BLE001 - exporters raise whatever their parts raise
        logger.warning("there is no ONNX export, so that serving needs torch: %s", error)
        (folder / NETWORK).unlink(missing_ok=True)
        return None


def _difference(network: Any, exported: OnnxHead, ids: Mapping[str, Sequence[int]]) -> float:
    head = TorchHead(network)
    by_length = sorted(ids, key=lambda name: (len(ids[name]), name))
    worst = 0.0
    for name in by_length[:: max(1, len(by_length) // COMPARED)]:
        by_torch = head.score(ids[name])
        difference = abs(exported.score(ids[name]) - by_torch)
        if not difference <= TOLERANCE * max(1.0, abs(by_torch)):
            raise RuntimeError(f"the score of {name} is {difference:.2g} away from that of torch")
        worst = max(worst, difference)
    return worst
