"""Every contender on its own kind of input, prepared before the clock starts; the clock runs from there to strengths.

What a contender needs in order to count names, Podium included, is within its time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import choix
import evalica
import numpy as np
import pandas as pd
from arena_rank.models.bradley_terry import BradleyTerry
from arena_rank.utils.data_utils import PairDataset
from numpy.typing import NDArray

from bench.fit.data import ITEMS, Pairs, Rankings
from prefs.strengths.bradley_terry import bradley_terry
from prefs.strengths.comparisons import Comparisons, comparisons
from prefs.strengths.orders import of_table, orders
from prefs.strengths.plackett_luce import plackett_luce

Found = NDArray[np.float64]
ELO = 400 / np.log(10)


@dataclass(frozen=True)
class Contender:
    """One way of getting strengths (natural-log odds, mean 0) in the order of the items."""

    name: str
    input: str
    run: Callable[[], Found]
    exact: Callable[[], Found] | None = None
    """The same as precisely as it can be had, outside the clock; `None` where `run` is that."""
    intervals: bool = False
    widths: Callable[[], Found] | None = None
    """Widths of the 95 % intervals, outside the clock; `None` where it has none or nobody else has."""
    ours: bool = False


def bradley_terry_contenders(data: Pairs) -> list[Contender]:
    """All on comparisons without ties."""
    tuples = list(zip(data.winner.tolist(), data.loser.tolist(), strict=True))
    arrays = np.array(data.winners), np.array(data.losers)
    strings = "lists of strings"

    def ours(intervals: bool) -> Found:
        found = bradley_terry(comparisons(data.winners, data.losers), intervals=intervals)
        if intervals:
            found.ends()
        return found.values

    def widths() -> Found:
        ends = bradley_terry(comparisons(data.winners, data.losers)).ends()
        assert ends is not None
        return ends[1] - ends[0]

    return [
        Contender("Podium", strings, lambda: ours(False), ours=True),
        Contender(
            "Podium, arrays of strings",
            "numpy arrays of strings",
            lambda: bradley_terry(comparisons(*arrays), intervals=False).values,
            ours=True,
        ),
        Contender(
            "Podium, numbers",
            "numpy arrays of whole numbers",
            lambda: bradley_terry(Comparisons(tuple(data.names), data.winner, data.loser), intervals=False).values,
            ours=True,
        ),
        Contender("Podium with intervals", strings, lambda: ours(True), intervals=True, widths=widths, ours=True),
        _evalica(data),
        Contender("choix ilsr", "list of tuples of whole numbers", lambda: choix.ilsr_pairwise(ITEMS, tuples)),
        Contender("choix lsr", "list of tuples of whole numbers", lambda: choix.lsr_pairwise(ITEMS, tuples)),
        *arena_rank(data),
    ]


def tie_contenders(data: Pairs) -> list[Contender]:
    """All that give ties a chance of their own (Davidson 1970, which Newman 2023 fits, too)."""
    outcomes = [evalica.Winner.Draw if tied else evalica.Winner.X for tied in data.tied.tolist()]
    tied = data.tied.tolist()

    def ours() -> Found:
        seen = comparisons(data.winners, data.losers, tied=tied)
        return bradley_terry(seen, ties="davidson", intervals=False).values

    def newman(**limits: float) -> Found:
        found = evalica.newman(data.winners, data.losers, outcomes, **limits)
        return _centred(np.log(found.scores[data.names].to_numpy()))

    return [
        Contender("Podium, Davidson", "lists of strings", ours, ours=True),
        Contender("evalica newman", "lists of strings", newman, lambda: newman(tolerance=1e-10, limit=10_000)),
    ]


def plackett_luce_contenders(data: Rankings) -> list[Contender]:
    """All on rankings of four without ties."""
    tuples = [tuple(row) for row in data.table.tolist()]
    strings = "list of tuples of strings"

    def ours(intervals: bool) -> Found:
        found = plackett_luce(orders(data.named), intervals=intervals)
        if intervals:
            found.ends()
        return found.values

    return [
        Contender("Podium", strings, lambda: ours(False), ours=True),
        Contender(
            "Podium, numbers",
            "numpy table of whole numbers",
            lambda: plackett_luce(of_table(data.table, data.names), intervals=False).values,
            ours=True,
        ),
        Contender("Podium with intervals", strings, lambda: ours(True), intervals=True, ours=True),
        Contender("choix ilsr", "list of tuples of whole numbers", lambda: choix.ilsr_rankings(ITEMS, tuples)),
        Contender("choix lsr", "list of tuples of whole numbers", lambda: choix.lsr_rankings(ITEMS, tuples)),
    ]


def arena_rank(data: Pairs) -> list[Contender]:
    """Without and with its sandwich, from a pandas frame."""
    frame = pd.DataFrame({"model_a": data.winners, "model_b": data.losers, "winner": "model_a"})

    def fit(intervals: bool, **limits: float) -> Found:
        dataset = PairDataset.from_pandas(frame)
        model = BradleyTerry(n_competitors=len(dataset.competitors), **limits)
        if intervals:
            found = model.compute_ratings_and_cis(dataset)
            ratings, _, _ = (np.asarray(found[key]) for key in ("ratings", "rating_lower", "rating_upper"))
            return _centred((ratings - 1000) / ELO)
        return _centred(np.asarray(model.fit(dataset).params["ratings"]))

    def exact() -> Found:
        return fit(False, ftol=1e-18, gtol=1e-13)

    def widths() -> Found:
        dataset = PairDataset.from_pandas(frame)
        found = BradleyTerry(n_competitors=len(dataset.competitors)).compute_ratings_and_cis(dataset)
        return (np.asarray(found["rating_upper"]) - np.asarray(found["rating_lower"])) / ELO

    strings = "pandas frame of strings"
    return [
        Contender("arena-rank", strings, lambda: fit(False), exact),
        Contender("arena-rank with intervals", strings, lambda: fit(True), exact, intervals=True, widths=widths),
    ]


def _evalica(data: Pairs) -> Contender:
    outcomes: Sequence[object] = [evalica.Winner.X] * data.size

    def run(**limits: float) -> Found:
        found = evalica.bradley_terry(data.winners, data.losers, outcomes, **limits)
        return _centred(np.log(found.scores[data.names].to_numpy()))

    return Contender("evalica", "lists of strings", run, lambda: run(tolerance=1e-10, limit=10_000))


def _centred(found: Found) -> Found:
    return found - found.mean()
