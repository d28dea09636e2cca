"""One trajectory with all that belongs to it: steps, charts, the tree of its forks, and how to run it again."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.pool import Pool
from orchestrator.trajectory import Trajectory
from storage import search
from storage.search import Found
from storage.trajectories import State
from webapp.charts import staircase, timeline
from webapp.charts.chart import Chart
from webapp.found import found_row
from webapp.views import words
from webapp.views.aliases import who
from webapp.views.calls import JsonObject
from webapp.views.forking import spent_view
from webapp.views.reproduce import ask, curl
from webapp.views.trace import trace_view

MOST_FORKS: Final = 60
"""Nodes of a tree of forks."""
Read = Callable[[Any], list[Any]]


@dataclass(frozen=True, slots=True)
class Single:
    """A trajectory, where it stands, and who asks."""

    trajectory: Trajectory
    state: State
    base_url: str


def single_view(single: Single, pool: Pool, read: Read) -> JsonObject:
    """Everything the page of one trajectory shows."""
    trajectory = single.trajectory
    charts = [packed(chart(trajectory), trajectory.id) for chart in (staircase.chart, timeline.chart)]
    return {
        "trajectory": trace_view(trajectory, pool, state=single.state) | {"live": None},
        "query": trajectory.query,
        "when": trajectory.started_at.isoformat(),
        "run": trajectory.run,
        "policy": trajectory.policy,
        "verdict_words": words.VERDICTS[trajectory.outcome.verdict],
        "pool": [who(entry.alias, pool) for entry in pool.entries],
        "charts": charts if trajectory.steps else [],
        "fork": None
        if trajectory.fork is None
        else {"trajectory": trajectory.fork.trajectory, "step": trajectory.fork.step, "spent": spent_view(trajectory)},
        "tree": fork_tree(trajectory, pool, read),
        "alternatives": _alternatives(trajectory, pool, read),
        "curl": curl(trajectory, single.base_url),
        "ask": ask(trajectory),
    }


def packed(chart: Chart, key: str) -> JsonObject:
    """A chart as the chart island reads it, without the look, which the browser has."""
    figure = json.loads(chart.figure.to_json())
    figure["layout"].pop("template", None)
    return {
        "key": key,
        "title": chart.title,
        "summary": chart.summary,
        "columns": chart.columns,
        "rows": chart.rows,
        "figure": figure,
    }


def fork_tree(trajectory: Trajectory, pool: Pool, read: Read) -> JsonObject | None:
    """From the first origin that is here down to the last fork; `None` where there is neither."""
    root = trajectory.id
    seen = {root}
    heads = search.heads(read, [root])
    while heads and heads[0].forked_from is not None and heads[0].forked_from not in seen:
        above = search.heads(read, [heads[0].forked_from])
        if not above:
            break
        heads, root = above, above[0].id
        seen.add(root)
    if not heads:
        return None
    left = [MOST_FORKS]
    tree = _node(heads[0], trajectory.id, pool, read, left)
    return tree if tree["forks"] else None


def _node(found: Found, here: str, pool: Pool, read: Read, left: list[int]) -> JsonObject:
    children = search.forks_of(read, found.id)[: max(left[0], 0)]
    left[0] -= len(children)
    row = found_row(found, pool)
    shown = ("id", "answer", "verdict", "verdict_words", "stop_words", "cost", "seconds", "steps", "simulated", "route")
    return {
        **{name: row[name] for name in shown},
        "here": found.id == here,
        "at_step": found.fork_step,
        "forks": [_node(child, here, pool, read, left) for child in search.heads(read, children)],
    }


def _alternatives(trajectory: Trajectory, pool: Pool, read: Read) -> list[JsonObject]:
    """The other trajectories of its run."""
    if trajectory.run is None:
        return []
    ids = search.of_run(read, trajectory.run)
    rows = [found_row(found, pool) for found in search.heads(read, ids)]
    names = ("id", "preference", "cost", "seconds", "verdict", "verdict_words", "steps", "forked_from", "route")
    return [{name: row[name] for name in names} | {"here": row["id"] == trajectory.id} for row in rows]
