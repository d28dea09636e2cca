"""What leaves the store as lines of JSON. `webapp.exports` has the other forms."""

from collections.abc import Iterator

from prefs.training_files import Tally
from storage.store import Store
from webapp.exports.kinds import UnknownExport, Wishes, check, rows
from webapp.jsonl import lines

__all__ = ["UnknownExport", "exported"]


def exported(store: Store, kind: str, *, texts: bool = False) -> Iterator[str]:
    """Lines of JSON, streamed from the store with the annotators' names; raises UnknownExport for an unknown kind.

    With `texts`, trajectories carry their long texts instead of addresses, one trajectory in memory at a time.
    """
    wishes = Wishes(texts=texts)
    check(kind, wishes)
    return lines(rows(store, kind, wishes, Tally()))
