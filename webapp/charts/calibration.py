"""How sure a reward model is of a pair, beside how often people agreed with it."""

from typing import Final

import plotly.graph_objects as go

from prefs.neural.accuracy import Calibration
from webapp.charts.chart import Chart
from webapp.charts.template import blank
from webapp.views import palette

COLUMNS: Final = ("Pairs", "How sure the model is", "People agreed", "95 % interval")
TITLE: Final = "Calibration on held-out pairs"


def chart(found: Calibration) -> Chart:
    """The chart with its sentence and table."""
    rows = tuple(
        (
            f"{one.pairs:,}",
            f"{one.confidence:.1%}",
            f"{one.right.mean:.1%}",
            f"{one.right.low:.1%} to {one.right.high:.1%}",
        )
        for one in found.bins
    )
    return Chart(TITLE, figure(found), summary(found), COLUMNS, rows)


def summary(found: Calibration) -> str:
    """How far confidence and truth lie apart, and on which side."""
    pairs = sum(one.pairs for one in found.bins)
    lean = sum(one.pairs * (one.confidence - one.right.mean) for one in found.bins) / max(1, pairs)
    words = "more sure than right" if lean > 0 else "less sure than right"
    return (
        f"Over {pairs:,} pairs, confidence and the share that came true lie {100 * found.error:.1f} percentage points "
        f"apart on average; on the whole the model is {words} by {100 * abs(lean):.1f}. Bars are 95 % intervals over "
        "queries; on the dashed line, a model is exactly as right as it is sure."
    )


def figure(found: Calibration) -> go.Figure:
    """One marker with its interval for each bin, and the line on which both are equal."""
    made = blank("how sure the model is, %", "people agreed, %", 420)
    made.update_xaxes({"range": [49, 101], "dtick": 10})
    made.update_yaxes({"range": [-2, 104], "dtick": 20})
    made.add_trace(
        go.Scatter(
            x=[50, 100],
            y=[50, 100],
            mode="lines",
            line={"color": palette.TOKENS["line-2"].light, "dash": "dash", "width": 1.5},
            hoverinfo="skip",
        )
    )
    right = [100 * one.right.mean for one in found.bins]
    made.add_trace(
        go.Scatter(
            x=[100 * one.confidence for one in found.bins],
            y=right,
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [100 * one.right.high - y for one, y in zip(found.bins, right, strict=True)],
                "arrayminus": [y - 100 * one.right.low for one, y in zip(found.bins, right, strict=True)],
                "color": palette.TOKENS["ink-2"].light,
                "thickness": 1.5,
            },
            mode="markers",
            marker={"color": palette.TOKENS["accent"].light, "size": 10},
            customdata=[one.pairs for one in found.bins],
            hovertemplate="%{customdata} pairs: %{x:.1f} % sure, %{y:.1f} % right<extra></extra>",
        )
    )
    return made
