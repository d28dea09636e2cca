"""Requests side by side as tensors: what the states of a situation share is there once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from orchestrator.training.request import WORDS, Request

PAD_TO: Final = 16
"""Lengths are rounded up, so that few shapes occur."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Situations side by side: in each row the shared part, then a block for every state, which sees only itself."""

    ids: Tensor
    """[situations, length]"""
    positions: Tensor
    """[situations, length]; each block goes on where the shared part ends."""
    visible: Tensor
    """[situations, 1, length, length]"""
    decisions: Tensor
    """[situations, states]: where the alias is decided."""
    thoughts: Tensor
    """[situations, states, words]: where the words of the thought are predicted."""
    tails: Tensor
    """[situations, words]: where the words behind the alias are predicted, in one of the blocks."""


def pack(requests: Sequence[Request], tails: Sequence[Sequence[int]], tailed: int, device: torch.device) -> Packed:
    """Each request, with what follows an alias behind the state number `tailed`."""
    rows = [_row(request, tail, tailed) for request, tail in zip(requests, tails, strict=True)]
    length = -(-max(len(row.ids) for row in rows) // PAD_TO) * PAD_TO
    ids, positions, blocks = (torch.zeros(len(rows), length, dtype=torch.long) for _ in range(3))
    blocks -= 1
    for number, row in enumerate(rows):
        size = len(row.ids)
        ids[number, :size] = torch.tensor(row.ids)
        positions[number, :size] = torch.tensor(row.positions)
        blocks[number, :size] = torch.tensor(row.blocks)
    earlier = torch.ones(length, length, dtype=torch.bool).tril()
    same = (blocks[:, None, :] == 0) | (blocks[:, None, :] == blocks[:, :, None])
    decisions = torch.tensor([row.decisions for row in rows])
    words = torch.arange(WORDS)
    thoughts = decisions[:, :, None] - WORDS + words
    tail = torch.tensor([row.tail for row in rows], dtype=torch.long)
    packed = Packed(ids, positions, (same & earlier)[:, None], decisions, thoughts, tail)
    if device.type == "cpu":
        return packed
    parts = (packed.ids, packed.positions, packed.visible, packed.decisions, packed.thoughts, packed.tails)
    return Packed(*(part.to(device) for part in parts))


@dataclass(frozen=True, slots=True)
class _Row:
    ids: list[int]
    positions: list[int]
    blocks: list[int]
    decisions: list[int]
    tail: list[int]


def _row(request: Request, tail: Sequence[int], tailed: int) -> _Row:
    start = len(request.shared)
    row = _Row(list(request.shared), list(range(start)), [0] * start, [], [])
    for number, seen in enumerate(request.seen):
        row.decisions.append(len(row.ids) + len(seen) - 1)
        block = [*seen, *tail] if number == tailed else seen
        if number == tailed:
            first = len(row.ids) + len(seen)
            row.tail.extend(range(first, first + max(0, len(tail) - 1)))
        row.ids.extend(block)
        row.positions.extend(range(start, start + len(block)))
        row.blocks.extend([number + 1] * len(block))
    return row
