"""The held-out preference instructions: words that no training has used, and what a reader takes them to mean."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orchestrator.preference import PreferenceVector

FILE: Final = Path(__file__).parents[2] / "tests" / "training" / "held_out_instructions.jsonl"
HIGH: Final = 0.75
LOW: Final = 0.35


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One instruction."""

    text: str
    preference: PreferenceVector
    """As intended."""

    @property
    def kind(self) -> str:
        """What it is mainly about: `liked`, `mixed`, `cost`, `latency` or `accuracy`."""
        p = self.preference
        if any(p.tools.values()):
            return "liked"
        if p.cost == p.latency == 0:
            return "accuracy"
        if p.cost >= HIGH and p.latency < LOW:
            return "cost"
        return "latency" if p.latency >= HIGH and p.cost < LOW else "mixed"

    @property
    def opposite(self) -> PreferenceVector:
        """Without the liked aliases, where there are any; else with high and low swapped for cost and latency."""
        p = self.preference
        if any(p.tools.values()):
            return PreferenceVector(p.accuracy, p.cost, p.latency)
        return PreferenceVector(p.accuracy, _swapped(p.cost), _swapped(p.latency))


def held_out(path: Path = FILE) -> Iterator[HeldOut]:
    """The instructions of a file, in its order; raises ValueError naming the line that cannot be read."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            preference = PreferenceVector(row["accuracy"], row["cost"], row["latency"], row["tools"])
            yield HeldOut(row["text"], preference)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error


def _swapped(weight: float) -> float:
    return 0.0 if weight >= HIGH else 1.0 if weight < LOW else weight
