"""Sentences of *Tune*: what a setting costs, what it changes, and what is not known."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from prefs.bootstrap import Interval
from prefs.tuning.forecast import DAYS, Forecast
from prefs.tuning.groups import LEAST_RANKINGS, GroupFit
from prefs.tuning.orders import OrdersChanged
from prefs.tuning.winners import Totals
from webapp.views import words
from webapp.views.amounts import counted, dollars, seconds

CEILING = "the most that choosing among what is stored can reach"
NOT_EVERY = "not every call has a price"


def unpriced(totals: Totals) -> str:
    """What is missing from the dollars."""
    return f"+ {counted(totals.unpriced_calls, 'unpriced call')}" if totals.unpriced_calls else ""


def solved(totals: Totals) -> str:
    """The interval and what it is of."""
    share = totals.solved_share
    if share is None:
        return "nobody has graded a winner"
    return f"{100 * share.low:.1f}–{share.high:.1%}, {totals.solved:,} of {totals.graded:,}"


def solved_title(totals: Totals) -> str:
    """The same in whole words."""
    share = totals.solved_share
    if share is None:
        return "Nobody has graded a winner."
    interval = f"Wilson's 95 % interval is {share.low:.1%} to {share.high:.1%}"
    return f"{totals.solved:,} of {totals.graded:,} graded winners are solved; {interval}. It is {CEILING}."


def sentence(totals: Totals) -> str:
    """The totals read aloud."""
    missing = unpriced(totals)
    share = totals.solved_share
    right = "nobody has graded a winner" if share is None else f"{share.mean:.1%} of the graded winners solved"
    cost = f"{dollars(totals.usd)}{' ' + missing if missing else ''}"
    return f"{counted(totals.queries, 'query', 'queries')}: {cost}, {long(totals.latency_s)}, {right}."


def notes(totals: Totals, *, gated: bool) -> Iterator[str]:
    """What the totals do not say by themselves."""
    if totals.solved_share is not None:
        yield f"The solved share is {CEILING}: winners are chosen with the grades at hand."
    if totals.ungraded:
        yield f"{counted(totals.ungraded, 'winner')} nobody has graded: taken as correct, not counted as solved."
    if totals.left_out:
        yield f"{counted(totals.left_out, 'query', 'queries')} left out: nobody has graded an alternative."
    if totals.none_right:
        what = "the cheapest is taken" if gated else "one of them wins all the same"
        yield f"{counted(totals.none_right, 'query', 'queries')} where every alternative is wrong: {what}."
    if totals.tied:
        yield f"{counted(totals.tied, 'query', 'queries')} with a tie: a right answer goes first, then the cheaper."
    if totals.unpriced:
        yield f"{counted(totals.unpriced, 'winner')} whose dollars are not all known; totals are of known dollars."
    if totals.simulated:
        yield f"{counted(totals.simulated, 'winner')} with simulated calls: their dollars and seconds are simulated."


def more(usd: Decimal | None) -> str:
    """Dollars more or less; `None` where a call of what is compared has no known price."""
    if usd is None:
        return "unknown dollars"
    return "the same dollars" if not usd else f"{dollars(abs(usd))} {'more' if usd > 0 else 'less'}"


def later(latency_s: float) -> str:
    """Seconds more or less."""
    return "as quick" if abs(latency_s) < 0.0005 else f"{long(abs(latency_s))} {'more' if latency_s > 0 else 'less'}"


def solved_more(count: int) -> str:
    """Solved queries more or less."""
    return "as many solved" if not count else f"{abs(count):,} {'more' if count > 0 else 'fewer'} solved"


def change_sentence(changed: int, usd: Decimal | None, latency_s: float, count: int) -> str:
    """What a change of setting comes to."""
    if not changed:
        return "No winner is another one, so nothing else changes."
    cost = more(usd) if usd is not None else f"{more(usd)} ({NOT_EVERY})"
    return f"{counted(changed, 'winner')} changed: {cost}, {later(latency_s)}, {solved_more(count)}."


def still(weight: str, low: float, high: float, flips: int, *, gated: bool) -> str:
    """Between which values of a weight nothing changes."""
    if not flips:
        gate = ": a wrong answer never wins against a right one" if weight == "accuracy" and gated else ""
        return f"Nothing changes from 0 to 1{gate}."
    if low == high:
        return f"{number(low)} is a threshold itself: the smallest move matters."
    return f"Nothing changes between {number(low)} and {number(high)}."


def beyond(side: str, at: float, changed: int, usd: Decimal | None, latency_s: float, count: int) -> str:
    """What lies beyond the nearest threshold."""
    shift = ", ".join((more(usd), later(latency_s), solved_more(count)))
    return f"{side.capitalize()} {number(at)}: {counted(changed, 'choice')} changed; {shift}."


def number(value: float) -> str:
    """A weight or a threshold with at most four decimals."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def long(latency_s: float) -> str:
    """Seconds; from an hour on in hours and minutes."""
    if latency_s < 3_600:
        return seconds(latency_s)
    hours, rest = divmod(round(latency_s / 60), 60)
    return f"{hours:,} h {rest:02d} min"


def ranged(usd: float, interval: Interval | None) -> dict[str, str]:
    """Dollars and their interval."""
    mean = dollars(Decimal(str(usd)))
    if interval is None:
        return {"mean": mean, "range": "too few queries for an interval"}
    low, high = (dollars(Decimal(str(max(end, 0.0)))) for end in (interval.low, interval.high))
    return {"mean": mean, "range": f"{low} to {high}"}


def forecast(found: Forecast) -> str:
    """The forecast read aloud."""
    month = ranged(found.month_usd, found.month)
    return (
        f"{counted(found.queries_a_day, 'query', 'queries')} a day would cost {month['mean']} a month "
        f"({DAYS} days; 95 % interval: {month['range']}), if they are like the {found.sample:,} stored ones."
    )


def forecast_notes(found: Forecast) -> Iterator[str]:
    """What the forecast rests on."""
    winners = f"{found.simulated_share:.0%} of the winners"
    yield f"{found.simulated_usd_share:.0%} of the dollars are simulated, from {winners}."
    if found.unpriced:
        yield f"{counted(found.unpriced, 'winner')} left out, whose dollars are not all known."
    yield "The interval says how well the mean is known, not how one day differs from the next."


def group(one: GroupFit) -> str:
    """What a group's rankings say most surely."""
    rankings = f"{counted(one.rankings, 'ranking')} of {counted(one.annotators, 'person', 'people')}"
    if one.fit is None:
        return f"{rankings}: {LEAST_RANKINGS} are needed before anything is said."
    found = one.fit.weights
    most = max(found, key=lambda name: found[name].mean, default=None)
    if most is None or found[most].mean <= 0:
        return f"{rankings}: nothing that can be weighed is favoured so far."
    sure = [words.WEIGHTS.get(name, name).lower() for name, weight in found.items() if weight.low > 0]
    told = f"{rankings}: {words.WEIGHTS.get(most, most).lower()} weighs most"
    return f"{told}; surely above 0: {', '.join(sure)}." if sure else f"{told}, but every interval reaches down to 0."


def repriced(old: Totals, new: Totals, changed: int, calls: Mapping[str, int] | None) -> str:
    """What other prices do to the winners."""
    than = "the same dollars as before" if old.usd == new.usd else f"{more(new.usd - old.usd)} than {dollars(old.usd)}"
    if old.unpriced or new.unpriced:
        than = f"{more(None)} more or less ({NOT_EVERY})"
    said = f"{counted(changed, 'winner')} of {new.queries:,} changed; {than}."
    if calls is not None:
        said += f" {calls['anew']:,} calls priced anew, {calls['kept']:,} kept, {calls['unknown']:,} unknown."
    return said


def ballots(orders: OrdersChanged) -> str:
    """What other prices do to the order that P implies on what people ranked."""
    if not orders.ballots:
        return "Nobody has ranked any of this yet."
    return (
        f"Of {counted(orders.ballots, 'ranked ballot')}, P puts another alternative first on "
        f"{len(orders.winner_changed):,} and orders {len(orders.order_changed):,} differently. Of "
        f"{counted(orders.pairs, 'ranked pair')}, P agrees with {orders.agreed_before:,} before and "
        f"{orders.agreed_after:,} now."
    )
