"""The report of an evaluation: one HTML file with everything in it, so that it opens without a network."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, Final

from plotly.offline import get_plotlyjs

from orchestrator.rehearsal.tasks import DOMAINS
from webapp.charts import allowed_turns, frontier, shares
from webapp.charts.chart import Chart
from webapp.charts.series import Series, series
from webapp.charts.template import template
from webapp.evaluation.result import Result
from webapp.evaluation.table import COLUMNS, SIMULATED, notes, percent, rows
from webapp.views import palette

PAGE: Final = Path(__file__).with_name("report.html")
TITLE: Final = "Policies compared"


def report(result: Result, made_at: datetime | None = None) -> str:
    """The page as text: scores, cost against accuracy, alias shares, fewer turns, domains. Light and dark."""
    drawn = series(result.scores)
    charts = {
        "frontier": frontier.chart(drawn),
        "shares": shares.chart(drawn),
        "turns": allowed_turns.chart(drawn),
    }
    parts = {
        "title": TITLE,
        "tokens": _tokens(),
        "subtitle": escape(_subtitle(result, made_at or datetime.now(UTC))),
        "simulated": f'<p class="simulated" role="note">{escape(SIMULATED)}</p>' if result.simulated else "",
        "scores": _table(COLUMNS, _scores(result, drawn)),
        "notes": "".join(
            f'<p class="quiet">{escape(sentence)}</p>' for sentence in notes(result) if sentence != SIMULATED
        ),
        "charts": "".join(_section(key, chart) for key, chart in charts.items()),
        "domains": _table(*_domains(drawn)),
        "plotly": get_plotlyjs(),
        "figures": _embedded({key: _looks(chart) for key, chart in charts.items()}),
    }
    return re.sub(r"\[\[(\w+)\]\]", lambda found: parts[found[1]], PAGE.read_text("utf-8"))


def _subtitle(result: Result, made_at: datetime) -> str:
    plan = result.evaluated.plan
    preferences = ", ".join(plan.preferences)
    return (
        f"{len(result.evaluated.tasks)} tasks of the {plan.split} split · pool {result.pool.name} · {preferences} · "
        f"seed {plan.seed} · {made_at:%Y-%m-%d %H:%M} UTC"
    )


def _tokens() -> str:
    """The page's colours as CSS variables, for light and for dark."""

    def block(mode: str) -> str:
        return " ".join(f"--{name}: {getattr(shade, mode)};" for name, shade in palette.TOKENS.items())

    fonts = f"--sans: {palette.SANS}; --serif: {palette.SERIF};"
    return (
        f":root {{ {fonts} {block('light')} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {block('dark')} }} }}\n"
        f":root[data-mode=light] {{ {block('light')} color-scheme: light; }}\n"
        f":root[data-mode=dark] {{ {block('dark')} color-scheme: dark; }}"
    )


def _section(key: str, chart: Chart) -> str:
    return (
        f'<section><h2>{escape(chart.title)}</h2><p class="quiet">{escape(chart.summary)}</p>'
        f'<div class="scroll"><div class="plot" id="{key}" role="img" aria-label="{escape(chart.summary)}"></div></div>'
        f'<details><summary>Show as table</summary><div class="scroll">{_table(chart.columns, chart.rows)}</div>'
        "</details></section>"
    )


def _table(columns: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    lines = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in body)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _scores(result: Result, drawn: Sequence[Series]) -> list[tuple[str, ...]]:
    """The rows of the terminal's table, under the names that the charts use and with the SPEC below each."""
    return [
        (one.name if one.name == row[0] else f"{one.name} [{one.score.policy}", *row[1:])
        for one, row in zip(drawn, rows(result), strict=True)
    ]


def _cell(words: str) -> str:
    """What stands behind a bracket goes to a smaller line of its own: intervals, SPECs."""
    figure, bracket, ends = words.partition(" [")
    return f'{escape(figure)}<span class="range">{escape(ends.rstrip("]"))}</span>' if bracket else escape(words)


def _domains(drawn: Sequence[Series]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    here = [domain for domain in DOMAINS if any(domain in one.score.domains for one in drawn)]
    counts = drawn[0].score.domains if drawn else {}
    columns = ("Policy", *(f"{domain} ({counts[domain].tasks})" for domain in here))
    return columns, [(one.name, *(percent(one.score.domains[domain].solved) for domain in here)) for one in drawn]


def _looks(chart: Chart) -> Mapping[str, Any]:
    """The figure in the light and in the dark look: every colour of the palette has a twin."""
    light = json.loads(chart.figure.to_json())
    twins = {shade.light: shade.dark for shade in (*palette.TOKENS.values(), *palette.ALIASES.values())}
    dark = _dressed({"data": light["data"], "layout": {**light["layout"], "template": None}}, twins)
    dark["layout"]["template"] = {"layout": template("dark").layout.to_plotly_json()}
    return {"light": light, "dark": dark}


def _dressed(value: Any, twins: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return twins.get(value, value)
    if isinstance(value, list):
        return [_dressed(part, twins) for part in value]
    if isinstance(value, dict):
        return {key: _dressed(part, twins) for key, part in value.items()}
    return value


def _embedded(value: Any) -> str:
    """JSON that cannot end the script element that it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
