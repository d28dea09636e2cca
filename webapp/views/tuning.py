"""What *Tune* shows, with its words: totals, what they change, thresholds, and what comes with them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from orchestrator.pool import TOOL_OF, Pool
from prefs.tuning.flips import Flips, Piece, neighbours, unpriced_at
from prefs.tuning.forecast import DAYS, Forecast
from prefs.tuning.front import iso_utility
from prefs.tuning.groups import GroupFit
from prefs.tuning.orders import OrdersChanged
from prefs.tuning.packed import Packed
from prefs.tuning.profile import preference_json
from prefs.tuning.winners import Totals, Tuning, Winners
from webapp.views import tuning_words as words
from webapp.views.aliases import SHAPES, code, who
from webapp.views.amounts import dollars

Json = dict[str, Any]
MOST_MARKS: Final = 2_000
"""Thresholds that are sent of one weight; of more, those that lie close together are sent as one."""


def alias_json(alias: str, pool: Pool | None = None) -> Json:
    """An alias as it is drawn."""
    if pool is not None:
        return dict(who(alias, pool))
    return {"alias": alias, "code": code(alias), "shape": SHAPES.get(TOOL_OF.get(alias, ""), "round")}


def totals_view(totals: Totals, *, gated: bool) -> Json:
    """The totals of always taking the winner, as figures and in words."""
    usd, queries = totals.usd, totals.queries
    known = not totals.unpriced
    share = totals.solved_share
    return {
        "queries": queries,
        "cost_usd": f"{usd:f}",
        "latency_s": totals.latency_s,
        "solved": totals.solved,
        "graded": totals.graded,
        "solved_share": None if share is None else {"mean": share.mean, "low": share.low, "high": share.high},
        "alias_share": dict(totals.alias_share),
        "words": {
            "cost": dollars(usd) if known or usd else "–",
            "cost_each": f"{dollars(usd / queries)} a query" if queries and known else words.unpriced(totals),
            "latency": words.long(totals.latency_s) if queries else "–",
            "latency_each": f"{words.long(totals.latency_s / queries)} a query" if queries else "",
            "solved": "–" if share is None else f"{share.mean:.1%}",
            "solved_range": words.solved(totals),
            "solved_title": words.solved_title(totals),
            "sentence": words.sentence(totals),
        },
        "shares": [
            {**alias_json(alias), "share": part, "words": f"{part:.0%}"}
            for alias, part in sorted(totals.alias_share.items(), key=lambda one: (-one[1], one[0]))
        ],
        "notes": list(words.notes(totals, gated=gated)),
    }


def point_view(tuning: Tuning, winners: Winners) -> Json:
    """Where the setting lies on the front, and the slope of its iso-utility line."""
    line = iso_utility(tuning, winners)
    return {
        "usd": winners.totals.usd_float,
        "latency_s": winners.totals.latency_s,
        "line": line is not None,
        "seconds_per_usd": None if line is None else line.seconds_per_usd,
    }


def against_view(tuning: Tuning, before: Winners, after: Winners) -> Json:
    """What changes from a reference to the setting, in words; dollars are null where they are not all known."""
    old, new = before.totals, after.totals
    others = after.changed(before)
    changed = len(others)
    unknown = tuning.packed.unpriced_calls[[before.rows[others], after.rows[others]]].any()
    usd = None if unknown else new.usd - old.usd
    latency_s, solved = new.latency_s - old.latency_s, new.solved - old.solved
    return {
        "changed": changed,
        "cost_usd": None if usd is None else f"{usd:f}",
        "latency_s": latency_s,
        "solved": solved,
        "words": {
            "cost": words.more(usd),
            "latency": words.later(latency_s),
            "solved": words.solved_more(solved),
            "changed": f"{changed:,} of {new.queries:,}",
            "sentence": words.change_sentence(changed, usd, latency_s, solved),
        },
        "point": {"usd": old.usd_float, "latency_s": old.latency_s},
    }


def flips_view(packed: Packed, found: Flips, totals: Totals, *, gated: bool) -> Json:
    """The thresholds of one weight in words, and as marks for its track."""
    ends = found.still()
    low, high = (round(float(end), 9) for end in ends)
    below, above = (
        None if piece is None else (_count(found, end), *_shift(piece, totals, unpriced_at(packed, found, end)))
        for piece, end in zip(neighbours(found), ends, strict=True)
    )
    return {
        "weight": found.weight,
        "value": found.value,
        "still": [low, high],
        "words": words.still(found.weight, low, high, len(found.flips), gated=gated),
        "below": None if below is None else words.beyond("below", low, *below),
        "above": None if above is None else words.beyond("above", high, *above),
        "marks": _marks(found),
        "flips": len(found.flips),
    }


def _count(found: Flips, at: Fraction) -> int:
    return sum(flip.at == at for flip in found.flips)


def _shift(piece: Piece, totals: Totals, unpriced: int) -> tuple[Decimal | None, float, int]:
    usd = None if unpriced else piece.usd - totals.usd
    return usd, piece.latency_s - totals.latency_s, piece.solved - totals.solved


def _marks(found: Flips) -> list[list[float]]:
    """Where decisions change and how many do; of very many, the first of those that lie close together."""
    counts: dict[float, int] = {}
    for flip in found.flips:
        at = round(float(flip.at), 9)
        counts[at] = counts.get(at, 0) + 1
    if len(counts) <= MOST_MARKS:
        return [[at, count] for at, count in counts.items()]
    merged: dict[int, list[float]] = {}
    for at, count in counts.items():
        merged.setdefault(int(at * MOST_MARKS), [at, 0])[1] += count
    return list(merged.values())


def forecast_view(found: Forecast | None) -> Json | None:
    """Dollars of so many queries a day; `None` where no winner's dollars are all known."""
    if found is None:
        return None
    interval = found.interval
    return {
        "queries_a_day": found.queries_a_day,
        "days_a_month": DAYS,
        "query": words.ranged(found.query_usd, interval),
        "day": words.ranged(found.day_usd, found.day),
        "month": words.ranged(found.month_usd, found.month),
        "figures": {
            "query_usd": found.query_usd,
            "day_usd": found.day_usd,
            "month_usd": found.month_usd,
            "month_low": found.month and found.month.low,
            "month_high": found.month and found.month.high,
        },
        "sample": found.sample,
        "simulated_usd_share": found.simulated_usd_share,
        "sentence": words.forecast(found),
        "notes": list(words.forecast_notes(found)),
    }


def groups_view(groups: Sequence[GroupFit]) -> list[Json]:
    """What each group's rankings reveal."""
    return [_group(one) for one in groups]


def _group(one: GroupFit) -> Json:
    fit, adopt = one.fit, None if one.fit is None else one.fit.preference
    weights = {} if fit is None else fit.weights
    untold = [] if fit is None else [n for n in fit.unidentified if n in ("accuracy", "cost", "latency")]
    return {
        "name": one.name,
        "rankings": one.rankings,
        "left_out": one.left_out,
        "annotators": one.annotators,
        "stated": None if one.stated is None else preference_json(one.stated),
        "weights": {name: {"mean": e.mean, "low": e.low, "high": e.high} for name, e in weights.items()},
        "untold": untold,
        "adopt": None if adopt is None else preference_json(adopt),
        "sentence": words.group(one),
    }


def setting_words(totals: Totals) -> Json:
    """The totals of a setting, each in words."""
    return {
        "cost": f"{dollars(totals.usd)} {words.unpriced(totals)}".strip(),
        "latency": words.long(totals.latency_s),
        "solved": f"{totals.solved:,} of {totals.graded:,}",
    }


def repricing_view(
    paid: tuple[Tuning, Winners], now: tuple[Tuning, Winners], calls: Mapping[str, int] | None, orders: OrdersChanged
) -> Json:
    """What other prices change: winners, dollars, and the order that P implies on ballots."""
    was, are = paid[0].ids(paid[1]), now[0].ids(now[1])
    changed = [{"query": query, "before": was[query], "after": are[query]} for query in was if was[query] != are[query]]
    old, new = paid[1].totals, now[1].totals
    ballots = {
        "ballots": orders.ballots,
        "winner_changed": list(orders.winner_changed),
        "order_changed": list(orders.order_changed),
        "pairs": orders.pairs,
        "agreed_before": orders.agreed_before,
        "agreed_after": orders.agreed_after,
    }
    return {
        "calls": calls,
        "before": {"cost_usd": f"{old.usd:f}", **setting_words(old)},
        "after": {"cost_usd": f"{new.usd:f}", **setting_words(new)},
        "changed": changed,
        "ballots": ballots,
        "words": words.repriced(old, new, len(changed), calls),
        "ballot_words": words.ballots(orders),
    }
