"""Routes of many trajectories as a flow from step to step."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from prefs.tuning.routes import LATER, MOST_STEPS, START, Flow, flow
from webapp.charts.chart import Chart, noted
from webapp.charts.template import blank
from webapp.views import palette
from webapp.views.aliases import code
from webapp.views.amounts import counted

COLUMNS: Final = ("Route", "Trajectories", "Share")
HEIGHT: Final = 460
MOST_ROWS: Final = 25
"""Routes in the table."""


def chart(routes: Sequence[Sequence[str]], *, of: str, simulated: bool) -> Chart:
    """The flow with its sentence and table; `of` says what the trajectories are, such as `winners`."""
    found = flow(routes)
    common = Counter(tuple(route) for route in routes if route).most_common()
    rows = tuple(
        (_named(route), f"{count:,}", f"{count / found.trajectories:.0%}") for route, count in common[:MOST_ROWS]
    )
    return Chart(noted("Routes, step by step", simulated), _figure(found), _summary(found, common, of), COLUMNS, rows)


def _named(route: Sequence[str]) -> str:
    shown = " → ".join(code(alias) for alias in route[: 2 * MOST_STEPS])
    return f"{shown} → …" if len(route) > 2 * MOST_STEPS else shown


def _summary(found: Flow, common: Sequence[tuple[Sequence[str], int]], of: str) -> str:
    if not common:
        return f"None of the {of} has called anything."
    route, count = common[0]
    said = (
        f"{found.trajectories:,} {of} took {counted(len(common), 'different route')}; most often {_named(route)} "
        f"({count / found.trajectories:.0%})."
    )
    if found.longer:
        said += f" {found.longer:,} go on beyond step {MOST_STEPS}, which is drawn as one."
    if found.without:
        said += f" {found.without:,} called nothing and are left out."
    return said


def _figure(found: Flow) -> go.Figure:
    drawn = blank("", "", HEIGHT)
    if not found.links:
        return drawn
    names = {START: "query", LATER: "later"}
    drawn.add_trace(
        go.Sankey(
            arrangement="fixed",
            node={
                "label": [names.get(node.alias, code(node.alias)) for node in found.nodes],
                "color": [palette.alias_colour(node.alias).light for node in found.nodes],
                "customdata": [_node(node.alias, node.step, node.trajectories, found) for node in found.nodes],
                "hovertemplate": "%{customdata}<extra></extra>",
                "align": "left",
                "pad": 14,
                "thickness": 18,
                "line": {"width": 0},
            },
            link={
                "source": [link.source for link in found.links],
                "target": [link.target for link in found.links],
                "value": [link.trajectories for link in found.links],
                "color": palette.TOKENS["line"].light,
                "customdata": [
                    f"{found.nodes[link.source].alias} → {found.nodes[link.target].alias}: "
                    f"{counted(link.trajectories, 'trajectory', 'trajectories')}"
                    for link in found.links
                ],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    return drawn


def _node(alias: str, step: int, count: int, found: Flow) -> str:
    where = "" if alias == START else f" at step {step}" if alias != LATER else f", beyond step {MOST_STEPS}"
    many = counted(count, "trajectory", "trajectories")
    return f"{alias}{where}: {many}, {count / found.trajectories:.0%}"
