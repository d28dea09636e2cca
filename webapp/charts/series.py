"""Scores of policies as they are drawn: a short name, a colour and a symbol for each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prefs.evaluation import Score
from webapp.views.aliases import code
from webapp.views.palette import ALIASES, TOKENS, Shade

COLOURS: Final = (
    TOKENS["accent"],
    ALIASES["reasoner-3"],
    ALIASES["search-2"],
    ALIASES["answer-3"],
    ALIASES["reasoner-2"],
    ALIASES["answer-math-2"],
    ALIASES["search-3"],
    ALIASES["answer-4"],
)
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "star", "hexagram")


@dataclass(frozen=True, slots=True)
class Series:
    """One score and its look."""

    name: str
    score: Score
    shade: Shade
    symbol: str


def series(scores: Sequence[Score]) -> tuple[Series, ...]:
    """In the order given. Colours repeat behind eight, names never."""
    several = len({score.preference for score in scores}) > 1
    short = Counter(short_name(score.policy) for score in {score.policy: score for score in scores}.values())
    drawn = []
    for number, score in enumerate(scores):
        name = short_name(score.policy)
        name = score.policy if short[name] > 1 else name
        drawn.append(
            Series(
                f"{name} · {score.preference}" if several else name,
                score,
                COLOURS[number % len(COLOURS)],
                SYMBOLS[(number + number // len(COLOURS)) % len(SYMBOLS)],
            )
        )
    return tuple(drawn)


def short_name(spec: str) -> str:
    """A SPEC for a legend: `fixed S1 → R1 → A1`, the model of an `openai:` policy, the folder of other models."""
    form, _, rest = spec.partition(":")
    if form == "fixed":
        return f"fixed {' → '.join(code(alias) for alias in rest.split(','))}"
    if form == "openai":
        return rest.partition("#")[2].partition(";")[0] or spec
    if form in ("embedded", "transformers"):
        return rest.partition(";")[0].rstrip("/").rpartition("/")[2] or spec
    return spec
