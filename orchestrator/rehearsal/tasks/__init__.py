"""The rehearsal tasks: questions in six domains with verified reference answers."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

from orchestrator.rehearsal.tasks.arithmetic import arithmetic
from orchestrator.rehearsal.tasks.code import code
from orchestrator.rehearsal.tasks.dates_units import dates_units
from orchestrator.rehearsal.tasks.lookup import lookup
from orchestrator.rehearsal.tasks.reasoning import reasoning
from orchestrator.rehearsal.tasks.task import DOMAINS, Split, Task
from orchestrator.rehearsal.tasks.two_hop import two_hop

__all__ = ["DOMAINS", "EXAMPLES", "Split", "Task", "all_tasks", "find"]

EXAMPLES: Final[tuple[str, ...]] = (
    "What is 17% of 2,340?",
    'How many times does the letter "s" occur in "mississippi"?',
    "Which city is the capital of Australia?",
    "By how many metres is Mount Kenya higher than Mount Kinabalu?",
    "Which day of the week was 20 January 1970?",
    "Ben, Dan, Eva, Leo ran a race without ties. Eva finished before Dan. Dan did not finish in place 4. "
    "Leo finished directly after Ben. Who finished in place 2?",
)
"""One question of each domain, for a page that shows what can be asked."""


@cache
def all_tasks() -> tuple[Task, ...]:
    """Every task, domain after domain; the same in every process."""
    return tuple(
        task
        for domain in (arithmetic, code, lookup, two_hop, dates_units, reasoning)
        for task in {task.id: task for task in domain()}.values()
    )


def find(question: str) -> Task | None:
    """The task that asks this, whatever the case, spacing, final punctuation and thousands separators."""
    return _by_question().get(_plain(question))


@cache
def _by_question() -> Mapping[str, Task]:
    return {_plain(task.question): task for task in all_tasks()}


def _plain(question: str) -> str:
    text = unicodedata.normalize("NFKC", question).casefold()
    text = re.sub(r"(?<=\d)[,'’\u2009 ](?=\d{3}(?!\d))", "", text)
    return " ".join(text.split()).rstrip(".?! ")
