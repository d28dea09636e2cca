"""What was measured as JSON values. Unknown is null; intervals are `{"mean", "low", "high"}`."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any, Final

from bench.bundled.counterfactual import KINDS, Kind
from bench.bundled.episodes import INSTRUCTED, Episodes, Figures
from bench.bundled.proof import Proof
from bench.bundled.setting import ORACLE, token_price
from bench.bundled.shares import Hearing, Moves, Share, hearing, moves
from bench.bundled.sweep import BALANCED, POINTS, Sweep, sweep
from bench.bundled.targets import targets
from orchestrator.pool import Pool
from prefs.bootstrap import LEVEL, RESAMPLES, Interval

Json = dict[str, Any]
ISSUE_KINDS: Final[tuple[Kind, ...]] = ("cost", "price", "removed")
NOTE: Final = (
    "Everything here is simulated: stand-ins replied in the place of models, with declared skill, prices and seconds. "
    "The figures hold in the rehearsal world and nowhere else."
)


def results(proof: Proof, elapsed_s: float) -> Json:
    """Everything, the targets first."""
    wanted = proof.wanted
    shown = (wanted.shown, ORACLE)
    return {
        "simulated": True,
        "note": NOTE,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "elapsed_s": round(elapsed_s, 1),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[1], 2),
        "shown": wanted.shown,
        "policies": list(wanted.policies),
        "supervised": list(wanted.supervised),
        "strongest": proof.strongest_route,
        "tasks": len(wanted.tasks),
        "alternatives": wanted.asked.alternatives,
        "seed": wanted.asked.seed,
        "concurrency": wanted.asked.concurrency,
        "intervals": {"method": "percentile bootstrap over tasks", "level": LEVEL, "resamples": RESAMPLES},
        "prices": _table(proof.setting.pool),
        "targets": [{"target": one.name, "met": one.met, "measured": one.measured} for one in targets(proof)],
        "balanced": _episodes(proof.balanced, wanted.shown, BALANCED),
        "instructed": _episodes(proof.instructed, wanted.shown, INSTRUCTED),
        "sweeps": [_sweep(sweep(proof.sweeps, weight, policy)) for weight in ("cost", "latency") for policy in shown],
        "preferences": {name: _figures(proof.sweeps, name) for name in proof.sweeps.preferences},
        "without_strongest": {name: _figures(proof.reduced, name) for name in proof.reduced.preferences},
        "counterfactual": {spec: _moves(proof, spec) for spec in proof.moved},
        "held_out_words": {spec: _hearing(hearing(found)) for spec, found in proof.followed.items()},
        "decision_ms": {spec: _milliseconds(took) for spec, took in proof.took_s.items() if took},
    }


def interval(found: Interval | None) -> Mapping[str, float | None]:
    """To six decimals."""
    if found is None:
        return {"mean": None, "low": None, "high": None}
    return {"mean": round(found.mean, 6), "low": round(found.low, 6), "high": round(found.high, 6)}


def _table(pool: Pool) -> Json:
    return {
        entry.alias: {
            "input_usd_per_mtok": str(token_price(entry)[0]),
            "output_usd_per_mtok": str(token_price(entry)[1]),
            "latency_s": entry.latency_s,
        }
        for entry in pool.entries
    }


def _episodes(episodes: Episodes, shown: str, preference: str) -> Json:
    """The figures, and task by task what the policy shown has over each other one."""
    others = [spec for spec in episodes.evaluated.plan.policies if spec != shown]
    return {
        "policies": _figures(episodes, preference),
        "over": {
            other: {
                **{
                    name: interval(episodes.difference(name, shown, other, preference))
                    for name in ("solved", "adherence", "reward")
                },
                "cost_ratio": interval(episodes.ratio("cost_usd", shown, other, preference)),
                "latency_ratio": interval(episodes.ratio("latency_s", shown, other, preference)),
            }
            for other in others
        },
    }


def _figures(episodes: Episodes, preference: str) -> list[Json]:
    return [_one(figures) for figures in episodes.figures(preference)]


def _one(figures: Figures) -> Json:
    names = ("solved", "adherence", "reward", "cost_usd", "latency_s", "calls", "strongest_share", "local_share")
    measured = {name: interval(getattr(figures, name)) for name in names}
    return {"policy": figures.policy, "tasks": figures.tasks, **measured}


def _sweep(found: Sweep) -> Json:
    return {
        "weight": found.weight,
        "policy": found.policy,
        "unit": "dollars" if found.weight == "cost" else "seconds",
        "points": [
            {"at": point, "total": interval(total), "solved": interval(solved)}
            for point, total, solved in zip(POINTS, found.totals, found.solved, strict=True)
        ],
        "steps": [interval(step) for step in found.steps],
        "span": interval(found.span),
        "span_of_oracle": interval(found.of_oracle),
        "falls": found.falls,
    }


def _moves(proof: Proof, spec: str) -> Json:
    found = proof.moved[spec]
    groups: dict[str, tuple[Kind, ...]] = {kind: (kind,) for kind in KINDS}
    groups[" + ".join(ISSUE_KINDS)] = ISSUE_KINDS
    return {name: _kind(moves(proof.pairs, found, kinds)) for name, kinds in groups.items()}


def _kind(found: Moves) -> Json:
    return {
        "pairs": found.pairs,
        "oracle_moves": found.as_oracle.cases,
        "oracle_moves_clearly": found.clearly.cases,
        "as_oracle": interval(found.as_oracle.share),
        "exactly": interval(found.exactly.share),
        "as_oracle_of_clear": interval(found.clearly.share),
        "before_and_after_of_clear": interval(found.both.share),
        "right_direction": {"cases": found.rightly.cases, **interval(found.rightly.share)},
    }


def _hearing(found: Hearing) -> Json:
    return {
        "instructions": found.instructions,
        "tasks": found.tasks,
        "counted_instructions": found.counted_instructions,
        "counted_instructions_share": round(found.counted_instructions / found.instructions, 6),
        "followed": _share(found.followed),
        "exactly": _share(found.exactly),
        "kinds": {kind: _share(share) for kind, share in found.kinds.items()},
        "instructions_by_kind": dict(Counter(one.held.kind for one in found.each)),
        "each": [
            {"text": one.held.text, "kind": one.held.kind, "counted": one.counted, "followed": one.followed}
            for one in found.each
        ],
    }


def _share(share: Share) -> Json:
    return {"cases": share.cases, **interval(share.share)}


def _milliseconds(took_s: Sequence[float]) -> Json:
    """Of single decisions, asked for one after another."""
    last = quantiles(took_s, n=20)[-1] if len(took_s) > 1 else took_s[0]
    return {"decisions": len(took_s), "median": round(1e3 * median(took_s), 3), "p95": round(1e3 * last, 3)}
