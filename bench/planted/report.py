"""The tables of the planted-truth study."""

from typing import Any

import numpy as np

from bench.planted.pools import BETA, CONDITIONS, JUDGED, PLANTED, POSITION, Tally

LEAST, MOST = 0.93, 0.97


def figures(tallies: dict[str, Tally]) -> dict[str, Any]:
    """Bias with its Monte Carlo error, coverage and widths by kind of interval."""
    return {name: _figures(tally) for name, tally in tallies.items()}


def _figures(tally: Tally) -> dict[str, Any]:
    means = np.array(tally.means)
    error = means.std(axis=0, ddof=1) / np.sqrt(len(means))
    return {
        "pools": len(means),
        "p": {
            name: {"planted": PLANTED[name], "mean": float(means[:, i].mean()), "error": float(error[i])}
            for i, name in enumerate(JUDGED)
        },
        "position": {"planted": POSITION, "mean": float(np.mean(tally.position))},
        "beta": {"planted": BETA, "mean": float(np.mean(tally.beta))},
        "intervals": {
            kind: {
                "pools": len(covered),
                "coverage_p": float(np.mean([row[: len(JUDGED)] for row in covered])),
                "coverage": dict(zip((*JUDGED, "position"), np.mean(covered, axis=0).tolist(), strict=False)),
                "width": float(np.mean(tally.widths[kind])),
            }
            for kind, covered in tally.covered.items()
        },
    }


def report(results: dict[str, Any]) -> str:
    """As Markdown."""
    lines = [
        "# Planted truth",
        "",
        f"Made by `python -m bench.planted` in {sum(results['minutes'].values()):.0f} minutes. P is planted as "
        + ", ".join(f"{name} {weight:g}" for name, weight in PLANTED.items())
        + f" with β = {BETA:g}; all annotators are simulated, give ties and partial rankings, and draw the line.",
        "",
        "## Bias",
        "",
        f"| condition | {' | '.join(JUDGED)} | position | β |",
        f"|---|{'---|' * (len(JUDGED) + 2)}",
    ]
    for name, found in results["conditions"].items():
        cells = [f"{one['mean']:.3f} ± {one['error']:.3f}" for one in found["p"].values()]
        cells += [f"{found['position']['mean']:.3f}", f"{found['beta']['mean']:.2f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    planted = [*(f"{PLANTED[name]:g}" for name in JUDGED), f"{POSITION:g}", f"{BETA:g}"]
    lines += [f"| *planted* | {' | '.join(planted)} |", ""]
    lines += [
        "Mean over the pools ± standard error of that mean. Where annotators differ, one scale cannot fit all, so β is",
        "that of the best common P, which is lower than the annotators' own, and the position effect with it; P is a",
        "ratio and nearly keeps its place. Partial pooling, below, estimates the mean of people's own P instead.",
        "",
        "## Coverage of the 95 % intervals of P",
        "",
        f"| condition | intervals | {' | '.join(JUDGED)} | all | position | width |",
        f"|---|---|{'---|' * (len(JUDGED) + 3)}",
    ]
    for name, found in results["conditions"].items():
        lines += [_covered(name, kind, one) for kind, one in found["intervals"].items()]
    lines += ["", *(f"- **{one.name}**: {one.says}." for one in CONDITIONS), "", *_population(results["population"])]
    lines += _timing(results["timing"])
    return "\n".join(lines) + "\n"


def _covered(name: str, kind: str, one: dict[str, Any]) -> str:
    cells = [f"{100 * one['coverage'][key]:.1f} %" for key in JUDGED]
    place = f"{100 * one['coverage']['position']:.1f} %" if "position" in one["coverage"] else "–"
    mark = "" if LEAST <= one["coverage_p"] <= MOST else " (outside 93–97)"
    return (
        f"| {name} | {kind}, {one['pools']} pools | {' | '.join(cells)} | **{100 * one['coverage_p']:.1f} %**{mark} "
        f"| {place} | {one['width']:.3f} |"
    )


def _population(found: dict[str, Any]) -> list[str]:
    rows = []
    for name, one in found.items():
        cells = [
            f"{mean:.3f} ± {error:.3f} ({100 * one['coverage'][key]:.0f} %)" for key, (mean, error) in one["p"].items()
        ]
        ends = f"{100 * one['coverage_p']:.1f} % | {one['beta']:.2f}"
        rows.append(f"| {name}, {one['pools']} pools | {' | '.join(cells)} | {ends} |")
    return [
        "## The mean of people's own P, by partial pooling",
        "",
        f"| condition | {' | '.join(JUDGED)} | coverage | β |",
        f"|---|{'---|' * (len(JUDGED) + 2)}",
        *rows,
        "",
        "`prefs.fit.annotators`: mean over the pools ± its standard error, and coverage of the 95 % intervals.",
        "",
    ]


def _timing(timing: dict[str, dict[str, float]]) -> list[str]:
    head = "| data | columns | packing | fit | intervals | live update, median (greatest) | update ÷ fit | difference |"
    rows = [
        f"| {name} | {one['columns']} | {one['pack_s']:.2f} s | {one['fit_s']:.3f} s | {one['intervals_s']:.3f} s "
        f"| {one['update_median_ms']:.1f} ms ({one['update_greatest_ms']:.0f}) | {one['update_by_fit']:.3f} "
        f"| {one['greatest_difference']:.1e} |"
        for name, one in timing.items()
    ]
    return [
        "## Time",
        "",
        head,
        "|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        "Wall clock on a shared machine: trust the ratio first. The difference is the greatest between P of the live",
        "fit and P of the fit of all rankings at once.",
    ]
