"""`podium reward FILE`: R(τ) of each trajectory of a file, taken together as the rollouts of one group per query.

`podium reward --lint TARGET` is in `webapp.cli.reward_lint`.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Trajectory
from webapp.cli import reward_lint


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("reward", help="R(τ) for each trajectory of a JSONL file, and the reward linter")
    command.add_argument("file", type=Path, metavar="FILE", nargs="?", help="trajectory records, one per line")
    command.add_argument(
        "--preference", metavar="JSON", help='such as {"accuracy": 1, "cost": 0.5}; otherwise each record\'s own'
    )
    reward_lint.add_to(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Rewards of a file, or the linter."""
    if (chosen.file is None) == (chosen.lint is None):
        raise ValueError("name either a FILE of trajectories or, with --lint, the reward to lint")
    return reward_lint.run(chosen) if chosen.lint is not None else _rewards(chosen)


def _rewards(chosen: argparse.Namespace) -> int:
    """One line of JSON for each trajectory, in the order of the file."""
    from prefs.reward import rewards  # noqa: PLC0415
    from webapp.jsonl import read_trajectories  # noqa: PLC0415
    from webapp.reward_record import reward_record  # noqa: PLC0415

    stated = _preference(chosen.preference)
    trajectories = list(read_trajectories(chosen.file))
    groups: dict[str, list[Trajectory]] = defaultdict(list)
    for trajectory in trajectories:
        groups[trajectory.query].append(trajectory)
    found = {}
    for group in groups.values():
        for trajectory in group:
            values = rewards(group, stated or trajectory.preference)
            found[trajectory.id] = values[group.index(trajectory)]
    for trajectory in trajectories:
        record = reward_record(trajectory, found[trajectory.id])
        print(json.dumps({**record, "group": len(groups[trajectory.query])}, ensure_ascii=False))
    return 0


def _preference(text: str | None) -> PreferenceVector | None:
    if text is None:
        return None
    from storage.records import load_preference  # noqa: PLC0415

    try:
        return load_preference(text)
    except ValueError as error:
        raise ValueError(f"--preference: {error}") from error
