"""The figures of `podium tune` in words that whoever pays for the queries understands."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from webapp.views.amounts import counted, dollars, seconds
from webapp.views.tuning_words import NOT_EVERY, later, long, more
from webapp.views.tuning_words import number as weight_words

Json = dict[str, Any]
SHOWN: Final = 5
"""Examples of what changes; `--json` has all."""
_LONGEST: Final = 60


def printed(record: Json) -> str:
    """All that was asked."""
    lines = [*_head(record), *_totals(record["totals"], record["rule"])]
    for name, section in (
        ("repricing", _repricing),
        ("against", _against),
        ("thresholds", _thresholds),
        ("front", _front),
        ("forecast", _forecast),
    ):
        if name in record:
            lines += ["", *section(record)]
    return "\n".join(lines)


def _head(record: Json) -> Iterator[str]:
    queries, single = counted(record["queries"], "query", "queries"), record["single"]
    yield f"{queries} with {record['alternatives']:,} stored alternatives"
    if single:
        yield f"  {single:,} of the queries {'has' if single == 1 else 'have'} only one: there is nothing to choose"
    yield f"P: {_weights(record['preference'])}"
    yield ""


def _weights(p: Json) -> str:
    named = {"accuracy": p["accuracy"], "cost": p["cost"], "latency": p["latency"], **p["tools"]}
    return ", ".join(f"{name} {weight:g}" for name, weight in named.items())


def _totals(totals: Json, rule: Json) -> Iterator[str]:
    number = totals["queries"]
    yield f"Always taking the winner, {counted(number, 'query', 'queries')}:"
    missing = f" + {counted(totals['unpriced_calls'], 'unpriced call')}" if totals["unpriced_calls"] else ""
    each = f", {dollars(Decimal(totals['cost_usd']) / number)} a query" if number else ""
    yield f"  dollars   {dollars(Decimal(totals['cost_usd']))}{missing}{each if not missing else ''}"
    wait = f", {seconds(totals['latency_s'] / number)} a query" if number else ""
    yield f"  seconds   {long(totals['latency_s'])}{wait}"
    yield f"  solved    {_solved(totals)}"
    shares = sorted(totals["alias_share"].items(), key=lambda one: (-one[1], one[0]))
    if shares:
        yield f"  calls     {', '.join(f'{alias} {share:.0%}' for alias, share in shares)}"
    yield from (f"  {line}" for line in _notes(totals, rule))


def _solved(totals: Json) -> str:
    share = totals["solved_share"]
    if share is None:
        return "nobody has graded a winner"
    return (
        f"{totals['solved']:,} of {totals['graded']:,} graded, {share['mean']:.1%} "
        f"[{share['low']:.1%} to {share['high']:.1%}]; the most that choosing with the grades at hand can reach"
    )


def _notes(totals: Json, rule: Json) -> Iterator[str]:
    if totals["ungraded"]:
        yield f"{counted(totals['ungraded'], 'winner')} nobody has graded: taken as correct, not counted as solved"
    if totals["left_out"]:
        yield f"{counted(totals['left_out'], 'query', 'queries')} left out: nobody has graded an alternative"
    if totals["none_right"]:
        what = "the cheapest is taken" if rule["gated"] else "one of them wins all the same"
        yield f"{counted(totals['none_right'], 'query', 'queries')} where every alternative is wrong: {what}"
    if totals["tied"]:
        yield f"{counted(totals['tied'], 'query', 'queries')} with a tie: a right answer goes first, then the cheaper"
    if totals["simulated"]:
        yield f"{counted(totals['simulated'], 'winner')} with simulated calls, dollars and seconds included"


def _against(record: Json) -> Iterator[str]:
    found = record["against"]
    changed = found["changed"]
    yield f"Against {found['name']} ({_weights(found['preference'])}):"
    if not changed:
        yield "  no winner is another one, so nothing else changes"
        return
    solved = record["totals"]["solved"] - found["reference"]["solved"]
    yield (
        f"  {counted(len(changed), 'winner')} changed: {_more(found['cost_usd'])}, "
        f"{later(found['latency_s'])}, {solved:+,} solved"
    )
    for one in changed[:SHOWN]:
        yield f"  {_short(one['query'])}: {_more(one['cost_usd'])}, {later(one['latency_s'])}"
    if len(changed) > SHOWN:
        yield f"  … and {len(changed) - SHOWN:,} more; --json has all"


def _more(cost_usd: str | None) -> str:
    return more(None if cost_usd is None else Decimal(cost_usd))


def _thresholds(record: Json) -> Iterator[str]:
    found = record["thresholds"]
    yield "Thresholds, the other weights as they are:"
    for name, one in found.items():
        low, high = one["still_from"], one["still_to"]
        if not one["flips"]:
            gate = "; a wrong answer never wins against a right one" if name == "accuracy" else ""
            yield f"  {name} {one['value']:g}: nothing changes from 0 to 1{gate}"
            continue
        if low == high:
            yield f"  {name} {one['value']:g}: this is a threshold itself, so small changes matter"
        else:
            yield f"  {name} {one['value']:g}: nothing changes between {weight_words(low)} and {weight_words(high)}"
        for side, edge in (("below", low), ("above", high)):
            if one[side] is not None:
                yield f"    {side} {weight_words(edge)}: {_beyond(one[side], record['totals'])}"


def _beyond(piece: Json, totals: Json) -> str:
    usd = None if piece["unpriced"] else Decimal(piece["cost_usd"]) - Decimal(totals["cost_usd"])
    said = f"{counted(piece['changed'], 'choice')} changed there; {more(usd)}"
    return f"{said}, {later(piece['latency_s'] - totals['latency_s'])}, {piece['solved'] - totals['solved']:+,} solved"


def _front(record: Json) -> Iterator[str]:
    found = record["front"]
    best = [one for one in found["settings"] if one["on_front"]]
    yield f"Settings that nothing beats, {len(best):,} of {len(found['settings']):,} outcomes (* is P):"
    evenly = {round(n * (len(best) - 1) / (2 * SHOWN - 1)) for n in range(2 * SHOWN)}
    shown = [one for place, one in enumerate(best) if place in evenly or one["chosen"]]
    for one in shown:
        mark = "*" if one["chosen"] else " "
        usd, wait = dollars(Decimal(one["cost_usd"])), long(one["latency_s"])
        yield f" {mark} {usd:>10}  {wait:>14}  {one['solved']:,} solved   {_weights(one['preference'])}"
    if not any(one["chosen"] and one["on_front"] for one in found["settings"]):
        yield "  P is not among them: another setting is at least as good in dollars, seconds and solved queries"
    line = found["iso_utility"]
    if line is not None and line["seconds_per_usd"] is not None:
        yield f"  With P, a saved dollar is worth {long(line['seconds_per_usd'])} of waiting"


def _forecast(record: Json) -> Iterator[str]:
    found = record["forecast"]
    if found is None:
        yield "No forecast: no winner's dollars are all known"
        return
    yield f"{counted(found['queries_a_day'], 'query', 'queries')} a day, if they are like the stored ones:"
    yield f"  a day     {_range(found['day_usd'])}"
    yield f"  a month   {_range(found['month_usd'])}  ({found['days_a_month']} days)"
    sample = counted(found["sample"], "query", "queries")
    yield f"  from {sample}; {found['simulated_usd_share']:.0%} of the dollars are simulated"
    if found["unpriced"]:
        yield f"  {counted(found['unpriced'], 'winner')} left out, whose dollars are not all known"


def _repricing(record: Json) -> Iterator[str]:
    found = record["repricing"]
    calls, before = found["calls"], found["before"]
    yield (
        f"Under the other prices: {calls['anew']:,} calls priced anew, {calls['kept']:,} kept, "
        f"{calls['unknown']:,} unknown"
    )
    yield f"  {counted(len(found['changed']), 'winner')} changed; {_than(before, record['totals'])}"
    ballots = found["ballots"]
    if ballots["ballots"]:
        yield (
            f"  of {counted(ballots['ballots'], 'ranked ballot')}, P puts another alternative first on "
            f"{len(ballots['winner_changed']):,} and orders {len(ballots['order_changed']):,} differently"
        )
        before_now = f"{ballots['agreed_before']:,} before, {ballots['agreed_after']:,} now"
        yield f"  of {counted(ballots['pairs'], 'ranked pair')}, P agrees with {before_now}"


def _than(before: Json, now: Json) -> str:
    if before["unpriced_calls"] or now["unpriced_calls"]:
        return f"{more(None)} more or less ({NOT_EVERY})"
    was = Decimal(before["cost_usd"])
    usd = Decimal(now["cost_usd"]) - was
    return f"{more(usd)} than the {dollars(was)} of the old prices" if usd else f"{dollars(was)} as before"


def _range(one: Json) -> str:
    mean = dollars(Decimal(str(one["mean"])))
    if one["low"] is None:
        return f"{mean}  (too few queries for an interval)"
    return f"{mean}  [{dollars(Decimal(str(one['low'])))} to {dollars(Decimal(str(one['high'])))}]"


def _short(query: str) -> str:
    one_line = " ".join(query.split())
    return f"“{one_line if len(one_line) <= _LONGEST else one_line[: _LONGEST - 1] + '…'}”"
