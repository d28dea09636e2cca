"""Long texts beside the records: compressed, kept once, found again by the digest of what they say.

A field that may hold a long text holds either the text itself or its address. Standard library only.
"""

import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import Final

SHORTEST: Final = 256
"""Characters from which on a text is worth an address."""
_ADDRESS: Final = re.compile(r"sha256:[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class KeptText:
    """A text as it is kept: compressed UTF-8 (half surrogate pairs survive), under the digest of what it says."""

    address: str
    """`sha256:` and 64 hexadecimal digits."""
    packed: bytes

    @classmethod
    def of(cls, text: str) -> "KeptText":
        """The text on its way to be kept."""
        written = text.encode("utf-8", "surrogatepass")
        return cls(f"sha256:{hashlib.sha256(written).hexdigest()}", zlib.compress(written, 6))

    @property
    def text(self) -> str:
        """The text itself; raises ValueError where it is not what the address says."""
        try:
            written = zlib.decompress(self.packed)
        except zlib.error as error:
            raise ValueError(f"the text at {self.address} is damaged: {error}") from error
        if f"sha256:{hashlib.sha256(written).hexdigest()}" != self.address:
            raise ValueError(f"the text at {self.address} is damaged: its digest differs")
        return written.decode("utf-8", "surrogatepass")


def is_address(text: str) -> bool:
    """Whether a field holds an address instead of the text itself."""
    return bool(_ADDRESS.match(text))
