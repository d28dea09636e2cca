"""A text as a QR code that a page can draw: one path, so that it stays sharp on every projector."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import segno

QUIET: Final = 4
"""Modules of white around it, as the standard asks."""


@dataclass(frozen=True, slots=True)
class QR:
    """An SVG path of the dark modules, in a square of `size` modules, the quiet zone included."""

    size: int
    path: str


def qr(text: str) -> QR:
    """The smallest code that holds the text, with as much error correction as its size allows."""
    code = segno.make_qr(text, error="l", boost_error=True)
    rows = [list(map(bool, row)) for row in code.matrix]
    drawn = "".join(part for y, row in enumerate(rows) for part in _dark(row, y + QUIET))
    return QR(len(rows) + 2 * QUIET, drawn)


def _dark(row: Iterable[bool], y: int) -> Iterator[str]:
    x = QUIET
    for dark, run in groupby(row):
        width = len(list(run))
        if dark:
            yield f"M{x} {y}h{width}v1h-{width}z"
        x += width
