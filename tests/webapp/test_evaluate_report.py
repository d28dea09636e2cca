"""The report and its charts: they say what the scores say, and the file needs nothing but itself."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.policies.scripted import ScriptedPolicy
from orchestrator.preference import PRESETS
from prefs.bootstrap import Interval
from prefs.evaluation import AllowedTurns, Comparison, Score
from tests.examples import NOON, decide
from webapp.charts import allowed_turns, frontier, shares
from webapp.charts.series import Series, series, short_name
from webapp.evaluation.bench import Bench
from webapp.evaluation.opening import opened
from webapp.evaluation.plan import Plan
from webapp.evaluation.report import report
from webapp.evaluation.result import Result, scored
from webapp.evaluation.table import printed
from webapp.settings import Settings
from webapp.views import palette


def interval(mean: float) -> Interval:
    return Interval(mean, mean * 0.9, mean * 1.05)


def score(policy: str, solved: float | None = 0.5, usd: str = "2", **changes: Any) -> Score:
    known = None if solved is None else interval(solved)
    values: dict[str, Any] = {
        "policy": policy,
        "preference": "Balanced",
        "tasks": 10,
        "solved": known,
        "adherence": known,
        "reward": known,
        "total_usd": Decimal(usd),
        "cost_usd": interval(float(usd)),
        "latency_s": interval(30.0),
        "calls": interval(2.0),
        "strongest_share": interval(0.25),
        "alias_share": {"search-1": 0.25, "answer-2": 0.75},
        "unpriced_calls": 0,
        "ungraded": 0,
        "without_cost": 0,
        "simulated": True,
        "stop_reasons": {"answered": 10},
        "failure": None,
        "turns": (
            AllowedTurns(5, interval(0.4), Decimal(usd) / 2),
            AllowedTurns(50, interval(0.5), Decimal(usd)),
        ),
        "domains": {},
        "against_baseline": Comparison(known, known, interval(0.4), interval(0.5)),
    }
    return Score(**(values | changes))


def drawn(*scores: Score) -> tuple[Series, ...]:
    return series(scores)


@pytest.fixture
async def result(tmp_path: Any) -> Result:
    policies = {"base": ScriptedPolicy(decide("answer-1")), "</script><b>": ScriptedPolicy(decide("answer-2"))}
    plan = Plan(("base", "</script><b>"), {"Balanced": PRESETS["Balanced"]}, "base", limit=6)
    async with opened(Settings(data_dir=tmp_path / "data", policy="random"), save=False) as made:
        return scored(await Bench(plan, made.workshop, policies).run(), {"answer-1"}, made.workshop.pool)


def test_a_short_name_is_what_a_legend_has_room_for() -> None:
    assert short_name("random") == "random"
    assert short_name("fixed:search-1,reasoner-1,answer-math-2") == "fixed S1 → R1 → M2"
    assert short_name("openai:http://127.0.0.1:8001/v1#orchestrator;profile=clean") == "orchestrator"
    assert short_name("transformers:/models/small/") == "small"
    assert (short_name("embedded"), short_name("embedded:/models/ours")) == ("embedded", "ours")


def test_names_are_never_the_same_and_say_the_preference_where_there_are_several() -> None:
    one, other = drawn(score("openai:http://a/v1#m"), score("openai:http://b/v1#m"))
    assert (one.name, other.name) == ("openai:http://a/v1#m", "openai:http://b/v1#m")
    names = [one.name for one in drawn(score("random"), score("random", preference="Frugal"))]
    assert names == ["random · Balanced", "random · Frugal"]


def test_the_frontier_holds_what_nothing_beats_in_cost_and_accuracy() -> None:
    cheap, dear, worse = score("a", 0.4, "1"), score("b", 0.9, "9"), score("c", 0.3, "5")
    some = drawn(dear, worse, cheap)
    assert [one.name for one in frontier.frontier(some)] == ["a", "b"]
    assert [row[-1] for row in frontier.table(some)] == ["yes", "no", "yes"]
    assert "from cheap to accurate: a, b" in frontier.summary(some)


def test_what_is_not_fully_priced_or_graded_is_left_out_of_the_frontier_and_named() -> None:
    some = drawn(score("a"), score("b", unpriced_calls=2), score("c", None))
    assert [trace.name for trace in frontier.figure(some).data] == ["frontier", "a"]
    assert "Left out, since a price or every grade is unknown: b, c." in frontier.summary(some)
    assert frontier.table(some)[1][2] == "$0.2000 + unpriced calls"


def test_costs_far_apart_are_drawn_on_a_logarithmic_axis_and_free_ones_never() -> None:
    assert frontier.figure(drawn(score("a", usd="1"), score("b", usd="30"))).layout.xaxis.type == "log"
    assert frontier.figure(drawn(score("a", usd="1"), score("b", usd="2"))).layout.xaxis.type is None
    assert frontier.figure(drawn(score("a", usd="0"), score("b", usd="2"))).layout.xaxis.type is None


def test_bars_of_shares_wear_the_colours_of_the_aliases_and_add_up() -> None:
    figure = shares.figure(drawn(score("a"), score("b", alias_share={"answer-2": 1.0})))
    assert {bar.name: list(bar.x) for bar in figure.data} == {"search-1": [25, 0], "answer-2": [75, 100]}
    assert figure.data[1].marker.color == palette.ALIASES["answer-2"].light
    assert shares.summary(drawn(score("a"))) == "Calls that go to the dearest alias of their tool: a 25%."


def test_fewer_turns_are_told_in_percent_and_dollars() -> None:
    chart = allowed_turns.chart(drawn(score("a")))
    assert chart.rows == (("a", "5", "40.0%", "$0.1000"), ("a", "50", "50.0%", "$0.2000"))
    assert chart.summary.startswith("a solves 40.0% within 5 turns instead of 50.0%")
    assert [list(trace.y) for trace in chart.figure.data] == [[40, 50], [0.1, 0.2]]


@pytest.mark.parametrize("module", [frontier, shares, allowed_turns])
def test_charts_of_nothing_are_empty_and_charts_of_stand_ins_say_simulated(module: Any) -> None:
    assert len(module.chart(()).figure.data) == 0
    assert module.chart(drawn(score("a"))).title.endswith("(simulated)")
    assert not module.chart(drawn(score("a", simulated=False))).title.endswith("(simulated)")


async def test_the_report_is_one_file_that_loads_nothing(result: Result) -> None:
    page = report(result, NOON)
    own = page.replace(re.search(r"<script>.*?</script>", page, re.DOTALL)[0], "")  # type: ignore[index] # plotly.js
    assert "plotly.js v" in page
    assert "default-src 'none'" in own
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import|https?://""", own)


async def test_the_report_has_both_looks_and_says_what_is_simulated(result: Result) -> None:
    page = report(result, NOON)
    figures = json.loads(re.search(r'id="figures">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert set(figures) == {"frontier", "shares", "turns"}
    light, dark = figures["shares"]["light"], figures["shares"]["dark"]
    assert light["data"][0]["marker"]["color"] == palette.ALIASES["answer-1"].light
    assert dark["data"][0]["marker"]["color"] == palette.ALIASES["answer-1"].dark
    assert dark["layout"]["template"]["layout"]["paper_bgcolor"] == palette.TOKENS["surface"].dark
    assert "Simulated: stand-ins replied" in page
    assert "6 tasks of the test split · pool rehearsal · Balanced · seed 0 · 2026-05-04 12:00 UTC" in page


async def test_names_from_outside_cannot_become_markup(result: Result) -> None:
    page = report(result, NOON)
    assert "</script><b>" not in page
    assert "&lt;/script&gt;&lt;b&gt;" in page


async def test_an_evaluation_that_ended_early_says_so_in_the_table(result: Result) -> None:
    cut = replace(result, evaluated=replace(result.evaluated, stopped="stopped by hand"))
    assert "Not everything was run: stopped by hand." in printed(cut)
    assert "Not everything was run" in report(cut, NOON)


async def test_what_is_missing_is_said_below_the_table(result: Result) -> None:
    odd = score("a", ungraded=3, without_cost=2, unpriced_calls=4, strongest_share=None, failure="it is down")
    odd = replace(odd, stop_reasons={"failed": 1, "answered": 9})
    said = printed(replace(result, scores=(odd,)))
    assert "nobody could grade 3 trajectories" in said
    assert "2 trajectories have unknown prices" in said
    assert "1 trajectories failed and count as unsolved: it is down" in said
    assert "$2.00 + 4 unpriced" in said
    assert "unknown" in said
