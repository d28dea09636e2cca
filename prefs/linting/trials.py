"""The batches that a reward is tried on: known hard ones first, then random ones from a seed."""

import random
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Final

from orchestrator.preference import PreferenceVector
from prefs.linting.case import ALIASES, Case, Rollout

MOST_ROLLOUTS: Final = 5


def trials(count: int, seed: int) -> Iterator[Case]:
    """That many cases; the same for the same seed."""
    yield from islice(_all(seed), count)


def _all(seed: int) -> Iterator[Case]:
    yield from golden()
    chance = random.Random(seed)
    while True:
        yield _drawn(chance)


def golden() -> tuple[Case, ...]:
    """Batches that rewards are known to get wrong; the first five are the faults of ToolOrchestra's released code."""
    costs = tuple(Rollout(cost_usd=Decimal(usd)) for usd in ("0.01", "0.02", "0.05", "0.10"))
    close = tuple(Rollout(cost_usd=Decimal(usd)) for usd in ("0.0100", "0.0101", "0.0100"))
    seconds = tuple(Rollout(latency_s=s) for s in (1.0, 2.0, 5.0, 10.0))
    once, never, thrice = Rollout(uses={"answer-1": 1}), Rollout(), Rollout(uses={"reasoner-1": 3})
    wrong = Rollout(outcome=0)
    balanced = PreferenceVector(1, 0.5, 0.5, {"answer-1": 0.2})
    return (
        Case(costs, PreferenceVector(0, 1, 0)),
        Case((*close, wrong), PreferenceVector(1, 0.3, 0)),
        Case(seconds, PreferenceVector(0, 0, 1)),
        Case((once, once, never, never), PreferenceVector(0, 0, 0, {"answer-1": 1})),
        Case((thrice, Rollout(uses={"reasoner-1": 1}), never, wrong), PreferenceVector(0, 0, 0, {"reasoner-1": 1})),
        Case((never,), balanced),
        Case((wrong,), balanced),
        Case((never, never), balanced),
        Case((wrong, wrong), balanced),
        Case((Rollout(cost_usd=Decimal(0), latency_s=0.0), once), balanced),
        Case((Rollout(cost_usd=Decimal("0.000001")), Rollout(cost_usd=Decimal(1000), latency_s=9999.0)), balanced),
        Case((never, once, Rollout(0, Decimal("0.03"), 0.5)), PreferenceVector(0, 0, 0)),
        Case(
            (Rollout(1, Decimal("0.010"), 12.0), Rollout(1, Decimal("0.050"), 30.0, {"answer-1": 1}), wrong), balanced
        ),
    )


def _drawn(chance: random.Random) -> Case:
    """Rollouts often share an element with the one before, so that many differ in one thing only."""
    scale = Decimal(10) ** chance.randint(-5, 0)
    rollouts = [_rollout(chance, scale)]
    for _ in range(chance.randint(1, MOST_ROLLOUTS - 1)):
        before, new = rollouts[-1], _rollout(chance, scale)
        rollouts.append(
            Rollout(
                chance.choice((before.outcome, new.outcome)),
                chance.choice((before.cost_usd, new.cost_usd)),
                chance.choice((before.latency_s, new.latency_s)),
                chance.choice((before.uses, new.uses)),
            )
        )
    return Case(tuple(rollouts), _preference(chance))


def _rollout(chance: random.Random, scale: Decimal) -> Rollout:
    uses = {"answer-1": chance.randint(0, 1), "reasoner-1": chance.randint(0, 3), "search-1": chance.randint(0, 3)}
    return Rollout(
        int(chance.random() < 0.7),
        chance.randint(0, 999) * scale / 100,
        chance.randint(0, 400) / 4,
        {alias: count for alias, count in uses.items() if count},
    )


def _preference(chance: random.Random) -> PreferenceVector:
    def weight() -> float:
        return chance.choice((0.0, chance.randint(1, 9) / 10, 1.0))

    tools = {alias: weight() for alias in ALIASES if chance.random() < 0.5}
    return PreferenceVector(weight(), weight(), weight(), tools)
