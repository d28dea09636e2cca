"""Replies to rehearsal tasks: right as often as declared, and otherwise wrong in a plausible way."""

from orchestrator.evidence import Evidence
from orchestrator.expert import Reply
from orchestrator.model_call import CallRole
from orchestrator.rehearsal.chance import draw, pick
from orchestrator.rehearsal.corpus import article
from orchestrator.rehearsal.craft import NOTHING_TO_COMPUTE, broken_program, vague_phrase
from orchestrator.rehearsal.tasks.task import Task
from orchestrator.rehearsal.world import rehearsal_world
from orchestrator.tool import Request
from orchestrator.trajectory import Document, Origin


def reply(task: Task, alias: str, role: CallRole, request: Request) -> Reply:
    """What the stand-in of this alias writes: the same for the same task, alias, role, attempt, seed and evidence."""
    key = (task.id, alias, role.value, request.attempt, request.seed)
    right = draw("right", *key) < probability(task, alias, role, request.evidence)
    if role is CallRole.QUERY_WRITER:
        return Reply(task.search_phrase if right else vague_phrase(task, *key), Origin.SIMULATED)
    if role is CallRole.CODE_WRITER:
        return Reply(_program(task, right, key), Origin.SIMULATED)
    return Reply(task.reference if right else pick(task.wrong, "wrong", *key), Origin.SIMULATED)


def probability(task: Task, alias: str, role: CallRole, evidence: Evidence) -> float:
    """Of a right reply in this role with this evidence."""
    world = rehearsal_world()
    chance = world.skills[alias].probability(task.domain, task.difficulty)
    if role is CallRole.QUERY_WRITER:
        return chance
    if not documents_found(task, evidence):
        chance *= world.documents_missing
    if role is CallRole.EXPERT and not program_ran(task, evidence):
        chance *= world.program_output_missing
    return chance


def documents_found(task: Task, evidence: Evidence) -> bool:
    """Whether the evidence holds every article that the task needs."""
    return all(
        any(_holds(document, identifier) for document in evidence.documents) for identifier in task.needs_document
    )


def _holds(document: Document, identifier: str) -> bool:
    needed = article(identifier)
    return document.id == identifier or document.source == needed.source or needed.text in document.text


def program_ran(task: Task, evidence: Evidence) -> bool:
    """Whether the evidence holds the computed result, if the task needs one."""
    return not task.needs_program or any(
        run.error is None and task.reference in (run.stdout.strip(), run.value) for run in evidence.code_runs
    )


def _program(task: Task, right: bool, key: tuple[object, ...]) -> str:
    if task.program is None:
        return NOTHING_TO_COMPUTE
    return task.program if right else broken_program(task.program, *key)
