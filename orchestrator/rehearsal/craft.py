"""What a stand-in writes: search queries and programs, good and bad ones, and the words of a question."""

import re
from typing import Final

from orchestrator.rehearsal.chance import pick
from orchestrator.rehearsal.tasks.task import PRINT_NUMBER, Task

NOTHING_TO_COMPUTE: Final = 'print("Nothing in this question needs computing.")'
"""The program of a code writer for a task that no program helps with."""

_NUMBER: Final = re.compile(r"(?<![\w.\"])\d+(?![\w.\"])")
_VAGUE: Final = (
    "general facts and figures",
    "background and history",
    "list of well-known examples",
    "basic knowledge about the subject",
)


def vague_phrase(task: Task, *key: object) -> str:
    """A search query that misses what the task is about."""
    return pick(_VAGUE, "vague", task.id, *key)


def broken_program(program: str, *key: object) -> str:
    """The program with one slip: a number that is off, a bracket that is missing, or a name never set.

    Numbers of a `while` loop stay, so that the slip cannot make it endless.
    """
    body = program.removesuffix(PRINT_NUMBER)
    numbers = [found.span() for found in _NUMBER.finditer(body.partition("while ")[0])]
    kinds = ("number", "number", "bracket", "name") if numbers else ("bracket", "name")
    kind = pick(kinds, "slip", *key)
    if kind == "number":
        start, end = pick(numbers, "place", *key)
        number = int(program[start:end])
        return f"{program[:start]}{number + max(1, number // 8)}{program[end:]}"
    if kind == "bracket":
        return program[: program.rindex(")")] + program[program.rindex(")") + 1 :]
    before, _, last = program.rpartition("print(")
    return f"{before}print(answer if answer else {last}"
