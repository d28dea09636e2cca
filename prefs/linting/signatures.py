"""Reward functions of trainers, called as their trainer would, so that they can be linted."""

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prefs.linting.case import Record
from prefs.linting.scorer import Reward


def from_trl(function: Callable[..., Any]) -> Reward:
    """A reward of TRL's GRPOTrainer. The columns are those that `prefs.reward_functions.trl` names, `trajectory` too.

    A completion is the last call of the rollout, as a message.
    """

    def reward(trajectories: list[Record], preference: dict[str, Any]) -> Sequence[float | None]:
        rows = [_measures(record) | {"trajectory": json.dumps(record)} for record in trajectories]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        given = function(
            prompts=[[{"role": "user", "content": record["query"]}] for record in trajectories],
            completions=[[_message(record)] for record in trajectories],
            completion_ids=[[0] for _ in trajectories],
            trainer_state=None,
            log_extra=_nothing,
            log_metric=_nothing,
            preference=[preference] * len(trajectories),
            **columns,
        )
        found: Sequence[float | None] = _awaited(given)
        return found

    return reward


def from_verl(function: Callable[..., Any]) -> Reward:
    """A `compute_score` of verl, called for one rollout at a time; `extra_info` carries the ranges of the batch."""

    def reward(trajectories: list[Record], preference: dict[str, Any]) -> Sequence[float | None]:
        rows = [_measures(record) for record in trajectories]
        ranges = _ranges(rows, preference)
        scores = []
        for record, row in zip(trajectories, rows, strict=True):
            told = {**row, "preference": preference, "ranges": ranges}
            given = function(
                data_source="podium", solution_str=_message(record)["content"], ground_truth="397.8", extra_info=told
            )
            found = _awaited(given)
            scores.append(found["score"] if isinstance(found, Mapping) else found)
        return scores

    return reward


def _awaited(given: Any) -> Any:
    """What was returned, also by an `async def`, which both trainers take."""
    return asyncio.run(given) if inspect.iscoroutine(given) else given


def _nothing(*_: object) -> None:
    """Takes what a reward would log."""


def _message(record: Record) -> dict[str, Any]:
    call = record["steps"][-1]["call"]
    written = json.dumps({"name": call["tool"], "arguments": {"model": call["model"]}})
    return {"role": "assistant", "content": f"<tool_call>\n{written}\n</tool_call>"}


def _measures(record: Record) -> dict[str, Any]:
    uses: dict[str, int] = {}
    for step in record["steps"]:
        uses[step["call"]["model"]] = uses.get(step["call"]["model"], 0) + 1
    return {
        "outcome": {"solved": 1, "unsolved": 0, "ungraded": None}[record["outcome"]["verdict"]],
        "cost_usd": float(record["cost_usd"]),
        "latency_s": record["latency_s"],
        "uses": uses,
    }


def _ranges(rows: Sequence[Mapping[str, Any]], preference: Mapping[str, Any]) -> dict[str, Any]:
    outcomes = [row["outcome"] for row in rows if row["outcome"] is not None]
    return {
        "outcome": [min(outcomes), max(outcomes)] if outcomes else None,
        **{
            name: [min(row[name] for row in rows), max(row[name] for row in rows)] for name in ("cost_usd", "latency_s")
        },
        "uses": {
            alias: [min(row["uses"].get(alias, 0) for row in rows), max(row["uses"].get(alias, 0) for row in rows)]
            for alias in preference["tools"]
        },
    }
