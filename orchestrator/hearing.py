"""A reply as it is heard while it is written: thinking apart from the rest, and never a key in it."""

from collections.abc import Callable
from typing import Final

from orchestrator.key import Key
from orchestrator.reply import storable

Hear = Callable[[str, bool, bool], None]
"""Is told a piece, whether it is thinking, and whether the reply begins anew with it."""

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"


class Hearing:
    """Passes on the pieces of one call. What may be the beginning of a tag or of a key waits for what follows it."""

    def __init__(self, hear: Hear, key: Key, *, anew: bool = False) -> None:
        self._hear = hear
        self._key = key
        self._fresh = anew
        self._attempts = 0
        self._clear()

    def _clear(self) -> None:
        self._thinking = _Voice(self._key)
        self._text = _Voice(self._key)
        self._tag: str | None = _OPEN
        """The tag that the content may hold next; `None` behind the last."""
        self._held = ""
        self._inside = False

    def begin(self) -> None:
        """A new attempt."""
        self._attempts += 1
        if self._attempts > 1:
            self._fresh = True
            self._clear()

    def thinks(self, piece: str) -> None:
        """A piece that the server says is thinking."""
        self._tell(self._thinking.take(piece), thinking=True)

    def says(self, piece: str) -> None:
        """A piece of content, which may hold thinking between tags."""
        text, self._held = self._held + piece, ""
        while text and self._tag is not None:
            before, tag, text = text.partition(self._tag)
            if not tag:
                before, self._held = _split(before, self._tag)
            self._speak(before)
            if tag:
                if self._inside:
                    self._tell(self._thinking.rest(), thinking=True)
                self._inside = not self._inside
                self._tag = _CLOSE if self._inside else None
        if text:
            self._speak(text)

    def end(self) -> None:
        """The reply is whole: nothing waits any longer."""
        self._speak(self._held)
        self._held = ""
        self._tell(self._thinking.rest(), thinking=True)
        self._tell(self._text.rest(), thinking=False)

    def _speak(self, piece: str) -> None:
        voice = self._thinking if self._inside else self._text
        self._tell(voice.take(piece), thinking=self._inside)

    def _tell(self, piece: str, *, thinking: bool) -> None:
        if piece:
            self._hear(storable(piece), thinking, self._fresh)
            self._fresh = False


class _Voice:
    """Text of one kind, from which the key is struck although it may come in parts."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._held = ""

    def take(self, piece: str) -> str:
        text = self._key.struck(self._held + piece)
        sure = self._key.sure(text)
        if text and 0xD800 <= ord(text[-1]) < 0xDC00:
            # The first half of a character whose second half comes with the next piece.
            sure = min(sure, len(text) - 1)
        self._held = text[sure:]
        return text[:sure]

    def rest(self) -> str:
        text, self._held = self._held, ""
        return text


def _split(text: str, tag: str) -> tuple[str, str]:
    """The text, and an end of it that may be the beginning of the tag."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:length]):
            return text[:-length], text[-length:]
    return text, ""
