"""Text out of tokens while they come, in pieces that never change again."""

from typing import Any, Final

MOST_HELD: Final = 8
"""Tokens that one character can be made of; more of them will not become one."""
_BROKEN: Final = "\N{REPLACEMENT CHARACTER}"


class Pieces:
    """Decodes a reply token by token. Half a character waits for its other half."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._kept: list[int] = []
        """Tokens back to the beginning of the last whole piece: how a token reads may depend on the one before."""
        self._told = 0
        """How many of them are told."""

    def after(self, token: int) -> str:
        """The text that this token completes; empty where it completes none."""
        self._kept.append(token)
        piece = self._untold()
        if piece.endswith(_BROKEN) and len(self._kept) - self._told < MOST_HELD:
            return ""
        del self._kept[: self._told]
        self._told = len(self._kept)
        return piece

    def rest(self) -> str:
        """What is left when there are no more tokens."""
        return self._untold()

    def _untold(self) -> str:
        return self._text(self._kept)[len(self._text(self._kept[: self._told])) :]

    def _text(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text
