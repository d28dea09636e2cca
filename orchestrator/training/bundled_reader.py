"""The reader of the bundled orchestrator: our words, our compact request, all states of a situation in one pass."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from transformers import Qwen3ForCausalLM

from orchestrator.embedded.checkpoint import TOKENIZER
from orchestrator.training.export import write_checkpoint
from orchestrator.training.network import kept_network, new_network
from orchestrator.training.packing import Packed, pack
from orchestrator.training.reader import Part, Read
from orchestrator.training.request import Requests, Told
from orchestrator.training.situation import ALIASES, Situation
from orchestrator.training.tokenizer import known, train_tokenizer

TOKENS_AT_ONCE: Final = 4096
"""Of a pass on a CPU; more fall out of its cache."""

WEIGHTS: Final = 3
"""Where the words about the weights begin in a thought."""


class BundledReader:
    """Makes the tokenizer and a new network from a seed, or goes on with the checkpoint in the folder `start`."""

    def __init__(self, seed: int, device: torch.device, start: Path | None = None) -> None:
        self._device = device
        self._tokenizer = train_tokenizer() if start is None else Tokenizer.from_file(str(start / TOKENIZER))
        self._requests = Requests(self._tokenizer)
        self._aliases = torch.tensor([known(self._tokenizer, alias) for alias in ALIASES], device=device)
        network = new_network(self._tokenizer, seed) if start is None else kept_network(start)
        self.network: Qwen3ForCausalLM = network.to(device)
        self.network.set_attn_implementation("eager")

    def parts(
        self, situations: Sequence[Situation], places: Sequence[int], dice: random.Random, *, told: Told
    ) -> Iterator[Part]:
        """Situations of about equal lengths together; one of the states goes on with the call."""
        tailed, wish = dice.randrange(len(places)), told is Told.WISH
        asked = [self._requests.of(one, places, told=told) for one in situations]
        order = sorted(range(len(asked)), key=lambda number: len(asked[number].shared))
        longest = asked[order[-1]]
        size = len(asked)
        if self._device.type == "cpu":
            size = max(1, TOKENS_AT_ONCE // (len(longest.shared) + sum(map(len, longest.seen))))
        for start in range(0, len(order), size):
            numbers = order[start : start + size]
            part = [situations[number] for number in numbers]
            tails = [[] if wish else self._requests.tail(one, dice.choice(one.offered)) for one in part]
            packed = pack([asked[number] for number in numbers], tails, tailed, self._device)
            yield Part(numbers, part, lambda packed=packed: self._read(packed, told))  # type: ignore[misc]

    def write(self, folder: Path) -> None:
        """For transformers, vLLM and onnxruntime."""
        write_checkpoint(self.network, self._tokenizer, folder)

    def _read(self, packed: Packed, told: Told) -> Read:
        hidden = self.network.model(
            input_ids=packed.ids,
            attention_mask=torch.where(packed.visible, 0.0, torch.finfo(torch.float32).min),
            position_ids=packed.positions,
            use_cache=False,
        ).last_hidden_state
        table: Tensor = self.network.get_output_embeddings().weight
        rows = torch.arange(len(packed.ids), device=self._device)[:, None]
        decided = (hidden[rows, packed.decisions] @ table.T).float()
        thoughts = packed.thoughts[..., WEIGHTS:] if told is Told.WISH else packed.thoughts
        places = torch.cat([thoughts.flatten(1), packed.tails], 1)
        said = hidden[rows, places] @ table.T
        follows = packed.ids[rows, places + 1]
        words = functional.cross_entropy(said.flatten(0, 1), follows.flatten(), reduction="sum") / len(packed.ids)
        return Read(decided[..., self._aliases], decided.logsumexp(-1), words)
