"""Who was called: for each policy the share of its routed calls that went to each alias."""

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from orchestrator.pool import TOOL_OF
from webapp.charts.chart import Chart, noted
from webapp.charts.series import Series
from webapp.charts.template import blank
from webapp.views import palette
from webapp.views.aliases import code

LEAST_LABELLED: Final = 0.045
"""Shares below this have no room for a label."""


def chart(drawn: Sequence[Series]) -> Chart:
    """The stacked bars with their sentence and table."""
    simulated = any(one.score.simulated for one in drawn)
    columns = ("Policy", *_aliases(drawn))
    return Chart(noted("Share of calls by alias", simulated), figure(drawn), summary(drawn), columns, table(drawn))


def figure(drawn: Sequence[Series]) -> go.Figure:
    """One bar for each policy, one colour for each alias; a bar is 100 % of the policy's routed calls."""
    bars_px = 50 + 46 * max(len(drawn), 1)
    made = blank("share of routed calls, %", "", 110 + bars_px)
    legend = {"orientation": "h", "traceorder": "normal", "x": 0, "y": -60 / bars_px}
    made.update_layout({"barmode": "stack", "showlegend": True, "legend": legend})
    made.update_xaxes({"range": [0, 100], "dtick": 20, "showgrid": False})
    made.update_yaxes({"title": None, "autorange": "reversed", "showgrid": False})
    for alias in _aliases(drawn):
        shares = [one.score.alias_share.get(alias, 0.0) for one in drawn]
        made.add_trace(
            go.Bar(
                orientation="h",
                name=alias,
                y=[one.name for one in drawn],
                x=[100 * share for share in shares],
                marker={
                    "color": palette.alias_colour(alias).light,
                    "line": {"width": 1, "color": palette.TOKENS["surface"].light},
                },
                text=[code(alias) if share >= LEAST_LABELLED else "" for share in shares],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"color": palette.TOKENS["on-colour"].light, "size": 11},
                hovertext=[f"<b>{one.name}</b><br>{alias}: {s:.1%}" for one, s in zip(drawn, shares, strict=True)],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )
    return made


def summary(drawn: Sequence[Series]) -> str:
    """How much of each policy's routing goes to the dearest aliases."""
    known = [(one.name, one.score.strongest_share) for one in drawn if one.score.strongest_share is not None]
    if not known:
        return "Which aliases are the dearest is unknown, since no price is known or no call was routed."
    said = ", ".join(f"{name} {share.mean:.0%}" for name, share in known)
    return f"Calls that go to the dearest alias of their tool: {said}."


def table(drawn: Sequence[Series]) -> tuple[tuple[str, ...], ...]:
    """One row of percentages for each policy."""
    return tuple(
        (one.name, *(f"{one.score.alias_share.get(alias, 0.0):.1%}" for alias in _aliases(drawn))) for one in drawn
    )


def _aliases(drawn: Sequence[Series]) -> tuple[str, ...]:
    used = {alias for one in drawn for alias, share in one.score.alias_share.items() if share}
    return tuple(alias for alias in TOOL_OF if alias in used) + tuple(sorted(used.difference(TOOL_OF)))
