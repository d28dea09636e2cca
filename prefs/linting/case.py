"""A batch that a reward is tried on: made-up rollouts of one query, and the preference vector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from orchestrator.preference import PreferenceVector

Record = dict[str, Any]
"""A trajectory record in its JSON form."""
ALIASES: Final = ("answer-1", "reasoner-1", "search-1")
"""Aliases that made-up rollouts may use; the last step of a rollout without `answer-1` goes to `answer-3`."""
WRONG: Final = "It is 398, as far as I can tell."
"""An answer that is longer than the right one, so that a reward which pays for length shows."""
STARTED_AT: Final = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Rollout:
    """What a trajectory is measured by."""

    outcome: int | None = 1
    """1 solved, 0 unsolved, `None` ungraded."""
    cost_usd: Decimal = Decimal("0.01")
    latency_s: float = 1.0
    """A multiple of 1/4, so that sums of its parts are exact."""
    uses: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Alias to calls, of ALIASES; `answer-1` at most once. Aliases that were not called are absent."""

    def using(self, alias: str, calls: int) -> "Rollout":
        """The same with that many calls of an alias."""
        others = {name: count for name, count in self.uses.items() if name != alias}
        return replace(self, uses=dict(sorted({**others, alias: calls}.items())) if calls else others)


@dataclass(frozen=True, slots=True)
class Case:
    """One batch and the P under which it is scored."""

    rollouts: tuple[Rollout, ...]
    preference: PreferenceVector

    def with_rollout(self, place: int, rollout: Rollout) -> "Case":
        """The same with another rollout at that place."""
        return replace(self, rollouts=(*self.rollouts[:place], rollout, *self.rollouts[place + 1 :]))

    def with_weight(self, name: str, weight: float) -> "Case":
        """The same with another weight of `accuracy`, `cost`, `latency` or an alias."""
        p = self.preference
        weights = {"accuracy": p.accuracy, "cost": p.cost, "latency": p.latency, name: weight}
        tools = {**p.tools, name: weight} if name not in ("accuracy", "cost", "latency") else p.tools
        return replace(
            self, preference=PreferenceVector(weights["accuracy"], weights["cost"], weights["latency"], tools)
        )

    def records(self) -> list[Record]:
        """New trajectory records of the rollouts."""
        preference = self.preference_json()
        return [_record(place, rollout, preference) for place, rollout in enumerate(self.rollouts)]

    def preference_json(self) -> dict[str, Any]:
        """P in its JSON form."""
        p = self.preference
        return {"accuracy": p.accuracy, "cost": p.cost, "latency": p.latency, "tools": dict(p.tools)}


def label(place: int) -> str:
    """A, B, C, …"""
    return chr(ord("A") + place)


def _record(place: int, rollout: Rollout, preference: Mapping[str, Any]) -> Record:
    route = [alias for alias, count in rollout.uses.items() if alias != "answer-1" for _ in range(count)]
    route.append("answer-1" if rollout.uses.get("answer-1") else "answer-3")
    verdict = {1: "solved", 0: "unsolved", None: "ungraded"}[rollout.outcome]
    return {
        "format": 1,
        "id": f"rollout-{label(place)}",
        "query": "What is 17% of 2,340?",
        "preference": preference,
        "policy": "random",
        "pool": "a made-up pool",
        "seed": place,
        "started_at": STARTED_AT,
        "steps": _steps(route, rollout),
        "stop_reason": "answered",
        "answer": "397.8" if rollout.outcome else WRONG,
        "outcome": {"verdict": verdict, "by": None if rollout.outcome is None else "reference"},
        **_totals(rollout.cost_usd, rollout.latency_s),
    }


def _steps(route: Sequence[str], rollout: Rollout) -> list[Record]:
    """A quarter of the dollars and seconds is the orchestrator's own in the first step, the rest the answer's."""
    usd, seconds = rollout.cost_usd / 4, rollout.latency_s / 4
    steps = []
    for index, alias in enumerate(route):
        own = (usd, seconds) if index == 0 else (Decimal(0), 0.0)
        expert = (rollout.cost_usd - usd, rollout.latency_s - seconds) if index == len(route) - 1 else (Decimal(0), 0.0)
        steps.append(_step(index, alias, own, expert))
    return steps


def _step(index: int, alias: str, own: tuple[Decimal, float], expert: tuple[Decimal, float]) -> Record:
    tool = {"search": "search", "reasoner": "enhance_reasoning", "answer": "answer"}[alias.split("-", maxsplit=1)[0]]
    calls = [_call("orchestrator", None, *own), _call("expert", alias, *expert)]
    return {
        "index": index,
        "thought": "",
        "call": {"tool": tool, "model": alias},
        "observation": None,
        "calls": calls,
        "error": None,
        **_totals(own[0] + expert[0], own[1] + expert[1]),
    }


def _call(role: str, alias: str | None, usd: Decimal, seconds: float) -> Record:
    return {
        "role": role,
        "alias": alias,
        "model": "a made-up model",
        "usage": None,
        "charge": {"usd": f"{usd:f}", "status": "priced", "source": "the reward linter", "as_of": None},
        "started_at": STARTED_AT,
        "latency_s": seconds,
        "simulated": True,
    }


def _totals(usd: Decimal, seconds: float) -> Record:
    return {"cost_usd": f"{usd:f}", "unpriced_calls": 0, "latency_s": seconds, "simulated": True}
