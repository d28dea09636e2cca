"""Words of the page *Tune*."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
    "tune_empty": "Nothing is here yet.",
}
