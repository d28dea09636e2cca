"""The steps of several alternatives in common rows: what is the same, where they part, and what that cost."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Final

from orchestrator.trajectory import Trajectory
from prefs.alignment import Grade, Row, aligned, route
from prefs.parting import parting
from webapp.views import amount_words, amounts, parting_words
from webapp.views.amount_words import Compared
from webapp.views.calls import JsonObject

SHORTEST_FOLD: Final = 3
"""Rows alike that are shown as one."""
_SHOWN: Final = ("number", "who", "error", "simulated", "cost", "seconds")
"""Of a step's row, beside its gist."""
_LONGEST_GIST: Final = 120


def difference_view(
    labelled: Sequence[tuple[str, Trajectory]], columns: Sequence[JsonObject], hidden: Collection[str] = ()
) -> JsonObject:
    """Rows with a cell for each label, sentences, where they part, and which rows fold.

    `columns` are the views of these trajectories in the same order, less what is `hidden`: cells say nothing that they
    do not.
    """
    trajectories = tuple(trajectory for _, trajectory in labelled)
    tools_only = "identity" in hidden
    rows = aligned([route(trajectory, tools_only=tools_only) for trajectory in trajectories])
    compared = Compared(tuple(label for label, _ in labelled), trajectories, rows, tools_only)
    steps = [column["rows"] for column in columns]
    costly = None if "cost" in hidden else amount_words.dearest_steps(compared)
    return {
        "labels": list(compared.labels),
        "sentences": sentences(compared, hidden),
        "totals": {column["label"]: _totals(column["totals"]) for column in columns},
        "simulated": any(trajectory.simulated for trajectory in trajectories),
        "parting": _parting(compared),
        "costly": None if costly is None else {"label": compared.labels[costly[0]], "rows": list(costly[1])},
        "rows": [_row(compared, at, steps) for at in range(len(rows))],
        "folds": [_fold(compared, *fold, hidden) for fold in _folds(rows)],
    }


def _totals(totals: JsonObject) -> JsonObject:
    steps = amounts.counted(totals["steps"], "step")
    return {"steps": steps, "cost": totals["cost"], "seconds": totals["seconds"]}


def sentences(compared: Compared, hidden: Collection[str] = ()) -> list[str]:
    """Where they part; where the dollars and the seconds went, unless that is hidden."""
    routes = [route(trajectory, tools_only=compared.tools_only) for trajectory in compared.trajectories]
    said = [parting_words.sentence(compared.labels, routes)]
    if not compared.rows:
        return said
    if "cost" not in hidden:
        said.append(amount_words.money_sentence(compared))
    if "latency" not in hidden:
        said.append(amount_words.time_sentence(compared))
    return said


def _parting(compared: Compared) -> JsonObject | None:
    """The first row where they part, and who goes which way."""
    found = parting([route(one, tools_only=compared.tools_only) for one in compared.trajectories])
    if found is None:
        return None
    groups = [
        {
            "labels": [compared.labels[number] for number in branch.members],
            "call": parting_words.call_words(branch.call),
        }
        for branch in found.branches
    ]
    return {"row": found.step, "step": found.step + 1, "groups": groups}


def _row(compared: Compared, at: int, steps: Sequence[Sequence[JsonObject]]) -> JsonObject:
    row = compared.rows[at]
    cells = {
        label: _cell(compared, row, number, None if (index := row.steps[number]) is None else steps[number][index])
        for number, label in enumerate(compared.labels)
    }
    return {"state": "same" if row.whole else "differs", "cells": cells}


def _cell(compared: Compared, row: Row, number: int, step: JsonObject | None) -> JsonObject:
    """The step in short, and how it stands to the others: `state` and `like`, the labels with the same call."""
    grade = row.grade(number)
    if step is None:
        return {"state": str(grade)}
    gist = step["gist"]
    return {
        "state": str(grade),
        "like": [compared.labels[other] for other in row.like(number)] if grade is Grade.SHARED else [],
        "index": step["index"],
        "name": parting_words.call_words(row.calls[number]) if step["who"] else None,
        "gist": gist if len(gist) <= _LONGEST_GIST else f"{gist[:_LONGEST_GIST].rstrip()} …",
        **{key: step[key] for key in _SHOWN},
    }


def _folds(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """First row and number of rows: those that are the same for all, and those in which the same calls come again."""
    folds, at = [], 0
    for _, run in groupby(rows, key=lambda row: "same" if row.whole else row.calls):
        count = len(list(run))
        if count >= SHORTEST_FOLD:
            folds.append((at, count))
        at += count
    return folds


def _fold(compared: Compared, first: int, count: int, hidden: Collection[str]) -> JsonObject:
    whole = compared.rows[first].whole
    labels = [label for label, call in zip(compared.labels, compared.rows[first].calls, strict=True) if call]
    calls = {call for row in compared.rows[first : first + count] for call in row.calls if call}
    name = f"{parting_words.call_words(calls.pop())} ×{count}" if len(calls) == 1 else f"{count} alike"
    return {
        "first": first,
        "count": count,
        "state": "same" if whole else "differs",
        "words": f"{count} same steps" if whole else name,
        "cells": {label: _sum(compared, number, first, count, hidden) for number, label in enumerate(compared.labels)},
        "labels": labels,
    }


def _sum(compared: Compared, number: int, first: int, count: int, hidden: Collection[str]) -> Mapping[str, str | None]:
    """What these rows cost one alternative, and how long they took; `None` where hidden or without a step."""
    steps = [step for at in range(first, first + count) if (step := compared.step(at, number)) is not None]
    calls = [call for step in steps for call in step.calls]
    return {
        "cost": amounts.cost(calls) if steps and "cost" not in hidden else None,
        "seconds": amounts.seconds(sum(s.latency_s for s in steps)) if steps and "latency" not in hidden else None,
    }
