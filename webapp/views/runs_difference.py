"""Any runs side by side in the order asked for, under labels of their own: what they called and where they part."""

import string
from collections.abc import Sequence
from typing import Final

from orchestrator.pool import Pool
from orchestrator.trajectory import Trajectory
from storage.trajectories import State
from webapp.views.calls import JsonObject
from webapp.views.difference import difference_view
from webapp.views.trace import trace_view

OTHER_QUERIES: Final = (
    "The queries differ, so a difference between these runs may come from the query and not from the routing."
)


def runs_difference_view(shown: Sequence[tuple[Trajectory, State]], pool: Pool) -> JsonObject:
    """Columns and difference of these trajectories, labelled A, B, C, … as they come; nothing is hidden."""
    labels = string.ascii_uppercase
    columns = [
        trace_view(trajectory, pool, state=state)
        | {"label": label, "query": trajectory.query, "run": trajectory.run, "live": None}
        for label, (trajectory, state) in zip(labels, shown, strict=False)
    ]
    labelled = [(label, trajectory) for label, (trajectory, _) in zip(labels, shown, strict=False)]
    queries = {trajectory.query for trajectory, _ in shown}
    return {
        "query": next(iter(queries)) if len(queries) == 1 else None,
        "queries_differ": len(queries) > 1,
        "note": OTHER_QUERIES if len(queries) > 1 else None,
        "columns": columns,
        "difference": difference_view(labelled, columns),
    }
