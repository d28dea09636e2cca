"""`podium ask`: run a query without a browser. Progress goes to stderr, the answer or the records to stdout."""

import argparse
import asyncio
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.trajectory import Limits, Step, Trajectory
from webapp.asking import DEFAULT_LIMITS, Asking, varied
from webapp.cli import flags, preference, progress

if TYPE_CHECKING:
    from webapp.live_run import RunSnapshot


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("ask", help="run a query and print the answer, or the records with --json")
    command.add_argument("query", metavar="QUERY")
    command.add_argument("--alternatives", type=int, default=1, metavar="N", help="trajectories to run (1 to 12)")
    command.add_argument(
        "--vary", action="store_true", help="alternatives under different preferences instead of different seeds"
    )
    preference.add_to(command)
    command.add_argument("--reference", metavar="TEXT", help="the right answer, to grade against")
    command.add_argument("--seed", type=int, default=0, metavar="S")
    command.add_argument("--turns", type=int, default=DEFAULT_LIMITS.turns, metavar="N", help="most turns")
    command.add_argument("--budget-usd", type=flags.dollars, metavar="D", help="most dollars of one trajectory")
    command.add_argument("--seconds", type=flags.seconds, metavar="S", help="most seconds of one trajectory")
    command.add_argument("--json", action="store_true", help="one trajectory record per line")
    command.add_argument("--texts", action="store_true", help="with --json: prompts and raw replies in the records")
    flags.add_installation(command, profile_flags=("--prompt-profile",))
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Exit code 0 if every alternative came to an end of its own, 1 if one failed."""
    if chosen.texts and not chosen.json:
        raise ValueError("--texts puts prompts and raw replies into the records of --json; give both")
    mine = preference.preference(chosen, flags.settings(chosen))
    limits = Limits(chosen.turns, chosen.budget_usd, chosen.seconds)
    asking = Asking(chosen.query, (mine,) * max(chosen.alternatives, 0), chosen.seed, chosen.reference, limits)
    settings = replace(flags.settings(chosen), pace=0.0, discover=False)
    snapshot = asyncio.run(_ask(asking, settings, vary=chosen.vary, texts=chosen.texts))
    for trajectory in snapshot.trajectories:
        print(_record(trajectory) if chosen.json else _summary(trajectory))
    if snapshot.problem:
        print(f"podium: {snapshot.problem}", file=sys.stderr)
    return 1 if snapshot.problem or any(t.stop_reason == "failed" for t in snapshot.trajectories) else 0


async def _ask(asking: Asking, settings: Any, *, vary: bool, texts: bool) -> "RunSnapshot":
    from webapp.services import open_services  # noqa: PLC0415 - parsing flags needs none of this

    async with open_services(settings, progress.indexing) as services:
        print("\n".join((services.words, *services.workshop.notices)), file=sys.stderr)
        if (licence := await services.serving.licence()) is not None:
            print(licence.words, file=sys.stderr)
        if vary:
            preferences = varied(asking.preferences[0], len(asking.preferences), services.pool.local_aliases)
            asking = replace(asking, preferences=preferences)
        live = await services.ask(asking)
        told = dict.fromkeys((t.id for t in live.snapshot.trajectories), 0)
        async for snapshot in services.runs.follow(live.run.id, every_s=0.0):
            for place, trajectory in enumerate(snapshot.trajectories, 1):
                for step in trajectory.steps[told[trajectory.id] :]:
                    print(_progress(place, step), file=sys.stderr)
                told[trajectory.id] = len(trajectory.steps)
        if texts:
            return replace(snapshot, trajectories=tuple(map(services.store.with_texts, snapshot.trajectories)))
        return snapshot


def _progress(place: int, step: Step) -> str:
    who = step.call.model if step.call is not None else "no valid call"
    back = step.error or (step.observation.text if step.observation is not None else "")
    return f"[{place}] step {step.index}: {who}: {' '.join(back.split())[:100]}"


def _record(trajectory: Trajectory) -> str:
    from storage.records import dump_trajectory  # noqa: PLC0415

    return dump_trajectory(trajectory)


def _summary(trajectory: Trajectory) -> str:
    from webapp.views.amounts import cost, seconds  # noqa: PLC0415

    route = " → ".join(step.call.model for step in trajectory.steps if step.call is not None) or "no call"
    simulated = ", simulated" if trajectory.simulated else ""
    price = cost(trajectory.calls)
    last = trajectory.steps[-1].observation if trajectory.steps else None
    source = f"\n  from {last.source}" if last is not None and last.source else ""
    end = trajectory.answer or f"({trajectory.stop_reason}: {trajectory.stop_detail})"
    return (
        f"{end}{source}\n  {route}; {trajectory.outcome.verdict}; {price}, {seconds(trajectory.latency_s)}{simulated}"
    )
