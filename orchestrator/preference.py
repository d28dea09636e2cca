"""What a person asks the orchestrator to weigh: the preference vector P and P in words.

P is the vector of ToolOrchestra (arXiv 2511.21689, section 3.3): one weight in [0, 1] for accuracy,
cost and latency each, and one for each alias that somebody cares about.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Degree = Literal["none", "little", "some", "great"]
"""How much somebody cares."""
DEGREES: Final[tuple[Degree, ...]] = get_args(Degree)
"""From the weakest to the strongest."""
IN_WORDS: Final[Mapping[Degree, str]] = {
    "none": "not at all",
    "little": "a little",
    "some": "to some extent",
    "great": "a great deal",
}


@dataclass(frozen=True, slots=True)
class PreferenceVector:
    """Weights in [0, 1]. An alias that is absent from `tools` has weight 0."""

    accuracy: float = 1.0
    cost: float = 0.5
    latency: float = 0.5
    tools: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Alias to weight; kept sorted by alias. Treat it as read-only."""

    def __post_init__(self) -> None:
        for name in ("accuracy", "cost", "latency"):
            object.__setattr__(self, name, _weight(name, getattr(self, name)))
        tools = {alias: _weight(alias, self.tools[alias]) for alias in sorted(self.tools)}
        object.__setattr__(self, "tools", tools)


def _weight(name: str, value: float) -> float:
    """The weight itself; raises ValueError unless it is a number in [0, 1]."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"the weight of {name} must be a number from 0 to 1, not {value!r}")
    if not math.isfinite(value) or not 0 <= value <= 1:
        raise ValueError(f"the weight of {name} must be from 0 to 1, not {value}")
    return float(value)


PRESETS: Final[Mapping[str, PreferenceVector]] = {
    "Balanced": PreferenceVector(accuracy=1.0, cost=0.5, latency=0.5),
    "Accuracy first": PreferenceVector(accuracy=1.0, cost=0.0, latency=0.0),
    "Frugal": PreferenceVector(accuracy=0.6, cost=1.0, latency=0.2),
    "Fast": PreferenceVector(accuracy=0.6, cost=0.2, latency=1.0),
    "Keep it local": PreferenceVector(accuracy=0.8, cost=0.3, latency=0.3),
}
"""Named preference vectors. "Keep it local" also wants the aliases that the operator hosts."""


def preset(name: str, local_aliases: Iterable[str] = ()) -> PreferenceVector:
    """The preset of that name; raises ValueError for an unknown one.

    `local_aliases` are the aliases that run on the operator's own machines; only "Keep it local" reads them.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset named {name!r}; choose one of: {', '.join(PRESETS)}")
    chosen = PRESETS[name]
    if name != "Keep it local":
        return chosen
    tools = dict.fromkeys(local_aliases, 1.0)
    return PreferenceVector(chosen.accuracy, chosen.cost, chosen.latency, tools)


def instruction(preference: PreferenceVector) -> str:
    """P in words: the preference instruction that goes into the prompt. Empty only if every weight is 0."""
    wishes = [
        f"{IN_WORDS[degree(weight)]} about {wish}"
        for weight, wish in (
            (preference.accuracy, "a correct answer"),
            (preference.cost, "a low cost"),
            (preference.latency, "a quick reply"),
        )
        if weight > 0
    ]
    sentences = [f"I care {_join(wishes)}."] if wishes else []
    liked = [alias for alias, weight in preference.tools.items() if weight > 0]
    if liked:
        sentences.append(f"Where it makes sense, use {_join(liked)}.")
    return " ".join(sentences)


def degree(weight: float) -> Degree:
    """How much a weight in [0, 1] means in words."""
    if weight >= 0.75:
        return "great"
    if weight >= 0.35:
        return "some"
    return "little" if weight > 0 else "none"


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
