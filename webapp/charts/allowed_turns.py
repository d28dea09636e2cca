"""What is solved, and for how much, where fewer turns are allowed: the same trajectories, cut off."""

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from webapp.charts.chart import Chart, noted, plotted
from webapp.charts.series import Series
from webapp.charts.template import template
from webapp.views import amounts

COLUMNS: Final = ("Policy", "Allowed turns", "Solved", "Dollars per task")


def chart(drawn: Sequence[Series]) -> Chart:
    """Two panels with their sentence and table."""
    simulated = any(one.score.simulated for one in drawn)
    return Chart(noted("With fewer turns allowed", simulated), figure(drawn), summary(drawn), COLUMNS, table(drawn))


def figure(drawn: Sequence[Series]) -> go.Figure:
    """Left the share solved with its interval, right the dollars per task; turns are categories, not a scale."""
    made = make_subplots(rows=1, cols=2, horizontal_spacing=0.12, subplot_titles=("solved, %", "dollars per task"))
    made.update_annotations({"font": {"size": 13}})
    made.update_layout(
        template=template("light"),
        height=370,
        margin={"t": 34},
        showlegend=True,
        legend={"orientation": "h", "y": -0.25, "x": 0},
    )
    made.update_xaxes({"title": {"text": "allowed turns"}, "type": "category"})
    made.update_yaxes({"range": [-2, 104], "dtick": 20}, col=1)
    made.update_yaxes({"rangemode": "tozero", "tickprefix": "$", "tickformat": "~r"}, col=2)
    for one in drawn:
        made.add_trace(_solved(one), row=1, col=1)
        made.add_trace(_dollars(one), row=1, col=2)
    return made


def summary(drawn: Sequence[Series]) -> str:
    """What the strictest limit costs each policy."""
    said = []
    for one in drawn:
        known = [(allowed.turns, allowed.solved.mean) for allowed in one.score.turns if allowed.solved is not None]
        if len(known) > 1 and known[-1][1] > known[0][1]:
            (few, least), (_, most) = known[0], known[-1]
            said.append(f"{one.name} solves {least:.1%} within {few} turns instead of {most:.1%}")
    if not said:
        return "No policy loses anything by the strictest limit shown. What was cut off counts as unsolved."
    return f"{'; '.join(said)}. What was cut off counts as unsolved."


def table(drawn: Sequence[Series]) -> tuple[tuple[str, ...], ...]:
    """One row of words for each policy and limit."""
    return tuple(
        (
            one.name,
            str(allowed.turns),
            "unknown" if allowed.solved is None else f"{allowed.solved.mean:.1%}",
            amounts.dollars(allowed.cost_usd / one.score.tasks),
        )
        for one in drawn
        for allowed in one.score.turns
    )


def _solved(one: Series) -> go.Scatter:
    known = [(allowed.turns, allowed.solved) for allowed in one.score.turns if allowed.solved is not None]
    return go.Scatter(
        **_look(one),
        x=[str(turns) for turns, _ in known],
        y=[100 * solved.mean for _, solved in known],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [100 * (solved.high - solved.mean) for _, solved in known],
            "arrayminus": [100 * (solved.mean - solved.low) for _, solved in known],
            "color": one.shade.light,
            "thickness": 1.2,
            "width": 3,
        },
        hovertemplate=f"<b>{one.name}</b><br>%{{x}} turns: %{{y:.1f}} % solved<extra></extra>",
    )


def _dollars(one: Series) -> go.Scatter:
    return go.Scatter(
        **_look(one),
        showlegend=False,
        x=[str(allowed.turns) for allowed in one.score.turns],
        y=[plotted(allowed.cost_usd / one.score.tasks) for allowed in one.score.turns],
        hovertemplate=f"<b>{one.name}</b><br>%{{x}} turns: $%{{y:.4f}} per task<extra></extra>",
    )


def _look(one: Series) -> dict[str, object]:
    return {
        "mode": "lines+markers",
        "name": one.name,
        "legendgroup": one.name,
        "line": {"color": one.shade.light, "width": 2},
        "marker": {"symbol": one.symbol, "size": 9, "color": one.shade.light},
        "cliponaxis": False,
    }
