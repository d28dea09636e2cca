"""The figures of `podium tune` as JSON values: dollars as exact text, thresholds as numbers from 0 to 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orchestrator.model_call import ModelCall
from orchestrator.preference import PreferenceVector
from prefs.bootstrap import Interval
from prefs.judgement import Judgement
from prefs.tuning.comparison import Changes, changes
from prefs.tuning.flips import Flips, Piece, flips, neighbours, unpriced_at
from prefs.tuning.forecast import DAYS, forecast
from prefs.tuning.front import Front, front
from prefs.tuning.orders import orders_changed
from prefs.tuning.packed import Packed, Rule
from prefs.tuning.profile import preference_json
from prefs.tuning.repricing import QuoteOf, repriced
from prefs.tuning.stored import Stored
from prefs.tuning.winners import Totals, Tuning, Winners

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked `podium tune`."""

    preference: PreferenceVector
    rule: Rule
    against: tuple[str, PreferenceVector] | None = None
    """The reference and its name."""
    thresholds: bool = False
    front: bool = False
    queries_a_day: int | None = None


def tune_record(
    shown: Sequence[Stored],
    wanted: Wanted,
    calls: Mapping[str, Sequence[ModelCall]],
    quote_of: QuoteOf | None,
    judgements: Sequence[Judgement],
) -> Json:
    """All of it. With other prices, the figures are those under the other prices."""
    repricing = None
    if quote_of is not None:
        repricing, shown = _repricing(shown, wanted, calls, quote_of, judgements)
    tuning, p = Tuning.of(shown, wanted.rule), wanted.preference
    winners = tuning.winners(p)
    sizes = [len(tuning.packed.rows(query)) for query in range(len(tuning.packed.queries))]
    record: Json = {
        "queries": len(sizes),
        "alternatives": len(shown),
        "single": sizes.count(1),
        "preference": preference_json(p),
        "rule": {"gated": wanted.rule.gated, "ungraded": wanted.rule.ungraded.value},
        "totals": totals_json(winners.totals),
        "winners": tuning.ids(winners),
    }
    if repricing is not None:
        record["repricing"] = repricing
    if wanted.against is not None:
        name, reference = wanted.against
        found = changes(tuning, reference, p)
        record["against"] = {"name": name, "preference": preference_json(reference), **changes_json(found)}
    if wanted.thresholds:
        names = ("accuracy", "cost", "latency", *p.tools)
        record["thresholds"] = {name: flips_json(tuning, flips(tuning, p, name)) for name in names}
    if wanted.front:
        record["front"] = front_json(front(tuning, p))
    if wanted.queries_a_day is not None:
        record["forecast"] = _forecast(tuning, winners, wanted.queries_a_day)
    return record


def totals_json(totals: Totals) -> Json:
    """Of always taking the winner."""
    return {
        "queries": totals.queries,
        "left_out": totals.left_out,
        "tied": totals.tied,
        "none_right": totals.none_right,
        "cost_usd": _usd(totals.usd),
        "unpriced": totals.unpriced,
        "unpriced_calls": totals.unpriced_calls,
        "latency_s": totals.latency_s,
        "solved": totals.solved,
        "graded": totals.graded,
        "ungraded": totals.ungraded,
        "solved_share": _interval(totals.solved_share),
        "alias_share": dict(totals.alias_share),
        "simulated": totals.simulated,
    }


def changes_json(found: Changes) -> Json:
    """From the reference to P."""
    return {
        "weights": found.weights,
        "reference": totals_json(found.before),
        "cost_usd": None if found.usd is None else _usd(found.usd),
        "latency_s": found.latency_s,
        "changed": [
            {
                "query": one.query,
                "before": one.before,
                "after": one.after,
                "cost_usd": None if one.usd is None else _usd(one.usd),
                "latency_s": one.latency_s,
            }
            for one in found.winners
        ],
    }


def flips_json(tuning: Tuning, found: Flips) -> Json:
    """The thresholds of one weight, and what lies beyond the nearest ones."""
    low, high = found.still()
    below, above = neighbours(found)
    packed = tuning.packed
    return {
        "value": found.value,
        "still_from": _weight(low),
        "still_to": _weight(high),
        "below": None if below is None else _piece(packed, below, found, low),
        "above": None if above is None else _piece(packed, above, found, high),
        "flips": [
            {
                "at": _weight(flip.at),
                "query": packed.queries[flip.query],
                "before": packed.ids[flip.before],
                "after": packed.ids[flip.after],
            }
            for flip in found.flips
        ],
    }


def _weight(at: Fraction) -> float:
    """A threshold to nine decimals; weights are read to six."""
    return round(float(at), 9)


def _piece(packed: Packed, piece: Piece, found: Flips, at: Fraction) -> Json:
    return {
        "cost_usd": _usd(piece.usd),
        "latency_s": piece.latency_s,
        "solved": piece.solved,
        "changed": sum(flip.at == at for flip in found.flips),
        "unpriced": unpriced_at(packed, found, at),
    }


def front_json(found: Front) -> Json:
    """Every distinct outcome, the cheapest first."""
    line = found.iso
    return {
        "settings": [
            {
                "preference": preference_json(one.preference),
                "cost_usd": _usd(one.totals.usd),
                "unpriced": one.totals.unpriced,
                "latency_s": one.totals.latency_s,
                "solved": one.totals.solved,
                "settings": one.settings,
                "on_front": one.on_front,
                "chosen": one.chosen,
            }
            for one in found.settings
        ],
        "iso_utility": None
        if line is None
        else {"cost_usd": line.usd, "latency_s": line.latency_s, "seconds_per_usd": line.seconds_per_usd},
    }


def _forecast(tuning: Tuning, winners: Winners, queries_a_day: int) -> Json | None:
    found = forecast(tuning, winners, queries_a_day)
    if found is None:
        return None
    return {
        "queries_a_day": queries_a_day,
        "days_a_month": DAYS,
        "sample": found.sample,
        "unpriced": found.unpriced,
        "query_usd": {"mean": found.query_usd, **_ends(found.interval)},
        "day_usd": {"mean": found.day_usd, **_ends(found.day)},
        "month_usd": {"mean": found.month_usd, **_ends(found.month)},
        "simulated_share": found.simulated_share,
        "simulated_usd_share": found.simulated_usd_share,
    }


def _repricing(
    shown: Sequence[Stored],
    wanted: Wanted,
    calls: Mapping[str, Sequence[ModelCall]],
    quote_of: QuoteOf,
    judgements: Sequence[Judgement],
) -> tuple[Json, tuple[Stored, ...]]:
    again = repriced(shown, calls, quote_of)
    old, new = (Tuning.of(side, wanted.rule) for side in (shown, again.alternatives))
    before, after = old.winners(wanted.preference), new.winners(wanted.preference)
    was, now = old.ids(before), new.ids(after)
    by_id = [{one.id: one for one in side} for side in (shown, again.alternatives)]
    orders = orders_changed(judgements, by_id[0], by_id[1], wanted.preference, wanted.rule)
    told = {
        "calls": {"anew": again.anew, "kept": again.kept, "unknown": again.unknown},
        "before": totals_json(before.totals),
        "changed": [{"query": q, "before": was[q], "after": now[q]} for q in was if was[q] != now[q]],
        "ballots": {
            "ballots": orders.ballots,
            "winner_changed": list(orders.winner_changed),
            "order_changed": list(orders.order_changed),
            "pairs": orders.pairs,
            "agreed_before": orders.agreed_before,
            "agreed_after": orders.agreed_after,
        },
    }
    return told, again.alternatives


def _usd(usd: Decimal) -> str:
    return f"{usd:f}"


def _interval(interval: Interval | None) -> Json | None:
    return None if interval is None else {"mean": interval.mean, "low": interval.low, "high": interval.high}


def _ends(interval: Interval | None) -> Json:
    return {"low": interval and interval.low, "high": interval and interval.high}
