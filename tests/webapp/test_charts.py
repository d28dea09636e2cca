"""Charts: figure, sentence and table say the same, also where there is nothing to draw."""

import json
from decimal import Decimal

import pytest

from orchestrator.model_call import unpriced
from orchestrator.trajectory import Observation, Origin, Outcome, Step, Trajectory, Verdict
from storage.figures import Spread
from tests.examples import call, model_call, trajectory
from webapp.charts import spreads, staircase, timeline, tradeoff
from webapp.views import palette


def steps(*costs: str | None, latency_s: float = 1.0) -> tuple[Step, ...]:
    """One step for each cost; `None` is unpriced."""
    return tuple(
        Step(
            index,
            "",
            call("answer-1"),
            Observation("x", Origin.MODEL),
            (
                model_call(cost or "0", latency_s, **({} if cost else {"charge": unpriced("no price")})),
            ),
        )
        for index, cost in enumerate(costs)
    )  # fmt: skip


@pytest.mark.parametrize("module", [timeline, staircase])
def test_a_trajectory_without_steps_gives_an_empty_chart_that_says_so(module: object) -> None:
    chart = module.chart(trajectory())  # type: ignore[attr-defined]
    assert len(chart.figure.data) == 0
    assert chart.rows == ()
    assert chart.summary.startswith("No ")


def test_calls_lie_end_to_end_on_the_timeline() -> None:
    laid = timeline.spans(trajectory(steps=steps("0.01", "0.02", "0.03", latency_s=1.5)))
    assert [span.start_s for span in laid] == [0.0, 1.5, 3.0]


def test_every_bar_carries_its_trajectory_and_step() -> None:
    whole = trajectory(steps=steps("0.01", "0.02"))
    for figure in (timeline.figure(whole), staircase.figure(whole)):
        assert [list(data) for data in figure.data[0].customdata] == [["t1", 0], ["t1", 1]]


def test_calls_too_short_to_see_get_a_marker() -> None:
    quick = Step(1, "", call("search-1"), None, (model_call("0.01", 0.001, alias="search-1"),))
    figure = timeline.figure(trajectory(steps=(*steps("0.01", latency_s=10.0), quick)))
    assert list(figure.data[1].y) == ["search-1"]


def test_bars_wear_the_colour_of_their_alias() -> None:
    figure = timeline.figure(trajectory(steps=steps("0.01")))
    assert list(figure.data[0].marker.color) == [palette.ALIASES["answer-1"].light]


def test_stairs_stand_on_each_other_and_end_at_the_total() -> None:
    whole = trajectory(steps=steps("0.01", "0.02", "0.03"))
    bars = staircase.figure(whole).data[0]
    tops = [base + height for base, height in zip(bars.base, bars.y, strict=True)]
    assert tops == pytest.approx([0.01, 0.03, 0.06])
    assert staircase.table(whole)[-1][-1] == "$0.0600"


def test_unpriced_steps_are_marked_and_not_drawn_as_free() -> None:
    whole = trajectory(steps=steps(None, None))
    chart = staircase.chart(whole)
    assert chart.summary == "2 steps, 2 unpriced."
    assert list(chart.figure.data[1].marker.symbol) == ["diamond-open", "diamond-open"]
    assert [row[2] for row in chart.rows] == ["1 unpriced", "1 unpriced"]


def test_fifty_steps_fit() -> None:
    chart = timeline.chart(trajectory(steps=steps(*["0.01"] * 50)))
    assert len(chart.rows) == 50
    assert len(json.dumps(chart.figure.to_plotly_json())) < 40_000


def labelled(*costs: str | None) -> list[tuple[str, Trajectory]]:
    """Alternatives A, B, … with one step each."""
    return [
        ("ABCDEF"[n], trajectory(id=f"t{n}", steps=steps(cost, latency_s=n + 1.0), outcome=Outcome(Verdict.SOLVED)))
        for n, cost in enumerate(costs)
    ]


def test_the_scatter_names_the_cheapest_and_the_fastest() -> None:
    chart = tradeoff.chart(labelled("0.05", "0.01"))
    assert chart.summary == "B is the cheapest at $0.0100; A is the fastest at 1.0 s."
    assert list(chart.figure.data[0].text) == ["<b>A</b>", "<b>B</b>"]


def test_an_alternative_with_unpriced_calls_is_never_called_cheapest() -> None:
    summary = tradeoff.summary(labelled("0.05", None))
    assert "A is the cheapest" in summary
    assert "left out" in summary
    assert "not fully known" in tradeoff.summary(labelled(None))


def test_simulated_numbers_say_so_on_title_and_axes() -> None:
    one = Step(0, "", call("answer-1"), None, (model_call("0.01", simulated=True),))
    whole = trajectory(steps=(one,))
    assert timeline.chart(whole).title == "Timeline (simulated)"
    assert "simulated" in staircase.figure(whole).layout.yaxis.title.text
    assert "simulated" in tradeoff.figure([("A", whole)]).layout.xaxis.title.text


def test_dollars_in_tables_are_exact() -> None:
    whole = trajectory(steps=steps("0.1", "0.2"))
    assert whole.cost_usd == Decimal("0.3")
    assert staircase.table(whole)[-1][-1] == "$0.3000"


def test_a_single_day_is_marked_as_a_day_and_not_in_milliseconds() -> None:
    for days in (1, 2):
        times = {day * 1440: Spread(count=3, steps=6, errors=1) for day in range(days)}
        drawn = spreads.errors_over_time(times, "day").figure
        assert drawn.layout.xaxis.ticktext == (("1970-01-01 00:00",) if days == 1 else None)
