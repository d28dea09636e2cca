"""What leaves the store as files: raw rankings first, and whole trajectories."""

from collections.abc import Iterator

from storage.records import ranking_json, trajectory_json
from storage.store import Store
from webapp.jsonl import lines


class UnknownExport(LookupError):
    """There is no export of that kind."""


def exported(store: Store, kind: str, *, texts: bool = False) -> Iterator[str]:
    """Lines of JSON, streamed from the store; raises UnknownExport for an unknown kind.

    With `texts`, trajectories carry their long texts instead of addresses, one trajectory in memory at a time.
    """
    if kind == "trajectories":
        found = store.iter_trajectories()
        return lines(trajectory_json(store.with_texts(one) if texts else one) for one in found)
    if kind == "rankings":
        return lines(ranking_json(r, store.ballot(r.ballot)) for r in store.iter_rankings())
    raise UnknownExport(f"there is no export {kind!r}; choose rankings or trajectories")
