"""A chart for everybody: the figure, and a sentence and a table that say the same."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go


@dataclass(frozen=True, slots=True)
class Chart:
    """Figure with its title, its one-sentence summary and its data as a table of words."""

    title: str
    figure: go.Figure
    summary: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def packed(chart: Chart, key: str) -> dict[str, Any]:
    """A chart as the chart island reads it. The look is left out: the browser has both."""
    figure = chart.figure.to_plotly_json()
    figure["layout"].pop("template", None)
    return {
        "key": key,
        "title": chart.title,
        "summary": chart.summary,
        "columns": chart.columns,
        "rows": chart.rows,
        "figure": figure,
    }


def plotted(usd: Decimal) -> float:
    """Dollars as a length on screen; sums and words stay Decimal."""
    return float(usd)


def noted(title: str, simulated: bool) -> str:
    """The title, saying so where the numbers are simulated."""
    return f"{title} (simulated)" if simulated else title
