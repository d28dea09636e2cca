"""Words of the page *Runs*."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
    "runs_empty": "Nothing is here yet.",
}
