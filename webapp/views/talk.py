"""A run as a talk: one JSON value with everything that is shown, so that nothing is asked for while somebody speaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from orchestrator.pool import Pool
from orchestrator.trajectory import Step, Trajectory, Verdict
from storage.trajectories import State
from webapp.baseline import Baseline, Kind, spent
from webapp.views import amounts, trace
from webapp.views import talk_words as words
from webapp.views.calls import JsonObject
from webapp.views.lanes import MODELS, alias_of, called_model, lanes, money_words, route_words, short
from webapp.views.steps import step_row

LABELS: Final = "ABCDEFGHIJKL"


@dataclass(frozen=True, slots=True)
class Shown:
    """One alternative on the stage."""

    trajectory: Trajectory
    label: str
    """As on its ballot, where it has one."""
    state: State
    baseline: Baseline


@dataclass(frozen=True, slots=True)
class Subject:
    """What the talk is about."""

    query: str
    asked_at: datetime
    policy: str
    """Which policy routed, in words."""
    run: str | None = None
    """A run of this server; `None` for a recording."""
    show: str | None = None
    """The name of a recording."""


def talk_view(subject: Subject, alternatives: Sequence[Shown], pool: Pool, redacted: int) -> JsonObject:
    """The talk; `redacted` places were struck out of what it tells."""
    trajectories = [shown.trajectory for shown in alternatives]
    drawn = lanes(trajectories, pool)
    lane_of = {alias: number for number, lane in enumerate(drawn) for alias in lane["aliases"]}
    best = _best(trajectories)
    return {
        "run": subject.run,
        "show": subject.show,
        "query": subject.query,
        "asked": subject.asked_at.astimezone(UTC).strftime("%d %b %Y").lstrip("0"),
        "policy": subject.policy,
        "pool": trajectories[0].pool if trajectories else pool.name,
        "ended": all(shown.state is not State.RUNNING for shown in alternatives),
        "simulated": any(trajectory.simulated for trajectory in trajectories),
        "redacted": redacted,
        "overview": _overview(alternatives),
        "lanes": drawn,
        "alternatives": [
            _alternative(shown, pool, lane_of, best) | {"name": name}
            for shown, name in zip(alternatives, _names(trajectories, pool), strict=True)
        ],
    }


def _alternative(shown: Shown, pool: Pool, lane_of: Mapping[str, int], best: Mapping[str, list[str]]) -> JsonObject:
    trajectory = shown.trajectory
    return {
        "id": trajectory.id,
        "label": shown.label,
        "preference": trace.preference_words(trajectory.preference),
        "seed": trajectory.seed,
        "state": shown.state.value,
        "state_words": trace.state_words(trajectory, shown.state),
        "verdict": _verdict(trajectory),
        "answer": trajectory.answer,
        "reference": trajectory.reference,
        "simulated": trajectory.simulated,
        "total": _total(trajectory.steps) | {"steps": len(trajectory.steps)},
        "models": _models(trajectory.steps),
        "strongest": baseline_view(shown.baseline, spent(trajectory)),
        "marks": best.get(trajectory.id, []),
        "route": route_words(trajectory),
        "money": money_words(trajectory),
        "steps": _steps(trajectory, pool, lane_of),
    }


def _names(trajectories: Sequence[Trajectory], pool: Pool) -> list[str]:
    """What the alternatives are called; those of one name are told apart by their seeds."""
    names = [trace.alternative_name(trajectory, pool) for trajectory in trajectories]
    return [
        f"{name}, seed {trajectory.seed}" if names.count(name) > 1 else name
        for name, trajectory in zip(names, trajectories, strict=True)
    ]


def _steps(trajectory: Trajectory, pool: Pool, lane_of: Mapping[str, int]) -> list[JsonObject]:
    """The rows of the trace without prompts, with numbers for the charts and what was spent when each had ended."""
    rows = []
    for step in trajectory.steps:
        until = trajectory.steps[: step.index + 1]
        rows.append(
            step_row(step, pool)
            | {
                "lane": lane_of[alias_of(step)],
                "model": called_model(step),
                "usd": None if step.unpriced_calls else f"{step.cost_usd:f}",
                "latency_s": step.latency_s,
                "so_far": _total(until) | {"models": _models(until)},
            }
        )
    return rows


def _total(steps: Sequence[Step]) -> JsonObject:
    """Dollars (known ones, exact) and seconds, as numbers and in words."""
    calls = [call for step in steps for call in step.calls]
    latency_s = sum(call.latency_s for call in calls)
    usd = sum((step.cost_usd for step in steps), Decimal(0))
    spent_words, time_words = amounts.cost(calls), amounts.seconds(latency_s)
    return {"usd": f"{usd:f}", "cost": spent_words, "latency_s": latency_s, "seconds": time_words}


def _models(steps: Sequence[Step]) -> list[str]:
    """Models that were called, in order of their first call; the one that routes is not among them."""
    called = (call.model for step in steps for call in step.calls if call.role in MODELS)
    return list(dict.fromkeys(short(model) for model in called if model))


def _verdict(trajectory: Trajectory) -> JsonObject:
    if trajectory.answer is None:
        return {"verdict": "none", "words": words.NO_ANSWER, "by": None}
    told = trace.answer_view(trajectory)
    by = told["by"]
    graded = by if by is None or by.startswith("judged") else words.GRADED.format(by=by)
    return {"verdict": told["verdict"], "words": words.VERDICTS[told["verdict"]], "by": graded}


def baseline_view(baseline: Baseline, usd: Decimal | None) -> JsonObject:
    """“Always the strongest” beside a route of `usd`: a percentage with where it comes from, or why there is none."""
    share = baseline.saved(usd)
    percent = None if share is None else percent_words(share)
    if baseline.kind is Kind.ITSELF:
        return {"kind": baseline.kind.value, "percent": None, "words": words.ITSELF, "why": ""}
    if percent is None:
        why = baseline.why or "What the strongest route costs is not known."
        unknown = words.UNKNOWN.format(strongest=words.STRONGEST)
        return {"kind": Kind.UNKNOWN.value, "percent": None, "words": unknown, "why": why}
    said, why = words.SAVED.format(percent=percent, strongest=words.STRONGEST), _source(baseline)
    many = baseline.kind is Kind.ESTIMATE and len(baseline.aliases) > 1
    short = {"short": words.ESTIMATE_SHORT} if many else {}
    return {"kind": baseline.kind.value, "percent": percent, "words": said, "why": why, **short}


def percent_words(saved: float) -> str:
    """`−71 %`, `+12 %`, `±0 %`: what it costs more or less. A saving is never rounded up to all of it."""
    whole = round(-100 * saved)
    if whole <= -100 and saved < 1:
        return "−99.9 %"
    if whole == 0:
        return "±0 %"
    return f"{'+' if whole > 0 else '−'}{abs(whole):,} %"


def _source(baseline: Baseline) -> str:
    if baseline.kind is Kind.ESTIMATE:
        if len(baseline.aliases) == 1:
            return words.ESTIMATE.format(alias=baseline.aliases[0])
        return words.ESTIMATE_MANY.format(aliases=", ".join(baseline.aliases))
    return words.RECORDED.format(
        usd=amounts.dollars(baseline.usd or Decimal(0)),
        seconds=amounts.seconds(baseline.latency_s or 0.0),
        verdict=words.RECORDED_VERDICTS.get(baseline.solved or "", ""),
    )


def _solved(trajectories: Sequence[Trajectory]) -> list[Trajectory]:
    return [trajectory for trajectory in trajectories if trajectory.outcome.verdict is Verdict.SOLVED]


def _overview(alternatives: Sequence[Shown]) -> str:
    """All alternatives in a sentence or two."""
    trajectories = [shown.trajectory for shown in alternatives]
    if len(alternatives) == 1:
        return words.OVERVIEW_ONE.format(state=trace.state_words(trajectories[0], alternatives[0].state))
    if all(one.outcome.verdict is Verdict.UNGRADED for one in trajectories):
        return words.OVERVIEW_UNGRADED.format(count=len(trajectories))
    solved = _solved(trajectories)
    every = len(solved) == len(trajectories)
    sentence = words.OVERVIEW_SOLVED if every else words.OVERVIEW
    said = sentence.format(count=len(trajectories), solved=len(solved) or "none")
    costs = [usd for one in solved if (usd := spent(one)) is not None]
    dearest = max((usd for one in trajectories if (usd := spent(one)) is not None), default=Decimal(0))
    if not costs or dearest == 0 or min(costs) == dearest or len(costs) < len(solved):
        return said
    share = f"{100 * (dearest - min(costs)) / dearest:.0f} %"
    return said + words.OVERVIEW_CHEAPEST.format(usd=amounts.dollars(min(costs)), share=share)


def _best(trajectories: Sequence[Trajectory]) -> Mapping[str, list[str]]:
    """Trajectory id to what it is best at, where two or more solved it."""
    solved = _solved(trajectories)
    marks: dict[str, list[str]] = {}
    if len(solved) < 2:
        return marks
    if all(spent(one) is not None for one in solved):
        marks.setdefault(min(solved, key=lambda one: one.cost_usd).id, []).append(words.CHEAPEST)
    marks.setdefault(min(solved, key=lambda one: one.latency_s).id, []).append(words.FASTEST)
    return marks
