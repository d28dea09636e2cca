"""What leaves the store as files: raw rankings first, and whole trajectories."""

from collections.abc import Iterator

from storage.records import ranking_json, trajectory_json
from storage.store import Store
from webapp.jsonl import lines


class UnknownExport(LookupError):
    """There is no export of that kind."""


def exported(store: Store, kind: str) -> Iterator[str]:
    """Lines of JSON, streamed from the store; raises UnknownExport for an unknown kind."""
    if kind == "trajectories":
        return lines(trajectory_json(trajectory) for trajectory in store.iter_trajectories())
    if kind == "rankings":
        return lines(ranking_json(r, store.ballot(r.ballot)) for r in store.iter_rankings())
    raise UnknownExport(f"there is no export {kind!r}; choose rankings or trajectories")
