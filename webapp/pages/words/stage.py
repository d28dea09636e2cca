"""Words of the page *Stage*."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
    "stage_empty": "Nothing is here yet.",
}
