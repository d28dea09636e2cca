"""Weights that rankings reveal, with their intervals, beside what was stated."""

from collections.abc import Mapping
from typing import Final

import plotly.graph_objects as go

from prefs.fit.result import Estimate
from webapp.charts.chart import Chart
from webapp.charts.template import blank
from webapp.views import amounts, palette, words

COLUMNS: Final = ("Weight", "Revealed", "95 % interval", "Stated")
ROW_HEIGHT: Final = 34


def chart(revealed: Mapping[str, Estimate], stated: Mapping[str, float] | None, rankings: int) -> Chart:
    """P as it is revealed; both are scaled so that their greatest weight is 1. `stated` is `None` where it varied."""
    names = {name: words.WEIGHTS.get(name, name) for name in revealed}
    return Chart(
        words.REVEALED_TITLE,
        _figure(revealed, stated, names),
        summary(revealed, rankings),
        COLUMNS,
        tuple(
            _row(names[name], one, None if stated is None else stated.get(name, 0.0)) for name, one in revealed.items()
        ),
    )


def summary(revealed: Mapping[str, Estimate], rankings: int) -> str:
    """What weighs most, and what is surely more than nothing."""
    counted = amounts.counted(rankings, "ranking")
    most = max(revealed, key=lambda name: revealed[name].mean, default=None)
    if most is None or revealed[most].mean <= 0:
        return f"{counted}: nothing that can be weighed is favoured so far."
    sure = [words.WEIGHTS.get(name, name).lower() for name, one in revealed.items() if one.low > 0]
    told = f"{counted}: {words.WEIGHTS.get(most, most).lower()} weighs most"
    if not sure:
        return f"{told}, but every interval still reaches down to 0. More rankings narrow them."
    return f"{told}; surely above 0: {', '.join(sure)}."


def _figure(
    revealed: Mapping[str, Estimate], stated: Mapping[str, float] | None, names: Mapping[str, str]
) -> go.Figure:
    drawn = blank(words.REVEALED_AXIS, "", 90 + ROW_HEIGHT * len(revealed))
    drawn.update_xaxes({"range": [-0.02, 1.05]})
    drawn.update_yaxes({"autorange": "reversed"})
    places = [names[name] for name in revealed]
    if stated is not None:
        drawn.add_trace(
            go.Scatter(
                mode="markers",
                x=[stated.get(name, 0.0) for name in revealed],
                y=places,
                marker={"symbol": "diamond-open", "size": 13, "color": palette.TOKENS["ink-2"].light},
                name=words.STATED,
                hovertemplate=f"{words.STATED}: %{{x:.2f}}<extra></extra>",
            )
        )
    means = [one.mean for one in revealed.values()]
    drawn.add_trace(
        go.Scatter(
            mode="markers",
            x=means,
            y=places,
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one.high - one.mean for one in revealed.values()],
                "arrayminus": [one.mean - one.low for one in revealed.values()],
                "color": palette.TOKENS["accent"].light,
                "thickness": 3,
                "width": 6,
            },
            marker={"size": 12, "color": palette.TOKENS["accent"].light},
            name=words.REVEALED,
            hovertemplate=f"{words.REVEALED}: %{{x:.2f}}<extra></extra>",
        )
    )
    drawn.update_layout(showlegend=stated is not None, legend={"orientation": "h", "y": 1.15, "x": 0})
    return drawn


def _row(name: str, one: Estimate, stated: float | None) -> tuple[str, ...]:
    return (name, f"{one.mean:.2f}", f"{one.low:.2f} to {one.high:.2f}", "–" if stated is None else f"{stated:.2f}")
