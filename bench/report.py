"""The results of `bench.loop` as Markdown: medians with ranges, ratios taken inside a round, and the targets."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, Final

FLOOR: Final = "bare_aiohttp"
PODIUM: Final = "podium_loop"
MOST_OVER_FLOOR: Final = 3.0
LEAST_BELOW_PEERS: Final = 10.0
MOST_GROWTH: Final = 1.3
SHORT, LONG = "10 turns", "40 turns"
CROWDS: Final = ("1 at once", "1 at once, 0 ms", "100 at once", "500 at once")

Result = dict[str, Any]


def report(measured: dict[str, Any]) -> str:
    """A table for each scale, the growth with the length of a trajectory, and each target with what was measured."""
    results: list[Result] = measured["results"]
    parts = [_head(measured)]
    parts += [_table(scale, results) for scale in dict.fromkeys(r["scale"] for r in results)]
    parts += [_growth_table(results), _targets(results), _mock(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def spread(values: Iterable[float], digits: int = 2) -> str:
    """Median [least – greatest]."""
    known = sorted(values)
    if not known:
        return "–"
    return f"{median(known):.{digits}f} [{known[0]:.{digits}f}–{known[-1]:.{digits}f}]"


def ratios(above: Sequence[Result], below: Sequence[Result]) -> list[float]:
    """CPU per step of one over that of the other, each within one round."""
    base = {r["round"]: r["cpu_ms_per_step"] for r in below}
    return [r["cpu_ms_per_step"] / base[r["round"]] for r in above if r["round"] in base]


def _of(results: Sequence[Result], contender: str, scale: str) -> list[Result]:
    return [r for r in results if r["contender"] == contender and r["scale"] == scale]


def _contenders(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(r["contender"] for r in sorted(results, key=lambda r: r["round"])))


def _head(measured: dict[str, Any]) -> str:
    machine = measured["machine"]
    versions = {name: v for r in measured["results"] for name, v in r["versions"].items()}
    return (
        f"# CPU per step\n\nMeasured {measured['measured_at']} on {machine['cores']} cores ({machine['system']}), "
        f"Python {measured['results'][0]['python']}. The mock model server replies after 50 ms unless said otherwise.\n"
        f"Median [least–greatest] of the rounds; a ratio is taken inside a round.\n"
        f"{', '.join(f'{name} {version}' for name, version in sorted(versions.items()))}."
    )


def _table(scale: str, results: Sequence[Result]) -> str:
    floor, podium = _of(results, FLOOR, scale), _of(results, PODIUM, scale)
    lines = [
        f"## {scale[0].upper()}{scale[1:]}\n",
        "| contender | rounds | CPU ms per step | ÷ bare aiohttp | ÷ Podium | wall ÷ ideal | in flight | RSS MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in _contenders(results):
        rows = _of(results, name, scale)
        if not rows:
            continue
        cells = (
            name,
            str(len(rows)),
            spread((r["cpu_ms_per_step"] for r in rows), 3),
            spread(ratios(rows, floor)),
            spread(ratios(rows, podium)),
            spread(r["wall_s"] / r["ideal_wall_s"] for r in rows if r["ideal_wall_s"]),
            str(max(r["most_in_flight"] for r in rows)),
            f"{median(r['peak_rss_mib'] for r in rows):.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _growth_table(results: Sequence[Result]) -> str:
    rows = [
        f"| {name} | {spread(ratios(_of(results, name, LONG), _of(results, name, SHORT)))} |"
        for name in _contenders(results)
        if _of(results, name, LONG) and _of(results, name, SHORT)
    ]
    head = "## Growth\n\n| contender | CPU per step at 40 tool turns ÷ at 10 |\n|---|---|"
    return "\n".join([head, *rows]) if rows else ""


def _targets(results: Sequence[Result]) -> str:
    lines = []
    for scale in CROWDS:
        podium = _of(results, PODIUM, scale)
        lines += _target(f"{scale}: Podium ÷ bare aiohttp", ratios(podium, _of(results, FLOOR, scale)), MOST_OVER_FLOOR)
        for peer in _contenders(results):
            if peer not in (FLOOR, PODIUM):
                times = ratios(_of(results, peer, scale), podium)
                lines += _target(f"{scale}: {peer} ÷ Podium", times, LEAST_BELOW_PEERS, at_least=True)
    growth = ratios(_of(results, PODIUM, LONG), _of(results, PODIUM, SHORT))
    lines += _target("Podium at 40 tool turns ÷ at 10", growth, MOST_GROWTH)
    head = "## Targets\n\n| what | target | measured | |\n|---|---|---|---|"
    return "\n".join([head, *lines]) if lines else ""


def _target(what: str, measured: Sequence[float], limit: float, *, at_least: bool = False) -> list[str]:
    if not measured:
        return []
    met = median(measured) >= limit if at_least else median(measured) <= limit
    sign = "≥" if at_least else "≤"
    return [f"| {what} | {sign} {limit:g} | {spread(measured)} | {'met' if met else '**missed**'} |"]


def _mock(results: Sequence[Result]) -> str:
    return (
        f"The mock server took {spread((r['mock_cpu_us_per_request'] for r in results), 0)} µs of its own CPU per "
        f"request. Load of the machine at the end of the runs: {spread(r['load'] for r in results)}."
    )
