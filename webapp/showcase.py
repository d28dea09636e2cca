"""Recorded runs that come with the app, and one's own: shown on the stage as they are, never imported."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from orchestrator.trajectory import Trajectory
from webapp.jsonl import read_trajectories
from webapp.live_runs import NotFound

BUNDLED: Final = Path(__file__).with_name("recordings")
"""Three runs of the rehearsal world, each with the route that always takes the strongest."""
FOLDER: Final = "showcases"
"""Of the data folder: one's own recordings, `NAME.jsonl`."""
MOST_BYTES: Final = 20_000_000


class BadShowcase(ValueError):
    """A recording cannot be shown; the message names the file and says what to do."""


@dataclass(frozen=True, slots=True)
class Showcase:
    """One recorded run."""

    name: str
    alternatives: tuple[Trajectory, ...]
    """In the order of the file."""
    baseline: Trajectory | None
    """The same query by a fixed route, where the recording brings one beside routed alternatives."""
    bundled: bool

    @property
    def query(self) -> str:
        """What was asked."""
        return self.alternatives[0].query


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A recording that is there and cannot be shown."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Showcases:
    """The recordings of this installation; a file of one's own takes the place of a bundled one of its name."""

    data_dir: Path

    def all(self) -> Sequence[Showcase | Unreadable]:
        """Own ones first, then those that come with the app, each in the order of their names."""
        return [self._read(name, path) for name, path in self._files().items()]

    def named(self, name: str) -> Showcase:
        """The recording of that name; raises NotFound or BadShowcase."""
        path = self._files().get(name)
        if path is None:
            known = ", ".join(self._files())
            raise NotFound(f"there is no showcase {name[:80]}; there are {known}")
        return _read(name, path, path.stat().st_mtime_ns)

    def _files(self) -> dict[str, Path]:
        folders = (self.data_dir / FOLDER, BUNDLED)
        found: dict[str, Path] = {}
        for folder in folders:
            for path in sorted(folder.glob("*.jsonl")):
                found.setdefault(path.stem, path)
        return found

    @staticmethod
    def _read(name: str, path: Path) -> Showcase | Unreadable:
        try:
            return _read(name, path, path.stat().st_mtime_ns)
        except (ValueError, OSError) as error:
            return Unreadable(name, str(error))


@cache
def _read(name: str, path: Path, changed_ns: int) -> Showcase:  # noqa: ARG001 - part of what is remembered
    """The recording; read once, and anew when its file has changed (`changed_ns`)."""
    if path.stat().st_size > MOST_BYTES:
        raise BadShowcase(f"{path} has more than {MOST_BYTES:,} bytes; record it without --texts")
    records = list(read_trajectories(path))
    if not records:
        raise BadShowcase(f"{path} is empty; record a run with podium ask … --alternatives 4 --vary --json")
    if len({record.query for record in records}) > 1:
        raise BadShowcase(f"{path} has several queries; a showcase is one query and its alternatives")
    routed = [record for record in records if not record.policy.startswith("fixed:")]
    fixed = [record for record in records if record.policy.startswith("fixed:")]
    alternatives, baseline = (routed, fixed[-1]) if routed and fixed else (records, None)
    return Showcase(name, tuple(alternatives), baseline, bundled=path.parent == BUNDLED)
