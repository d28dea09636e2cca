"""When each call of a trajectory ran: one lane for the orchestrator and one for each alias, seconds to the right."""

from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from orchestrator.model_call import CallRole, ModelCall
from orchestrator.pool import TOOL_OF
from orchestrator.trajectory import Trajectory
from webapp.charts.chart import Chart, noted
from webapp.charts.template import blank
from webapp.views import amounts, palette, words
from webapp.views.aliases import code

LEAST_SHARE: Final = 0.012
"""Share of the whole time below which a call also gets a marker, so that it can be seen and clicked."""
COLUMNS: Final = ("Step", "Lane", "Work", "Starts", "Takes", "Cost")
_LANES: Final = (palette.ORCHESTRATOR, *TOOL_OF)


@dataclass(frozen=True, slots=True)
class Span:
    """A call on its lane. `start_s` counts the seconds of the calls before it, which run one after another."""

    step: int
    lane: str
    call: ModelCall
    start_s: float


def spans(trajectory: Trajectory) -> tuple[Span, ...]:
    """Every call of the trajectory, laid end to end."""
    laid: list[Span] = []
    at = 0.0
    for step in trajectory.steps:
        routed = palette.ORCHESTRATOR if step.call is None else step.call.model
        for call in step.calls:
            own = call.role is CallRole.ORCHESTRATOR
            laid.append(Span(step.index, palette.ORCHESTRATOR if own else call.alias or routed, call, at))
            at += call.latency_s
    return tuple(laid)


def chart(trajectory: Trajectory) -> Chart:
    """The timeline with its sentence and table."""
    return Chart(
        noted("Timeline", trajectory.simulated), figure(trajectory), summary(trajectory), COLUMNS, table(trajectory)
    )


def figure(trajectory: Trajectory) -> go.Figure:
    """Bars on lanes; `customdata` of each is [trajectory id, step index]."""
    laid = spans(trajectory)
    lanes = _lanes(laid)
    drawn = blank(noted("seconds", trajectory.simulated), "", 92 + 30 * max(len(lanes), 2))
    drawn.update_yaxes(
        {
            "categoryorder": "array",
            "categoryarray": lanes[::-1],
            "title": None,
            "showgrid": False,
            "range": [-0.6, max(len(lanes), 1) - 0.4],
        }
    )
    drawn.update_xaxes({"rangemode": "tozero"})
    if laid:
        drawn.add_trace(_bars(trajectory.id, laid))
        short = [span for span in laid if span.call.latency_s < LEAST_SHARE * max(trajectory.latency_s, 1e-9)]
        drawn.add_trace(_ticks(trajectory.id, short))
    return drawn


def summary(trajectory: Trajectory) -> str:
    """How long it took and who took the most of it."""
    laid = spans(trajectory)
    if not laid:
        return "No call has been made yet."
    by_lane: dict[str, float] = {}
    for span in laid:
        by_lane[span.lane] = by_lane.get(span.lane, 0.0) + span.call.latency_s
    slowest = max(by_lane, key=lambda lane: by_lane[lane])
    calls = amounts.counted(len(laid), "call")
    total = amounts.seconds(trajectory.latency_s)
    if trajectory.latency_s == 0:
        return f"{calls} that took no measurable time."
    share = by_lane[slowest] / trajectory.latency_s
    return f"{calls} in {total}; {slowest} took {share:.0%} of it."


def table(trajectory: Trajectory) -> tuple[tuple[str, ...], ...]:
    """One row of words for each call."""
    return tuple(
        (
            str(span.step + 1),
            span.lane,
            words.ROLES[span.call.role],
            amounts.seconds(span.start_s),
            amounts.seconds(span.call.latency_s) + (" (simulated)" if span.call.simulated else ""),
            amounts.cost([span.call]),
        )
        for span in spans(trajectory)
    )


def _lanes(laid: tuple[Span, ...]) -> list[str]:
    used = {span.lane for span in laid}
    return [lane for lane in _LANES if lane in used] + sorted(used.difference(_LANES))


def _bars(trajectory: str, laid: tuple[Span, ...]) -> go.Bar:
    return go.Bar(
        orientation="h",
        y=[span.lane for span in laid],
        x=[span.call.latency_s for span in laid],
        base=[span.start_s for span in laid],
        marker={"color": [palette.alias_colour(span.lane).light for span in laid], "line": {"width": 0}},
        text=[_inside(span) for span in laid],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": palette.TOKENS["on-colour"].light, "size": 11},
        customdata=[[trajectory, span.step] for span in laid],
        hovertext=[_hover(span) for span in laid],
        hovertemplate="%{hovertext}<extra></extra>",
        constraintext="inside",
    )


def _ticks(trajectory: str, short: list[Span]) -> go.Scatter:
    """Markers of the calls too short to see."""
    return go.Scatter(
        mode="markers",
        x=[span.start_s for span in short],
        y=[span.lane for span in short],
        marker={
            "symbol": "line-ns",
            "size": 15,
            "line": {"width": 3, "color": [palette.alias_colour(span.lane).light for span in short]},
        },
        customdata=[[trajectory, span.step] for span in short],
        hovertext=[_hover(span) for span in short],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _inside(span: Span) -> str:
    return str(span.step + 1) if span.lane == palette.ORCHESTRATOR else f"{code(span.lane)} · {span.step + 1}"


def _hover(span: Span) -> str:
    simulated = " (simulated)" if span.call.simulated else ""
    return (
        f"<b>Step {span.step + 1} · {span.lane}</b><br>{words.ROLES[span.call.role]}<br>"
        f"{amounts.seconds(span.call.latency_s)} from {amounts.seconds(span.start_s)}{simulated}<br>"
        f"{amounts.cost([span.call])}"
    )
