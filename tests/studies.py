"""Studies to keep, and rankings of their ballots, built by plain functions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from prefs.ballot import Ballot, ballot
from prefs.ranking import Ranking
from prefs.study import Study
from storage.store import Store
from storage.studies import Studies
from tests.examples import NOON


def study(**changes: Any) -> Study:
    """A study that goes in order, with one ranking of each ballot and leases of a minute."""
    values: dict[str, Any] = {"id": "s1", "name": "Routing", "made_at": NOON, "next_by": "order", "lease_s": 60.0}
    return Study(**(values | changes))


def ballots(count: int, prefix: str = "b") -> tuple[Ballot, ...]:
    """Ballots of two alternatives each, named b0, b1, …"""
    return tuple(
        ballot(
            f"{prefix}{number}",
            [f"{prefix}{number}-t1", f"{prefix}{number}-t2"],
            query=f"query {number}",
            run=None,
            seed=number,
            made_at=NOON,
        )
        for number in range(count)
    )


async def kept(store: Store, count: int, gold: Sequence[str] = (), **changes: Any) -> Studies:
    """The studies of a store that has one of so many ballots."""
    studies = Studies(store)
    await studies.create(study(**changes), ballots(count), gold)
    return studies


async def rank(store: Store, ballot_id: str, annotator: str, at: datetime, order: str = "AB") -> Ranking:
    """Somebody ranks a ballot."""
    id = f"{annotator}-{ballot_id}-{order}"
    return await store.keep_ranking(Ranking(id, ballot_id, tuple(map(tuple, order)), at, annotator=annotator))


async def given(studies: Studies, annotator: str = "ann", now: datetime = NOON, *, skipped: bool = False) -> str | None:
    """The ballot that somebody gets."""
    one = await studies.next("s1", annotator, now, skipped=skipped)
    return None if one is None else one.ballot
