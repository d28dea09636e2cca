"""Which GPU of this machine Orchestrator-8B fits into, worked out from its dimensions. Standard library only."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

GIB: Final = 2**30
LINEAR: Final = 36 * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 12_288)
"""Parameters of the 36 layers, which a quantization makes smaller."""
EMBEDDING: Final = 2 * 151_936 * 4096
"""Parameters of the embedding and of the output, which stay in 16 bits."""
BYTES_PER_PARAMETER: Final = {"none": 2.0, "fp8": 1.0, "bitsandbytes": 0.56}
KV_BYTES_PER_TOKEN: Final = 2 * 36 * 8 * 128 * 2
"""Keys and values of 36 layers with 8 heads of 128 numbers in 16 bits: 144 KiB."""
WORKING_GIB: Final = 1.5
"""Activations and CUDA graphs, roughly."""
SHORTEST_CONTEXT: Final = 16_384
"""Tokens. A reply may take 12,000 of them, and a prompt with documents needs some, too."""
ELSEWHERE: Final = (
    "Serve the model on a machine whose GPU is large enough, and name it here: podium serve --policy "
    "openai:http://HOST:PORT/v1#MODEL. Podium runs without it as well: make run"
)


class CannotServe(Exception):
    """The model cannot be served here; the message says why, and what can be done."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU as `nvidia-smi` reports it. Memory is `None` where it does not say."""

    index: str
    name: str
    total_gib: float | None
    free_gib: float | None


def gpus() -> list[Gpu]:
    """The NVIDIA GPUs of this machine; raises CannotServe where there is none."""
    asked = ["nvidia-smi", "--query-gpu=index,name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotServe(
            f"there is no NVIDIA GPU here, as far as nvidia-smi can tell ({error}). {ELSEWHERE}"
        ) from error
    if done.returncode:
        said = " ".join((done.stdout + done.stderr).split())[:200]
        raise CannotServe(f"nvidia-smi finds no GPU that it can use: {said or 'it does not say why'}. {ELSEWHERE}")
    rows = [[cell.strip() for cell in line.split(",")] for line in done.stdout.splitlines()]
    found = [Gpu(row[0], row[1], _gib(row[2]), _gib(row[3])) for row in rows if len(row) == 4]
    if not found:
        raise CannotServe(f"nvidia-smi lists no GPU. {ELSEWHERE}")
    return found


def _gib(mebibytes: str) -> float | None:
    return int(mebibytes) / 1024 if mebibytes.isdecimal() else None


def chosen(found: Sequence[Gpu], index: str | None) -> Gpu:
    """The GPU of that index, else the one with the most free memory; raises CannotServe."""
    listed = [gpu for gpu in found if index in (None, gpu.index)]
    if not listed:
        raise CannotServe(f"there is no GPU {index}; there are {', '.join(gpu.index for gpu in found)}")
    return max(listed, key=lambda gpu: gpu.free_gib or 0.0)


@dataclass(frozen=True, slots=True)
class Need:
    """The GPU memory that Orchestrator-8B needs with this quantization and this many tokens of context."""

    quantization: str
    context: int

    @property
    def weights_gib(self) -> float:
        """Of the weights."""
        return (LINEAR * BYTES_PER_PARAMETER[self.quantization] + EMBEDDING * 2) / GIB

    @property
    def cache_gib(self) -> float:
        """Of the KV cache for one prompt and reply of full length."""
        return self.context * KV_BYTES_PER_TOKEN / GIB

    @property
    def gib(self) -> float:
        """In all."""
        return self.weights_gib + WORKING_GIB + self.cache_gib

    def __str__(self) -> str:
        return (
            f"{self.gib:.1f} GiB: {self.weights_gib:.1f} for the weights, {self.cache_gib:.1f} for the KV cache of one "
            f"context of {self.context:,} tokens, {WORKING_GIB} to work with"
        )


def check_fits(gpu: Gpu, need: Need, share: float) -> None:
    """Raises CannotServe where vLLM, which takes that share of the GPU's memory, would not have enough."""
    if gpu.total_gib is None or gpu.free_gib is None:
        return
    usable_gib = gpu.total_gib * share
    if need.gib > usable_gib:
        raise CannotServe(
            f"the model does not fit into the {usable_gib:.1f} GiB that vLLM may use of this GPU. "
            f"{_smaller(usable_gib, need)}"
        )
    if gpu.free_gib < usable_gib:
        raise CannotServe(
            f"vLLM would take {usable_gib:.1f} GiB, and other programs leave {gpu.free_gib:.1f} free: end them "
            "(nvidia-smi lists them), or let vLLM take less with --gpu-memory-utilization"
        )


def _smaller(usable_gib: float, need: Need) -> str:
    """What would fit."""
    for quantization in dict.fromkeys((need.quantization, "fp8", "bitsandbytes")):
        room = (usable_gib - Need(quantization, 0).gib) * GIB
        context = min(int(room / KV_BYTES_PER_TOKEN) // 1024 * 1024, need.context)
        if context >= SHORTEST_CONTEXT:
            smaller = "" if quantization == "none" else f" --quantization {quantization}"
            fits = f"--max-model-len {context}{smaller}"
            return f"This would fit: {fits}. Prompts that leave no room for a reply are refused then"
    return f"Neither would smaller weights with a context of {SHORTEST_CONTEXT:,} tokens. {ELSEWHERE}"
