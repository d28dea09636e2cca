"""A desk with canned trajectories, so that the page can be looked at and tested without any service."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from orchestrator.alternatives import Run, new_id
from orchestrator.model_call import CallRole
from orchestrator.pool import Pool
from orchestrator.preference import PreferenceVector
from orchestrator.run import Routed
from orchestrator.trajectory import (
    Outcome,
    Step,
    StopReason,
    ToolCall,
    Trajectory,
    Verdict,
)
from prefs.ballot import Ballot, ballot
from prefs.fit.live import LiveFit
from prefs.ranking import Ranking, check
from prefs.simulated import simulated_judgements
from storage.trajectories import State
from tests.webapp.canned import QUESTION, fake_pool, shapes
from webapp.asking import Asking
from webapp.live_run import AtWork, RunSnapshot
from webapp.revealed import Standing
from webapp.views.comparison import Rewarded
from webapp.views.history import PastRun
from webapp.views.placement import Placement
from webapp.writing import Writing


@dataclass(slots=True)
class Canned:
    """A run whose steps appear one by one, `pace_s` apart, counted from `begun`."""

    run: Run
    whole: list[Trajectory]
    begun: datetime
    pace_s: float
    stopped: dict[str, datetime] = field(default_factory=dict)

    def at(self, now: datetime) -> RunSnapshot:
        """The run as it is at that moment."""
        parts, states, at_work, writing = [], {}, {}, {}
        for number, whole in enumerate(self.whole):
            moment = min(now, self.stopped.get(whole.id, now))
            age = (moment - self.begun).total_seconds() / (self.pace_s or 1e-9) / (1 + 0.15 * number)
            shown = min(int(age), len(whole.steps))
            states[whole.id] = State.FINISHED
            if shown == len(whole.steps):
                parts.append(whole)
                continue
            part = replace(
                whole, steps=whole.steps[:shown], stop_reason=None, stop_detail=None, answer=None, outcome=Outcome()
            )
            if whole.id in self.stopped:
                part = replace(part, stop_reason=StopReason.CANCELLED)
            else:
                states[whole.id] = State.RUNNING
                coming = whole.steps[shown]
                writing[whole.id] = written(coming, age % 1)
                if age % 1 > 0.25 and coming.call is not None:
                    since = self.begun + timedelta(seconds=(shown + 0.25) * self.pace_s * (1 + 0.15 * number))
                    at_work[whole.id] = AtWork(Routed(shown, coming.thought, coming.call), since)
            parts.append(part)
        return RunSnapshot(self.run, tuple(parts), states, at_work, writing=writing)


def written(coming: Step, done: float) -> tuple[Writing, ...]:
    """What models have written when that part of a step is done: a quarter is thinking, then the expert writes."""
    thought = f"{coming.thought} <b>Think</b> of ${{1+1}}. " * 6
    thinking = Writing(CallRole.ORCHESTRATOR, None, thought[: int(min(done * 4, 1) * len(thought))], "")
    if done <= 0.4 or coming.call is None or coming.observation is None:
        return (thinking,)
    text = coming.observation.text * 4
    return thinking, Writing(CallRole.EXPERT, coming.call.model, "", text[: int((done - 0.4) / 0.6 * len(text))])


@dataclass(slots=True)
class FakeDesk:
    """Keeps runs in memory and replies to whatever is asked with the canned shapes, in order."""

    pace_s: float = 1.0
    hidden: tuple[str, ...] = ()
    serving: Mapping[str, str | None] | None = None
    pool: Pool = field(default_factory=fake_pool)
    policy_words: str = (
        "Policy: random. It picks any available alias by chance; nothing about it is learned. "
        "Pool: rehearsal, its experts are stand-ins; search and code are real."
    )
    examples: tuple[str, ...] = (
        QUESTION,
        "What is 17% of 2,340?",
        "Which is heavier, a mole of gold or a mole of lead?",
        "How many days lie between 3 March and 9 July 2027?",
    )
    runs: dict[str, Canned] = field(default_factory=dict)
    rankings: dict[str, list[Ranking]] = field(default_factory=dict)
    keys: dict[str, Ranking] = field(default_factory=dict)
    asked: list[Asking] = field(default_factory=list)

    async def ask(self, asking: Asking) -> str:
        self.asked.append(asking)
        return self.add(asking.query, asking.preferences, asking.seed, self.pace_s)

    def add(self, query: str, preferences: Sequence[PreferenceVector], seed: int = 0, pace_s: float = 0.0) -> str:
        """A run with one canned trajectory for each preference; pace 0 is a run that has ended."""
        now = datetime.now(UTC)
        run = Run(new_id(), query, now)
        whole = [
            replace(
                Trajectory(new_id(), query, preference, "random", self.pool.name, seed + n, now, run=run.id),
                **shapes()[n % len(shapes())],  # type: ignore[arg-type]
            )
            for n, preference in enumerate(preferences)
        ]
        self.runs[run.id] = Canned(run, whole, now, pace_s)
        return run.id

    async def follow(self, run_id: str) -> AsyncIterator[RunSnapshot]:
        while True:
            snapshot = self.snapshot(run_id)
            yield snapshot
            if snapshot.ended:
                return
            await asyncio.sleep(0.2)

    def snapshot(self, run_id: str) -> RunSnapshot:
        return self.runs[run_id].at(datetime.now(UTC))

    async def stop(self, run_id: str, trajectory_id: str | None = None) -> None:
        canned = self.runs[run_id]
        for whole in canned.whole:
            if trajectory_id in (None, whole.id):
                canned.stopped.setdefault(whole.id, datetime.now(UTC))

    async def revealed(self) -> Standing:
        live = LiveFit(
            simulated_judgements({"accuracy": 1.0, "cost": 0.5}, 4.0, ballots=30, annotators=3, seed=0), aliases=()
        )
        return Standing(live.fit, 30, 0, PreferenceVector(), 0.004)

    async def resume(self, trajectory_id: str, payer: str = "local") -> str:
        return self._run_with(trajectory_id).run.id

    async def fork(self, trajectory_id: str, step: int, call: ToolCall, payer: str = "local") -> str:
        canned = self._run_with(trajectory_id)
        origin = next(whole for whole in canned.whole if whole.id == trajectory_id)
        canned.whole.append(replace(origin, id=new_id()))
        return canned.run.id

    async def history(self, search: str) -> Sequence[PastRun]:
        found = [c for c in self.runs.values() if all(w in c.run.query.lower() for w in search.lower().split())]
        return [
            PastRun(
                c.run.id, c.run.query, c.run.asked_at, len(c.whole), "ended", len(self.rankings.get(c.run.id, [])), True
            )
            for c in reversed(found)
        ]

    async def ballot_of(self, run_id: str) -> Ballot | None:
        snapshot = self.snapshot(run_id)
        if not snapshot.ended or len(snapshot.trajectories) < 2:
            return None
        ids = [trajectory.id for trajectory in snapshot.trajectories]
        run = snapshot.run
        return ballot(run.id, ids, query=run.query, run=run.id, seed=1, made_at=run.asked_at, hidden=self.hidden)

    async def submit_ranking(self, placement: Placement, reason: str | None, annotator: str = "local") -> Ranking:
        if placement.key not in self.keys:
            shown = await self.ballot_of(placement.ballot)
            assert shown is not None
            before = self.rankings.setdefault(shown.id, [])
            ranking = Ranking(
                new_id(), shown.id, placement.groups, datetime.now(UTC), placement.unranked, placement.acceptable,
                reason, supersedes=before[-1].id if before else None,
            )  # fmt: skip
            check(ranking, shown)
            before.append(ranking)
            self.keys[placement.key] = ranking
        return self.keys[placement.key]

    async def rankings_of(self, ballot_id: str, annotator: str | None = None) -> Sequence[Ranking]:
        return self.rankings.get(ballot_id, [])

    async def rewards(self, run_id: str) -> Mapping[str, Rewarded]:
        given: dict[str, Rewarded] = {}
        for number, trajectory in enumerate(self.snapshot(run_id).trajectories):
            ungraded = trajectory.outcome.verdict is Verdict.UNGRADED
            value = round(1.2 - 0.2 * number, 2)
            given[trajectory.id] = Rewarded(None if ungraded else value, value)
        return given

    def _run_with(self, trajectory_id: str) -> Canned:
        return next(c for c in self.runs.values() if any(w.id == trajectory_id for w in c.whole))
