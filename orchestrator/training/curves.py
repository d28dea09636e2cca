"""The learning curves as a picture that any browser shows: small panels, one line for each training."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

Row = Mapping[str, Any]
PANELS: Final = (
    ("reward", "Mean reward of the groups"),
    ("dev_utility", "Utility on held-out tasks"),
    ("dev_solved", "Solved on held-out tasks"),
    ("dev_usd", "Dollars per held-out task"),
    ("words", "Cross-entropy of the thoughts, nats"),
    ("entropy", "Entropy of decisions, nats"),
)
WIDTH, HEIGHT, MARGIN = 300, 170, 40
COLOURS: Final = ("#3266c7", "#c2601c", "#2b8a57", "#8a4fbf")


def picture(trainings: Sequence[Sequence[Row]], ceiling: float | None = None) -> str:
    """An SVG. Steps count through imitation and reinforcement; the dashed line is the oracle's utility."""
    panels = [
        f'<g transform="translate({number % 3 * (WIDTH + MARGIN) + MARGIN},{number // 3 * (HEIGHT + 60) + 40})">'
        f"{_panel(key, title, trainings, ceiling if key == 'dev_utility' else None)}</g>"
        for number, (key, title) in enumerate(PANELS)
    ]
    size = f'width="{3 * (WIDTH + MARGIN) + 20}" height="{2 * (HEIGHT + 60) + 20}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(panels)}</svg>\n'
    )


def rows_of(path: Path) -> list[Row]:
    """The rows of one training's curves.jsonl."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _panel(key: str, title: str, trainings: Sequence[Sequence[Row]], level: float | None) -> str:
    lines = [_points(rows, key) for rows in trainings]
    values = [value for line in lines for _, value in line] + ([] if level is None else [level])
    if not any(lines):
        return f'<text y="-8">{escape(title)}: nothing measured</text>'
    low, high = min(values), max(values)
    spread, last = (high - low) or 1.0, max(step for line in lines for step, _ in line) or 1

    def place(step: float, value: float) -> str:
        return f"{step / last * WIDTH:.1f},{HEIGHT - (value - low) / spread * HEIGHT:.1f}"

    drawn = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#ccc"/><text y="-8">{escape(title)}</text>']
    for text, height in ((high, 10), (low, HEIGHT)):
        drawn.append(f'<text x="-4" y="{height}" text-anchor="end" fill="#555">{text:.3g}</text>')
    drawn.append(f'<text x="{WIDTH}" y="{HEIGHT + 14}" text-anchor="end" fill="#555">step {last}</text>')
    for number, line in enumerate(lines):
        points = " ".join(place(*point) for point in line)
        colour = COLOURS[number % len(COLOURS)]
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    if level is not None:
        ends = (place(0, level), place(last, level))
        drawn.append(f'<polyline points="{" ".join(ends)}" stroke="#555" stroke-dasharray="4 3"/>')
    return "".join(drawn)


def _points(rows: Iterable[Row], key: str) -> list[tuple[int, float]]:
    """Steps since imitation began, and values."""
    before, phase, last = 0, "", 0
    points = []
    for row in rows:
        if row["phase"] in ("reading", "wishes"):
            continue
        if row["phase"] != phase:
            before, phase = before + last, row["phase"]
        last = row["step"]
        if key in row:
            points.append((before + last, float(row[key])))
    return points
