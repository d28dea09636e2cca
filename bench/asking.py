"""How many ballots it takes to learn a person's weights: chosen ones against random ones, and when to stop.

Run it with `.venv/bin/python -m bench.asking`. Simulated users rank truthfully: utility β · P · M_norm, M scaled within
the ballot, plus Gumbel noise of scale 1. Each has planted weights P, uniform on [0, 1]³, and a world of simulated
trajectories of their own. Every arm fits the same model with the same prior after each ballot.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.asking_report import CLOSE, MOST_BALLOTS, Verdict, calibration, report
from orchestrator.preference import PRESETS, PreferenceVector
from prefs.asking.ask import next_ask
from prefs.asking.decision import Setting, choosing, decision, expected_features
from prefs.asking.estimate import WeightEstimate, stated
from prefs.asking.pool import AskingPool, columns, scaled
from prefs.simulated import Habits, simulated_candidates

Array = NDArray[np.float64]
NAMES: Final = ("accuracy", "cost", "latency")
STATED: Final = PRESETS["Balanced"]
"""What every user's sliders say; it is seldom what they want."""
RESULTS: Final = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Arm:
    """A way to ask: ballots of `size`, so many, of which this share is random."""

    name: str
    size: int
    ballots: int
    random_share: float


ARMS: Final = (
    Arm("D-optimal, 4 a ballot", 4, 30, 0.0),
    Arm("the same, every fifth random", 4, 30, 0.2),
    Arm("random, 4 a ballot", 4, 60, 1.0),
    Arm("random pairs", 2, 240, 1.0),
)


@dataclass(frozen=True, slots=True, eq=False)
class User:
    """One simulated person with a world of trajectories to rank."""

    seed: int
    weights: Array
    """β · P."""
    pools: tuple[AskingPool, ...]
    columns: tuple[Array, ...]


def main() -> None:
    """Simulate, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--beta", type=float, nargs="+", default=[3.0, 5.0, 10.0])
    parser.add_argument("--queries", type=int, default=20, help="in each user's world, of eight trajectories each")
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    measured: dict[str, Any] = {"users": chosen.users, "queries": chosen.queries, "scales": []}
    for beta in chosen.beta:
        measured["scales"].append(scale(beta, chosen.users, chosen.queries))
        print(report({**measured, "scales": measured["scales"][-1:]}), flush=True)
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "asking.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    (chosen.out / "asking.md").write_text(report(measured), encoding="utf-8")


def scale(beta: float, number: int, queries: int) -> dict[str, Any]:
    """Every arm with the same users at one β."""
    users = [user(seed, beta, queries) for seed in range(number)]
    arms, verdicts = [], []
    for arm in ARMS:
        cosines = []
        for one in users:
            path = list(answered(one, arm, beta))
            cosines.append([cosine(estimate.mean, one.weights) for estimate in path])
            if arm is ARMS[0]:
                verdicts += decided(one, path)
        curve = np.median(cosines, axis=0)
        at = min(MOST_BALLOTS, arm.ballots) - 1
        arms.append(
            {
                "arm": arm.name,
                "size": arm.size,
                "ballots": arm.ballots,
                "needed": needed(curve),
                "median_at_20": float(curve[at]),
                "mean_at_20": fmean(one[at] for one in cosines),
                "tenth_at_20": float(np.quantile([one[at] for one in cosines], 0.1)),
                "curve": [round(float(value), 5) for value in curve],
            }
        )
    sliders = median(cosine(stated(STATED).mean, one.weights) for one in users)
    return {"beta": beta, "repeat": repeat(users), "sliders": sliders, "arms": arms, "decisions": calibration(verdicts)}


def user(seed: int, beta: float, queries: int) -> User:
    """The user of that number: the same weights and world whatever the arm."""
    chance = np.random.default_rng([seed, 1])
    planted = beta * chance.random(len(NAMES))
    pools = tuple(_pool(f"{seed}-{number}", chance) for number in range(queries))
    return User(seed, planted, pools, tuple(columns(pool, NAMES) for pool in pools))


def _pool(name: str, chance: np.random.Generator) -> AskingPool:
    found = simulated_candidates(8, chance, name, Habits())
    return AskingPool(name, tuple(one.trajectory for one in found), tuple(one.features for one in found))


def answered(one: User, arm: Arm, beta: float) -> Iterator[WeightEstimate]:
    """The estimate after each ballot of the arm, no ballot twice."""
    chance = np.random.default_rng([one.seed, 2, arm.size])
    prior = stated(STATED, beta=beta)
    estimate, asked, ranked = prior, set[frozenset[str]](), list[Array]()
    for number in range(arm.ballots):
        ask = next_ask(
            one.pools,
            estimate,
            seed=one.seed * 1000 + number,
            size=arm.size,
            random_share=arm.random_share,
            asked=asked,
        )
        if ask is None:
            raise RuntimeError("the world is too small: every ballot was asked; give it more --queries")
        asked.add(frozenset(ask.trajectories))
        at = next(place for place, pool in enumerate(one.pools) if pool.query == ask.query)
        places = [one.pools[at].trajectories.index(trajectory) for trajectory in ask.trajectories]
        x = scaled(one.columns[at][places])
        ranked.append(x[np.argsort(-(x @ one.weights + chance.gumbel(size=len(x))))])
        estimate = posterior(np.array(ranked), prior, estimate.mean)
        yield estimate


def posterior(ranked: Array, prior: WeightEstimate, start: Array) -> WeightEstimate:
    """Mode and curvature of Plackett–Luce with the prior, by damped Newton: (rankings, k, d), best first."""
    at = start
    value, slope, precision = _evaluated(ranked, prior, at)
    for _ in range(100):
        step = np.linalg.solve(precision, slope)
        gain = float(slope @ step)
        if gain < 1e-10:
            return WeightEstimate(NAMES, at, precision)
        length = 1.0
        while (there := _evaluated(ranked, prior, at + length * step))[0] < value + 1e-4 * length * gain - 1e-12:
            length /= 2
        at = at + length * step
        value, slope, precision = there
    raise RuntimeError("the fit did not settle")


def _evaluated(ranked: Array, prior: WeightEstimate, w: Array) -> tuple[float, Array, Array]:
    off = w - prior.mean
    value, slope, precision = -float(off @ prior.precision @ off) / 2, -prior.precision @ off, prior.precision.copy()
    utility = ranked @ w
    for stage in range(ranked.shape[1] - 1):
        left, x = utility[:, stage:], ranked[:, stage:]
        top = left.max(axis=1, keepdims=True)
        powers = np.exp(left - top)
        total = powers.sum(axis=1, keepdims=True)
        p = powers / total
        mean = np.einsum("nk,nkd->nd", p, x)
        value += float((left[:, 0] - top[:, 0] - np.log(total[:, 0])).sum())
        slope = slope + (x[:, 0] - mean).sum(axis=0)
        precision += np.einsum("nk,nkd,nke->de", p, x, x) - mean.T @ mean
    return value, slope, precision


def cosine(one: Array, other: Array) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def needed(curve: Array) -> int | None:
    """Ballots after which the median stays close; `None` where it never does."""
    short = np.flatnonzero(curve < CLOSE)
    first = int(short[-1]) + 2 if len(short) else 1
    return first if first <= len(curve) else None


def repeat(users: Sequence[User]) -> float:
    """How often a user would order a random pair of four the same way twice: the noise in words."""
    agreements = []
    for one in users:
        for x in one.columns:
            utility = scaled(x[:4]) @ one.weights
            for above in range(4):
                p = 1 / (1 + np.exp(utility[above + 1 :] - utility[above]))
                agreements += list(p**2 + (1 - p) ** 2)
    return fmean(agreements)


def decided(one: User, path: Sequence[WeightEstimate], pairs: int = 5) -> list[Verdict]:
    """Decisions between pairs of random weight settings after each ballot; pairs that choose alike are left out."""
    chance = np.random.default_rng([one.seed, 3])
    found = []
    for case in range(pairs):
        settings = [_setting(one, str(name), chance) for name in range(2)]
        if settings[0].trajectories == settings[1].trajectories:
            continue
        truth = expected_features(settings, one.pools, NAMES, "ballot").mean(axis=0) @ one.weights
        for number, estimate in enumerate(path, 1):
            said = decision(settings, one.pools, estimate, used=number, planned=len(path))
            right = said.leader == str(int(truth.argmax()))
            found.append(Verdict(number, said.probability, said.certain, right, (one.seed, case)))
    return found


def _setting(one: User, name: str, chance: np.random.Generator) -> Setting:
    accuracy, cost, latency = (float(value) for value in chance.random(3))
    return choosing(PreferenceVector(accuracy, cost, latency), one.pools, name)


if __name__ == "__main__":
    main()
