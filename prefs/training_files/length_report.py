"""How long the rows of a file are, and what its consumer would silently drop or cut."""

import math
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from prefs.training_files.judged import Row
from prefs.training_files.ruler import Ruler

TRL_MAX_LENGTH: Final = 1024
"""The default of TRL's trainers and of verl's prompts."""
QUANTILES: Final = (0.5, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class RowLength:
    """A row in tokens: its longest conversation, and whether that is dropped or cut at the given length."""

    tokens: int
    dropped: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class LengthReport:
    """The rows of a file against the greatest length of its consumer."""

    format: str
    rows: int
    dropped: int
    """Rows that the consumer leaves out without a word."""
    cut: int
    """Rows that lose their end."""
    max_length: int
    quantiles: Mapping[float, int]
    """Share of the rows to the tokens of the longest of them; empty without rows."""
    counted_by: str
    exact: bool
    """Counted with the consumer's own tokenizer and template; otherwise all numbers are estimates."""

    def lines(self) -> tuple[str, ...]:
        """The report in words, one fact a line."""
        about = "" if self.exact else "about "
        at = f"at a length of {self.max_length:,} tokens"
        told = [f"{self.rows:,} rows of {self.format}, counted by {self.counted_by}"]
        if not self.rows:
            return tuple(told)
        if self.quantiles:
            shares = ", ".join(f"{share:.0%} ≤ {tokens:,}" for share, tokens in self.quantiles.items())
            told.append(f"tokens: {shares}")
        told.append(f"{about}{self.dropped:,} would be dropped without a word {at}, {about}{self.cut:,} cut")
        if self.dropped or self.cut:
            told.append(f"raise the consumer's limit to {max(self.quantiles.values()):,} or more to keep all of them")
        return tuple(told)


def length_report(rows: Iterable[Row], format: str, ruler: Ruler, max_length: int = TRL_MAX_LENGTH) -> LengthReport:
    """Read all rows of a file once; four bytes of each are kept. Raises ValueError for formats without prompts."""
    if format not in RULES:
        raise ValueError(f"the consumer of {format} writes its prompts itself; known are {', '.join(RULES)}")
    if max_length < 1:
        raise ValueError(f"the greatest length must be one token or more, not {max_length}")
    rule = RULES[format]
    tokens, dropped, cut = array("l"), 0, 0
    for row in rows:
        length = rule(row, ruler, max_length)
        tokens.append(length.tokens)
        dropped += length.dropped
        cut += length.cut
    return LengthReport(format, len(tokens), dropped, cut, max_length, _quantiles(tokens), ruler.name, ruler.exact)


def _quantiles(tokens: Iterable[int]) -> dict[float, int]:
    ordered = sorted(tokens)
    return {share: ordered[math.ceil(share * len(ordered)) - 1] for share in QUANTILES} if ordered else {}


def _implicit(row: Row, ruler: Ruler, most: int) -> RowLength:
    """RewardTrainer leaves out a pair where either side is too long."""
    longest = max(ruler.whole(row[side], row["tools"]) for side in ("chosen", "rejected"))
    return RowLength(longest, longest > most, cut=False)


def _explicit(row: Row, ruler: Ruler, most: int) -> RowLength:
    """The same with the prompt in front of either side."""
    longest = max(ruler.whole([*row["prompt"], *row[side]], row["tools"]) for side in ("chosen", "rejected"))
    return RowLength(longest, longest > most, cut=False)


def _dpo(row: Row, ruler: Ruler, most: int) -> RowLength:
    """DPOTrainer leaves out a row whose prompt fills the length, and cuts the end of what is too long."""
    longest = _explicit(row, ruler, most).tokens
    opening = min(ruler.opening(row["prompt"], row[side], row["tools"]) for side in ("chosen", "rejected"))
    return RowLength(longest, opening >= most, longest > most > opening)


def _kto(row: Row, ruler: Ruler, most: int) -> RowLength:
    """KTOTrainer does the same with its one completion."""
    whole = ruler.whole([*row["prompt"], *row["completion"]], row["tools"])
    opening = ruler.opening(row["prompt"], row["completion"], row["tools"])
    return RowLength(whole, opening >= most, whole > most > opening)


def _sft(row: Row, ruler: Ruler, most: int) -> RowLength:
    """SFTTrainer cuts the end, where the reply stands."""
    whole = ruler.whole(row["messages"], row["tools"])
    return RowLength(whole, dropped=False, cut=whole > most)


def _prompt(row: Row, ruler: Ruler, most: int) -> RowLength:  # noqa: ARG001 - a rule like the others
    """GRPOTrainer takes prompts of any length."""
    return RowLength(ruler.whole(row["prompt"], None, reply_next=True), dropped=False, cut=False)


def _verl(row: Row, ruler: Ruler, most: int) -> RowLength:
    """RLHFDataset leaves out prompts that are longer than `max_prompt_length`."""
    tokens = ruler.whole(row["prompt"], None, reply_next=True)
    return RowLength(tokens, tokens > most, cut=False)


def _reward_bench(row: Row, ruler: Ruler, most: int) -> RowLength:
    """run_v2.py cuts each completion at its own `--max_length`."""
    asked = {"role": "user", "content": row["prompt"]}
    longest = max(
        ruler.whole([asked, {"role": "assistant", "content": said}], None)
        for said in (*row["chosen"], *row["rejected"])
    )
    return RowLength(longest, dropped=False, cut=longest > most)


RULES: Final[Mapping[str, Callable[[Row, Ruler, int], RowLength]]] = {
    "trl-implicit": _implicit,
    "trl-explicit": _explicit,
    "dpo": _dpo,
    "kto": _kto,
    "trl-grpo": _prompt,
    "sft": _sft,
    "verl": _verl,
    "rewardbench2": _reward_bench,
}
"""What each consumer does with a row that is too long."""
