"""View models made light for the wire: finished rows and charts are made once and travel as JSON text.

Gradio walks every value of an output three times and sends only what changed, so a row is one string that never
changes again.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from orchestrator.pool import Pool
from orchestrator.trajectory import Trajectory
from webapp.charts.chart import Chart, packed
from webapp.views.steps import step_row


@dataclass(slots=True)
class RememberedRows:
    """The rows of one follower's run, as JSON text."""

    pool: Pool
    _texts: dict[str, list[str]] = field(default_factory=dict)

    def __call__(self, trajectory: Trajectory) -> list[str]:
        """The rows of the trajectory; only those of new steps are made."""
        texts = self._texts.setdefault(trajectory.id, [])
        for step in trajectory.steps[len(texts) :]:
            texts.append(json.dumps(step_row(step, self.pool)))
        return texts[: len(trajectory.steps)]


@dataclass(slots=True)
class RememberedCharts:
    """One chart for each trajectory of a follower's run, drawn again only when a step was added."""

    draw: Callable[[Trajectory], Chart]
    _texts: dict[tuple[str, int], str] = field(default_factory=dict)

    def __call__(self, trajectories: Iterable[Trajectory]) -> str:
        """The value of a chart island."""
        shown = {(t.id, len(t.steps)): t for t in trajectories if t.steps}
        self._texts = {
            key: self._texts.get(key) or packed_chart(key[0], self.draw(trajectory))
            for key, trajectory in shown.items()
        }
        return f"[{','.join(self._texts.values())}]"


def packed_chart(key: str, chart: Chart) -> str:
    """One chart as text."""
    return json.dumps(packed(chart, key), allow_nan=False)


def sendable(value: Any) -> Any:
    """The same view with halves of surrogate pairs, which models do send, replaced; JSON for the wire has none."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {key: sendable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [sendable(part) for part in value]
    return value
