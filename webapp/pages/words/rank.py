"""Words of the page *Rank*."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
    "rank_empty": "Nothing is here yet.",
}
