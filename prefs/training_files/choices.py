"""What each first call led to, as far as a ballot's alternatives show it: by that a rollout of one turn is rewarded."""

from collections.abc import Mapping
from typing import Any

from orchestrator.preference import PreferenceVector
from prefs.features import Features, features
from prefs.training_files.judged import Judged

Choices = Mapping[str, Features]
"""Alias of the first call to the measures of the whole trajectory that began with it."""


def choices(one: Judged) -> Choices:
    """Of several trajectories that began alike, the one that was put highest; the unranked come last."""
    order = [place for group in one.judgement.groups for place in group]
    order += [place for place in range(len(one.trajectories)) if place not in order]
    found: dict[str, Features] = {}
    for place in order:
        routed = [step.call for step in one.trajectories[place].steps if step.call is not None]
        if routed:
            found.setdefault(routed[0].model, features(one.trajectories[place]))
    return dict(sorted(found.items()))


def choices_row(found: Choices) -> dict[str, Any]:
    """As `prefs.reward_functions` reads them: dollars are texts, unknown is null."""
    return {
        alias: {
            "outcome": measured.outcome,
            "cost_usd": None if measured.cost_usd is None else f"{measured.cost_usd:f}",
            "latency_s": float(measured.latency_s),
        }
        for alias, measured in found.items()
    }


def ranges_row(found: Choices) -> dict[str, Any]:
    """Least and greatest of each measure over the choices, by which `compute_score` scales a single rollout."""
    outcomes = [measured.outcome for measured in found.values() if measured.outcome is not None]
    costs = [measured.cost_usd for measured in found.values() if measured.cost_usd is not None]
    seconds = [float(measured.latency_s) for measured in found.values()]
    priced = len(costs) == len(found)
    return {
        "outcome": [min(outcomes), max(outcomes)] if outcomes else None,
        "cost_usd": [f"{min(costs):f}", f"{max(costs):f}"] if priced else None,
        "latency_s": [min(seconds), max(seconds)],
        "uses": {alias: [0, 1] for alias in found},
    }


def preference_row(preference: PreferenceVector) -> dict[str, Any]:
    """P as records have it."""
    return {
        "accuracy": preference.accuracy,
        "cost": preference.cost,
        "latency": preference.latency,
        "tools": dict(preference.tools),
    }
