"""`podium evaluate`: policies compared over the rehearsal tasks. Progress goes to stderr, figures to stdout."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.preference import PRESETS, PreferenceVector
from orchestrator.trajectory import Limits
from webapp.cli import flags, preference, progress
from webapp.cli.evaluate_progress import Ticker

if TYPE_CHECKING:
    from webapp.evaluation.bench import Bench, Evaluated
    from webapp.evaluation.opening import Opened
    from webapp.evaluation.plan import Plan
    from webapp.evaluation.result import Result


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("evaluate", help="compare policies over the rehearsal tasks")
    command.add_argument(
        "--policy",
        action="append",
        dest="policies",
        default=[],
        metavar="SPEC",
        help=f"{flags.POLICY_HELP}; may be repeated",
    )
    command.add_argument("--split", choices=("train", "dev", "test"), default="test", help="which tasks (test)")
    command.add_argument("--limit", type=int, metavar="N", help="most tasks, evenly of all domains; without it, all")
    command.add_argument(
        "--preference",
        action="append",
        dest="preferences",
        default=[],
        metavar="NAME",
        help=f"{', '.join(PRESETS)}, all, a saved profile, or a vector in JSON; may be repeated (Balanced)",
    )
    command.add_argument(
        "--weigh", metavar="learned|JSON", help="what rewards weigh instead: P as the rankings reveal it, or a vector"
    )
    command.add_argument("--alternatives", type=int, default=1, metavar="K", help="trajectories of each task (1)")
    command.add_argument("--seed", type=int, default=0, metavar="S")
    command.add_argument("--turns", type=int, default=50, metavar="N", help="most turns of a trajectory (50)")
    command.add_argument("--concurrency", type=int, default=8, metavar="N", help="trajectories at the same time (8)")
    command.add_argument("--budget-usd", type=flags.dollars, metavar="D", help="start no more runs once D are spent")
    command.add_argument("--baseline", metavar="SPEC", help="what adherence is a ratio to (the dearest fixed route)")
    command.add_argument("--report", type=Path, metavar="FILE", help="write charts and tables into one HTML file")
    command.add_argument("--save", action="store_true", help="keep the trajectories in the database")
    command.add_argument("--json", action="store_true", help="the figures as JSON")
    flags.add_database(command)
    command.add_argument("--pool", type=Path, metavar="FILE", help="pool.toml; without it the rehearsal pool")
    words = "prompt profile of openai: and transformers: policies"
    flags.add_prompt_profile(command, *flags.PROMPT_PROFILE, words=words)
    command.add_argument("--tokenizer", type=Path, metavar="PATH", help="the orchestrator's tokenizer.json")
    command.add_argument("--documents", type=Path, metavar="PATH", help="folder or file to search as well")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Exit code 0; 1 where a policy failed on every task or nothing was finished, 130 where it was stopped by hand."""
    if chosen.report is not None and not chosen.report.absolute().parent.is_dir():
        raise ValueError(f"--report {chosen.report}: the folder {chosen.report.parent} does not exist")
    result = asyncio.run(_evaluate(chosen))
    _tell(result, chosen)
    if not result.scores:
        print("podium: no task was finished by every policy, so there is nothing to compare", file=sys.stderr)
        return 130 if result.evaluated.by_hand else 1
    if result.evaluated.by_hand:
        return 130
    return 1 if any(score.all_failed for score in result.scores) else 0


def _tell(result: "Result", chosen: argparse.Namespace) -> None:
    from webapp.evaluation.report import report  # noqa: PLC0415
    from webapp.evaluation.result import result_json  # noqa: PLC0415
    from webapp.evaluation.table import printed  # noqa: PLC0415

    if chosen.json:
        print(json.dumps(result_json(result), ensure_ascii=False))
    elif result.scores:
        print(printed(result))
    if chosen.report is not None and result.scores:
        chosen.report.write_text(report(result), "utf-8")
        print(f"The report is in {chosen.report}", file=sys.stderr)


async def _evaluate(chosen: argparse.Namespace) -> "Result":
    from storage.spending.rules import LOCAL  # noqa: PLC0415 - parsing flags needs none of this
    from webapp.evaluation.bench import Bench  # noqa: PLC0415
    from webapp.evaluation.keeping import Keeping  # noqa: PLC0415
    from webapp.evaluation.opening import opened  # noqa: PLC0415
    from webapp.evaluation.result import scored  # noqa: PLC0415
    from webapp.evaluation.strongest import dearest_tier  # noqa: PLC0415
    from webapp.services import pool_words  # noqa: PLC0415
    from webapp.spending import paying  # noqa: PLC0415

    async with opened(flags.settings(chosen), save=chosen.save, on_progress=progress.indexing) as made:
        pool = made.workshop.pool
        plan, policies = _plan(chosen, made)
        payer = paying(LOCAL, pool, policies)
        keeping = Keeping(made.store, payer) if made.store is not None else None
        ticker = Ticker(sys.stderr)
        async with _stopped_by_hand() as stop:
            print(pool_words(pool), file=sys.stderr, flush=True)
            evaluated = await _watched(Bench(plan, made.workshop, policies, keeping, ticker, keeping), made, stop)
        ticker.end(evaluated.standing)
        if evaluated.stopped is not None:
            print(f"podium: {evaluated.stopped}; the figures are of what was finished", file=sys.stderr)
        if keeping is not None:
            print(f"{keeping.kept} trajectories are kept; look at them with podium serve", file=sys.stderr)
        return scored(evaluated, dearest_tier(pool, made.book), pool)


async def _watched(bench: "Bench", made: "Opened", stop: asyncio.Event) -> "Evaluated":
    """Run it until the kill switch is turned on; without a store nobody knows of that."""
    from webapp.kill_watch import KillWatch  # noqa: PLC0415

    if made.store is None:
        return await bench.run(stop)

    async def end(why: str) -> None:
        if not stop.is_set():
            bench.stopped_for = why
        stop.set()

    watching = asyncio.create_task(KillWatch(made.store, end).run())
    try:
        return await bench.run(stop)
    finally:
        watching.cancel()
        await asyncio.wait([watching])


def _plan(chosen: argparse.Namespace, made: "Opened") -> "tuple[Plan, Mapping[str, Any]]":
    from webapp.evaluation.plan import Plan  # noqa: PLC0415
    from webapp.evaluation.strongest import strongest_route  # noqa: PLC0415

    pool = made.workshop.pool
    asked = made.policies(chosen.policies or [made.workshop.policy])
    baseline = made.policies([chosen.baseline or strongest_route(pool, made.book)])
    plan = Plan(
        policies=tuple(asked),
        preferences=_preferences(chosen, pool.local_aliases),
        baseline=next(iter(baseline)),
        weighed=_weighed(chosen),
        split=chosen.split,
        limit=chosen.limit,
        alternatives=chosen.alternatives,
        seed=chosen.seed,
        limits=Limits(turns=chosen.turns),
        concurrency=chosen.concurrency,
        budget_usd=chosen.budget_usd,
    )
    return plan, {**baseline, **asked}


def _preferences(chosen: argparse.Namespace, local_aliases: tuple[str, ...]) -> dict[str, PreferenceVector]:
    """By name; a vector in JSON is its own name."""
    names = chosen.preferences or ["Balanced"]
    every = [one for name in names for one in (PRESETS if name == "all" else [name])]
    settings = flags.settings(chosen)

    def wanted(name: str) -> PreferenceVector:
        if name.lstrip().startswith("{"):
            return _vector(name)
        return preference.named(settings, name, "--preference", local_aliases)

    return {name: wanted(name) for name in every}


def _weighed(chosen: argparse.Namespace) -> PreferenceVector | None:
    if chosen.weigh != "learned":
        return None if chosen.weigh is None else _vector(chosen.weigh, "--weigh")
    from storage.store import Store  # noqa: PLC0415
    from webapp.learned import learned  # noqa: PLC0415

    with Store.open(flags.settings(chosen).database, create=False) as store:
        return learned(store).fit.preference


def _vector(text: str, flag: str = "--preference") -> PreferenceVector:
    from storage.records import load_preference  # noqa: PLC0415

    try:
        return load_preference(text)
    except ValueError as error:
        raise ValueError(f"{flag}: {error}") from error


@contextlib.asynccontextmanager
async def _stopped_by_hand() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C sets the first time; the second time it ends the process as usual."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def halt() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)
        print("\nStopping; what is finished will be reported.", file=sys.stderr)

    try:
        loop.add_signal_handler(signal.SIGINT, halt)
    except (NotImplementedError, RuntimeError):  # not in the main thread, or not on this system
        yield stop
        return
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGINT)
