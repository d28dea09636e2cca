"""Runs and recordings as talks: the alternatives in the order of their ballot, compared, redacted."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from orchestrator.pool import TOOL_OF, Pool, PoolEntry
from orchestrator.prices import PriceBook, priced
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.trajectory import Trajectory
from storage.history import RunSummary
from storage.same_query import newest_answered
from storage.store import Store
from storage.trajectories import State
from webapp.ballots import Ballots
from webapp.baseline import Baseline, Kind, estimated, recorded
from webapp.evaluation.strongest import dearest_tier, strongest_route
from webapp.live_run import RunSnapshot
from webapp.policy_words import policy_words
from webapp.redaction import Redaction
from webapp.runs import Runs
from webapp.showcase import Showcase, Showcases, Unreadable
from webapp.views import amounts
from webapp.views.calls import JsonObject
from webapp.views.talk import LABELS, Shown, Subject, talk_view

MOST_LISTED = 30
"""Runs on the landing page; a search finds the others."""


@dataclass(frozen=True)
class Strongest:
    """What always taking the strongest means in a pool."""

    pool: Pool
    book: PriceBook

    @cached_property
    def entries(self) -> Mapping[str, PoolEntry]:
        """Tool to its dearest alias, with its price."""
        now = priced(self.pool, self.book, datetime.now(UTC))
        tier = dearest_tier(self.pool, self.book)
        return {TOOL_OF[entry.alias]: entry for entry in reversed(now.entries) if entry.alias in tier}

    @cached_property
    def route(self) -> str | None:
        """SPEC of the fixed route through them; `None` where the pool cannot answer."""
        try:
            return strongest_route(self.pool, self.book)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Kept:
    """Where talks find runs."""

    store: Store
    runs: Runs
    ballots: Ballots
    pool: Callable[[], Pool]
    """What new runs use."""


class Talks:
    """Makes talks of what is kept and of what was recorded."""

    def __init__(self, kept: Kept, showcases: Showcases, book: PriceBook, redaction: Redaction) -> None:
        self._kept = kept
        self._store = kept.store
        self._book = book
        self._redaction = redaction
        self.showcases = showcases

    def listed(self, search: str = "") -> JsonObject:
        """Recordings and the newest runs whose queries have every word of the search."""
        wanted = search.casefold().split()
        found = [one for one in self.showcases.all() if isinstance(one, Unreadable) or _has(one.query, wanted)]
        runs = self._store.runs(search or None, MOST_LISTED)
        return {
            "showcases": [_showcase_row(self._redaction, one) for one in found],
            "runs": [_run_row(self._redaction, summary) for summary in runs],
        }

    async def about(self, run_id: str) -> JsonObject:
        """The talk about a run as it is now; raises NotFound.

        It has its ballot afterwards, so that the stage, the page Rank and the audience's phones mean the same by A.
        """
        await self._kept.ballots.of_run(run_id)
        return await asyncio.to_thread(self._of, self._kept.runs.snapshot(run_id))

    def _of(self, snapshot: RunSnapshot) -> JsonObject:
        labels = self._labels(snapshot)
        whole = _in_order(snapshot, labels)
        clean = [self._redaction.trajectory(trajectory) for trajectory in whole]
        pool = self._kept.pool()
        strongest = self._strongest(snapshot.trajectories[0].pool) if snapshot.trajectories else None
        found = self._recorded(snapshot, strongest)
        trajectories = [one.value for one in clean]
        shown = [
            Shown(one, labels[one.id], snapshot.states[one.id], _baseline(one, of.policy, found, strongest))
            for one, of in zip(trajectories, whole, strict=True)
        ]
        query = self._redaction.text(snapshot.run.query)
        subject = Subject(query.value, snapshot.run.asked_at, _policies(trajectories), run=snapshot.run.id)
        return talk_view(subject, shown, pool, query.places + sum(one.places for one in clean))

    def of_showcase(self, name: str) -> JsonObject:
        """The talk about a recording; raises NotFound or BadShowcase."""
        case = self.showcases.named(name)
        clean = [self._redaction.trajectory(trajectory) for trajectory in case.alternatives]
        first = clean[0].value
        strongest = self._strongest(case.alternatives[0].pool)
        found = None if case.baseline is None else recorded(case.baseline)
        shown = [
            Shown(
                one.value,
                LABELS[place % len(LABELS)],
                State.FINISHED,
                _baseline(one.value, of.policy, found, strongest),
            )
            for place, (one, of) in enumerate(zip(clean, case.alternatives, strict=True))
        ]
        pool = self._kept.pool() if strongest is None else strongest.pool
        subject = Subject(first.query, first.started_at, _policies([one.value for one in clean]), show=name)
        return talk_view(subject, shown, pool, sum(one.places for one in clean))

    def _labels(self, snapshot: RunSnapshot) -> Mapping[str, str]:
        """Trajectory id to its label on the ballot, or by its place where there is no ballot of just these."""
        ids = [trajectory.id for trajectory in snapshot.trajectories]
        ballot = self._store.ballot_of(snapshot.run.id)
        if ballot is not None and {shown.trajectory for shown in ballot.alternatives} == set(ids):
            return {shown.trajectory: shown.label for shown in ballot.alternatives}
        return {id: LABELS[place] if place < len(LABELS) else str(place + 1) for place, id in enumerate(ids)}

    def _strongest(self, pool: str) -> Strongest | None:
        """Of the pool of that name; `None` where it is not known here."""
        known = next((one for one in (self._kept.pool(), rehearsal_pool()) if one.name == pool), None)
        return None if known is None else Strongest(known, self._book)

    def _recorded(self, snapshot: RunSnapshot, strongest: Strongest | None) -> Baseline | None:
        """What is kept of the same query along the strongest route."""
        if strongest is None or strongest.route is None:
            return None
        found = newest_answered(self._store, snapshot.run.query, strongest.route, strongest.pool.name)
        return None if found is None else recorded(found)


def _baseline(trajectory: Trajectory, policy: str, found: Baseline | None, strongest: Strongest | None) -> Baseline:
    """A recorded one where there is one; it is no comparison for a route that is the strongest itself.

    `policy` is the trajectory's own, which a redaction may have changed.
    """
    if strongest is not None and policy == strongest.route:
        return Baseline(Kind.ITSELF)
    if found is not None and found.kind is Kind.RECORDED:
        return found
    return estimated(trajectory, None if strongest is None else strongest.entries, datetime.now(UTC))


def _in_order(snapshot: RunSnapshot, labels: Mapping[str, str]) -> list[Trajectory]:
    return sorted(snapshot.trajectories, key=lambda one: (len(labels[one.id]), labels[one.id]))


def _policies(trajectories: Sequence[Trajectory]) -> str:
    """Which policies routed, in words."""
    return " ".join(dict.fromkeys(_policy(trajectory.policy) for trajectory in trajectories))


def _policy(spec: str) -> str:
    """The policy without the address of its server, which is nobody's business on a stage."""
    form, _, rest = spec.partition(":")
    if form == "openai":
        return f"Policy: {rest.partition('#')[2].partition(';')[0] or 'a served model'}."
    try:
        return policy_words(spec)
    except ValueError:
        return f"Policy: {spec}."


def _has(query: str, wanted: Sequence[str]) -> bool:
    return all(word in query.casefold() for word in wanted)


def _showcase_row(redaction: Redaction, case: Showcase | Unreadable) -> JsonObject:
    if isinstance(case, Unreadable):
        return {"name": case.name, "query": None, "facts": case.why, "simulated": False, "bundled": False}
    simulated = any(trajectory.simulated for trajectory in case.alternatives)
    solved = sum(trajectory.outcome.verdict == "solved" for trajectory in case.alternatives)
    facts = f"{amounts.counted(len(case.alternatives), 'alternative')}, {solved} solved"
    query = redaction.text(case.query).value
    return {"name": case.name, "query": query, "facts": facts, "simulated": simulated, "bundled": case.bundled}


def _run_row(redaction: Redaction, summary: RunSummary) -> JsonObject:
    return {
        "run": summary.id,
        "query": redaction.text(summary.query).value[:300],
        "when": summary.asked_at.astimezone(UTC).isoformat(),
        "facts": amounts.counted(summary.trajectories, "alternative"),
        "running": State.RUNNING in summary.states,
        "simulated": summary.simulated,
    }
