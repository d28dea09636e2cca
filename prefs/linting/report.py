"""What the linter found, in words and tables, or as JSON values."""

from collections.abc import Iterator
from typing import Any

from prefs.linting.case import Case, label
from prefs.linting.law import LAWS, Law
from prefs.linting.linter import Report
from prefs.linting.scorer import Scored, Violation

OUTCOMES = {1: "right", 0: "wrong", None: "ungraded"}
HEAD = ("", "outcome", "dollars", "seconds", "calls", "reward")


def report_lines(report: Report) -> Iterator[str]:
    """The report as lines of text: a line for each law, then each violation with the batches that show it."""
    violations = {violation.law: violation for violation in report.violations}
    for law in LAWS:
        state = "FAIL" if law.name in violations else " ?? " if law.name in report.unchecked else " ok "
        yield f"{state}  {law.name:<18} {law.sentence}"
    for law in LAWS:
        if law.name in violations:
            yield ""
            yield from _shown(law, violations[law.name])
    yield ""
    yield _summary(report)


def _summary(report: Report) -> str:
    tried = f"{report.cases:,} cases, seed {report.seed}, {report.calls:,} calls of the reward"
    if report.clean:
        return f"No law is broken in {tried}."
    unsaid = f", {len(report.unchecked)} could not be looked at" if report.unchecked else ""
    return f"{len(report.violations)} of {len(LAWS)} laws are broken{unsaid}; {tried}."


def _shown(law: Law, violation: Violation) -> Iterator[str]:
    yield f"{law.name}: {law.sentence}"
    yield f"  {violation.what}"
    before, after = violation.before, violation.after
    yield f"  P: {_weights(before.case)}" + ("" if after is None else "   before:")
    yield from _table(before, ())
    if after is not None:
        yield f"  P: {_weights(after.case)}   after:"
        yield from _table(after, before.case.rollouts)


def _weights(case: Case) -> str:
    p = case.preference
    named = {"accuracy": p.accuracy, "cost": p.cost, "latency": p.latency, **p.tools}
    return ", ".join(f"{name} {weight:g}" for name, weight in named.items())


def _table(scored: Scored, earlier: tuple[Any, ...]) -> Iterator[str]:
    """Rows that differ from the earlier batch at that place are marked."""
    rows = [HEAD]
    for place, rollout in enumerate(scored.case.rollouts):
        changed = bool(earlier) and (place >= len(earlier) or earlier[place] != rollout)
        calls = " ".join(f"{alias}×{count}" for alias, count in rollout.uses.items()) or "-"
        dollars = f"{rollout.cost_usd.normalize():f}"
        name = f"{'>' if changed else ' '} {label(place)}"
        rows.append((name, OUTCOMES[rollout.outcome], dollars, f"{rollout.latency_s:g}", calls, _score(scored, place)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        yield ("    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()


def _score(scored: Scored, place: int) -> str:
    score = None if scored.scores is None else scored.scores[place]
    return "-" if score is None else f"{score:.6g}"


def report_json(report: Report) -> dict[str, Any]:
    """The report as JSON values; the trajectories of a violation are whole records that can be scored again."""
    return {
        "clean": report.clean,
        "cases": report.cases,
        "seed": report.seed,
        "calls": report.calls,
        "unchecked": list(report.unchecked),
        "laws": [{"name": law.name, "sentence": law.sentence} for law in LAWS],
        "violations": [
            {
                "law": violation.law,
                "what": violation.what,
                "before": _json(violation.before),
                "after": None if violation.after is None else _json(violation.after),
            }
            for violation in report.violations
        ],
    }


def _json(scored: Scored) -> dict[str, Any]:
    return {
        "preference": scored.case.preference_json(),
        "trajectories": scored.case.records(),
        "rewards": None if scored.scores is None else list(scored.scores),
    }
