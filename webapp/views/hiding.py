"""What a ballot hides, taken out of what is shown of it: fields, and names that texts mention."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from orchestrator.pool import Pool
from orchestrator.trajectory import StopReason, Trajectory
from prefs.ballot import Ballot
from storage.records import ballot_json
from storage.trajectories import State
from webapp.views import amounts, trace, words
from webapp.views.calls import JsonObject

_CODES: Final = {"search": "S", "enhance_reasoning": "R", "answer": "A"}
"""Of tools; an alias's own first letter tells a mathematician from others."""
_MEASURED: Final = frozenset({"cost", "latency"})
_TELLING: Final = frozenset({"identity", "cost", "latency"})
"""What messages of failures and limits may name."""
_OUTCOME: Final = ("verdict", "verdict_words", "by", "reason", "judging", "reference")
"""Of an answer: whether it is right, who says so, why, and what it was held against."""
_LIMITS: Final = (StopReason.BUDGET, StopReason.DEADLINE)


def asked(ballot: Ballot) -> JsonObject:
    """The record of a ballot for somebody who is to rank it: where it hides anything, `trajectory` is null, since with
    that id everything can be looked up."""
    record = ballot_json(ballot)
    if ballot.hidden:
        record["alternatives"] = [{"label": label, "trajectory": None} for label in ballot.labels]
    return record


def without(view: JsonObject, trajectory: Trajectory, hidden: frozenset[str]) -> JsonObject:
    """The view of a trajectory less what is `hidden`; the names in its texts are left to `Redaction`."""
    shown = dict(view)
    if not hidden:
        return shown
    # With its id everything can be looked up. What was sent and came back tells of everything, the preference too.
    shown["id"] = None
    shown["rows"] = [_without_texts(row) for row in shown["rows"]]
    shown["answer"] = None if shown["answer"] is None else shown["answer"] | {"judging": None}
    if "preference" in hidden:
        shown |= {"name": None, "preference": None, "seed": None}
    if "identity" in hidden:
        shown["rows"] = [_anonymous(row) for row in shown["rows"]]
        shown["policy"] = None
        shown["answer"] = None if shown["answer"] is None else shown["answer"] | {"who": None}
    if "outcome" in hidden:
        shown["answer"] = None if shown["answer"] is None else shown["answer"] | dict.fromkeys(_OUTCOME)
    for name, key in (("cost", "cost"), ("latency", "seconds")):
        if name in hidden:
            shown["totals"] = shown["totals"] | {key: None, "tokens": None}
            shown["rows"] = [row | {key: None, "tokens": None} for row in shown["rows"]]
            shown["rows"] = [row | {"detail": row["detail"] | {"calls": []}} for row in shown["rows"]]
    if _TELLING & hidden:
        shown["rows"] = [row | {"error": words.STEP_FAILED if row["error"] else None} for row in shown["rows"]]
        shown["state_words"] = state_words(trajectory, hidden)
    return shown


def state_words(trajectory: Trajectory, hidden: frozenset[str]) -> str:
    """Why it stopped and after how much, without saying of what there was too much or whose failure it was."""
    state = State.INTERRUPTED if trajectory.stop_reason is None else State.FINISHED
    if trajectory.stop_reason is None or not _TELLING & hidden:
        return trace.state_words(trajectory, state)
    limit = trajectory.stop_reason in _LIMITS and bool(_MEASURED & hidden)
    reason = words.STOPPED_AT_A_LIMIT if limit else words.STOP_REASONS[trajectory.stop_reason]
    return f"{reason} after {amounts.counted(len(trajectory.steps), 'step')}"


class NamesHidden:
    """Takes the names of aliases and models out of texts: answers and passages may mention them."""

    def __init__(self, trajectories: Iterable[Trajectory], pool: Pool) -> None:
        names = sorted({*_of_pool(pool), *_called(trajectories)}, key=lambda name: (-len(name), name))
        # The longer names of a family go with the shorter one; plain words only where they stand alone.
        patterns = (
            re.escape(name) + (r"[\w.-]*" if re.search(r"[^a-z]", name, re.IGNORECASE) else r"(?!\w)") for name in names
        )
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})", re.IGNORECASE) if names else None

    def of(self, value: Any) -> Any:
        """The same JSON value with `[hidden]` in place of every name."""
        if isinstance(value, str):
            return value if self._names is None else self._names.sub(words.HIDDEN_NAME, value)
        if isinstance(value, dict):
            return {key: self.of(inner) for key, inner in value.items()}
        return [self.of(inner) for inner in value] if isinstance(value, list) else value


def _of_pool(pool: Pool) -> Iterator[str]:
    for entry in pool.entries:
        yield entry.alias
        if entry.model:
            yield entry.model


def _called(trajectories: Iterable[Trajectory]) -> Iterator[str]:
    """The aliases and models that these were routed to, and who routed and judged."""
    for trajectory in trajectories:
        yield from (step.call.model for step in trajectory.steps if step.call is not None)
        for call in trajectory.calls:
            yield from (name for name in (call.alias, call.model) if name)
        judge = trajectory.outcome.call
        if judge is not None and judge.model:
            yield judge.model


def _without_texts(row: JsonObject) -> JsonObject:
    calls = [call | {"prompt": None, "reply": None} for call in row["detail"]["calls"]]
    return row | {"detail": row["detail"] | {"calls": calls}}


def _anonymous(row: JsonObject) -> JsonObject:
    """The row with its tool but without the alias and the model behind it, which the thought may name too."""
    known = row["who"]
    code = None if known is None else _CODES.get(known["tool"], "?")
    nobody = None if known is None else known | {"alias": "orchestrator", "code": code, "model": None}
    return row | {"who": nobody, "why": "", "detail": row["detail"] | {"calls": []}}
