"""Tokens of byte-level BPE, as vocabularies write them, back to text. Pure.

Such vocabularies (GPT-2's, Qwen's, Llama 3's) write each byte of a token as one printable character.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

_SHOWN: Final = (range(0x21, 0x7F), range(0xA1, 0xAD), range(0xAE, 0x100))
"""Bytes that stand for themselves, read as Latin-1; the others stand behind U+00FF in their order."""


@cache
def _byte_of() -> dict[str, int]:
    shown = {byte for part in _SHOWN for byte in part}
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(0x100 + place): byte for place, byte in enumerate(hidden)}


def piecewise(tokens: Sequence[str]) -> str | None:
    """Each token decoded alone, half characters as U+FFFD, all joined; `None` where this is no byte-level BPE."""
    byte_of = _byte_of()
    try:
        return "".join([bytes([byte_of[sign] for sign in token]).decode("utf-8", "replace") for token in tokens])
    except KeyError:
        return None


def together(tokens: Sequence[str]) -> str | None:
    """The tokens as one text, without half a character at its ends; `None` where this is no byte-level BPE."""
    byte_of = _byte_of()
    try:
        return bytes([byte_of[sign] for token in tokens for sign in token]).decode("utf-8", "ignore")
    except KeyError:
        return None
