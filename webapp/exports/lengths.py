"""How long the rows of a training file are, told while they are written."""

import math
from array import array
from pathlib import Path
from typing import Any, Final

from prefs.training_files import Row
from prefs.training_files.length_report import QUANTILES, RULES, LengthReport
from prefs.training_files.ruler import ChatTokenizer, Estimate, Ruler

TOKENIZER_FILE: Final = "tokenizer.json"


class Lengths:
    """Measures each row as its consumer would; four bytes of each are kept."""

    def __init__(self, kind: str, ruler: Ruler, max_length: int) -> None:
        if max_length < 1:
            raise ValueError(f"--max-length must be one token or more, not {max_length}")
        self._kind, self._ruler, self._max_length = kind, ruler, max_length
        self._rule = RULES[kind]
        self._tokens = array("l")
        self._dropped = self._cut = 0

    def see(self, row: Row) -> None:
        """Measure one row."""
        length = self._rule(row, self._ruler, self._max_length)
        self._tokens.append(length.tokens)
        self._dropped += length.dropped
        self._cut += length.cut

    def report(self) -> LengthReport:
        """What was seen so far."""
        ordered = sorted(self._tokens)
        quantiles = {share: ordered[math.ceil(share * len(ordered)) - 1] for share in QUANTILES} if ordered else {}
        counted = (self._ruler.name, self._ruler.exact)
        return LengthReport(self._kind, len(ordered), self._dropped, self._cut, self._max_length, quantiles, *counted)


def lengths(kind: str, tokenizer: Path | None, max_length: int) -> Lengths | None:
    """What measures a kind; `None` where its consumer writes the prompts itself, or it is no training file.

    Without a tokenizer it estimates. Raises ValueError where the tokenizer cannot be used.
    """
    if kind not in RULES:
        if tokenizer is not None:
            raise ValueError(f"--tokenizer measures {', '.join(RULES)}; not {kind}")
        return None
    return Lengths(kind, Estimate() if tokenizer is None else _ruler(tokenizer), max_length)


def _ruler(path: Path) -> Ruler:
    """A tokenizer with its chat template, where transformers is installed; else its counts without a template."""
    file = path / TOKENIZER_FILE if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"there is no {file}: name a tokenizer.json, or the folder that holds it")
    try:
        from transformers import AutoTokenizer  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        return _without_template(file, "transformers is not installed")
    try:
        read: Any = AutoTokenizer.from_pretrained(file.parent, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        return _without_template(file, f"transformers cannot read its folder: {str(error).splitlines()[0]}")
    if not read.chat_template:
        return _without_template(file, "it has none")
    return ChatTokenizer(read, f"{file.parent.name} with its chat template")


def _without_template(file: Path, why: str) -> Ruler:
    from tokenizers import Tokenizer  # noqa: PLC0415 - slow to import

    try:
        loaded = Tokenizer.from_file(str(file))
    except Exception as error:
        raise ValueError(f"{file} cannot be read: {error}") from error

    def count(text: str) -> int:
        return len(loaded.encode(text, add_special_tokens=False).ids)

    return Estimate(count, f"{file.name} without a chat template ({why})")
