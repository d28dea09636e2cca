"""Simulated annotators with planted weights. Everything here is invented, and every name it makes says so.

They choose as the fitted model says people do: best group first, by Davidson–Luce (Firth, Kosmidis and Turner,
arXiv 1901.04768) on P·M scaled within the ballot, so that a fit can be held against the planted truth.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.preference import PreferenceVector
from prefs.features import Features
from prefs.judgement import Candidate, Judgement

Floats = NDArray[np.float64]
MADE_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
LARGEST_TIE: Final = 3


@dataclass(frozen=True, slots=True)
class SimulatedAlias:
    """What one use of an alias takes, in the median, and what it adds to the log odds of a right answer."""

    alias: str
    usd: float
    seconds: float
    help: float


SEARCHES: Final = (SimulatedAlias("search-1", 0.004, 6.0, 0.5), SimulatedAlias("search-2", 0.001, 9.0, 0.3))
REASONERS: Final = (SimulatedAlias("reasoner-1", 0.030, 22.0, 0.8), SimulatedAlias("reasoner-2", 0.008, 8.0, 0.4))
ANSWERS: Final = (
    SimulatedAlias("answer-1", 0.045, 12.0, 0.6),
    SimulatedAlias("answer-2", 0.010, 18.0, 0.0),
    SimulatedAlias("answer-3", 0.002, 4.0, -0.8),
)


@dataclass(frozen=True, slots=True)
class Habits:
    """What else simulated annotators do."""

    raters: int = 1
    """Annotators per ballot."""
    position: float = 0.0
    """Utility of being shown first rather than last."""
    ballot_noise: float = 0.0
    """Standard deviation of a utility that all raters of a candidate share and no feature explains."""
    lenience: float = 0.0
    """How far the acceptability line lies below the utility of a candidate that is half-way in everything."""
    ungraded: float = 0.0
    """Share of ballots on which nobody graded any answer."""
    unpriced: float = 0.0
    """Share of ballots on which one candidate has no known cost."""
    stated: PreferenceVector | None = None
    """P that all candidates ran under; the default one where nothing is said."""


@dataclass(frozen=True, slots=True)
class Annotator:
    """One simulated person: β·P in the order of the planted weights, and the utility of the acceptability line."""

    name: str
    weights: Floats
    line: float


@dataclass(frozen=True, slots=True)
class Manner:
    """How rankings are given: log weight of a tie by its size, line or none, share of partial rankings."""

    log_tie: Mapping[int, float]
    line: bool
    partial: float


def simulated_judgements(  # noqa: PLR0913 - a study is described by its numbers
    weights: Mapping[str, float],
    beta: float,
    *,
    ballots: int,
    annotators: int,
    alternatives: int = 4,
    spread: float = 0,
    ties: float = 0,
    line: bool = False,
    partial: float = 0,
    seed: int,
    habits: Habits | None = None,
) -> list[Judgement]:
    """Rankings of invented candidates by simulated annotators; `ballots` × `habits.raters` of them.

    `weights` is the planted P by name (`accuracy`, `cost`, `latency`, aliases such as `search-1`), `beta` its scale.
    `spread` is the standard deviation of each annotator's own P around it, `ties` the Davidson–Luce weight of a pair
    (of a triple: its square), `partial` the share of rankings that leave some candidates on the tray. The same seed
    gives the same judgements. Raises ValueError for numbers that describe no study.
    """
    habits = habits or Habits()
    _check(ballots, annotators, alternatives, habits)
    chance = np.random.default_rng(seed)
    people = tuple(_people(np.array(list(weights.values())) * beta, annotators, spread * beta, chance, habits))
    log_tie = {size: (size - 1) * float(np.log(ties)) for size in range(2, LARGEST_TIE + 1)} if ties > 0 else {}
    manner = Manner({1: 0.0, **log_tie}, line, partial)
    found: list[Judgement] = []
    for number in range(ballots):
        shown = simulated_candidates(alternatives, chance, f"{seed}-{number}", habits)
        scaled = scaled_measures(shown, tuple(weights))
        noise = chance.normal(0.0, habits.ballot_noise, alternatives) if habits.ballot_noise else np.zeros(alternatives)
        noise += habits.position * (0.5 - np.arange(alternatives) / (alternatives - 1))
        known = _forgotten(shown, chance, habits)
        for rater in chance.choice(annotators, habits.raters, replace=False):
            person = people[rater]
            ranked = _ranked(scaled @ person.weights + noise, person.line, manner, chance)
            found.append(_judgement(f"{seed}-{number}", person.name, known, ranked, len(found)))
    return found


def simulated_candidates(number: int, chance: np.random.Generator, name: str, habits: Habits) -> tuple[Candidate, ...]:
    """So many invented trajectories of one query; the dearer aliases are right more often."""
    stated = habits.stated or PreferenceVector()
    difficulty = chance.normal(0.0, 1.2)
    return tuple(_candidate(place, name, difficulty, stated, chance) for place in range(number))


def scaled_measures(shown: Sequence[Candidate], names: Sequence[str]) -> Floats:
    """M(τ) by name, scaled to [0, 1] within the ballot, more being better: candidates × names."""
    columns = np.array([[_measure(c.features, name) for name in names] for c in shown]).reshape(len(shown), -1)
    low, span = columns.min(axis=0), np.ptp(columns, axis=0)
    return np.where(span > 0, (columns - low) / np.where(span > 0, span, 1.0), 0.0)


def _check(ballots: int, annotators: int, alternatives: int, habits: Habits) -> None:
    if ballots < 1 or alternatives < 2:
        raise ValueError("a simulation needs at least one ballot of two alternatives")
    if not 1 <= habits.raters <= annotators:
        raise ValueError(f"{habits.raters} raters per ballot need at least as many annotators")


def _people(
    planted: Floats, number: int, spread: float, chance: np.random.Generator, habits: Habits
) -> Iterator[Annotator]:
    for place in range(number):
        own = planted + spread * chance.normal(size=len(planted))
        line = float(planted.sum()) / 2 - habits.lenience + spread * float(chance.normal())
        yield Annotator(f"simulated-{place:03d}", own, line)


def _candidate(
    place: int, name: str, difficulty: float, stated: PreferenceVector, chance: np.random.Generator
) -> Candidate:
    answer = ANSWERS[chance.integers(len(ANSWERS))]
    search, reasoner = SEARCHES[chance.integers(len(SEARCHES))], REASONERS[chance.integers(len(REASONERS))]
    used = [(search, int(chance.integers(4))), (reasoner, int(chance.integers(3))), (answer, 1)]
    usd = sum(count * alias.usd for alias, count in used) * float(np.exp(chance.normal(0.0, 0.4)))
    seconds = sum(count * alias.seconds for alias, count in used) * float(np.exp(chance.normal(0.0, 0.4)))
    helped = answer.help + sum(alias.help * min(count, 2) for alias, count in used[:2])
    outcome = int(chance.random() < 1 / (1 + np.exp(difficulty - helped + 0.8)))
    uses = {alias.alias: count for alias, count in sorted(used, key=lambda one: one[0].alias) if count}
    measured = Features(outcome, Decimal(f"{usd:.6f}"), round(seconds, 3), uses)
    label, text = chr(ord("A") + place), "a simulated answer " * int(chance.integers(1, 12))
    id = f"simulated-{name}-{label}"
    return Candidate(label, id, "simulated", measured, place, sum(uses.values()), text, stated)


def _measure(measured: Features, name: str) -> float:
    if name == "accuracy":
        return float(measured.outcome or 0)
    if name == "cost":
        return -float(measured.cost_usd or 0)
    return -measured.latency_s if name == "latency" else float(measured.uses.get(name, 0))


def _forgotten(shown: tuple[Candidate, ...], chance: np.random.Generator, habits: Habits) -> tuple[Candidate, ...]:
    """The candidates as the record knows them: people saw all, but a grade or a price may be missing."""
    outcome_unknown = habits.ungraded > 0 and chance.random() < habits.ungraded
    cost_unknown = habits.unpriced > 0 and chance.random() < habits.unpriced
    return tuple(_known(c, outcome_unknown, cost_unknown and c.position == 0) for c in shown)


def _known(one: Candidate, outcome_unknown: bool, cost_unknown: bool) -> Candidate:
    seen = one.features
    seen = replace(seen, outcome=None) if outcome_unknown else seen
    return replace(one, features=replace(seen, cost_usd=None) if cost_unknown else seen)


@dataclass(frozen=True, slots=True)
class _Ranked:
    groups: tuple[tuple[int, ...], ...]
    unranked: tuple[int, ...]
    acceptable: int | None


def _ranked(utility: Floats, line: float, manner: Manner, chance: np.random.Generator) -> _Ranked:
    """One ranking, drawn stage by stage: a group, or the line, from what remains."""
    left = list(range(len(utility)))
    if manner.partial > 0 and len(left) > 2 and chance.random() < manner.partial:
        left = sorted(int(place) for place in chance.choice(left, int(chance.integers(2, len(left))), replace=False))
    unranked = tuple(sorted(set(range(len(utility))) - set(left)))
    threshold = line if manner.line else None
    groups: list[tuple[int, ...]] = []
    acceptable: int | None = None
    while left:
        chosen = _chosen(utility, left, threshold if acceptable is None else None, manner.log_tie, chance)
        if not chosen:
            acceptable = len(groups)
            continue
        groups.append(chosen)
        left = [place for place in left if place not in chosen]
    if manner.line and acceptable is None:
        acceptable = len(groups)
    return _Ranked(tuple(groups), unranked, acceptable)


def _chosen(
    utility: Floats,
    left: Sequence[int],
    threshold: float | None,
    log_tie: Mapping[int, float],
    chance: np.random.Generator,
) -> tuple[int, ...]:
    """The next group; empty stands for the line."""
    if len(left) == 1 and threshold is None:
        return tuple(left)
    options = [option for size in log_tie for option in combinations(left, size)]
    worth = [log_tie[len(option)] + sum(utility[place] for place in option) / len(option) for option in options]
    if threshold is not None:
        options.append(())
        worth.append(threshold)
    gumbel = np.asarray(worth) + chance.gumbel(size=len(worth))
    return options[int(gumbel.argmax())]


def _judgement(name: str, annotator: str, shown: tuple[Candidate, ...], ranked: _Ranked, number: int) -> Judgement:
    return Judgement(
        f"simulated-{name}-{annotator}",
        f"simulated-{name}",
        annotator,
        f"simulated query {name}",
        MADE_AT + timedelta(minutes=number),
        shown,
        ranked.groups,
        ranked.unranked,
        ranked.acceptable,
    )
