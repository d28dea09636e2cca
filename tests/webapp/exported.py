"""Stores with rankings to export, built by plain functions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from prefs.ballot import Ballot, ballot
from prefs.ranking import Ranking
from storage.store import Store
from tests.examples import NOON, trajectory
from tests.kept import ended, going
from webapp.exports.kinds import Wishes, open_export


async def keep(store: Store, shown: Ballot, said: Sequence[Ranking]) -> None:
    """Bare trajectories for a ballot, the ballot and its rankings."""
    await keep_trajectories(store, shown)
    await store.keep_ballot(shown)
    for one in said:
        await store.keep_ranking(one)


async def keep_trajectories(store: Store, shown: Ballot) -> None:
    """Bare trajectories for a ballot."""
    await store.add_all([trajectory(id=one.trajectory, query=shown.query) for one in shown.alternatives])


async def fill(store: Store, ballots: int = 2, people: Sequence[str] = ("Ann Lee", "bob")) -> None:
    """Ballots of three finished trajectories of one, two and three steps; each person ranks each ballot."""
    for number in range(ballots):
        ids = [f"t{number}-{place}" for place in range(3)]
        await store.add_all([replace(ended(going(), place + 1), id=id, run=None) for place, id in enumerate(ids)])
        at = NOON + timedelta(minutes=number)
        shown = ballot(f"b{number}", ids, query="What is 17% of 2,340?", run=None, seed=number, made_at=at)
        await store.keep_ballot(shown)
        for place, person in enumerate(people):
            labels = shown.labels[place % 3 :] + shown.labels[: place % 3]
            groups = ((labels[0],), labels[1:])
            made_at = at + timedelta(seconds=place + 1)
            await store.keep_ranking(Ranking(f"k{number}-{place}", shown.id, groups, made_at, annotator=person))


def written(store: Store, kind: str, wishes: Wishes | None = None) -> bytes:
    """A whole export."""
    return b"".join(open_export(store, kind, wishes or Wishes()).chunks)
