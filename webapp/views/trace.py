"""A run as the trace shows it: its alternatives with their rows, totals, clocks and answers."""

from collections.abc import Callable, Sequence
from datetime import datetime

from orchestrator.pool import Pool
from orchestrator.preference import PreferenceVector
from orchestrator.preference import instruction as in_words
from orchestrator.trajectory import Origin, Outcome, Step, StopReason, Trajectory
from storage.trajectories import State
from webapp.asking import preference_name
from webapp.live_run import AtWork, RunSnapshot
from webapp.views import amounts, words
from webapp.views.aliases import who
from webapp.views.calls import JsonObject, call_row
from webapp.views.steps import step_row
from webapp.writing import Writing

Rows = Callable[[Trajectory], Sequence[JsonObject | str]]
"""Makes the rows of a trajectory. A follower passes one that remembers finished steps as JSON text."""


def run_view(snapshot: RunSnapshot, pool: Pool, now: datetime, rows: Rows | None = None) -> JsonObject:
    """The whole run at one moment; `now` is the server's clock, against which the browser's clocks tick."""
    return {
        "run": snapshot.run.id,
        "query": snapshot.run.query,
        "reference": snapshot.run.reference,
        "now_ms": _ms(now),
        "ended": snapshot.complete,
        "problem": snapshot.problem,
        "alternatives": [
            trace_view(
                trajectory,
                pool,
                number=number,
                state=snapshot.states[trajectory.id],
                at_work=snapshot.at_work.get(trajectory.id),
                waiting=_waits(snapshot, number - 1),
                writing=snapshot.writing.get(trajectory.id, ()),
                rows=None if rows is None else rows(trajectory),
            )
            | {"state_words": _standing(trajectory, snapshot)}
            for number, trajectory in enumerate(snapshot.trajectories, 1)
        ],
        "pool": [who(entry.alias, pool) for entry in pool.entries],
    }


def trace_view(
    trajectory: Trajectory,
    pool: Pool,
    *,
    number: int = 1,
    state: State = State.FINISHED,
    at_work: AtWork | None = None,
    waiting: bool = False,
    writing: Sequence[Writing] = (),
    rows: Sequence[JsonObject | str] | None = None,
) -> JsonObject:
    """One trajectory: rows, the call at work, running total and why it stopped."""
    return {
        "id": trajectory.id,
        "number": number,
        "name": alternative_name(trajectory, pool),
        "preference": preference_words(trajectory.preference),
        "seed": trajectory.seed,
        "policy": trajectory.policy,
        "state": str(state),
        "state_words": state_words(trajectory, state),
        "tone": _tone(trajectory, state),
        "rows": [step_row(step, pool) for step in trajectory.steps] if rows is None else rows,
        "live": _live(trajectory, at_work, pool, waiting, writing) if state is State.RUNNING else None,
        "totals": totals(trajectory),
        "answer": None if state is State.RUNNING else answer_view(trajectory),
    }


def alternative_name(trajectory: Trajectory, pool: Pool) -> str:
    """How people tell it apart: the preset it ran under, its own weights, or where it was forked."""
    name = preference_name(trajectory.preference, pool.local_aliases) or words.PRESET_OWN
    return name if trajectory.fork is None else f"{name}, forked at step {trajectory.fork.step + 1}"


def preference_words(preference: PreferenceVector) -> str:
    """The three weights and the favoured aliases, and the sentence that goes into the prompt."""
    weights = [
        f"{words.ACCURACY.lower()} {preference.accuracy:g}",
        f"{words.COST.lower()} {preference.cost:g}",
        f"{words.LATENCY.lower()} {preference.latency:g}",
        *(f"{alias} {weight:g}" for alias, weight in preference.tools.items() if weight > 0),
    ]
    return f"{', '.join(weights)}. {in_words(preference)}".strip()


def _standing(trajectory: Trajectory, snapshot: RunSnapshot) -> str:
    id = trajectory.id
    return state_words(trajectory, snapshot.states[id], snapshot.where.get(id), snapshot.reasons.get(id))


def state_words(
    trajectory: Trajectory, state: State, where: str | None = None, interrupted_by: str | None = None
) -> str:
    """Running, and where if that is another process; interrupted, and why; or why it stopped and after how much."""
    if state is State.RUNNING:
        return "running" if where is None else f"runs on {where}"
    after = f"after {amounts.counted(len(trajectory.steps), 'step')}"
    if trajectory.stop_reason is None:
        why = "" if interrupted_by is None else f" ({interrupted_by})"
        return f"interrupted {after}{why}; it can be resumed"
    reason = words.STOP_REASONS[trajectory.stop_reason]
    plain = trajectory.stop_reason in (StopReason.ANSWERED, StopReason.CANCELLED)
    detail = f": {trajectory.stop_detail}" if trajectory.stop_detail and not plain else ""
    return f"{reason} {after}{detail}"


def totals(trajectory: Trajectory) -> JsonObject:
    """What the trajectory cost and took so far."""
    return {
        "steps": len(trajectory.steps),
        "cost": amounts.cost(trajectory.calls),
        "seconds": amounts.seconds(trajectory.latency_s),
        "tokens": amounts.tokens(trajectory.calls),
        "simulated": trajectory.simulated,
    }


def answer_view(trajectory: Trajectory) -> JsonObject:
    """The answer with its verdict, who gave it, and the source it was read from."""
    last = _answering_step(trajectory)
    observation = last.observation if last is not None else None
    outcome = trajectory.outcome
    extracted = observation is not None and observation.origin is Origin.EXTRACTED
    return {
        "text": trajectory.answer,
        "verdict": str(outcome.verdict),
        "verdict_words": words.VERDICTS[outcome.verdict],
        "by": _grader(outcome),
        "reason": outcome.reason,
        "judging": _judging(outcome),
        "reference": trajectory.reference,
        "origin": None if observation is None else words.ORIGINS[observation.origin],
        "extracted": extracted,
        "source": None if observation is None else observation.source,
        "simulated": last is not None and last.simulated,
        "who": None if last is None or last.call is None else last.call.model,
    }


def _answering_step(trajectory: Trajectory) -> Step | None:
    if trajectory.answer is None or not trajectory.steps:
        return None
    return trajectory.steps[-1]


def _grader(outcome: Outcome) -> str | None:
    """`by the reference answer`, `judged by gpt-5-mini`."""
    if outcome.by is None:
        return None
    known = words.GRADERS.get(outcome.by)
    return words.JUDGED.format(by=outcome.by) if known is None else words.GRADED.format(by=known)


def _judging(outcome: Outcome) -> JsonObject | None:
    """The judge model's own call, which the totals leave out."""
    call = outcome.call
    if call is None:
        return None
    said = words.JUDGING.format(seconds=amounts.seconds(call.latency_s), cost=amounts.cost([call]))
    return {"words": said, "call": call_row(call)}


def _live(
    trajectory: Trajectory, at_work: AtWork | None, pool: Pool, waiting: bool, writing: Sequence[Writing]
) -> JsonObject:
    """The row that is being made."""
    return {
        "number": len(trajectory.steps) + 1,
        "waiting": waiting,
        "answered": _has_answered(trajectory),
        "who": None if at_work is None else who(at_work.routed.call.model, pool),
        "why": "" if at_work is None else at_work.routed.thought,
        "since_ms": None if at_work is None else _ms(at_work.since),
        "started_ms": None if trajectory.fork is not None else _ms(trajectory.started_at),
        "thinks": at_work is None and any(one.alias is None and one.thinking for one in writing),
        "writing": [_written(one) for one in writing if one.thinking or one.reply],
    }


def _has_answered(trajectory: Trajectory) -> bool:
    """Whether there is an answer, which somebody is judging now."""
    last = trajectory.steps[-1] if trajectory.steps else None
    return last is not None and last.call is not None and last.call.tool == "answer" and last.observation is not None


def _written(writing: Writing) -> JsonObject:
    """Who writes, and the end of what is there so far."""
    role = words.ROLES[writing.role]
    name = role if writing.alias is None else f"{writing.alias}, {role}"
    return {"who": name, "thinking": writing.thinking, "reply": writing.reply}


def _waits(snapshot: RunSnapshot, position: int) -> bool:
    """Whether it stands behind another alternative that still runs."""
    trajectory = snapshot.trajectories[position]
    ahead = snapshot.trajectories[:position]
    begun = bool(trajectory.steps) or trajectory.id in snapshot.at_work
    return (
        snapshot.run.one_after_another
        and not begun
        and any(snapshot.states[other.id] is State.RUNNING for other in ahead)
    )


def _tone(trajectory: Trajectory, state: State) -> str:
    """`running`, `good`, `plain` or `bad`: the mark beside the state."""
    if state is State.RUNNING:
        return "running"
    if trajectory.stop_reason is StopReason.ANSWERED:
        return "good"
    return "bad" if trajectory.stop_reason is StopReason.FAILED else "plain"


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
