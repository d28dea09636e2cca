"""A model's own tokenizer, read from its `tokenizer.json`. The one door to the `tokenizers` library."""

import asyncio
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from orchestrator.byte_pieces import piecewise as decoded_piecewise

if TYPE_CHECKING:
    from tokenizers import Encoding
    from tokenizers import Tokenizer as Loaded

FILE_NAME: Final = "tokenizer.json"
_LONG: Final = 20_000
"""Characters from which on a text is read in a thread, so that other runs go on: some milliseconds."""


class NoTokenizer(ValueError):
    """A tokenizer's file cannot be used; the message says why and what to do."""


class FileTokenizer:
    """Counts as the model does. `path` is a `tokenizer.json` or the folder that holds one; raises NoTokenizer."""

    def __init__(self, path: Path) -> None:
        found = path / FILE_NAME if path.is_dir() else path
        try:
            stamp = found.stat()
        except OSError as error:
            raise NoTokenizer(
                f"there is no {found}: name the model's tokenizer.json, or the folder that holds it"
            ) from error
        self._loaded, digest = _loaded(found, stamp.st_mtime_ns, stamp.st_size)
        self._name = f"{FILE_NAME} sha256:{digest[:12]}"

    @property
    def name(self) -> str:
        """The file's digest."""
        return self._name

    async def count(self, text: str) -> int:
        """The tokens of a text, none added to it."""
        return len((await self._encoded(text)).ids)

    async def tail(self, text: str, most_tokens: int, *, piecewise: bool = False) -> str:
        """The last tokens of a text. Whole characters are the text's own; piecewise ones are as they are decoded."""
        if most_tokens <= 0:
            return ""
        encoded = await self._encoded(text)
        if piecewise and (decoded := decoded_piecewise(encoded.tokens[-most_tokens:])) is not None:
            return decoded
        cut = len(encoded.ids) - most_tokens
        if cut <= 0:
            return text
        # The token before the cut may hold the first part of a character whose rest is kept: that one is left out.
        return text[max(encoded.offsets[cut][0], encoded.offsets[cut - 1][1]) :]

    async def _encoded(self, text: str) -> "Encoding":
        valid = text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
        if len(valid) < _LONG:
            return self._loaded.encode(valid, add_special_tokens=False)
        return await asyncio.to_thread(self._loaded.encode, valid, add_special_tokens=False)


@lru_cache(maxsize=4)
def _loaded(path: Path, changed_ns: int, size: int) -> "tuple[Loaded, str]":  # noqa: ARG001 - another file, another entry
    """The tokenizer of a file and the file's digest; a real one has some ten megabytes, so it is read once."""
    try:
        from tokenizers import Tokenizer as Loading  # noqa: PLC0415 - slow to import, and not every pool names a file
    except ImportError as error:
        raise NoTokenizer("a tokenizer's file needs the package tokenizers: pip install tokenizers") from error
    try:
        content = path.read_bytes()
        return Loading.from_str(content.decode("utf-8")), sha256(content).hexdigest()
    except Exception as error:  # the library raises plain Exception
        raise NoTokenizer(f"{path} is not a tokenizer.json: {error}") from error
