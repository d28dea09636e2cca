"""The outcomes of many settings by dollars and seconds, with those that nothing beats. The browser moves the rest.

Traces by place: other outcomes, those that nothing beats, a line through the best by dollars and seconds alone, and
then empty ones for the iso-utility line, the reference and the choice.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import plotly.graph_objects as go

from prefs.tuning.front import Front, Setting
from webapp.charts.chart import Chart, noted
from webapp.charts.template import blank
from webapp.views import palette, tuning_words
from webapp.views.amounts import counted, dollars

COLUMNS: Final = ("Dollars", "Seconds", "Solved", "Accuracy", "Low cost", "Speed")
HEIGHT: Final = 340


def chart(found: Front, *, simulated: bool) -> Chart:
    """The front with its sentence and table."""
    best = on_front(found)
    return Chart(noted("Settings that nothing beats", simulated), _figure(found), _summary(found), COLUMNS, _rows(best))


def on_front(found: Front) -> tuple[Setting, ...]:
    """The settings that nothing beats, the cheapest first."""
    return tuple(one for one in found.settings if one.on_front)


def _figure(found: Front) -> go.Figure:
    best = on_front(found)
    rest = [one for one in found.settings if not one.on_front]
    drawn = blank("dollars, all queries", "seconds, all queries", HEIGHT)
    dollars_, seconds_ = ([getattr(one.totals, name) for one in found.settings] for name in ("usd_float", "latency_s"))
    drawn.update_xaxes({"tickprefix": "$", "tickformat": "~r", "nticks": 7, "range": _around(dollars_)})
    drawn.update_yaxes({"tickformat": "~r", "nticks": 7, "range": _around(seconds_)})
    drawn.update_layout({"showlegend": True, "legend": {"orientation": "h", "y": 1.02, "x": 0, "yanchor": "bottom"}})
    ink, accent, line = (palette.TOKENS[name].light for name in ("ink", "accent", "line-2"))
    drawn.add_trace(_points("another beats it", rest, {"size": 6, "symbol": "circle-open", "color": line}, "markers"))
    drawn.add_trace(_points("nothing beats it", best, {"size": 8, "color": accent}, "markers"))
    drawn.add_trace(_points("", _quickest(best), {}, "lines", showlegend=False, line=_step(accent)))
    drawn.add_trace(_moved("worth the same to P", "lines", line={"dash": "dash", "width": 2, "color": ink}))
    drawn.add_trace(_moved("compared with", "markers", marker=_mark("square-open", 15, ink)))
    drawn.add_trace(_moved("your setting", "markers", marker=_mark("diamond", 17, palette.TOKENS["bad"].light)))
    return drawn


def _around(values: Sequence[float]) -> list[float]:
    """A range that stays as it is while the line through the chosen point turns."""
    low, high = min(values), max(values)
    room = 0.08 * (high - low) or 0.5 * abs(high) or 1.0
    return [low - room, high + room]


def _quickest(best: Sequence[Setting]) -> list[Setting]:
    """Of those that nothing beats, sorted by dollars: each that is quicker than all cheaper ones."""
    kept: list[Setting] = []
    for one in best:
        if not kept or one.totals.latency_s < kept[-1].totals.latency_s:
            kept.append(one)
    return kept


def _step(colour: str) -> dict[str, object]:
    return {"shape": "hv", "width": 1.5, "color": colour}


def _points(name: str, shown: Sequence[Setting], marker: dict[str, object], mode: str, **look: object) -> go.Scatter:
    return go.Scatter(
        mode=mode,
        name=name,
        x=[one.totals.usd_float for one in shown],
        y=[one.totals.latency_s for one in shown],
        marker=marker,
        hovertext=[_hover(one) for one in shown],
        hovertemplate="%{hovertext}<extra></extra>",
        **look,
    )


def _moved(name: str, mode: str, **look: object) -> go.Scatter:
    return go.Scatter(mode=mode, name=name, x=[], y=[], hoverinfo="skip", **look)


def _mark(symbol: str, size: int, colour: str) -> dict[str, object]:
    return {"symbol": symbol, "size": size, "color": colour, "line": {"width": 2, "color": colour}}


def _hover(one: Setting) -> str:
    totals = one.totals
    return f"{dollars(totals.usd)}, {tuning_words.long(totals.latency_s)}, {totals.solved:,} solved<br>{weights(one)}"


def weights(one: Setting) -> str:
    """The first setting that leads there, in words."""
    p = one.preference
    return f"accuracy {p.accuracy:g}, cost {p.cost:g}, latency {p.latency:g}"


def _summary(found: Front) -> str:
    best = on_front(found)
    total = counted(len(found.settings), "outcome")
    if len(best) == 1:
        only = best[0].totals
        return f"Of {total} one beats all others: {dollars(only.usd)} and {tuning_words.long(only.latency_s)}."
    cheap, quick = best[0].totals, best[-1].totals
    return (
        f"Of {total} nothing beats {len(best)}: from {dollars(cheap.usd)} and {tuning_words.long(cheap.latency_s)} to "
        f"{dollars(quick.usd)} and {tuning_words.long(quick.latency_s)}."
    )


def _rows(best: Sequence[Setting]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            dollars(Decimal(one.totals.usd)),
            tuning_words.long(one.totals.latency_s),
            f"{one.totals.solved:,} of {one.totals.graded:,}",
            f"{one.preference.accuracy:g}",
            f"{one.preference.cost:g}",
            f"{one.preference.latency:g}",
        )
        for one in best
    )
