"""The reward functions as one file of Python that needs nothing but Python: what an export puts beside its data."""

import inspect
from typing import Final

from prefs.reward_functions import reading, records, scoring, trl, verl

HEADER: Final = (
    '"""Podium\'s reward as `reward` (records), `trl_reward` and `grpo_reward` (TRL), `compute_score` (verl)."""\n'
)


def shipped_source() -> str:
    """The modules of this package in one, without the imports between them. Needs Python 3.11 and no package."""
    parts = [HEADER]
    for module in (scoring, reading, records, trl, verl):
        source = inspect.getsource(module).removeprefix(f'"""{module.__doc__}"""')
        kept = [line for line in source.splitlines() if not line.startswith("from prefs.")]
        parts.append("\n".join(kept).strip() + "\n")
    return "\n\n".join(parts)
