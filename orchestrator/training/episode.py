"""An episode told as the trajectory that a run of it would have left, so that a reward model can read it.

Everything in it is simulated: calls cost and take their declared means, code and outputs are the task's own.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from orchestrator.model_call import CallRole, Charge, ChargeStatus, ModelCall
from orchestrator.pool import TOOL_OF
from orchestrator.rehearsal.tasks.task import Task
from orchestrator.training.base_request import evidence_of, thought_text
from orchestrator.training.dynamics import Code, State, dollars, seconds
from orchestrator.training.rollouts import Rollout
from orchestrator.training.situation import Situation
from orchestrator.trajectory import CodeRun, Document, Observation, Origin, Step, StopReason, ToolCall, Trajectory

BEGUN: Final = datetime(2026, 1, 1, tzinfo=UTC)


def trajectory_of(situation: Situation, episode: Rollout) -> Trajectory:
    """The trajectory of one episode."""
    steps = tuple(_steps(situation, episode))
    answer = situation.task.reference if episode.solved else situation.task.wrong[0]
    return Trajectory(
        "episode",
        situation.task.question,
        situation.preference,
        "embedded",
        "rehearsal",
        0,
        BEGUN,
        steps,
        StopReason.ANSWERED,
        answer=answer,
    )


def _steps(situation: Situation, episode: Rollout) -> Iterator[Step]:
    for number, (alias, before) in enumerate(episode.route):
        last = number == len(episode.route) - 1
        after = before if last else episode.route[number + 1][1]
        thought = thought_text(situation, *before.seen)
        call = ToolCall(TOOL_OF[alias], alias)
        yield Step(
            number,
            thought,
            call,
            _observation(situation.task, episode, call.tool, after),
            (_paid(situation, alias, before),),
        )


def _observation(task: Task, episode: Rollout, tool: str, after: State) -> Observation:
    if tool == "search":
        return Observation("", Origin.RETRIEVED, _found(task, after), search_query=task.search_phrase)
    if tool == "answer":
        return Observation(task.reference if episode.solved else task.wrong[0], Origin.SIMULATED)
    run = _ran(task, after.code)
    return Observation(run.error or run.stdout, Origin.EXECUTED, code_run=run)


def _found(task: Task, after: State) -> tuple[Document, ...]:
    return tuple(evidence_of(task, after.documents, 0).documents)


def _ran(task: Task, code: Code) -> CodeRun:
    """The program of the task and what it printed; a slip printed a wrong number."""
    run = evidence_of(task, 0, min(int(code), 2)).code_runs[-1]
    return CodeRun(run.code, f"{task.wrong[0]}\n") if code is Code.SLIP else run


def _paid(situation: Situation, alias: str, before: State) -> ModelCall:
    usd = Decimal(f"{dollars(situation, alias, before):.9f}")
    charge = Charge(usd, ChargeStatus.PRICED, "training")
    return ModelCall(CallRole.EXPERT, alias, "stand-in", None, charge, BEGUN, seconds(situation, alias), simulated=True)
