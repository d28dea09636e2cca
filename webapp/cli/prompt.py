"""`podium prompt`: what an orchestrator would be sent at the first turn, without sending it."""

import argparse
import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator.preference import PreferenceVector
from webapp.cli import flags


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("prompt", help="what an orchestrator would be sent first, as JSON; nothing is sent")
    command.add_argument("query", metavar="QUERY")
    command.add_argument("--pool", type=Path, metavar="FILE", help="pool.toml; without it the rehearsal pool")
    flags.add_prompt_profile(command, *flags.PROMPT_PROFILE, words="prompt profile (the pool's, else eval-frames)")
    for name in ("accuracy", "cost", "latency"):
        default = getattr(PreferenceVector(), name)
        command.add_argument(f"--{name}", type=flags.weight, default=default, metavar="W", help=f"weight, {default}")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the messages and the tools."""
    from orchestrator.alternatives import check_query  # noqa: PLC0415 - `podium --help` answers without any of this
    from orchestrator.evidence import Evidence  # noqa: PLC0415
    from orchestrator.policy import Turn  # noqa: PLC0415
    from orchestrator.pool_file import read_pool  # noqa: PLC0415
    from orchestrator.prices import PriceBook, priced  # noqa: PLC0415
    from orchestrator.profile import profile  # noqa: PLC0415
    from orchestrator.prompt import rendered  # noqa: PLC0415
    from orchestrator.rehearsal.world import rehearsal_pool  # noqa: PLC0415
    from orchestrator.tokenizer import Estimate  # noqa: PLC0415

    check_query(chosen.query)
    settings = flags.settings(chosen)
    pool = read_pool(settings.pool) if settings.pool is not None else rehearsal_pool()
    shown = priced(pool, PriceBook.read(), datetime.now(UTC))
    named = settings.prompt_profile or (pool.orchestrator.profile if pool.orchestrator is not None else None)
    preference = PreferenceVector(chosen.accuracy, chosen.cost, chosen.latency)
    turn = Turn(0, chosen.query, preference, Evidence(), [entry.alias for entry in pool.entries], 0)
    print(json.dumps(asyncio.run(rendered(profile(named), turn, shown, Estimate())), indent=2, ensure_ascii=False))
    return 0
