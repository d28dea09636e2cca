"""Percentiles as charts: p50, p90 and p99 of each alias or policy, and how they went over time."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import plotly.graph_objects as go

from storage.figures import Spread
from webapp.charts.chart import Chart, noted
from webapp.charts.template import blank
from webapp.views import amounts, palette

SHARES: Final = (("p50", 0.5, "circle"), ("p90", 0.9, "diamond"), ("p99", 0.99, "line-ns-open"))
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FAR: Final = 40
"""Times as much from the least to the most, from which on the scale is logarithmic."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What is drawn: its percentiles, its unit, and how an amount is said."""

    name: str
    axis: str
    at: Callable[[Spread, float], float | None]
    say: Callable[[float], str]
    prefix: str = ""


COST: Final = Metric("Cost", "dollars", Spread.cost_usd, lambda usd: amounts.dollars(Decimal(repr(usd))), "$")
LATENCY: Final = Metric("Latency", "seconds", Spread.latency_s, amounts.seconds)
TURNS: Final = Metric("Turns", "steps", lambda spread, share: spread.turns.at(share), lambda steps: f"{steps:.0f}")
METRICS: Final[Mapping[str, Metric]] = {"cost": COST, "latency": LATENCY, "turns": TURNS}


def among(metric: Metric, spreads: Mapping[str, Spread], of: str, noun: str, colour: bool) -> Chart:
    """A row for each alias or policy, with a line from p50 to p99."""
    shown = {name: spread for name, spread in spreads.items() if metric.at(spread, 0.5) is not None}
    drawn = blank(f"{metric.axis}: ● p50, ◆ p90, | p99", "", 96 + 34 * max(len(shown), 2))
    for name, spread in shown.items():
        values = [metric.at(spread, share) or 0.0 for _, share, _ in SHARES]
        shade = palette.alias_colour(name).light if colour else palette.TOKENS["accent"].light
        said = [f"{name}, {percentile}: {metric.say(v)}" for (percentile, _, _), v in zip(SHARES, values, strict=True)]
        drawn.add_trace(_row(name, values, shade, said))
    drawn.update_yaxes({"title": None, "autorange": "reversed", "type": "category"})
    _scaled(drawn, metric, shown.values(), "x")
    simulated = any(spread.simulated for spread in spreads.values())
    title = noted(f"{metric.name} of {of}", simulated)
    rows = tuple(_table_row(name, spread, metric) for name, spread in spreads.items())
    return Chart(title, drawn, _among_words(metric, shown, noun), (noun.capitalize(), *_COLUMNS), rows)


_COLUMNS: Final = ("Count", "p50", "p90", "p99", "Unpriced", "Simulated")


def over_time(metric: Metric, times: Mapping[int, Spread], period: str) -> Chart:
    """Three lines, one for each percentile."""
    known = {minute: spread for minute, spread in times.items() if metric.at(spread, 0.5) is not None}
    drawn = blank("", metric.axis, 280)
    for (name, share, symbol), dash in zip(SHARES, ("solid", "dash", "dot"), strict=True):
        drawn.add_trace(
            go.Scatter(
                name=name,
                x=[moment(minute) for minute in known],
                y=[metric.at(spread, share) for spread in known.values()],
                mode="lines+markers",
                line={"color": palette.TOKENS["accent"].light, "dash": dash, "width": 2},
                marker={"symbol": symbol, "size": 7, "color": palette.TOKENS["accent"].light},
                hovertext=[
                    f"{moment(minute)}, {name}: {metric.say(metric.at(spread, share) or 0.0)}"
                    for minute, spread in known.items()
                ],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )
    _timed(drawn, [moment(minute) for minute in known])
    _scaled(drawn, metric, known.values(), "y")
    simulated = any(spread.simulated for spread in times.values())
    rows = tuple(_table_row(moment(minute), spread, metric) for minute, spread in times.items())
    title = noted(f"{metric.name} of a trajectory, by {period}", simulated)
    return Chart(title, drawn, _time_words(metric, known, period), (period.capitalize(), *_COLUMNS), rows)


def errors_among(spreads: Mapping[str, Spread], of: str, noun: str, colour: bool) -> Chart:
    """The share of calls, or of steps, that failed."""
    known = {name: (one.errors, one.steps or one.count) for name, one in spreads.items() if one.steps or one.count}
    drawn = blank("failed, %", "", 96 + 34 * max(len(known), 2))
    for name, (failed, of_all) in known.items():
        shade = palette.alias_colour(name).light if colour else palette.TOKENS["bad"].light
        drawn.add_trace(
            _row(name, [0.0, 100 * failed / of_all], shade, ["", f"{name}: {failed:,} of {of_all:,} failed"])
        )
    drawn.update_yaxes({"title": None, "autorange": "reversed", "type": "category"})
    drawn.update_xaxes({"rangemode": "tozero"})
    title = noted(f"Errors of {of}", any(spread.simulated for spread in spreads.values()))
    rows = tuple((name, f"{whole:,}", f"{bad:,}", f"{bad / whole:.1%}") for name, (bad, whole) in known.items())
    return Chart(title, drawn, _error_words(known, noun), (noun.capitalize(), "Count", "Failed", "Share"), rows)


def errors_over_time(times: Mapping[int, Spread], period: str) -> Chart:
    """The share of steps that failed."""
    known = {moment(minute): (spread.errors, spread.steps) for minute, spread in times.items() if spread.steps}
    drawn = blank("", "failed steps, %", 280)
    drawn.add_trace(
        go.Scatter(
            x=list(known),
            y=[100 * failed / whole for failed, whole in known.values()],
            mode="lines+markers",
            line={"color": palette.TOKENS["bad"].light, "width": 2},
            marker={"size": 7, "symbol": "x"},
            hovertext=[f"{when}: {failed:,} of {whole:,} steps failed" for when, (failed, whole) in known.items()],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    _timed(drawn, list(known))
    drawn.update_yaxes({"rangemode": "tozero"})
    title = noted(f"Errors, by {period}", any(spread.simulated for spread in times.values()))
    rows = tuple((name, f"{whole:,}", f"{bad:,}", f"{bad / whole:.1%}") for name, (bad, whole) in known.items())
    return Chart(title, drawn, _error_words(known, period), (period.capitalize(), "Steps", "Failed", "Share"), rows)


def moment(minute: int) -> str:
    """The beginning of a period as the viewer's clock has it: `2026-05-04 13:00`."""
    return (_1970 + timedelta(minutes=minute)).strftime("%Y-%m-%d %H:%M")


def _row(name: str, values: list[float], shade: str, said: list[str]) -> go.Scatter:
    symbols = [symbol for _, _, symbol in SHARES] if len(values) == len(SHARES) else ["line-ns-open", "x"]
    return go.Scatter(
        x=values,
        y=[name] * len(values),
        mode="lines+markers",
        line={"color": shade, "width": 3},
        marker={"symbol": symbols, "size": 11, "color": shade, "line": {"color": shade, "width": 2}},
        hovertext=said,
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )


def _scaled(drawn: go.Figure, metric: Metric, spreads: Iterable[Spread], axis: str) -> None:
    """Logarithmic where the values lie far apart and none is zero."""
    values = [metric.at(spread, share) or 0.0 for spread in spreads for _, share, _ in SHARES]
    far = values and min(values) > 0 and max(values) / min(values) > _FAR
    form = {"type": "log", "dtick": 1} if far else {"rangemode": "tozero"}
    drawn.update_layout({f"{axis}axis": {**form, "tickprefix": metric.prefix, "tickformat": "~r"}})


def _timed(drawn: go.Figure, moments: list[str]) -> None:
    drawn.update_xaxes({"type": "date", "title": None})
    if len(moments) == 1:  # the scale of a single moment would be of milliseconds
        drawn.update_xaxes({"tickmode": "array", "tickvals": moments, "ticktext": moments})
    drawn.update_layout({"showlegend": True, "legend": {"orientation": "h", "y": 1.12, "x": 0}})


def _table_row(name: str, spread: Spread, metric: Metric) -> tuple[str, ...]:
    values = (metric.at(spread, share) for _, share, _ in SHARES)
    said = ("unknown" if value is None else metric.say(value) for value in values)
    return (name, f"{spread.count:,}", *said, f"{spread.unpriced:,}", f"{spread.simulated:,}")


def _among_words(metric: Metric, shown: Mapping[str, Spread], noun: str) -> str:
    if not shown:
        return f"No {noun} has a known value yet."
    ordered = sorted(shown, key=lambda name: metric.at(shown[name], 0.5) or 0.0)
    least, most = ordered[0], ordered[-1]
    low, high = (metric.say(metric.at(shown[name], 0.5) or 0.0) for name in (least, most))
    if least == most:
        return f"{least}: half of all at most {low}."
    said = f"Half of all are at most {low} for {least}, the least, and {high} for {most}, the most."
    return f"{said} {_unpriced(shown.values())}".strip()


def _time_words(metric: Metric, known: Mapping[int, Spread], period: str) -> str:
    if not known:
        return "Nothing has ended in this time yet."
    first, last = (known[minute] for minute in (min(known), max(known)))
    low, high = (metric.say(metric.at(spread, 0.5) or 0.0) for spread in (first, last))
    span = amounts.counted(len(known), period)
    said = f"The median went from {low} to {high} over {span}." if len(known) > 1 else f"The median is {high}."
    return f"{said} {_unpriced(known.values())}".strip()


def _unpriced(spreads: Iterable[Spread]) -> str:
    missing = sum(spread.unpriced for spread in spreads)
    return f"{missing:,} unpriced ones are counted, and in no percentile of dollars." if missing else ""


def _error_words(known: Mapping[str, tuple[int, int]], noun: str) -> str:
    failed, whole = sum(bad for bad, _ in known.values()), sum(of for _, of in known.values())
    if not failed:
        return f"None of {whole:,} failed."
    worst = max(known, key=lambda name: known[name][0] / known[name][1])
    bad, of = known[worst]
    return (
        f"{failed:,} of {whole:,} failed ({failed / whole:.1%}); the {noun} with the most is {worst} ({bad / of:.1%})."
    )
