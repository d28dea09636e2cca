"""`podium pool check` and `podium pool discover`: what stands behind the aliases, and what could."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webapp.cli import flags

if TYPE_CHECKING:
    from orchestrator.pool import Pool
    from webapp.pool_trial import Trial

_HEADER = ("alias", "model", "endpoint", "result", "call", "price")


def add_to(commands: Any) -> None:
    """Both actions."""
    actions = commands.add_parser("pool", help="try what stands behind the aliases, or find what could").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    check = actions.add_parser(
        "check", help="try each alias with a small call: latency or why not, what it cost, price with source and date"
    )
    check.add_argument("--pool", type=Path, metavar="FILE", help="pool.toml; without it the rehearsal pool")
    check.add_argument(
        "--no-call", action="store_true", help="only look at the servers' lists of models; spends nothing"
    )
    check.add_argument("--timeout", type=flags.seconds, default=60.0, metavar="SECONDS", help="for one call (60)")
    check.add_argument("--json", action="store_true", help="one JSON object on stdout")
    check.set_defaults(run=_check)
    discover = actions.add_parser("discover", help="find Ollama, vLLM and the like on this machine; uses none of them")
    discover.add_argument("--out", type=Path, metavar="FILE", help="write a pool file that uses them")
    discover.add_argument(
        "--port",
        type=flags.port,
        action="append",
        default=[],
        metavar="PORT",
        help="look here as well; can be repeated",
    )
    discover.set_defaults(run=_discover)


def _check(chosen: argparse.Namespace) -> int:
    """Exit code 1 if something cannot be reached."""
    from orchestrator.pool_file import read_pool  # noqa: PLC0415 - `podium --help` answers without an HTTP client
    from orchestrator.prices import PriceBook  # noqa: PLC0415
    from orchestrator.rehearsal.world import rehearsal_pool  # noqa: PLC0415
    from webapp.pool_check import tried  # noqa: PLC0415
    from webapp.pool_trial import TrialState  # noqa: PLC0415

    path = flags.settings(chosen).pool
    pool = read_pool(path) if path is not None else rehearsal_pool()
    _refuse_unusable(pool)
    trials = asyncio.run(
        tried(pool, PriceBook.read(), call=not chosen.no_call, timeout_s=chosen.timeout or 60.0, on_progress=_progress)
    )
    if chosen.json:
        print(_record(pool, trials))
    else:
        _print(trials)
    return 1 if any(trial.state is TrialState.UNREACHABLE for trial in trials) else 0


def _refuse_unusable(pool: "Pool") -> None:
    """Raises ValueError where the orchestrator's profile or tokenizer is none, which reading the file leaves open."""
    from orchestrator.profile import profile  # noqa: PLC0415
    from orchestrator.tokenizer_file import FileTokenizer  # noqa: PLC0415

    if pool.orchestrator is not None:
        profile(pool.orchestrator.profile)
        if pool.orchestrator.tokenizer is not None:
            FileTokenizer(Path(pool.orchestrator.tokenizer))


def _progress(done: int, total: int, words: str) -> None:
    print(f"{done}/{total} {words}", file=sys.stderr, flush=True)


def _record(pool: "Pool", trials: Sequence["Trial"]) -> str:
    from webapp.pool_trial import plain, spent  # noqa: PLC0415

    calls, usd, unpriced = spent(trials)
    told = {"pool": pool.name, "trials": [trial.record() for trial in trials]}
    return json.dumps(
        {**told, "calls": calls, "cost_usd": f"{plain(usd)}", "unpriced_calls": unpriced}, ensure_ascii=False
    )


def _print(trials: Sequence["Trial"]) -> None:
    from webapp.pool_trial import plain, spent  # noqa: PLC0415

    rows = [_HEADER, *(_row(trial) for trial in trials)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    for number, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number and trials[number - 1].detail:
            print(f"    {trials[number - 1].detail}")
    calls, usd, unpriced = spent(trials)
    if calls:
        more = f" + {unpriced} unpriced" if unpriced else ""
        print(f"{calls} tried: ${plain(usd)}{more}", file=sys.stderr)


def _row(trial: "Trial") -> tuple[str, ...]:
    return (trial.name, trial.model, trial.address or "stand-in", trial.result, trial.call, trial.price)


def _discover(chosen: argparse.Namespace) -> int:
    """Exit code 1 if nothing was found."""
    from orchestrator.pool_file import parse_pool  # noqa: PLC0415
    from webapp.discovery import PORTS, found  # noqa: PLC0415
    from webapp.found_pool import found_pool  # noqa: PLC0415

    ports = tuple(dict.fromkeys((*PORTS, *chosen.port)))
    servers = asyncio.run(found(ports))
    for server in servers:
        print(server.words)
    if not any(server.models for server in servers):
        said = f"no model was found on ports {', '.join(map(str, ports))} of this machine"
        print(f"podium: {said}; name another port with --port", file=sys.stderr)
        return 1
    if chosen.out is None:
        print("Nothing of this is used. Write a pool file that uses it with --out FILE.", file=sys.stderr)
        return 0
    text = found_pool(servers)
    parse_pool(text, str(chosen.out))
    with chosen.out.open("x", encoding="utf-8") as file:
        file.write(text)
    print(f"{chosen.out} is written. Look at it, then: podium serve --pool {chosen.out}", file=sys.stderr)
    return 0
