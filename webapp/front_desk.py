"""The services as the page sees them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence

from orchestrator.pool import Pool
from orchestrator.rehearsal.tasks import EXAMPLES
from orchestrator.trajectory import ToolCall
from prefs.ballot import Ballot
from prefs.ranking import Ranking
from storage.history import RunSummary
from storage.spending.rules import LOCAL, Payer
from storage.trajectories import State
from webapp.asking import Asking
from webapp.ballots import Opinion
from webapp.live_run import RunSnapshot
from webapp.revealed import Standing
from webapp.services import Services
from webapp.views.comparison import Rewarded
from webapp.views.history import PastRun
from webapp.views.placement import Placement

HISTORY_ROWS = 100
OWN_EXAMPLES = 50
"""Imported queries that are offered beside the bundled ones."""


class FrontDesk:
    """Implements `webapp.ui.desk.Desk` over the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def pool(self) -> Pool:
        """The aliases on offer."""
        return self._services.pool

    @property
    def policy_words(self) -> str:
        """Which policy routes and which pool replies."""
        return self._services.words

    @property
    def serving(self) -> Mapping[str, str | None]:
        """The HTTP interface tells how the servers are doing."""
        return {"address": "../api/v1/serving", "model": self._services.serving.model}

    @property
    def examples(self) -> Sequence[str]:
        """The user's own queries, latest first, then the bundled ones."""
        own = [query.query for query in self._services.store.queries(limit=OWN_EXAMPLES)]
        return [*own, *EXAMPLES]

    async def ask(self, asking: Asking) -> str:
        """Start a run and give its id."""
        return (await self._services.ask(asking)).run.id

    def follow(self, run_id: str) -> AsyncIterator[RunSnapshot]:
        """Snapshots until the run has ended."""
        return self._services.runs.follow(run_id)

    def snapshot(self, run_id: str) -> RunSnapshot:
        """The run as it is now."""
        return self._services.runs.snapshot(run_id)

    async def stop(self, run_id: str, trajectory_id: str | None = None) -> None:
        """Stop one trajectory, or all of the run."""
        await self._services.runs.cancel(run_id, trajectory_id)

    async def resume(self, trajectory_id: str, payer: str = LOCAL.user) -> str:
        """Go on with an interrupted trajectory; gives the id of its run."""
        return (await self._services.runs.resume(trajectory_id, Payer(payer))).run.id

    async def fork(self, trajectory_id: str, step: int, call: ToolCall, payer: str = LOCAL.user) -> str:
        """Add an alternative; gives the id of its run."""
        live, _ = await self._services.runs.fork(trajectory_id, step, call, Payer(payer))
        return live.run.id

    async def history(self, search: str) -> Sequence[PastRun]:
        """Past runs, latest first."""
        found = await asyncio.to_thread(self._services.store.runs, search, HISTORY_ROWS)
        return [_past(summary) for summary in found]

    async def ballot_of(self, run_id: str) -> Ballot | None:
        """The ballot of a run that has ended with two or more alternatives."""
        return await self._services.ballots.of_run(run_id)

    def ballot(self, ballot_id: str) -> Ballot:
        """The ballot of that id."""
        return self._services.ballots.ballot(ballot_id)

    async def submit_ranking(self, placement: Placement, reason: str | None, annotator: str) -> Ranking:
        """Keep a ranking."""
        opinion = Opinion(placement.groups, placement.unranked, placement.acceptable, reason or None, annotator)
        return await self._services.ballots.rank(
            placement.ballot, opinion, version=placement.version or None, idempotency_key=placement.key or None
        )

    async def revealed(self) -> Standing:
        """P as all rankings reveal it."""
        return await self._services.revealed.standing()

    async def rankings_of(self, ballot_id: str, annotator: str | None = None) -> Sequence[Ranking]:
        """Rankings of the ballot, oldest first; of one person, or of all."""
        found = self._services.store.rankings_of(ballot_id)
        return [one for one in found if annotator in (None, one.annotator)]

    async def rewards(self, run_id: str) -> Mapping[str, Rewarded]:
        """Trajectory id to R(τ)."""
        trajectories = self._services.runs.snapshot(run_id).trajectories
        found = self._services.ballots.rewards(trajectories)
        return {id: Rewarded(reward.value, reward.if_correct) for id, reward in found.items()}


def _past(summary: RunSummary) -> PastRun:
    return PastRun(
        summary.id,
        summary.query,
        summary.asked_at,
        summary.trajectories,
        _states(summary.states),
        int(summary.ranked),
        summary.simulated,
    )


def _states(states: Sequence[State]) -> str:
    counted = Counter(states)
    return ", ".join(f"{counted[state]} {state}" for state in State if counted[state])
