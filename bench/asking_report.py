"""The results of `bench.asking` as Markdown, and each target with what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, Final

CLOSE: Final = 0.99
MOST_BALLOTS: Final = 20
LEAST_RATIO: Final = 6.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision between two settings after so many ballots, and whether it is the right one."""

    ballots: int
    probability: float
    certain: bool
    right: bool
    case: tuple[int, int]


def calibration(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Decisions where asking would have stopped, and claimed against true certainty at fixed numbers of ballots."""
    stops: dict[tuple[int, int], Verdict] = {}
    for one in verdicts:
        if one.certain:
            stops.setdefault(one.case, one)
    bins = []
    for ballots in (5, 10, 20):
        for low, high in ((0.5, 0.8), (0.8, 0.95), (0.95, 1.01)):
            of = [v for v in verdicts if v.ballots == ballots and low <= v.probability < high]
            if of:
                said, right = fmean(v.probability for v in of), fmean(v.right for v in of)
                bins.append({"ballots": ballots, "cases": len(of), "claimed": said, "right": right})
    used = [one.ballots for one in stops.values()]
    return {
        "cases": len({one.case for one in verdicts}),
        "stopped": len(stops),
        "right": fmean(one.right for one in stops.values()) if stops else None,
        "median_used": median(used) if used else None,
        "bins": bins,
    }


def report(measured: dict[str, Any]) -> str:
    """The tables as Markdown."""
    head = (
        f"# Ballots until the weights are known\n\n{measured['users']} simulated users, {measured['queries']} queries"
    )
    parts = [f"{head} of 8 trajectories each. `needed`: ballots until the median cosine stays ≥ {CLOSE}.", ""]
    for one in measured["scales"]:
        parts += _scale(one)
    return "\n".join(parts)


def _scale(one: dict[str, Any]) -> list[str]:
    lines = [
        f"## β = {one['beta']:g}\n",
        f"A user orders a random pair of a random four the same way twice in {one['repeat']:.0%} of cases; the sliders "
        f"alone have a median cosine of {one['sliders']:.3f}.\n",
        "| asked | needed | median at 20 | mean at 20 | 10th percentile at 20 |",
        "|---|---|---|---|---|",
    ]
    for arm in one["arms"]:
        count = arm["needed"] if arm["needed"] is not None else f"> {arm['ballots']}"
        cells = f"{arm['median_at_20']:.4f} | {arm['mean_at_20']:.4f} | {arm['tenth_at_20']:.4f}"
        lines.append(f"| {arm['arm']} | {count} | {cells} |")
    return [*lines, "", *_targets(one["arms"]), "", *_decisions(one["decisions"]), ""]


def _targets(arms: Sequence[dict[str, Any]]) -> list[str]:
    few, pairs = arms[0]["needed"], arms[-1]["needed"]
    lines = [
        f"- At most {MOST_BALLOTS} D-optimal ballots of 4: {_met(few is not None and few <= MOST_BALLOTS)} ({few})."
    ]
    if few is None:
        return [*lines, "- Ratio to random pairs: **missed**, since the D-optimal ballots never came close."]
    ratio = (pairs if pairs is not None else arms[-1]["ballots"]) / few
    sign = "" if pairs is not None else "more than "
    return [
        *lines,
        f"- {LEAST_RATIO:g} times fewer than random pairs: {_met(ratio >= LEAST_RATIO)} ({sign}{ratio:.1f}).",
    ]


def _met(met: bool) -> str:
    return "met" if met else "**missed**"


def _decisions(said: dict[str, Any]) -> list[str]:
    lines = [
        f"Of {said['cases']} decisions between two random weight settings, {said['stopped']} stopped early (median "
        f"after {said['median_used']} ballots); {said['right'] or 0:.1%} of those were right.\n",
        "| after ballots | decisions | claimed | right |",
        "|---|---|---|---|",
    ]
    rows = (f"{one['ballots']} | {one['cases']} | {one['claimed']:.3f} | {one['right']:.3f}" for one in said["bins"])
    return [*lines, *(f"| {row} |" for row in rows)]
