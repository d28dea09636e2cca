"""Ballots and rankings at the doors: which ballot a run has, what was said of it, and R(τ) once something was said."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from orchestrator.alternatives import new_id
from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot, ballot
from prefs.ranking import Phase, Ranking, StepMark
from prefs.reward import Reward, rewards
from storage.errors import StoreConflict
from storage.store import Store
from storage.trajectories import FINAL
from webapp.live_run import RunSnapshot
from webapp.live_runs import NotFound
from webapp.runs import Runs


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody says of a ballot, before it is kept."""

    groups: tuple[tuple[str, ...], ...]
    unranked: tuple[str, ...] = ()
    acceptable: int | None = None
    reason: str | None = None
    annotator: str = "local"
    phase: Phase | None = None
    """As the person was told; `None` takes what is due."""
    tags: tuple[str, ...] = ()
    marks: tuple[StepMark, ...] = ()
    active_s: Mapping[str, float] = field(default_factory=dict[str, float])


class Ballots:
    """Makes a ballot when a run has ended, and keeps what people say of it."""

    def __init__(self, store: Store, runs: Runs, on_ranking: Callable[[Ranking], None] | None = None) -> None:
        self._store = store
        self._runs = runs
        self._on_ranking = on_ranking
        self._making = asyncio.Lock()

    def ballot(self, ballot_id: str) -> Ballot:
        """The ballot of that id; raises NotFound."""
        found = self._store.ballot(ballot_id)
        if found is None:
            raise NotFound(f"there is no ballot {ballot_id}")
        return found

    def next(self, annotator: str, besides: Sequence[str] = ()) -> Ballot | None:
        """The oldest ballot that this person has not ranked, none of `besides`."""
        return self._store.next_ballot(annotator, besides)

    async def of_run(self, run_id: str) -> Ballot | None:
        """The ballot of what the run has now; `None` unless two or more alternatives have all come to their end."""
        snapshot = self._runs.snapshot(run_id)
        if not snapshot.complete or len(snapshot.trajectories) < 2:
            return None
        ids = {trajectory.id for trajectory in snapshot.trajectories}
        async with self._making:
            newest = self._store.ballot_of(run_id)
            if newest is not None and {a.trajectory for a in newest.alternatives} == ids:
                return newest
            return await self._store.keep_ballot_of_run(_new_ballot(snapshot))

    async def rank(
        self, ballot_id: str, opinion: Opinion, *, version: str | None = None, idempotency_key: str | None = None
    ) -> Ranking:
        """Keep the opinion; saying the same twice is one ranking, saying something else supersedes.

        Raises NotFound, RankingMismatch, or StoreConflict where the ballot changed since it was shown.
        """
        shown = await asyncio.to_thread(self.ballot, ballot_id)
        if not await asyncio.to_thread(self._as_shown, shown):
            raise StoreConflict("the alternatives changed since this ballot was shown; reload it and rank again")
        ranking = Ranking(
            new_id(),
            ballot_id,
            opinion.groups,
            datetime.now(UTC),
            opinion.unranked,
            opinion.acceptable,
            opinion.reason,
            opinion.annotator,
            phase=opinion.phase,
            tags=opinion.tags,
            marks=opinion.marks,
            active_s=opinion.active_s,
        )
        kept = await self._store.keep_ranking(ranking, ballot_version=version, idempotency_key=idempotency_key)
        if self._on_ranking is not None and kept.id == ranking.id:  # Another one was kept and heard before.
            self._on_ranking(kept)
        return kept

    def _as_shown(self, ballot: Ballot) -> bool:
        """Whether the ballot still has every alternative of its run, all of them at their end."""
        if ballot.run is None:
            return True
        states = self._store.states_of(ballot.run)
        shown = {alternative.trajectory for alternative in ballot.alternatives}
        return states.keys() == shown and all(state in FINAL for state in states.values())

    def rewards(self, trajectories: Sequence[Trajectory]) -> dict[str, Reward]:
        """R(τ) of each trajectory under its run's first preference, normalised over all of them."""
        if not trajectories:
            return {}
        found = rewards(trajectories, trajectories[0].preference)
        return {trajectory.id: reward for trajectory, reward in zip(trajectories, found, strict=True)}


def _new_ballot(snapshot: RunSnapshot) -> Ballot:
    ids = [trajectory.id for trajectory in snapshot.trajectories]
    seed = int.from_bytes(hashlib.sha256("".join(sorted(ids)).encode()).digest()[:4])
    return ballot(new_id(), ids, query=snapshot.run.query, run=snapshot.run.id, seed=seed, made_at=datetime.now(UTC))
