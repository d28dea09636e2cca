"""What searches bring for a task, found by the real index and told as the chat template tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

from orchestrator.documents.index import Index
from orchestrator.embedded.vocabulary import DOCUMENTS, SEEN_WORDS, UNSEEN_NAMES
from orchestrator.rehearsal.chance import draw
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.craft import vague_phrase
from orchestrator.rehearsal.stand_in import CHARACTERS_PER_TOKEN
from orchestrator.rehearsal.tasks import find
from orchestrator.rehearsal.tasks.task import Task
from orchestrator.trajectory import Document


@dataclass(frozen=True, slots=True)
class Views:
    """By what the searches brought: nothing, other documents, or the needed ones."""

    words: tuple[tuple[str, ...], ...]
    """Of the chat template."""
    tokens: tuple[int, ...]
    """Of the documents in an expert's prompt."""
    searches: tuple[tuple[tuple[Document, ...], ...], ...]
    """The documents themselves, search by search, best first."""


def views_of(task: Task) -> Views:
    """Of a task of the rehearsal world."""
    return _views(task.question)


@cache
def _views(question: str) -> Views:
    task = find(question)
    if task is None:
        raise ValueError(f"not a task of the rehearsal world: {question!r}")
    others = _search(vague_phrase(task, "views"))
    needed = _search(task.search_phrase) if task.needs_document else others
    last: tuple[tuple[Document, ...], ...] = (needed,)
    if task.needs_document and draw("after a vague search", task.id) < 0.5:
        last = (others, tuple(document for document in needed if document not in others))
    searches = ((), (others,), last)
    kinds = tuple(tuple(chain.from_iterable(kind)) for kind in searches)
    told = tuple(seen_words(question, kind) for kind in kinds)
    read = tuple(sum(len(one.title) + len(one.text) for one in kind) // CHARACTERS_PER_TOKEN for kind in kinds)
    return Views(told, read, searches)


def seen_words(problem: str, documents: Sequence[Document]) -> tuple[str, ...]:
    """What the chat template writes of these documents."""
    if not documents:
        return (DOCUMENTS[0],)
    text = "\n".join(
        one.text if one.text.startswith(one.title) else f"{one.title}\n{one.text}" for one in documents
    ).lower()
    long = seen = names = 0
    for place, piece in enumerate(problem.split()):
        word = piece.strip("?.,!:;\"'()")
        if len(word) <= 3:
            continue
        long += 1
        if word.lower() in text:
            seen += 1
        elif place > 0 and word[0].isupper():
            names += 1
    count = 1 if len(documents) <= 8 else 2 if len(documents) <= 16 else 3
    return DOCUMENTS[count], UNSEEN_NAMES[min(names, 3)], SEEN_WORDS[4 * seen // max(long, 1)]


def _search(phrase: str) -> tuple[Document, ...]:
    return tuple(_library().search(phrase))


@cache
def _library() -> Index:
    return Index.open(articles())
