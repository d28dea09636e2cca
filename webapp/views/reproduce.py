"""A trajectory as a command that runs it again: through the HTTP interface, or `podium ask`."""

import json
import shlex
from typing import Any

from orchestrator.trajectory import Trajectory
from prefs.tuning.profile import preference_json


def curl(trajectory: Trajectory, base_url: str) -> str:
    """`curl` for a POSIX shell. A fork is made again by forking what it came from."""
    path, body = "runs", run_body(trajectory)
    if (fork := trajectory.fork) is not None:
        path = f"trajectories/{fork.trajectory}/fork"
        call = trajectory.steps[fork.step].call if fork.step < len(trajectory.steps) else None
        body = {"step": fork.step, "call": None if call is None else {"tool": call.tool, "model": call.model}}
    words = ["curl", "-sS", "-X", "POST", f"{base_url.rstrip('/')}/api/v1/{path}"]
    words += ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body)]
    return " ".join(map(shlex.quote, words))


def run_body(trajectory: Trajectory) -> dict[str, Any]:
    """Body of `POST /runs` that asks for one such trajectory."""
    limits = trajectory.limits
    body: dict[str, Any] = {
        "query": trajectory.query,
        "preference": preference_json(trajectory.preference),
        "seed": trajectory.seed,
        "reference": trajectory.reference,
        "limits": {
            "turns": limits.turns,
            "usd": None if limits.usd is None else f"{limits.usd:f}",
            "seconds": limits.seconds,
            "tokens": limits.tokens,
        },
        "policy": trajectory.policy,
    }
    return {name: value for name, value in body.items() if value is not None}


def ask(trajectory: Trajectory) -> str:
    """`podium ask` with the same query, weights, seed, reference, limits and policy."""
    preference, limits = trajectory.preference, trajectory.limits
    words = ["podium", "ask"]
    for name in ("accuracy", "cost", "latency"):
        words += [f"--{name}", f"{getattr(preference, name):g}"]
    for alias, weight in preference.tools.items():
        words += ["--prefer", f"{alias}={weight:g}"]
    words += ["--seed", str(trajectory.seed), "--turns", str(limits.turns), "--policy", trajectory.policy]
    if limits.usd is not None:
        words += ["--budget-usd", f"{limits.usd:f}"]
    if limits.seconds is not None:
        words += ["--seconds", f"{limits.seconds:g}"]
    if trajectory.reference is not None:
        words += [f"--reference={trajectory.reference}"]
    return " ".join(map(shlex.quote, [*words, "--", trajectory.query]))
