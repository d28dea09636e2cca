"""What a reward model is, for people: a card in Markdown, and a page with its calibration that opens offline."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

from plotly.offline import get_plotlyjs

from prefs.bootstrap import Interval
from prefs.neural.reward_model import Ceiling, RewardModel
from webapp.charts import calibration
from webapp.views import palette

PAGE: Final = Path(__file__).with_name("reward_card.html")
RELATIVE: Final = (
    "Scores are relative: only the difference between trajectories of one query means anything, as "
    "P(first preferred) = 1 / (1 + exp(second − first)). Their zero and their size differ from model to model."
)
SMALL: Final = (
    "The base is the small network made on the spot, with random weights and a vocabulary learnt from these very "
    "trajectories. It is for trying everything out, not for training a policy."
)


def notes(model: RewardModel) -> list[str]:
    """What a user of the scores must know, in sentences."""
    figures = model.figures
    said = [RELATIVE]
    if model.is_small:
        said.append(SMALL)
    if figures.accuracy.low <= 0.5:
        said.append("On held-out pairs it is not shown to be better than chance: the interval reaches 50 %.")
    if figures.cut:
        said.append(
            f"{figures.cut:,} of {figures.trajectories:,} trajectories were longer than {model.reading.max_length:,} "
            "tokens and are read without their middle; none was left out."
        )
    if model.reading.cost_shown and figures.cost_was_hidden:
        said.append(
            f"In {figures.cost_was_hidden:,} of {figures.rankings:,} rankings the annotator did not see the cost that "
            "the model reads."
        )
    if figures.onnx_difference is None:
        said.append("It has no ONNX export, so that serving it needs the extra `train`.")
    return said


def scores(model: RewardModel) -> list[tuple[str, str]]:
    """Held-out accuracy beside its yardsticks, in words."""
    figures, ceiling = model.figures, model.figures.ceiling
    return [
        ("This model", percent(figures.accuracy)),
        ("Linear model, same pairs", percent(figures.linear)),
        ("Gain over the linear model", points(figures.gain)),
        ("Two people on the same pair", "unknown" if ceiling is None else _agreement(ceiling)),
        ("Noise ceiling: the best model", "unknown" if ceiling is None else f"{ceiling.low:.1%} to {ceiling.high:.1%}"),
        ("This model on its training pairs", f"{figures.accuracy_in_training:.1%}"),
        ("Expected calibration error", f"{figures.calibration.error:.3f}"),
    ]


def facts(model: RewardModel) -> list[tuple[str, str]]:
    """Everything that the model was made from, in words."""
    figures, course, reading = model.figures, model.course, model.reading
    shown = [name for name, told in (("cost", reading.cost_shown), ("latency", reading.latency_shown)) if told]
    return [
        ("Base", "small (made on the spot)" if model.is_small else course.base),
        ("Parameters", f"{figures.parameters:,}"),
        ("Reads", f"{' and '.join(shown) or 'neither cost nor latency'}; {reading.max_length:,} tokens at most"),
        (
            "Training",
            f"{course.epochs:g} epochs, {course.batch} pairs a step, rate {course.rate:g}, {course.optimiser}",
        ),
        ("Seed", str(course.seed)),
        ("Rankings", f"{figures.rankings:,} with a strict pair; {figures.ties:,} tied pairs are left out"),
        ("Pairs", f"{figures.training_pairs:,} to train, {figures.held_out_pairs:,} held out"),
        ("Held-out queries", f"{figures.held_out_queries:,}; none of them was trained on"),
        ("Trajectories", f"{figures.trajectories:,}, {figures.cut:,} of them cut"),
        ("Seconds of training", f"{figures.seconds:.0f}"),
        ("Made at", f"{model.made_at:%Y-%m-%d %H:%M} UTC"),
        ("Code", model.code_version),
        ("SHA-256 of the data", model.data_sha256),
        ("SHA-256 of the weights", model.weights_sha256),
    ]


def markdown(model: RewardModel) -> str:
    """The card."""
    parts = [
        f"# Reward model {model.id}",
        *notes(model),
        "## Held-out pairs",
        "Share of pairs that are ordered as people did, with 95 % intervals from a bootstrap over queries. "
        "Every pair counts once; equal scores count half.",
        _lines(("", "Held-out pairs"), scores(model)),
        calibration.summary(model.figures.calibration),
        "## What it was made from",
        _lines(("", ""), facts(model)),
    ]
    return "\n\n".join(parts) + "\n"


def page(model: RewardModel) -> str:
    """The same with the calibration plot: one HTML file with everything in it."""
    drawn = calibration.chart(model.figures.calibration)
    parts = {
        "title": escape(f"Reward model {model.id}"),
        "tokens": " ".join(f"--{name}: {shade.light};" for name, shade in palette.TOKENS.items())
        + f" --sans: {palette.SANS}; --serif: {palette.SERIF};",
        "warning": "".join(f'<p class="warning" role="note">{escape(note)}</p>' for note in notes(model)),
        "scores": _table(("", "Held-out pairs"), scores(model)),
        "chart_title": escape(drawn.title),
        "summary": escape(drawn.summary),
        "bins": _table(drawn.columns, drawn.rows),
        "facts": _table(("", ""), facts(model)),
        "plotly": get_plotlyjs(),
        "figure": drawn.figure.to_json().replace("<", "\\u003c"),
    }
    return re.sub(r"\[\[(\w+)\]\]", lambda found: parts[found[1]], PAGE.read_text("utf-8"))


def percent(found: Interval | None) -> str:
    """`71.4% (66.0% to 76.1%)`."""
    return "unknown" if found is None else f"{found.mean:.1%} ({found.low:.1%} to {found.high:.1%})"


def _agreement(ceiling: Ceiling) -> str:
    return f"{ceiling.agreement:.1%}" if ceiling.interval is None else percent(ceiling.interval)


def points(found: Interval | None) -> str:
    """`+3.1 points (−0.4 to 6.2)`."""
    if found is None:
        return "unknown"
    mean, low, high = (f"{100 * value:+.1f}".replace("-", "−") for value in (found.mean, found.low, found.high))
    return f"{mean} points ({low} to {high})"


def _lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in (columns, ["---"] * len(columns), *rows)]
    return "\n".join(f"| {line} |" for line in body)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
