"""Long texts beside the records, in SQL: each kept once, compressed, under the digest of what it says.

A record names such a text by its address (`orchestrator.kept_text`). A text is kept in the transaction of the record
that names it, and never changes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.kept_text import SHORTEST, KeptText, is_address
from orchestrator.model_call import ModelCall
from orchestrator.trajectory import Step, Trajectory
from storage.errors import StoreCorrupt
from storage.tables import TEXT

PAGE: Final = 50
"""Texts in memory at once while all of them are read."""
_MOST_ASKED: Final = 500
"""Addresses in one query."""
KEEP: Final = {
    "sqlite": sqlite.insert(TEXT).on_conflict_do_nothing(index_elements=[TEXT.c.address]),
    "postgresql": postgresql.insert(TEXT).on_conflict_do_nothing(index_elements=[TEXT.c.address]),
}
"""Keeps a text unless it is here already, in the words of each database."""

Texts = dict[str, dict[str, Any]]
"""Address to row."""


def step_aside(step: Step) -> tuple[Step, Texts]:
    """The step with addresses in place of its long texts, and those texts."""
    found: Texts = {}
    return _step(step, lambda call: _aside(call, found)), found


def all_aside(trajectory: Trajectory) -> tuple[Trajectory, Texts]:
    """The same for every step of a trajectory and for its outcome."""
    found: Texts = {}
    return _trajectory(trajectory, lambda call: _aside(call, found)), found


def with_texts(trajectory: Trajectory, known: Mapping[str, str]) -> Trajectory:
    """The trajectory with these texts in place of their addresses; an address that is not among them stays."""
    return _trajectory(trajectory, lambda call: _inlined(call, known))


def all_calls(trajectory: Trajectory) -> tuple[ModelCall, ...]:
    """Every call of a trajectory, the judge's too."""
    judging = trajectory.outcome.call
    return trajectory.calls if judging is None else (*trajectory.calls, judging)


def addresses(calls: Iterable[ModelCall]) -> set[str]:
    """The addresses that these calls hold."""
    return {text for call in calls for text in (call.prompt, call.reply) if text is not None and is_address(text)}


def long_characters(step: Step) -> int:
    """Characters of the texts of a step that are long enough for an address."""
    return sum(len(text or "") for call in step.calls for text in (call.prompt, call.reply) if _is_long(text))


def keep(connection: Connection, texts: Texts) -> None:
    """Keep the ones that are not here yet."""
    if texts:
        connection.execute(KEEP[connection.dialect.name], in_order(texts))


def in_order(texts: Texts) -> list[dict[str, Any]]:
    """Rows in order of address: writers that meet wait for each other, and never in a circle."""
    return [texts[address] for address in sorted(texts)]


def find(connection: Connection, wanted: Iterable[str]) -> dict[str, str]:
    """The texts at these addresses, as far as they are here. Raises StoreCorrupt where one is damaged."""
    query = select(TEXT.c.address, TEXT.c.packed)
    found = {}
    for some in _batches(list(wanted), PAGE):
        for address, packed in connection.execute(query.where(TEXT.c.address.in_(some))):
            try:
                found[address] = KeptText(address, packed).text
            except ValueError as error:
                raise StoreCorrupt(f"{error}; restore a backup") from error
    return found


def missing(connection: Connection, wanted: Iterable[str]) -> set[str]:
    """Those of these addresses whose text is not here."""
    lacking = set(wanted)
    for some in _batches(list(lacking), _MOST_ASKED):
        lacking.difference_update(connection.execute(select(TEXT.c.address).where(TEXT.c.address.in_(some))).scalars())
    return lacking


def problems(connection: Connection) -> Iterator[str]:
    """What is wrong with the texts themselves, in words."""
    query = select(TEXT.c.address, TEXT.c.packed, TEXT.c.characters).order_by(TEXT.c.address).limit(PAGE)
    page = connection.execute(query).all()
    while page:
        for address, packed, characters in page:
            try:
                length = len(KeptText(address, packed).text)
            except ValueError as error:
                yield str(error)
                continue
            if length != characters:
                yield f"the text at {address} has {length:,} characters, but its row says {characters:,}"
        page = connection.execute(query.where(TEXT.c.address > page[-1][0])).all()


def _batches(all_of_them: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (all_of_them[start : start + size] for start in range(0, len(all_of_them), size))


def _is_long(text: str | None) -> bool:
    return text is not None and len(text) >= SHORTEST


def _aside(call: ModelCall, found: Texts) -> ModelCall:
    if not (_is_long(call.prompt) or _is_long(call.reply)):
        return call
    return replace(call, prompt=_address(call.prompt, found), reply=_address(call.reply, found))


def _address(text: str | None, found: Texts) -> str | None:
    if text is None or not _is_long(text):
        return text
    kept = KeptText.of(text)
    found[kept.address] = {"address": kept.address, "packed": kept.packed, "characters": len(text)}
    return kept.address


def _inlined(call: ModelCall, known: Mapping[str, str]) -> ModelCall:
    if not addresses([call]) & known.keys():
        return call
    prompt = None if call.prompt is None else known.get(call.prompt, call.prompt)
    return replace(call, prompt=prompt, reply=None if call.reply is None else known.get(call.reply, call.reply))


def _step(step: Step, change: Callable[[ModelCall], ModelCall]) -> Step:
    calls = tuple(change(call) for call in step.calls)
    return step if all(new is old for new, old in zip(calls, step.calls, strict=True)) else replace(step, calls=calls)


def _trajectory(trajectory: Trajectory, change: Callable[[ModelCall], ModelCall]) -> Trajectory:
    outcome = trajectory.outcome
    if outcome.call is not None:
        outcome = replace(outcome, call=change(outcome.call))
    return replace(trajectory, steps=tuple(_step(step, change) for step in trajectory.steps), outcome=outcome)
