"""Names of accounts: what they may be, and which of them are alike."""

import unicodedata
from typing import Final

LONGEST: Final = 60
RESERVED: Final = "local"
"""The annotator's name where nobody has an account."""
OF_THE_LOG: Final = ("command line", "a stranger", "the server")
"""How names begin under which the log has people without an account."""
PSEUDONYMS: Final = ("anon-", "audience-", "forgotten-")
"""How names begin that exports, forgetting and phones of an audience give in place of people's own."""
_LONGEST_FOLDED: Final = 1_000
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Characters that count as printable and show nothing; variation selectors beside them."""


class BadName(ValueError):
    """An account cannot have this name; the message says why."""


def folded(name: str) -> str:
    """What all spellings of a name share: without regard to case, width, composition and spaces at the ends.

    Folding again changes nothing. Of a text of any length, the first thousand characters count.
    """
    text = name[:_LONGEST_FOLDED]
    for _ in range(8):  # three times are enough for nearly all texts
        changed = " ".join(_compatible(unicodedata.normalize("NFD", text).casefold()).split())
        if changed == text:
            break
        text = changed
    return text


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def check_name(name: str) -> str:
    """The name without spaces at its ends; raises BadName where no account can have it."""
    trimmed = name.strip()
    if not 1 <= len(trimmed) <= LONGEST:
        raise BadName(f"a name has 1 to {LONGEST} characters, not {len(trimmed):,}")
    if not trimmed.isprintable() or any(_unseen(one) for one in trimmed):
        raise BadName("a name has no characters that cannot be seen, and none that turn the direction of writing")
    if not any(one.isalnum() for one in folded(trimmed)):
        raise BadName("a name has at least one letter or digit")
    if folded(trimmed) == RESERVED:
        raise BadName(f"{RESERVED!r} is who ranks where nobody has an account; choose another name")
    if folded(trimmed).startswith(OF_THE_LOG):
        raise BadName("so the log names people who have no account; choose another name")
    if folded(trimmed).startswith(PSEUDONYMS):
        raise BadName("so begin pseudonyms of people whose names are hidden; choose another name")
    return trimmed


def _unseen(character: str) -> bool:
    return character in _UNSEEN or "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e0fff"
