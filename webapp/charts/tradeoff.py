"""Alternatives of one query by what they cost and how long they took, under their labels."""

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from orchestrator.trajectory import Trajectory, Verdict
from webapp.charts.chart import Chart, noted, plotted
from webapp.charts.template import blank
from webapp.views import amounts, palette, words

COLUMNS: Final = ("Label", "Cost", "Time", "Verdict")
SYMBOLS: Final = {Verdict.SOLVED: "circle", Verdict.UNSOLVED: "square", Verdict.UNGRADED: "diamond"}

Labelled = Sequence[tuple[str, Trajectory]]


def chart(labelled: Labelled) -> Chart:
    """The scatter with its sentence and table."""
    simulated = any(trajectory.simulated for _, trajectory in labelled)
    return Chart(noted("Cost and time", simulated), figure(labelled), summary(labelled), COLUMNS, table(labelled))


def figure(labelled: Labelled) -> go.Figure:
    """One labelled marker for each alternative; its shape is the verdict. `customdata` is [trajectory id, null]."""
    simulated = any(trajectory.simulated for _, trajectory in labelled)
    drawn = blank(noted("seconds", simulated), noted("known dollars", simulated), 300)
    drawn.update_xaxes({"rangemode": "tozero"})
    drawn.update_yaxes({"rangemode": "tozero", "tickprefix": "$", "tickformat": "~r"})
    if labelled:
        drawn.add_trace(_markers(labelled))
    return drawn


def summary(labelled: Labelled) -> str:
    """Which alternative is cheapest and which is fastest."""
    if not labelled:
        return "No alternative has ended yet."
    fastest = min(labelled, key=lambda pair: pair[1].latency_s)
    fast = f"{fastest[0]} is the fastest at {amounts.seconds(fastest[1].latency_s)}"
    priced = [pair for pair in labelled if pair[1].unpriced_calls == 0]
    if not priced:
        return f"{fast}. What they cost is not fully known for any of them."
    cheapest = min(priced, key=lambda pair: pair[1].cost_usd)
    cheap = f"{cheapest[0]} is the cheapest at {amounts.cost(cheapest[1].calls)}"
    unknown = len(labelled) - len(priced)
    left_out = f" {amounts.counted(unknown, 'alternative')} with unpriced calls left out of that." if unknown else ""
    return f"{cheap}; {fast}.{left_out}"


def table(labelled: Labelled) -> tuple[tuple[str, ...], ...]:
    """One row of words for each alternative."""
    return tuple(
        (
            label,
            amounts.cost(trajectory.calls),
            amounts.seconds(trajectory.latency_s),
            words.VERDICTS[trajectory.outcome.verdict],
        )
        for label, trajectory in labelled
    )


def _markers(labelled: Labelled) -> go.Scatter:
    return go.Scatter(
        mode="markers+text",
        x=[trajectory.latency_s for _, trajectory in labelled],
        y=[plotted(trajectory.cost_usd) for _, trajectory in labelled],
        text=[f"<b>{label}</b>{'?' if trajectory.unpriced_calls else ''}" for label, trajectory in labelled],
        textposition="middle center",
        textfont={"color": palette.TOKENS["on-accent"].light, "size": 13},
        marker={
            "size": 30,
            "color": palette.TOKENS["accent"].light,
            "symbol": [SYMBOLS[trajectory.outcome.verdict] for _, trajectory in labelled],
            "line": {"width": 2, "color": palette.TOKENS["surface"].light},
        },
        customdata=[[trajectory.id, None] for _, trajectory in labelled],
        hovertext=["<br>".join((f"<b>{row[0]}</b>", *row[1:])) for row in table(labelled)],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )
