"""The figures of a load in Markdown."""

import os
import platform
from collections.abc import Sequence

from bench.load.measured import Measured, growth


def report(found: Sequence[Measured], wrong: Sequence[str], database: str) -> str:
    """A section for each phase."""
    lines = [
        f"# Load on {database}",
        "",
        f"Made with `python -m bench.load` on {os.cpu_count()} cores that server and clients share, "
        f"Python {platform.python_version()}. {_verdict(found, wrong)}",
    ]
    for one in found:
        lines += ["", f"## {one.name.capitalize()}", "", *_phase(one)]
    return "\n".join(lines) + "\n"


def _verdict(found: Sequence[Measured], wrong: Sequence[str]) -> str:
    errors = sum(sum(one.errors.values()) for one in found)
    kept = sum(len(one.acknowledged_ids) for one in found)
    return f"{errors} errors; of {kept:,} acknowledged rankings {len(wrong)} were lost or doubled."


def _phase(one: Measured) -> list[str]:
    lines = [f"- {one.seconds:.0f} s; server {_busy(one.server_cpu_s, one)}, clients {_busy(one.client_cpu_s, one)}"]
    if one.acknowledged is not None:
        lines.append(f"- acknowledged rankings {one.acknowledged}; {one.per_s:.1f} a second")
        lines.append(f"- next ballots {one.given}")
    if one.lag is not None:
        lines.append(f"- steps shown live {one.lag}; {one.untimed:,} more in catching up; {one.runs:,} runs followed")
    if one.exhausted:
        lines.append(f"- {one.exhausted:,} times nothing was left to rank")
    if (grown := growth(one.samples)) is not None:
        lines.append(
            f"- memory {grown.warm_mb:.1f} MB when warm, {grown.end_mb:.1f} MB at the end ({grown.share:+.1%}); "
            f"{grown.kb_per_1000:+.1f} KB per 1,000 rankings"
        )
    lines += [f"- {count:,} × {name}" for name, count in one.errors.items()]
    return lines


def _busy(cpu_s: float, one: Measured) -> str:
    return f"{cpu_s / one.seconds:.0%} of a core"
