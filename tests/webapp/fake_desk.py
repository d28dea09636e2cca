"""A desk with canned trajectories, so that the page can be looked at and tested without any service."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from orchestrator.alternatives import Run, new_id
from orchestrator.model_call import FREE, CallRole, Charge, ChargeStatus, ModelCall, Usage, unpriced
from orchestrator.pool import TOOL_OF, Endpoint, Pool, PoolEntry
from orchestrator.preference import PreferenceVector
from orchestrator.run import Routed
from orchestrator.trajectory import (
    CodeRun,
    Document,
    Observation,
    Origin,
    Outcome,
    Step,
    StopReason,
    ToolCall,
    Trajectory,
    Verdict,
)
from prefs.ballot import Ballot, ballot
from prefs.ranking import Ranking, check
from storage.trajectories import State
from webapp.asking import Asking
from webapp.live_run import AtWork, RunSnapshot
from webapp.views.comparison import Rewarded
from webapp.views.history import PastRun
from webapp.views.placement import Placement

MODELS = {
    "search-1": "gpt-5", "search-2": "gpt-5-mini", "search-3": "qwen3-32b",
    "reasoner-1": "gpt-5", "reasoner-2": "gpt-5-mini", "reasoner-3": "qwen2.5-coder-32b",
    "answer-1": "gpt-5", "answer-2": "gpt-5-mini", "answer-3": "llama-3.3-70b", "answer-4": "qwen3-32b",
    "answer-math-1": "qwen2.5-math-72b", "answer-math-2": "qwen2.5-math-7b",
}  # fmt: skip
QUESTION = "How many years after Neptune was discovered was Pluto found, and what is 17% of that?"


def fake_pool() -> Pool:
    """Twelve aliases: stand-ins, and one real endpoint."""
    entries = [
        PoolEntry(alias, model, f"{model} as {alias}", 2.0, self_hosted=alias in ("search-3", "answer-4"))
        for alias, model in MODELS.items()
    ]
    entries[-1] = replace(entries[-1], endpoint=Endpoint("http://127.0.0.1:9/v1"))
    return Pool("rehearsal", tuple(entries))


def made_call(role: CallRole, alias: str | None, usd: str | None, latency_s: float, **changes: object) -> ModelCall:
    """One call; `usd=None` is unpriced."""
    charge = (
        unpriced("no price for this model")
        if usd is None
        else Charge(Decimal(usd), ChargeStatus.PRICED, "price book", date(2026, 3, 1))
    )
    if usd == "0":
        charge = FREE
    values = {"usage": Usage(1204, 86), "charge": charge, "simulated": usd != "0" and role is not CallRole.ORCHESTRATOR}
    values["model"] = MODELS.get(alias or "", "Orchestrator-8B")
    return ModelCall(role, alias, started_at=datetime.now(UTC), latency_s=latency_s, **(values | changes))  # type: ignore[arg-type]


def made_step(index: int, alias: str, **changes: object) -> Step:
    """A plausible step of that alias."""
    tool = TOOL_OF[alias]
    usd: str | None = f"0.00{13 + index * 7}"
    if changes.pop("free", False):
        usd = None
    thinking = made_call(CallRole.ORCHESTRATOR, None, "0.00021", 0.35 + 0.1 * index)
    if tool == "search":
        observation = Observation(
            "Neptune was first seen by Galle in 1846. Pluto was found by Clyde Tombaugh in 1930.",
            Origin.RETRIEVED,
            tuple(
                Document(f"d{n}", title, text, source, 9.31 - n)
                for n, (title, text, source) in enumerate(
                    [
                        (
                            "Neptune",
                            "Neptune is the eighth planet. Johann Galle saw it on 23 September 1846.",
                            "corpus/neptune",
                        ),
                        (
                            "Pluto",
                            "Pluto was discovered by Clyde Tombaugh at Lowell Observatory in 1930.",
                            "corpus/pluto",
                        ),
                        (
                            "A link",
                            "From a page of the web <script>alert(1)</script> ${1+1} {{value}}",
                            "https://example.org/p",
                        ),
                    ]
                )
            ),
            "year of discovery of Neptune and of Pluto",
        )
        calls = (
            thinking,
            made_call(CallRole.QUERY_WRITER, alias, usd, 1.2),
            made_call(CallRole.RETRIEVER, alias, "0", 0.004, usage=None, model=None),
        )
        thought = "The two years have to be looked up before anything can be computed."
    elif tool == "enhance_reasoning":
        code = "gap = 1930 - 1846\nprint(gap)\ngap * 0.17"
        observation = Observation("84\n14.28", Origin.EXECUTED, code_run=CodeRun(code, "84\n", "", "14.28"))
        calls = (
            thinking,
            made_call(CallRole.CODE_WRITER, alias, usd, 2.6),
            made_call(CallRole.SANDBOX, alias, "0", 0.03, usage=None, model=None),
        )
        thought = "Both years are known. A small program gives the difference and the percentage exactly."
    else:
        text = "Pluto was found 84 years after Neptune (1846 to 1930), and 17% of 84 is 14.28."
        observation = Observation(text, Origin.SIMULATED)
        calls = (thinking, made_call(CallRole.EXPERT, alias, "0.0131", 3.4))
        thought = "Everything needed is on the table; a strong model can put it into one sentence."
    values = {"thought": thought, "call": ToolCall(tool, alias), "observation": observation, "calls": calls}
    return Step(index, **(values | changes))  # type: ignore[arg-type]


def answered(steps: Sequence[Step], verdict: Verdict = Verdict.SOLVED, text: str | None = None) -> dict[str, object]:
    """Changes that end a trajectory with an answer."""
    last = steps[-1].observation
    by = None if verdict is Verdict.UNGRADED else "reference"
    return {
        "steps": tuple(steps),
        "stop_reason": StopReason.ANSWERED,
        "answer": text or (last.text if last else ""),
        "outcome": Outcome(verdict, by),
        "reference": "84 years; 14.28" if by else None,
    }


def shapes() -> list[dict[str, object]]:
    """How canned trajectories end: answered, unsolved, extracted with unpriced calls, stopped, failed, very long."""
    extracted = Observation("Pluto was discovered in 1930.", Origin.EXTRACTED, source="corpus/pluto, sentence 1")
    odd = [
        made_step(0, "search-3"),
        made_step(1, "search-3", observation=None, error="the retriever did not answer within 5 s; try search-1"),
        Step(2, "I will just say it.", None, None, (made_call(CallRole.ORCHESTRATOR, None, "0.0002", 0.4),),
             "the reply held no valid call"),
        made_step(3, "answer-4", observation=extracted, calls=(
            made_call(CallRole.ORCHESTRATOR, None, "0.0002", 0.4),
            made_call(CallRole.EXPERT, "answer-4", None, 0.8),
        )),
    ]  # fmt: skip
    long = [made_step(n, list(MODELS)[n % 6]) for n in range(49)] + [made_step(49, "answer-2")]
    cancelled = [made_step(0, "search-1"), made_step(1, "reasoner-1")]
    return [
        answered([made_step(0, "search-1"), made_step(1, "reasoner-2"), made_step(2, "answer-1")]),
        answered([made_step(0, "search-3"), made_step(1, "answer-math-2")], Verdict.UNSOLVED, "It is 13.6."),
        answered(odd, Verdict.UNGRADED, "Pluto was discovered in 1930."),
        {"steps": tuple(cancelled), "stop_reason": StopReason.CANCELLED, "stop_detail": "stopped by hand"},
        {"steps": (made_step(0, "search-2"),), "stop_reason": StopReason.FAILED, "stop_detail": "no connection"},
        answered(long),
    ]  # fmt: skip


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
        parts, states, at_work = [], {}, {}
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
                if age % 1 > 0.25 and coming.call is not None:
                    since = self.begun + timedelta(seconds=(shown + 0.25) * self.pace_s * (1 + 0.15 * number))
                    at_work[whole.id] = AtWork(Routed(shown, coming.thought, coming.call), since)
            parts.append(part)
        return RunSnapshot(self.run, tuple(parts), states, at_work)


@dataclass(slots=True)
class FakeDesk:
    """Keeps runs in memory and replies to whatever is asked with the canned shapes, in order."""

    pace_s: float = 1.0
    hidden: tuple[str, ...] = ()
    pool: Pool = field(default_factory=fake_pool)
    policy_words: str = (
        "Policy: random. It picks any available alias by chance until a trained one is installed. "
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

    async def resume(self, trajectory_id: str) -> str:
        return self._run_with(trajectory_id).run.id

    async def fork(self, trajectory_id: str, step: int, call: ToolCall) -> str:
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

    async def submit_ranking(self, placement: Placement, reason: str | None) -> Ranking:
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

    async def rankings_of(self, ballot_id: str) -> Sequence[Ranking]:
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
