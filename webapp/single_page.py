"""One trajectory with all that belongs to it: steps, charts, the tree of its forks, and how to run it again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.pool import Pool
from orchestrator.trajectory import Trajectory
from storage import search
from storage.search import Found
from storage.trajectories import State
from webapp.charts import staircase, timeline
from webapp.charts.chart import packed
from webapp.found import found_row
from webapp.views import words
from webapp.views.aliases import who
from webapp.views.calls import JsonObject
from webapp.views.forking import spent_view
from webapp.views.reproduce import ask, curl
from webapp.views.trace import trace_view

MOST_FORKS: Final = 60
"""Nodes of a tree of forks."""
_IN_TREE: Final = (
    *("id", "answer", "verdict", "verdict_words", "stop_words"),
    *("cost", "seconds", "steps", "simulated", "route"),
)
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


def fork_tree(trajectory: Trajectory, pool: Pool, read: Read) -> JsonObject | None:
    """From the first origin that is here down to the last fork; `None` where there is neither.

    Of more than `MOST_FORKS` those that lead to this one are in it, then the oldest; each node says in `more` how many
    of its own forks are not.
    """
    heads = search.heads(read, [trajectory.id])
    way = {trajectory.id}
    while heads and heads[0].forked_from is not None and heads[0].forked_from not in way and len(way) <= MOST_FORKS:
        above = search.heads(read, [heads[0].forked_from])
        if not above:
            break
        heads = above
        way.add(above[0].id)
    if not heads:
        return None
    tree = _Tree(trajectory.id, way, pool, read, MOST_FORKS - len(way) + 1).node(heads[0])
    return tree if tree["forks"] else None


@dataclass(slots=True)
class _Tree:
    here: str
    way: set[str]
    """Ids from the root to the one that is viewed, which are yet to come."""
    pool: Pool
    read: Read
    left: int
    """Nodes that there is still room for, beside those on the way."""

    def node(self, found: Found) -> JsonObject:
        forks = search.forks_of(self.read, found.id)
        aside = [id for id in forks if id not in self.way]
        taken = set(aside[: self.left])
        self.left -= len(taken)
        shown = [id for id in forks if id in self.way or id in taken]
        self.way.difference_update(shown)  # so that imported forks of each other do not go round for ever
        row = found_row(found, self.pool)
        return {
            **{name: row[name] for name in _IN_TREE},
            "here": found.id == self.here,
            "at_step": found.fork_step,
            "forks": [self.node(child) for child in search.heads(self.read, shown)],
            "more": len(forks) - len(shown),
        }


def _alternatives(trajectory: Trajectory, pool: Pool, read: Read) -> list[JsonObject]:
    """The other trajectories of its run."""
    if trajectory.run is None:
        return []
    ids = search.of_run(read, trajectory.run)
    rows = [found_row(found, pool) for found in search.heads(read, ids)]
    names = ("id", "preference", "cost", "seconds", "verdict", "verdict_words", "steps", "forked_from", "route")
    return [{name: row[name] for name in names} | {"here": row["id"] == trajectory.id} for row in rows]
