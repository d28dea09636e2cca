"""A run as server-sent events.

An event's id says how much of each trajectory has been sent, such as `3.2.0.4`: that many steps and stops of the
first, second, … So a stream resumes by `Last-Event-ID` from what is kept, also after the server was restarted. What is
not kept, such as a model's words while it writes them, has no id.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from orchestrator.trajectory import Trajectory
from storage.records import trajectory_json
from storage.trajectories import State
from webapp.live_run import RunSnapshot
from webapp.writing import Writing

MEDIA_TYPE = "text/event-stream"
WRITING_S = 0.2
"""Seconds between two events that tell what is being written of the same trajectory."""


@dataclass(slots=True)
class RunStream:
    """What one listener has been sent."""

    sent: list[int] = field(default_factory=list)
    at_work: dict[str, int] = field(default_factory=dict)
    """Trajectory to the index of the last call announced."""
    clock: Callable[[], float] = time.monotonic
    """Seconds, from any start."""
    _writing: dict[str, tuple[float, tuple[Writing, ...]]] = field(default_factory=dict)
    """Trajectory to what was last told of its writing, and when."""

    @classmethod
    def behind(cls, last_event_id: str | None) -> Self:
        """A stream that goes on behind that event; raises ValueError for an id that is none of ours."""
        if not last_event_id:
            return cls()
        parts = last_event_id.split(".")
        if len(parts) > 100 or not all(part.isdecimal() and len(part) < 6 for part in parts):
            raise ValueError(f"{last_event_id[:50]!r} is not the id of an event of this run")
        return cls([int(part) for part in parts])

    def news(self, snapshot: RunSnapshot) -> Iterator[str]:
        """What this listener has not been sent yet, as lines of an event stream."""
        self.sent += [0] * (len(snapshot.trajectories) - len(self.sent))
        for place, trajectory in enumerate(snapshot.trajectories):
            yield from self._steps(place, trajectory)
            if snapshot.states[trajectory.id] is State.RUNNING:
                routed = tuple(self._routed(trajectory, snapshot))
                yield from self._written(trajectory, snapshot, at_once=bool(routed))
                yield from routed
            elif self.sent[place] == len(trajectory.steps) and trajectory.stop_reason is not None:
                yield self._numbered(place, "stopped", trajectory_json(trajectory))
        if snapshot.ended:
            yield _event("ended", {"run": snapshot.run.id, "problem": snapshot.problem})

    def _steps(self, place: int, trajectory: Trajectory) -> Iterator[str]:
        if self.sent[place] >= len(trajectory.steps):
            return
        record = trajectory_json(trajectory)
        for step in record["steps"][self.sent[place] :]:
            yield self._numbered(place, "step", {"trajectory": trajectory.id, **step})

    def _routed(self, trajectory: Trajectory, snapshot: RunSnapshot) -> Iterator[str]:
        work = snapshot.at_work.get(trajectory.id)
        if work is None or self.at_work.get(trajectory.id) == work.routed.index:
            return
        self.at_work[trajectory.id] = work.routed.index
        data = {"trajectory": trajectory.id, "since": work.since.isoformat(), **asdict(work.routed)}
        yield _event("routed", data)

    def _written(self, trajectory: Trajectory, snapshot: RunSnapshot, *, at_once: bool) -> Iterator[str]:
        """What models are writing; with `at_once` without regard to when something was told last."""
        writing = snapshot.writing.get(trajectory.id, ())
        told_at, told = self._writing.get(trajectory.id, (float("-inf"), ()))
        now = self.clock()
        if writing == told or (now - told_at < WRITING_S and not at_once):
            return
        self._writing[trajectory.id] = now, writing
        for one in writing:
            if one not in told:
                data = {"trajectory": trajectory.id, "step": len(trajectory.steps), **asdict(one)}
                yield _event("writing", data)

    def _numbered(self, place: int, name: str, data: dict[str, Any]) -> str:
        self.sent[place] += 1
        return f"id: {'.'.join(map(str, self.sent))}\n{_event(name, data)}"


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
