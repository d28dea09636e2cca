"""From rankings to a policy that people prefer, in one run. Needs the extra `train`; everything in it is simulated.

    python -m bench.closing

Simulated annotators with planted weights rank what the bundled orchestrator does with training tasks. `podium
train-policy --reward learned` learns P from the rankings and trains on; both policies then try the test tasks.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.closing.people import People
from orchestrator.preference import PRESETS, PreferenceVector
from prefs.bootstrap import Resamples
from storage.store import Store
from webapp.evaluation.bench import Bench, Evaluated
from webapp.evaluation.keeping import Keeping
from webapp.evaluation.opening import opened
from webapp.evaluation.plan import Job, Plan
from webapp.evaluation.result import result_json, scored
from webapp.evaluation.strongest import dearest_tier, strongest_route
from webapp.learned import learned
from webapp.settings import Settings

OUT: Final = Path(__file__).parents[1] / "results" / "closing"
SHOWN: Final = (
    ("embedded", "Balanced"),
    ("embedded", "Accuracy first"),
    ("nearest", "Balanced"),
    ("random", "Balanced"),
)
"""Policy and preset of the four alternatives of each ballot."""
PEOPLE: Final = People({"accuracy": 0.5, "cost": 1.0, "latency": 0.2}, beta=6.0, spread=0.1, number=8, seed=0)


def main() -> int:
    """Exit code 0: figures are figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.closing", description="the loop closed, simulated")
    parser.add_argument("--rankings", type=int, default=200, metavar="N", help="as many training tasks (200)")
    parser.add_argument("--tasks", type=int, metavar="N", help="of the test tasks, most; without it all")
    parser.add_argument("--steps", type=int, default=100, metavar="N", help="of training (100)")
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(_closed(Path(folder), chosen.rankings, chosen.tasks, chosen.steps))
    found["seconds"] = round(time.monotonic() - began, 1)
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "results.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (chosen.out / "results.md").write_text(_report(found), "utf-8")
    print(_report(found))
    return 0


async def _closed(folder: Path, rankings: int, tasks: int | None, steps: int) -> dict[str, Any]:
    settings = Settings(policy="embedded", pace=0.0, data_dir=folder)
    async with opened(settings, save=True) as made:
        assert made.store is not None
        various = made.policies(list(dict.fromkeys(spec for spec, _ in SHOWN)))
        asked = {name: PRESETS[name] for _, name in SHOWN}
        first = Plan(tuple(various), asked, "embedded", split="train", limit=rankings)
        ranked = await Bench(first, made.workshop, various, Keeping(made.store)).run(asyncio.Event())
        await _rank(made.store, ranked)
        fit = learned(made.store)
        new = f"embedded:{await asyncio.to_thread(_train, settings, folder / 'trained', steps)}"
        baseline = strongest_route(made.workshop.pool, made.book)
        policies = made.policies(["embedded", new, baseline])
        old, new, _ = policies
        planted = PreferenceVector(**dict(PEOPLE.planted))
        second = Plan((old, new), {"Balanced": PRESETS["Balanced"]}, baseline, limit=tasks, weighed=planted)
        tried = await Bench(second, made.workshop, policies).run(asyncio.Event())
        figures = result_json(scored(tried, dearest_tier(made.workshop.pool, made.book), made.workshop.pool))
    preferred = _preferred(tried, new, old)
    return {
        "simulated": True,
        "planted": dict(PEOPLE.planted),
        "beta": PEOPLE.beta,
        "rankings": fit.fit.rankings,
        "annotators": fit.fit.annotators,
        "learned": {name: [one.mean, one.low, one.high] for name, one in fit.fit.weights.items()},
        "spread": {"usd": fit.spread.usd, "latency_s": fit.spread.latency_s},
        "steps": steps,
        "preferred": preferred,
        "policies": [_named(row, new) for row in figures["policies"]],
    }


async def _rank(store: Store, ranked: Evaluated) -> None:
    shown = [[ranked.trajectories[Job(*one, task.id, 0)] for one in SHOWN] for task in ranked.tasks]
    for asked, ranking in PEOPLE.rank(shown):
        await store.keep_ballot(asked)
        await store.keep_ranking(ranking)


def _train(settings: Settings, out: Path, steps: int) -> Path:
    command = [sys.executable, "-m", "webapp", "train-policy", "--reward", "learned", "--db", settings.database]
    subprocess.run([*command, "--out", str(out), "--steps", str(steps)], check=True)
    return out / "checkpoint"


def _preferred(tried: Evaluated, new: str, old: str) -> dict[str, float]:
    """Probability that a simulated annotator ranks the trained policy's trajectory higher, over the tasks."""
    ended = tried.trajectories
    chances = [
        PEOPLE.prefers(ended[Job(new, "Balanced", task.id, 0)], ended[Job(old, "Balanced", task.id, 0)])
        for task in tried.tasks
    ]
    found = Resamples(len(chances)).mean(chances)
    assert found is not None
    return {"mean": found.mean, "low": found.low, "high": found.high, "tasks": len(chances)}


def _named(row: dict[str, Any], new: str) -> dict[str, Any]:
    kept = ("tasks", "solved", "adherence", "reward", "cost_usd", "latency_s", "calls", "strongest_share")
    return {"policy": "trained on the rankings" if row["policy"] == new else row["policy"]} | {
        name: row[name] for name in kept
    }


def _report(found: dict[str, Any]) -> str:
    lines = [
        "# The loop closed",
        "",
        f"`python -m bench.closing`, {found['seconds']:.0f} s. **Everything is simulated**, the annotators too.",
        "",
        f"{found['annotators']} annotators with planted weights ranked {found['rankings']} ballots of alternatives:",
        ", ".join(f"`{spec}` at {name}" for spec, name in SHOWN) + ".",
        "",
        "| weight | planted | learned | 95 % interval |",
        "|---|---|---|---|",
    ]
    for name, (mean, low, high) in found["learned"].items():
        lines.append(f"| {name} | {found['planted'].get(name, 0.0):.2f} | {mean:.2f} | {low:.2f} to {high:.2f} |")
    preferred = found["preferred"]
    lines += [
        "",
        f"After {found['steps']} steps of reinforcement with the learned weights, asked for Balanced on"
        f" {preferred['tasks']} test tasks: an annotator ranks the trained policy's trajectory above the bundled one's"
        f" with probability {preferred['mean']:.3f} [{preferred['low']:.3f} to {preferred['high']:.3f}].",
        "",
        "| policy | solved | dollars | seconds | reward, planted weights |",
        "|---|---|---|---|---|",
    ]
    for row in found["policies"]:
        solved, reward = row["solved"], row["reward"]
        lines.append(
            f"| {row['policy']} | {solved['mean']:.1%} | {float(row['cost_usd']):.2f} | {row['latency_s']:.0f} |"
            f" {reward['mean']:.3f} [{reward['low']:.3f} to {reward['high']:.3f}] |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
