"""The scores as a table of words, for the terminal and for the report."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from prefs.bootstrap import Interval
from prefs.evaluation import Score
from webapp.evaluation.result import Result
from webapp.views.amounts import dollars, seconds

COLUMNS: Final = (
    "Policy",
    "Solved",
    "Adherence",
    "R(τ)",
    "Dollars",
    "Seconds",
    "Calls",
    "Dearest tier",
    "$ / baseline",
)
UNKNOWN: Final = "unknown"
SIMULATED: Final = (
    "Simulated: stand-ins replied in the place of models. Their answers, dollars and seconds are declared, not "
    "measured; these figures hold in the rehearsal world."
)


def rows(result: Result) -> list[tuple[str, ...]]:
    """One row of words for each score, under COLUMNS."""
    several = len({score.preference for score in result.scores}) > 1
    return [_row(score, several=several) for score in result.scores]


def printed(result: Result) -> str:
    """The table in plain text, with what a reader must know below it."""
    body = rows(result)
    widths = [max(len(row[n]) for row in (COLUMNS, *body)) for n in range(len(COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (COLUMNS, *body)
    ]
    return "\n".join((*lines, "", *notes(result)))


def notes(result: Result) -> list[str]:
    """Sentences about the figures: what they are of, what is simulated, what is missing."""
    plan, scores = result.evaluated.plan, result.scores
    done, planned = len(result.evaluated.tasks), len(plan.tasks)
    tasks = f"{done}" if done == planned else f"{done} of {planned}"
    each = "one run" if plan.alternatives == 1 else f"{plan.alternatives} runs"
    said = [
        f"{tasks} tasks of the {plan.split} split, {each} of each; "
        "dollars and seconds are totals over the tasks. In brackets: 95 % bootstrap intervals over tasks.",
        f"Adherence is the preference reward as a ratio to the baseline {plan.baseline}; R(τ) is scaled over all that "
        "was tried on the same task here. Dearest tier: share of routed calls to the dearest alias of their tool. "
        "$ / baseline: its dollars as a share of the baseline's.",
    ]
    if result.simulated:
        said.append(SIMULATED)
    if result.evaluated.stopped is not None:
        said.append(f"Not everything was run: {result.evaluated.stopped}.")
    return said + [sentence for score in scores for sentence in _missing(score)]


def name(score: Score, *, several: bool) -> str:
    """The policy, and the preference where several were tried."""
    return f"{score.policy} · {score.preference}" if several else score.policy


def percent(interval: Interval | None) -> str:
    """`81.5 % [76.2–86.9]`."""
    if interval is None:
        return UNKNOWN
    mean, low, high = (100 * value for value in (interval.mean, interval.low, interval.high))
    return f"{mean:.1f} % [{low:.1f}–{high:.1f}]"


def _row(score: Score, *, several: bool) -> tuple[str, ...]:
    return (
        name(score, several=several),
        percent(score.solved),
        _plain(score.adherence, 2),
        _plain(score.reward, 2),
        _usd(score),
        UNKNOWN if score.latency_s is None else _seconds(score.latency_s),
        _plain(score.calls, 2),
        percent(score.strongest_share),
        percent(score.against_baseline.cost_usd),
    )


def _usd(score: Score) -> str:
    interval = score.cost_usd
    ends = "" if interval is None else f" [{dollars(Decimal(interval.low))}–{dollars(Decimal(interval.high))}]"
    missing = f" + {score.unpriced_calls} unpriced" if score.unpriced_calls else ""
    return f"{dollars(score.total_usd)}{missing}{ends}"


def _seconds(interval: Interval) -> str:
    return f"{seconds(interval.mean)} [{seconds(interval.low)}–{seconds(interval.high)}]"


def _plain(interval: Interval | None, decimals: int) -> str:
    if interval is None:
        return UNKNOWN
    return f"{interval.mean:.{decimals}f} [{interval.low:.{decimals}f}–{interval.high:.{decimals}f}]"


def _missing(score: Score) -> Sequence[str]:
    said = []
    if score.ungraded:
        said.append(f"{score.policy}: nobody could grade {score.ungraded} trajectories; they are left out of solved.")
    if score.without_cost:
        said.append(
            f"{score.policy}: {score.without_cost} trajectories have unknown prices; adherence leaves cost out."
        )
    if failed := score.stop_reasons.get("failed", 0):
        said.append(f"{score.policy}: {failed} trajectories failed and count as unsolved: {score.failure}")
    return said
