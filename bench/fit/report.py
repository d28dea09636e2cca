"""The results of `bench.fit` as Markdown: times, ratios to Podium, accuracy, and the targets."""

from collections.abc import Sequence
from statistics import median
from typing import Any, Final

EQUAL: Final = 1e-6
ALIKE: Final = 1.01
"""A peer is as accurate where its error is at most this many times Podium's."""
LEAST_OVER_ARENA_RANK: Final = 10.0

Result = dict[str, Any]


def report(measured: dict[str, Any]) -> str:
    """A table for each model and size, the first fit of a new process, and each target with what was measured."""
    results: list[Result] = measured["results"]
    settings = list(dict.fromkeys((r["model"], r["size"]) for r in results))
    parts = [_head(measured)]
    parts += [_table(*setting, _of(results, *setting)) for setting in settings]
    parts += [_cold(measured["cold"]), _targets(results, settings)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _of(results: Sequence[Result], model: str, size: int) -> list[Result]:
    return [r for r in results if r["model"] == model and r["size"] == size]


def _best(result: Result) -> float:
    return min(result["seconds"])


def _base(rows: Sequence[Result], *, intervals: bool) -> Result | None:
    """Podium on the named input, with intervals or without."""
    return next((r for r in rows if r["ours"] and r["intervals"] == intervals), None)


def _head(measured: dict[str, Any]) -> str:
    machine = measured["machine"]
    loads = [load for r in measured["results"] for load in r["load"]]
    versions = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    said = f" ({median(loads):.2f} median, {max(loads):.2f} at most during the runs)" if loads else ""
    return (
        f"# Strengths: Podium beside choix, evalica and arena-rank\n\nMeasured {measured['measured_at']} on "
        f"{machine['cores']} cores ({machine['system']}), Python {machine['python']}; {versions}.\n"
        f"Load average before: {measured['load_before'][0]:.2f}{said}.\n\n"
        f"100 items with standard normal strengths. Contenders take turns in the same process, at most "
        f"{measured['rounds']} rounds; **best** and median of the rounds, in milliseconds. Counting names is within "
        "the time of all that get names. Ratios compare best times: above 1, Podium is faster. "
        "CPU is the least of all threads together. "
        "RMSE is the distance to the planted strengths; *from Podium* is the greatest difference of a strength as "
        "timed, and with the contender's tolerance tightened (outside the clock) where it has one."
    )


def _table(model: str, size: int, rows: Sequence[Result]) -> str:
    unit = "rankings" if "rankings" in model else "comparisons"
    lines = [
        f"## {model}: {size:,} {unit}\n",
        "| contender | input | rounds | best ms | median ms | ÷ Podium | CPU ms | RMSE | from Podium | tightened |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        base = _base(rows, intervals=row["intervals"])
        ratio = "–" if base is None else f"{_best(row) / _best(base):.2f}"
        cells = (
            row["contender"],
            row["input"],
            str(len(row["seconds"])),
            f"**{_best(row) * 1000:.1f}**",
            f"{median(row['seconds']) * 1000:.1f}",
            ratio,
            f"{min(row['cpu_s']) * 1000:.1f}",
            f"{row['rmse']:.4f}",
            f"{row['from_podium']:.1e}",
            f"{row['from_podium_exact']:.1e}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cold(rows: Sequence[Result]) -> str:
    if not rows:
        return ""
    lines = ["## First fit with intervals of a new process, imports done\n", "| contender | comparisons | s |"]
    lines += ["|---|---|---|", *(f"| {r['contender']} | {r['size']:,} | {r['seconds']:.3f} |" for r in rows)]
    return "\n".join(lines)


def _targets(results: Sequence[Result], settings: Sequence[tuple[str, int]]) -> str:
    lines = []
    for model, size in settings:
        rows = _of(results, model, size)
        lines += _fastest(f"{model}, {size:,}", rows)
        lines += _arena_rank(f"{model}, {size:,}", rows)
        peers = [r for r in rows if not r["ours"] and r["contender"] != "choix lsr"]
        for peer in peers:
            if not peer["intervals"]:
                apart = peer["from_podium_exact"]
                lines.append(
                    _line(
                        f"{model}, {size:,}: {peer['contender']} finds the same",
                        "≤ 1e-6",
                        f"{apart:.1e}",
                        apart <= EQUAL,
                    )
                )
    return "\n".join(["## Targets\n", "| what | target | measured | |", "|---|---|---|---|", *lines]) if lines else ""


def _fastest(where: str, rows: Sequence[Result]) -> list[str]:
    base = _base(rows, intervals=False)
    peers = [r for r in rows if not r["ours"] and not r["intervals"]]
    if base is None or not peers:
        return []
    lines = []
    alike = [r for r in peers if r["rmse"] <= ALIKE * base["rmse"]]
    for kind, among in (("fastest peer as accurate", alike), ("fastest peer of any accuracy", peers)):
        if among:
            peer = min(among, key=_best)
            ratio = _best(peer) / _best(base)
            lines.append(_line(f"{where}: {kind} ({peer['contender']}) ÷ Podium", "≥ 1", f"{ratio:.2f}", ratio >= 1))
    return lines


def _arena_rank(where: str, rows: Sequence[Result]) -> list[str]:
    base = _base(rows, intervals=True)
    peer = next((r for r in rows if r["contender"] == "arena-rank with intervals"), None)
    if base is None or peer is None:
        return []
    ratio = _best(peer) / _best(base)
    met = ratio >= LEAST_OVER_ARENA_RANK
    widths = peer["median_width"] / base["median_width"]
    return [
        _line(f"{where}: arena-rank ÷ Podium, both with intervals", "≥ 10", f"{ratio:.1f}", met),
        f"| {where}: median width of arena-rank's intervals ÷ Podium's | – | {widths:.4f} | |",
    ]


def _line(what: str, target: str, measured: str, met: bool) -> str:
    return f"| {what} | {target} | {measured} | {'met' if met else '**missed**'} |"
