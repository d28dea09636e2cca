"""A reward model to register and serve without torch: its score is the mean of the token ids."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from prefs.bootstrap import Interval
from prefs.neural import fingerprint
from prefs.neural.accuracy import Bin, Calibration
from prefs.neural.chat_template import PLAIN
from prefs.neural.head import INPUT, NETWORK, OUTPUT
from prefs.neural.reader import Reader
from prefs.neural.reward_model import Course, Figures, Reading, RewardModel
from tests.examples import NOON

FIGURES = Figures(
    rankings=12,
    training_pairs=50,
    held_out_pairs=20,
    held_out_queries=4,
    ties=3,
    trajectories=48,
    cut=0,
    cost_was_hidden=0,
    parameters=147_968,
    accuracy=Interval(0.7, 0.55, 0.85),
    accuracy_in_training=0.9,
    linear=Interval(0.75, 0.6, 0.9),
    gain=Interval(-0.05, -0.2, 0.1),
    ceiling=None,
    calibration=Calibration((Bin(0.6, Interval(0.5, 0.3, 0.7), 10), Bin(0.9, Interval(0.9, 0.7, 1.0), 10)), 0.05),
    onnx_difference=1e-6,
    seconds=20.5,
)


def reward_model(path: Path, **changes: Any) -> RewardModel:
    """A registered model whose files are at `path`."""
    weights = fingerprint.of_folder(path) if path.is_dir() else "0" * 64
    made = RewardModel(
        "rm-1", str(path), NOON, "d" * 64, weights, fingerprint.code_version(), Course(), Reading(), FIGURES
    )
    return replace(made, **changes)


def checkpoint(folder: Path, reading: Reading | None = None) -> Reader:
    """Write a checkpoint whose network gives the mean of the token ids; its tokens are bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={"<pad>": 0} | {sign: 1 + n for n, sign in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    reader = Reader(tokenizer, PLAIN, {"pad_token": "<pad>"}, reading or Reading())
    reader.write(folder)
    (folder / NETWORK).write_bytes(_mean_network())
    return reader


def _mean_network() -> bytes:
    """ONNX in its wire format: Cast to float32, then ReduceMean over the tokens."""
    cast = _node("Cast", INPUT, "floats", _text(1, "to") + _number(3, 1) + _number(20, 2))
    mean = _node(
        "ReduceMean",
        "floats",
        OUTPUT,
        _text(1, "axes") + _number(8, 1) + _number(20, 7),
        _text(1, "keepdims") + _number(3, 0) + _number(20, 2),
    )
    ins = _text(1, INPUT) + _part(2, _tensor(7, _number(1, 1), _text(2, "tokens")))
    outs = _text(1, OUTPUT) + _part(2, _tensor(1, _number(1, 1)))
    graph = _part(1, cast) + _part(1, mean) + _text(2, "mean") + _part(11, ins) + _part(12, outs)
    return _number(1, 8) + _part(7, graph) + _part(8, _text(1, "") + _number(2, 13))


def _node(kind: str, given: str, gives: str, *attributes: bytes) -> bytes:
    made = b"".join(_part(5, attribute) for attribute in attributes)
    return _text(1, given) + _text(2, gives) + _text(4, kind) + made


def _tensor(element: int, *dimensions: bytes) -> bytes:
    shape = b"".join(_part(1, dimension) for dimension in dimensions)
    return _part(1, _number(1, element) + _part(2, shape))


def _part(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _part(field, text.encode())


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    made = b""
    while value > 127:
        made += bytes([value & 127 | 128])
        value >>= 7
    return made + bytes([value])
