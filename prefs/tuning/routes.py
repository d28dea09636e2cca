"""Routes over many trajectories, unrolled by step: how many called which alias first, second, …, and what came next.

A node is an alias at one step, so there are no cycles (an alias that is called twice is two nodes).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

MOST_STEPS: Final = 8
"""Steps that get nodes of their own; those behind them are one node."""
LATER: Final = "later"
"""The node of all steps beyond the last one that is drawn."""
START: Final = "query"
"""Where every route begins."""


@dataclass(frozen=True, slots=True)
class Node:
    """An alias at one step."""

    step: int
    """From 1; 0 is the query."""
    alias: str
    trajectories: int


@dataclass(frozen=True, slots=True)
class Link:
    """So many trajectories went from one node to the next; both by their place in `Flow.nodes`."""

    source: int
    target: int
    trajectories: int


@dataclass(frozen=True, slots=True)
class Flow:
    """All routes together."""

    nodes: tuple[Node, ...]
    """By step, then the most used first."""
    links: tuple[Link, ...]
    trajectories: int
    """With at least one routed call."""
    without: int
    """That called nothing."""
    longer: int
    """That go on beyond the steps drawn."""


def flow(routes: Iterable[Sequence[str]], *, most_steps: int = MOST_STEPS) -> Flow:
    """Count the routes. Raises ValueError unless at least one step is drawn."""
    if most_steps < 1:
        raise ValueError(f"at least one step must be drawn, not {most_steps}")
    visited: Counter[tuple[int, str]] = Counter()
    passed: Counter[tuple[tuple[int, str], tuple[int, str]]] = Counter()
    without = longer = 0
    for route in routes:
        if not route:
            without += 1
            continue
        path = [(0, START), *enumerate(route[:most_steps], 1)]
        if len(route) > most_steps:
            longer += 1
            path.append((most_steps + 1, LATER))
        visited.update(path)
        passed.update(pairwise(path))
    order = sorted(visited, key=lambda node: (node[0], -visited[node], node[1]))
    place = {node: number for number, node in enumerate(order)}
    links = sorted((place[a], place[b], count) for (a, b), count in passed.items())
    return Flow(
        tuple(Node(*node, visited[node]) for node in order),
        tuple(Link(*link) for link in links),
        visited[(0, START)],
        without,
        longer,
    )
