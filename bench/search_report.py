"""The report of `bench.search` in Markdown."""

import os
import platform
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """Milliseconds."""

    p50: float
    p95: float
    computed: float
    computed_p95: float


@dataclass(frozen=True, slots=True)
class World:
    """What was searched in."""

    trajectories: int
    queries: int
    days: int
    size: int
    """Bytes of the database."""


@dataclass(frozen=True, slots=True)
class Turns:
    """So many trajectories kept, with the rows to search by and without."""

    count: int
    took_s: tuple[float, float]

    @property
    def each_us(self) -> tuple[float, float]:
        """Microseconds of one."""
        with_rows, without = (1e6 * seconds / self.count for seconds in self.took_s)
        return with_rows, without


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured."""

    world: World
    imports: Turns
    lives: Turns
    moved: tuple[float, float]
    """Seconds of taking the tables back and of filling them again."""
    pages: Mapping[str, Figure]
    sums: Mapping[str, Figure]
    stall: float


def report(m: Measured) -> str:
    """All of it."""
    (with_rows, without), (living, bare) = m.imports.each_us, m.lives.each_us
    lines = [
        f"# Searching {m.world.trajectories:,} trajectories",
        "",
        f"`python -m bench.search --trajectories {m.world.trajectories}`; SQLite {sqlite3.sqlite_version}, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores with other work on the machine "
        f"(load {os.getloadavg()[1]:.1f}). The database has {m.world.size / 1e6:,.0f} MB, {m.world.queries:,} "
        f"queries, {m.world.days} days, four alternatives a run. A page has 50 rows and is read "
        "with its routes and records. Milliseconds: of computing in the thread that asks, which is "
        "about what an idle machine takes, and of waiting on this busy one.",
        "",
        *_table("Pages and counts", m.pages),
        *_table("Percentiles and estimates", m.sums),
        "## What it costs",
        "",
        f"- Importing a trajectory: {with_rows:.0f} µs of computing, {without:.0f} µs without the rows to search by "
        f"(+{100 * (with_rows / without - 1):.0f} %).",
        f"- A trajectory that begins, grows by its steps and ends here, every write waited for: {living:.0f} µs of "
        f"computing, {bare:.0f} µs without (+{100 * (living / bare - 1):.0f} %). Keeping a step costs the same as "
        "before: nothing is written for it to search by until its trajectory ends.",
        f"- Migrating a database that has these trajectories (0005 to the newest): {m.moved[1]:.1f} s of "
        f"computing; taking it back: {m.moved[0]:.1f} s.",
        f"- While all figures are summed up in a thread, the event loop waits for its turn {m.stall:.1f} ms at most.",
        "",
    ]
    return "\n".join(lines)


def _table(title: str, figures: Mapping[str, Figure]) -> list[str]:
    rows = [
        f"| {name} | {one.computed:.1f} | {one.computed_p95:.1f} | {one.p50:.1f} | {one.p95:.1f} |"
        for name, one in figures.items()
    ]
    return [f"## {title}", "", "| | computing p50 | p95 | waiting p50 | p95 |", "|---|---|---|---|---|", *rows, ""]
