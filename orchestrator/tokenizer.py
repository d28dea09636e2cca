"""The seam of tokenizers: how long a text is for a model, and the last tokens of a text. With a careful estimate."""

from collections import OrderedDict
from hashlib import blake2b
from typing import Final, Protocol, TypeVar

BYTES_A_TOKEN: Final = 3
"""Of the estimate. English has four or more; most other scripts about three."""
_MOST_COUNTS: Final = 50_000
_MOST_TEXTS: Final = 500

Kept = TypeVar("Kept", int, str)


class Tokenizer(Protocol):
    """Knows a model's tokens. Counts of a text and of its parts may differ by a token or two where they meet."""

    @property
    def name(self) -> str:
        """Who counts now, as a record says it."""

    async def count(self, text: str) -> int:
        """The tokens of a text."""

    async def tail(self, text: str, most_tokens: int, *, piecewise: bool = False) -> str:
        """The last `most_tokens` tokens of a text, or all of it; at a cut, half a character is left out.

        `piecewise` decodes token by token: every character of several tokens becomes several U+FFFD. A tokenizer that
        cannot tell its tokens apart gives whole characters instead.
        """


def estimated_tokens(text: str) -> int:
    """A careful guess: one token for three bytes of UTF-8."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return -(-size // BYTES_A_TOKEN)


class Estimate:
    """Guesses from the bytes, where nobody can be asked. Tends to guess too many."""

    @property
    def name(self) -> str:
        """What this is."""
        return f"estimate ({BYTES_A_TOKEN} bytes a token)"

    async def count(self, text: str) -> int:
        """One token for three bytes of UTF-8."""
        return estimated_tokens(text)

    async def tail(self, text: str, most_tokens: int, *, piecewise: bool = False) -> str:  # noqa: ARG002 - no tokens
        """As many last bytes, whole characters."""
        return last_bytes(text, BYTES_A_TOKEN * max(most_tokens, 0))


def last_bytes(text: str, most: int) -> str:
    """The whole characters in the last bytes of a text."""
    if most <= 0:
        return ""
    near = text[-most:]
    if near.isascii():
        return near
    return near.encode("utf-8", "replace")[-most:].decode("utf-8", "ignore")


class Remembering:
    """Asks another tokenizer only once for each text, so that a turn costs what is new in it. Keeps no long texts."""

    def __init__(self, asked: Tokenizer) -> None:
        self._asked = asked
        self._counts: OrderedDict[bytes, int] = OrderedDict()
        self._texts: OrderedDict[bytes, str] = OrderedDict()
        self._of = asked.name

    @property
    def name(self) -> str:
        """The asked one's."""
        return self._asked.name

    async def count(self, text: str) -> int:
        """The tokens of a text, remembered."""
        key = self._key(text)
        found = self._counts.get(key)
        if found is None:
            found = await self._asked.count(text)
            _keep(self._counts, self._key(text), found, _MOST_COUNTS)
        return found

    async def tail(self, text: str, most_tokens: int, *, piecewise: bool = False) -> str:
        """The last tokens; remembered where the whole text is decoded piecewise."""
        if most_tokens < await self.count(text):
            return await self._asked.tail(text, most_tokens, piecewise=piecewise)
        if not piecewise or text.isascii():
            return text
        key = self._key(text)
        found = self._texts.get(key)
        if found is None:
            found = await self._asked.tail(text, most_tokens, piecewise=True)
            _keep(self._texts, self._key(text), found, _MOST_TEXTS)
        return found

    def _key(self, text: str) -> bytes:
        if self._asked.name != self._of:
            # Somebody else counts from now on: what was counted before does not hold.
            self._of = self._asked.name
            self._counts.clear()
            self._texts.clear()
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _keep(store: "OrderedDict[bytes, Kept]", key: bytes, value: Kept, most: int) -> None:
    store[key] = value
    if len(store) > most:
        store.popitem(last=False)
