"""How often the intervals of dollars and seconds per place hold what was planted: `python -m bench.second_looks`."""

import argparse
from collections.abc import Iterator
from statistics import median

from prefs.fit.willingness import Ratio, willingness
from prefs.simulated_looks import Planted, pools

SIZES = ((8, 1), (10, 2), (30, 1), (20, 6))
"""Ballots, and people who rank all of them."""


def row(ballots: int, people: int, count: int, planted: Planted, seed: int) -> str:
    """One line of the table in docs/learning.md."""
    found = [willingness(looks).usd_per_place for looks in pools(count, ballots, people, planted, seed)]
    told = [one.estimate for one in found if one.estimate is not None]
    widths = [(one.high - one.low) / planted.usd_per_place for one in told]
    held = sum(_holds(one, planted.usd_per_place) for one in found)
    width = f"{median(widths):.2f}" if widths else "–"
    return f"| {ballots} × {people} | {count} | {len(told) / count:.0%} | {held / count:.1%} | {width} |"


def _holds(one: Ratio, planted: float) -> bool:
    """Whether the interval, one without an upper end too, holds it."""
    if one.estimate is not None:
        return one.estimate.low <= planted <= one.estimate.high
    return one.at_least is None or planted >= one.at_least


def table(count: int, seed: int) -> Iterator[str]:
    """All lines."""
    for ballots, people in SIZES:
        yield row(ballots, people, count, Planted(), seed)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pools", type=int, default=200, help="independent studies of each size (200)")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for line in table(chosen.pools, chosen.seed):
        print(line, flush=True)


if __name__ == "__main__":
    main()
