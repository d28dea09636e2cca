"""Where the money of a trajectory went: one stair for each step, on top of all before it."""

from decimal import Decimal
from typing import Final

import plotly.graph_objects as go

from orchestrator.trajectory import Step, Trajectory
from webapp.charts.chart import Chart, noted, plotted
from webapp.charts.template import blank
from webapp.views import amounts, palette
from webapp.views.aliases import code

COLUMNS: Final = ("Step", "Called", "Cost of the step", "Total so far")


def chart(trajectory: Trajectory) -> Chart:
    """The staircase with its sentence and table."""
    return Chart(
        noted("Cost staircase", trajectory.simulated),
        figure(trajectory),
        summary(trajectory),
        COLUMNS,
        table(trajectory),
    )


def figure(trajectory: Trajectory) -> go.Figure:
    """Stairs; `customdata` of each is [trajectory id, step index]. A step without known dollars gets a marker."""
    steps = trajectory.steps
    drawn = blank("step", noted("dollars so far", trajectory.simulated), 230)
    drawn.update_xaxes({"dtick": max(1, len(steps) // 12), "range": [0.3, max(len(steps), 3) + 0.7], "showgrid": False})
    drawn.update_yaxes({"rangemode": "tozero", "tickprefix": "$", "tickformat": "~r", "nticks": 6})
    if not steps:
        return drawn
    before = _totals(steps)
    drawn.add_trace(
        go.Bar(
            x=[step.index + 1 for step in steps],
            y=[plotted(step.cost_usd) for step in steps],
            base=[plotted(total) for total in before[:-1]],
            marker={"color": [palette.alias_colour(_lane(step)).light for step in steps], "line": {"width": 0}},
            text=[_label(step) for step in steps],
            textposition="outside",
            textangle=0,
            cliponaxis=False,
            customdata=[[trajectory.id, step.index] for step in steps],
            hovertext=[_hover(step, total) for step, total in zip(steps, before[1:], strict=True)],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    flat = [step for step in steps if step.cost_usd == 0]
    drawn.add_trace(_flat(trajectory.id, flat, before))
    return drawn


def summary(trajectory: Trajectory) -> str:
    """What it cost and which step cost the most."""
    if not trajectory.steps:
        return "No step has been paid for yet."
    total = amounts.cost(trajectory.calls)
    if trajectory.cost_usd == 0:
        return f"{amounts.counted(len(trajectory.steps), 'step')}, {total}."
    dearest = max(trajectory.steps, key=lambda step: step.cost_usd)
    share = dearest.cost_usd / trajectory.cost_usd
    return f"{total} in all; step {dearest.index + 1} ({_lane(dearest)}) is {share:.0%} of what is known."


def table(trajectory: Trajectory) -> tuple[tuple[str, ...], ...]:
    """One row of words for each step."""
    totals = _totals(trajectory.steps)[1:]
    return tuple(
        (str(step.index + 1), _lane(step), amounts.cost(step.calls), amounts.dollars(total))
        for step, total in zip(trajectory.steps, totals, strict=True)
    )


def _totals(steps: tuple[Step, ...]) -> list[Decimal]:
    """Known dollars before the first step, after it, after the second, …"""
    totals = [Decimal(0)]
    for step in steps:
        totals.append(totals[-1] + step.cost_usd)
    return totals


def _flat(trajectory: str, steps: list[Step], before: list[Decimal]) -> go.Scatter:
    """Marks of free steps and, open, of steps whose dollars are unknown."""
    return go.Scatter(
        mode="markers",
        x=[step.index + 1 for step in steps],
        y=[plotted(before[step.index]) for step in steps],
        marker={
            "size": 9,
            "symbol": ["diamond-open" if step.unpriced_calls else "diamond" for step in steps],
            "color": [palette.alias_colour(_lane(step)).light for step in steps],
            "line": {"width": 2},
        },
        customdata=[[trajectory, step.index] for step in steps],
        hovertext=[_hover(step, before[step.index]) for step in steps],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )


def _lane(step: Step) -> str:
    return palette.ORCHESTRATOR if step.call is None else step.call.model


def _label(step: Step) -> str:
    name = "–" if step.call is None else code(step.call.model)
    return f"{name} ?" if step.unpriced_calls else name


def _hover(step: Step, total: Decimal) -> str:
    simulated = " (simulated)" if step.simulated else ""
    return (
        f"<b>Step {step.index + 1} · {_lane(step)}</b><br>{amounts.cost(step.calls)}{simulated}<br>"
        f"so far {amounts.dollars(total)}"
    )
