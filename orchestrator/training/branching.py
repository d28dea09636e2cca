"""One row of tokens that many replies branch off from: what they share is read once, and none sees another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

PAD_TO: Final = 64
"""Lengths are rounded up, so that few shapes occur: on a CPU each one is compiled for."""


@dataclass(frozen=True, slots=True)
class Branched:
    """A row, and which of its tokens are predicted where."""

    ids: Tensor
    """[1, length]"""
    positions: Tensor
    """[1, length]; each branch goes on where the stem ends."""
    visible: Tensor
    """[1, 1, length, length]"""
    predicting: Tensor
    """[targets]: the places behind which targets are predicted."""
    targets: Tensor
    """[targets]: the stem's tokens from `said` on, then those of branch after branch."""


def branched(stem: Sequence[int], said: int, branches: Sequence[Sequence[int]], device: torch.device) -> Branched:
    """The stem, of which the tokens from `said` on are targets, too, and the branches behind it."""
    start = len(stem)
    ids, blocks = list(stem), [0] * start
    positions = list(range(start))
    predicting, targets = list(range(said - 1, start - 1)), list(stem[said:])
    for number, branch in enumerate(branches, start=1):
        first = len(ids)
        predicting += [start - 1, *range(first, first + len(branch) - 1)]
        targets += branch
        ids += branch
        blocks += [number] * len(branch)
        positions += range(start, start + len(branch))
    left = -len(ids) % PAD_TO
    of_block = torch.tensor(blocks + [-1] * left, device=device)
    earlier = torch.ones(len(ids) + left, len(ids) + left, dtype=torch.bool, device=device).tril()
    visible = earlier & ((of_block == 0)[None, :] | (of_block[None, :] == of_block[:, None]))
    return Branched(
        torch.tensor([ids + [0] * left], device=device),
        torch.tensor([positions + [0] * left], device=device),
        visible[None, None],
        torch.tensor(predicting, device=device),
        torch.tensor(targets, device=device),
    )
