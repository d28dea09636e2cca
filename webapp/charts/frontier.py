"""Cost against accuracy: each policy with its intervals, and the line of those that no other one beats in both."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import plotly.graph_objects as go

from prefs.bootstrap import Interval
from webapp.charts.chart import Chart, noted, plotted
from webapp.charts.series import Series
from webapp.charts.template import blank
from webapp.views import amounts, palette

COLUMNS: Final = ("Policy", "Solved", "Dollars per task", "On the frontier")
LOG_FROM: Final = 8
"""Ratio of the dearest to the cheapest from which dollars are drawn on a logarithmic axis."""


def chart(drawn: Sequence[Series]) -> Chart:
    """The frontier with its sentence and table."""
    simulated = any(one.score.simulated for one in drawn)
    return Chart(noted("Cost and accuracy", simulated), figure(drawn), summary(drawn), COLUMNS, table(drawn))


def figure(drawn: Sequence[Series]) -> go.Figure:
    """One marker with its intervals for each score that has both figures, and the frontier as a dashed line."""
    simulated = any(one.score.simulated for one in drawn)
    known = [(one, *figures) for one in drawn if (figures := _figures(one)) is not None]
    made = blank(noted("dollars per task", simulated), "solved, %", 420)
    made.update_xaxes(_scale([usd for _, usd, _ in known]))
    made.update_yaxes({"range": [-2, 104], "dtick": 20})
    made.update_layout({"showlegend": True, "legend": {"orientation": "h", "y": -0.22, "x": 0}})
    if known:
        made.add_trace(_line(frontier(drawn)))
    for one, usd, solved in known:
        made.add_trace(_marker(one, usd, solved))
    return made


def frontier(drawn: Sequence[Series]) -> tuple[Series, ...]:
    """Those that no other is at least as accurate as and at least as cheap, and better in one; the cheapest first."""
    known = [(one, *figures) for one in drawn if (figures := _figures(one)) is not None]
    best = [
        (one, usd.mean)
        for one, usd, solved in known
        if not any(
            other.mean <= usd.mean and right.mean >= solved.mean and (other.mean, right.mean) != (usd.mean, solved.mean)
            for _, other, right in known
        )
    ]
    return tuple(one for one, _ in sorted(best, key=lambda pair: pair[1]))


def summary(drawn: Sequence[Series]) -> str:
    """Which policies are on the frontier."""
    best = frontier(drawn)
    if not best:
        return "No policy has both a known cost and a graded outcome."
    missing = [one.name for one in drawn if _figures(one) is None]
    left_out = f" Left out, since a price or every grade is unknown: {', '.join(missing)}." if missing else ""
    names = ", ".join(one.name for one in best)
    if len(best) == 1:
        return f"{names} is at least as accurate and as cheap as every other one drawn.{left_out}"
    return f"On the frontier, from cheap to accurate: {names}. Bars are 95 % intervals.{left_out}"


def table(drawn: Sequence[Series]) -> tuple[tuple[str, ...], ...]:
    """One row of words for each score."""
    best = frontier(drawn)
    return tuple(
        (
            one.name,
            "unknown" if one.score.solved is None else f"{one.score.solved.mean:.1%}",
            amounts.dollars(one.score.total_usd / one.score.tasks)
            + (" + unpriced calls" if one.score.unpriced_calls else ""),
            "yes" if one in best else "no",
        )
        for one in drawn
    )


def _figures(one: Series) -> tuple[Interval, Interval] | None:
    """Dollars per task and the share solved; `None` where either is not fully known."""
    score = one.score
    if score.cost_usd is None or score.solved is None or score.unpriced_calls:
        return None
    return score.cost_usd.times(1 / score.tasks), score.solved


def _scale(costs: Sequence[Interval]) -> dict[str, object]:
    """A logarithmic axis with marks at 1, 2 and 5 where the costs are far apart, else a plain one from 0 on."""
    least, most = min((usd.low for usd in costs), default=0.0), max((usd.high for usd in costs), default=0.0)
    if least <= 0 or most / least <= LOG_FROM:
        return {"tickprefix": "$", "tickformat": "~r", "rangemode": "tozero"}
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    marks = [Decimal(digit).scaleb(power) for power in powers for digit in (1, 2, 5)]
    ends = [math.log10(least) - 0.1, math.log10(most) + 0.1]
    return {
        "type": "log",
        "range": ends,
        "tickvals": [plotted(mark) for mark in marks],
        "ticktext": [f"${mark:f}" for mark in marks],
    }


def _line(best: Sequence[Series]) -> go.Scatter:
    pairs = [figures for one in best if (figures := _figures(one)) is not None]
    return go.Scatter(
        mode="lines",
        name="frontier",
        x=[usd.mean for usd, _ in pairs],
        y=[100 * solved.mean for _, solved in pairs],
        line={"dash": "dot", "width": 1.5, "color": palette.TOKENS["line-2"].light},
        hoverinfo="skip",
    )


def _marker(one: Series, usd: Interval, solved: Interval) -> go.Scatter:
    colour = one.shade.light
    mean, low, high = (amounts.dollars(Decimal(value)) for value in (usd.mean, usd.low, usd.high))
    return go.Scatter(
        mode="markers",
        name=one.name,
        x=[usd.mean],
        y=[100 * solved.mean],
        error_x=_error(usd, 1, colour),
        error_y=_error(solved, 100, colour),
        marker={
            "size": 13,
            "color": colour,
            "symbol": one.symbol,
            "line": {"width": 1.5, "color": palette.TOKENS["surface"].light},
        },
        hovertext=[
            f"<b>{one.name}</b><br>solved {solved.mean:.1%} [{solved.low:.1%}–{solved.high:.1%}]"
            f"<br>{mean} [{low}–{high}] per task"
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )


def _error(interval: Interval, scale: float, colour: str) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [scale * (interval.high - interval.mean)],
        "arrayminus": [scale * (interval.mean - interval.low)],
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }
