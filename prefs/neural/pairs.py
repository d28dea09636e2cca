"""Rankings as weighted pairs for a pairwise loss, and the split that keeps every query on one side."""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prefs.judgement import Judgement


@dataclass(frozen=True, slots=True)
class Pair:
    """One trajectory that a person put above another. Ties make no pair."""

    ranking: str
    query: str
    annotator: str
    better: str
    """Id of the trajectory that was put above."""
    worse: str
    weight: float
    """1 / C(k, 2) in a ranking of k, so that a long ranking counts no more than a short one (InstructGPT)."""


@dataclass(frozen=True, slots=True)
class Split:
    """Judgements to learn from, and those of other queries to measure with."""

    training: tuple[Judgement, ...]
    held_out: tuple[Judgement, ...]


def pairs(judgements: Iterable[Judgement]) -> tuple[Pair, ...]:
    """Every strict pair of every ranking, in order."""
    return tuple(pair for judgement in judgements for pair in _pairs(judgement))


def split(judgements: Sequence[Judgement], *, share: float = 0.2, seed: int = 0) -> Split:
    """Hold out this share of the queries, drawn by the seed, at least one of them.

    Judgements without a strict pair are left out. Raises ValueError where fewer than two queries have one.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share of queries to hold out must lie between 0 and 1, not {share}")
    telling = [judgement for judgement in judgements if any(not one.tied for one in judgement.comparisons())]
    queries = sorted({same(judgement.query) for judgement in telling})
    if len(queries) < 2:
        raise ValueError(
            f"{len(queries)} queries have a ranking that puts one alternative above another; a reward model needs at "
            "least two, one of them to be measured with: rank more ballots first"
        )
    random.Random(f"held out {seed}").shuffle(queries)
    held = set(queries[: min(max(1, round(share * len(queries))), len(queries) - 1)])
    return Split(
        tuple(one for one in telling if same(one.query) not in held),
        tuple(one for one in telling if same(one.query) in held),
    )


def same(query: str) -> str:
    """Queries that differ in case or spacing alone are one query."""
    return " ".join(query.casefold().split())


def _pairs(judgement: Judgement) -> Iterable[Pair]:
    ranked = sum(len(group) for group in judgement.groups)
    for one in judgement.comparisons():
        if not one.tied:
            better, worse = judgement.candidates[one.better], judgement.candidates[one.worse]
            yield Pair(
                judgement.ranking,
                judgement.query,
                judgement.annotator,
                better.trajectory,
                worse.trajectory,
                1 / math.comb(ranked, 2),
            )
