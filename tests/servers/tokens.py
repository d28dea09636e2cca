"""A tokenizer that anybody can follow: every four bytes of UTF-8 are a token."""

from collections.abc import Iterable

BYTES = 4


def tokens(text: str) -> list[int]:
    """The tokens of a text."""
    written = text.encode("utf-8", "surrogatepass")
    cut = (written[start : start + BYTES] for start in range(0, len(written), BYTES))
    # The leading one keeps zero bytes and the length of a short last token.
    return [int.from_bytes(b"\x01" + piece) for piece in cut]


def detokenized(some: Iterable[int]) -> str:
    """The text of tokens; half characters become U+FFFD."""
    return b"".join(token.to_bytes(BYTES + 1).lstrip(b"\0")[1:] for token in some).decode("utf-8", "replace")
