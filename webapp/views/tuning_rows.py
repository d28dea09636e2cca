"""The winners query by query, a page at a time, sorted and filtered."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

import numpy as np

from prefs.tuning.exact import dollars as exact_dollars
from prefs.tuning.packed import Packed
from prefs.tuning.stored import Routed
from prefs.tuning.winners import NONE, Tuning, Winners
from webapp.views import tuning_words as words
from webapp.views.amounts import dollars
from webapp.views.tuning import alias_json

Json = dict[str, Any]
Sort = Literal["query", "cost", "latency", "cost_change", "latency_change", "alternatives"]
Which = Literal["all", "changed", "unsolved", "ungraded", "none"]
VERDICTS: Final = {1: "solved", 0: "unsolved", -1: "ungraded"}
LONGEST: Final = 240
"""Characters of a query that are sent."""
MOST_BADGES: Final = 12
"""Calls of a route that are sent."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which rows, in which order."""

    sort: Sort = "query"
    falling: bool = False
    which: Which = "all"
    """`none` are queries without a winner."""
    search: str = ""
    """Words that the query has, in any case."""
    offset: int = 0
    limit: int = 25


def rows_view(
    tuning: Tuning, by_id: Mapping[str, Routed], winners: Winners, before: Winners | None, wish: Wish
) -> Json:
    """One page of rows, and how many there are."""
    chosen = _chosen(tuning.packed, winners, before, wish)
    order = chosen[_order(tuning.packed, winners, before, wish)[chosen].argsort(kind="stable")]
    if wish.falling:
        order = order[::-1]
    page = order[wish.offset : wish.offset + wish.limit].tolist()
    return {
        "total": len(order),
        "offset": wish.offset,
        "rows": [_row(tuning.packed, by_id, winners, before, query) for query in page],
    }


def _chosen(packed: Packed, winners: Winners, before: Winners | None, wish: Wish) -> np.ndarray[Any, Any]:
    rows = winners.rows
    wanted = np.ones(len(rows), np.bool_)
    if wish.which == "changed":
        wanted = np.zeros(len(rows), np.bool_) if before is None else rows != before.rows
    elif wish.which == "none":
        wanted = rows == NONE
    elif wish.which in ("unsolved", "ungraded"):
        wanted = (rows != NONE) & (packed.outcome[rows] == (0 if wish.which == "unsolved" else -1))
    found = np.flatnonzero(wanted)
    if parts := wish.search.casefold().split():
        texts = packed.queries
        found = np.array([q for q in found.tolist() if all(p in texts[q].casefold() for p in parts)], np.int64)
    return found


def _order(packed: Packed, winners: Winners, before: Winners | None, wish: Wish) -> np.ndarray[Any, Any]:
    """A key for each query. Without a winner it is below all others; without a reference nothing has changed."""
    rows, old = winners.rows, (winners if before is None else before).rows
    column = packed.latency_s if wish.sort.startswith("latency") else packed.units
    if wish.sort in ("cost", "latency"):
        return np.where(rows == NONE, -1, column[rows])
    if wish.sort in ("cost_change", "latency_change"):
        untold = (rows == NONE) | (old == NONE)
        if wish.sort == "cost_change":
            untold |= packed.unpriced_calls[[rows, old]].any(axis=0)
        return np.where(untold, 0, column[rows] - column[old])
    if wish.sort == "alternatives":
        return np.diff(packed.starts, append=len(packed))
    return np.arange(len(rows))


def _row(packed: Packed, by_id: Mapping[str, Routed], winners: Winners, before: Winners | None, query: int) -> Json:
    row = int(winners.rows[query])
    old = row if before is None else int(before.rows[query])
    text = packed.queries[query]
    found: Json = {
        "query": text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…",
        "alternatives": len(packed.rows(query)),
        "winner": None if row == NONE else _alternative(packed, by_id, row),
        "before": None if old in (NONE, row) else _alternative(packed, by_id, old),
        "change": None,
    }
    if NONE not in (row, old) and row != old:
        known = not packed.unpriced_calls[[row, old]].any()
        usd = exact_dollars(int(packed.units[row]) - int(packed.units[old]), packed.exponent) if known else None
        later = float(packed.latency_s[row] - packed.latency_s[old])
        found["change"] = {"cost": words.more(usd), "latency": words.later(later)}
    return found


def _alternative(packed: Packed, by_id: Mapping[str, Routed], row: int) -> Json:
    of = by_id[packed.ids[row]]
    usd: Decimal = exact_dollars(int(packed.units[row]), packed.exponent)
    unknown = int(packed.unpriced_calls[row])
    return {
        "trajectory": of.stored.id,
        "run": of.run,
        "route": [alias_json(alias) for alias in of.route[:MOST_BADGES]],
        "more": max(len(of.route) - MOST_BADGES, 0),
        "cost": (f"{dollars(usd)} + {unknown} unpriced" if usd else "–") if unknown else dollars(usd),
        "latency": words.long(float(packed.latency_s[row])),
        "outcome": VERDICTS[int(packed.outcome[row])],
        "simulated": bool(packed.simulated[row]),
    }
