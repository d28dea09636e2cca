"""View models: what the islands are given to show."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model_call import Charge, ChargeStatus, unpriced
from orchestrator.trajectory import CodeRun, Observation, Origin, Outcome, Step, StopReason, Verdict
from prefs.ballot import ballot
from prefs.ranking import Ranking
from storage.trajectories import State
from tests.examples import NOON, call, document, model_call, trajectory
from tests.webapp.fake_desk import FakeDesk, fake_pool, shapes
from webapp.views import aliases, amounts, palette
from webapp.views.comparison import Rewarded, ballot_view, comparison_view, result_view, reward_words
from webapp.views.history import PastRun, history_view
from webapp.views.placement import placement
from webapp.views.steps import step_row
from webapp.views.trace import answer_view, run_view, state_words, trace_view

POOL = fake_pool()


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        ("0", "$0"), ("0.0131", "$0.0131"), ("0.000423", "$0.00042"), ("1234.567", "$1,234.57"),
        ("0.0000001", "< $0.000001"),
    ],
)  # fmt: skip
def test_dollars_keep_sensible_digits(usd: str, shown: str) -> None:
    assert amounts.dollars(Decimal(usd)) == shown


@given(st.decimals(min_value="0.000001", max_value="1000000", allow_nan=False))
def test_dollars_in_words_are_within_five_percent(usd: Decimal) -> None:
    shown = Decimal(amounts.dollars(usd).removeprefix("$").replace(",", ""))
    assert abs(shown - usd) <= usd * Decimal("0.05")


def test_unpriced_calls_are_counted_and_never_shown_as_zero() -> None:
    known, unknown = model_call("0.0131"), model_call(charge=unpriced("no price"))
    assert amounts.cost([known, unknown, unknown]) == "$0.0131 + 2 unpriced"
    assert amounts.cost([unknown]) == "1 unpriced"


def test_an_estimated_charge_is_marked_as_about() -> None:
    estimated = Charge(Decimal("0.01"), ChargeStatus.ESTIMATED, "tokens guessed")
    assert amounts.cost([model_call(charge=estimated)]) == "≈ $0.0100"


@pytest.mark.parametrize(
    ("latency_s", "shown"), [(0.0, "0 s"), (0.004, "4 ms"), (1.24, "1.2 s"), (48.3, "48 s"), (125.0, "2 min 05 s")]
)
def test_seconds_are_shown_in_the_unit_that_fits(latency_s: float, shown: str) -> None:
    assert amounts.seconds(latency_s) == shown


def test_each_alias_has_its_own_code_and_colours() -> None:
    codes = {aliases.code(alias) for alias in palette.ALIASES if alias != palette.ORCHESTRATOR}
    assert len(codes) == 12
    for mode in ("light", "dark"):
        assert len({getattr(shade, mode) for shade in palette.ALIASES.values()}) == 13


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_badges_and_text_have_enough_contrast(mode: str) -> None:
    token = {name: getattr(shade, mode) for name, shade in palette.TOKENS.items()}
    for alias, shade in palette.ALIASES.items():
        assert palette.contrast(getattr(shade, mode), token["on-colour"]) >= 4.5, alias
    for text in ("ink", "ink-2", "accent", "good", "bad", "sim"):
        for ground in ("paper", "surface", "raised", "accent-soft", "bad-soft", "sim-soft"):
            assert palette.contrast(token[text], token[ground]) >= 4.5, (text, ground)
    assert palette.contrast(token["accent"], token["on-accent"]) >= 4.5
    assert palette.contrast(token["line-2"], token["paper"]) >= 3


def test_a_step_shows_who_why_and_what_came_back() -> None:
    observation = Observation("found", Origin.RETRIEVED, (document(1),), "the query")
    row = step_row(Step(0, "I look.", call("search-1"), observation, (model_call("0.01", 1.5, simulated=True),)), POOL)
    assert row["who"]["code"] == "S1"
    assert (row["why"], row["gist"], row["cost"], row["seconds"]) == ("I look.", "found", "$0.0100", "1.5 s")
    assert row["simulated"] is True
    assert row["detail"]["documents"][0]["source"] == "file-1.txt"
    assert row["detail"]["search_query"] == "the query"


def test_a_code_run_shows_all_that_it_gave() -> None:
    run = CodeRun("1/0", "out", "err", None, "ZeroDivisionError")
    step = Step(0, "", call("reasoner-1"), Observation("", Origin.EXECUTED, code_run=run), ())
    assert step_row(step, POOL)["detail"]["code"] == {
        "source": "1/0", "stdout": "out", "stderr": "err", "value": None, "error": "ZeroDivisionError",
    }  # fmt: skip


def test_a_step_without_a_valid_call_has_nobody_but_its_error() -> None:
    row = step_row(Step(0, "Hm.", None, None, (), "the reply held no call"), POOL)
    assert row["who"] is None
    assert row["error"] == "the reply held no call"


def test_long_texts_are_cut_and_say_so() -> None:
    step = Step(0, "", call("answer-1"), Observation("x" * 50_000, Origin.MODEL), ())
    assert len(json.dumps(step_row(step, POOL))) < 10_000
    assert "more characters" in step_row(step, POOL)["detail"]["text"]


@pytest.mark.parametrize("shape", range(len(shapes())))
def test_every_shape_of_trajectory_becomes_json(shape: int) -> None:
    desk = FakeDesk()
    snapshot = desk.snapshot(desk.add("What?", [trajectory().preference] * (shape + 1)))
    view = run_view(snapshot, POOL, datetime.now(UTC))
    assert json.loads(json.dumps(view, allow_nan=False)) == view


def test_a_waiting_call_is_shown_with_its_alias_and_start() -> None:
    desk = FakeDesk()
    snapshot = desk.snapshot(desk.add("What?", [trajectory().preference], pace_s=10))
    live = run_view(snapshot, POOL, NOON)["alternatives"][0]["live"]
    assert live["who"] is None
    assert live["number"] == 1


def test_the_state_says_why_a_run_stopped() -> None:
    stopped = trajectory(stop_reason=StopReason.BUDGET, stop_detail="$0.05 of $0.05 are spent")
    assert state_words(stopped, State.FINISHED) == "out of budget after 0 steps: $0.05 of $0.05 are spent"
    assert state_words(trajectory(), State.INTERRUPTED) == "interrupted after 0 steps; it can be resumed"


def test_an_extracted_answer_names_its_source_and_an_ungraded_one_says_so() -> None:
    observation = Observation("Pluto was found in 1930.", Origin.EXTRACTED, source="corpus/pluto")
    step = Step(0, "", call("answer-1"), observation, (model_call(),))
    view = answer_view(trajectory(steps=(step,), stop_reason=StopReason.ANSWERED, answer=observation.text))
    assert (view["extracted"], view["source"], view["verdict"]) == (True, "corpus/pluto", "ungraded")


def test_what_a_ballot_hides_is_nowhere_in_the_comparison_until_it_is_ranked() -> None:
    secret = Step(
        0, "answer-1 is best", call("answer-1"), Observation("42", Origin.MODEL), (model_call("0.777", 33.0),)
    )
    pair = [
        trajectory(id=f"t{n}", steps=(secret,), answer="42", stop_reason=StopReason.ANSWERED, seed=90 + n)
        for n in (1, 2)
    ]
    by_id = {one.id: one for one in pair}
    hidden = ("identity", "cost", "latency", "preference")
    shown = ballot("b", list(by_id), query="?", run="r", seed=1, made_at=NOON, hidden=hidden)
    text = json.dumps([comparison_view(shown, by_id, POOL, ranked=False), ballot_view(shown, by_id)])
    for word in ("answer-1", "gpt-5", "0.777", "33 s", "Balanced", "random"):
        assert word not in text, word
    assert "0.777" in json.dumps(comparison_view(shown, by_id, POOL, ranked=True))


def test_an_untouched_ballot_has_everything_in_the_tray() -> None:
    by_id = {f"t{n}": trajectory(id=f"t{n}") for n in (1, 2, 3)}
    view = ballot_view(ballot("b", list(by_id), query="?", run="r", seed=1, made_at=NOON), by_id)
    assert (view["groups"], view["unranked"], view["touched"]) == ([], ["A", "B", "C"], False)


def test_the_result_tells_order_line_and_rewards() -> None:
    by_id = {f"t{n}": replace(trajectory(id=f"t{n}"), outcome=Outcome(Verdict.SOLVED, "reference")) for n in (1, 2, 3)}
    shown = ballot("b", list(by_id), query="?", run="r", seed=1, made_at=NOON)
    ranking = Ranking("k", "b", (("B",), ("A",)), NOON, ("C",), 1, "why not")
    view = result_view(ranking, shown, by_id, {shown.trajectory("B"): Rewarded(0.5, 0.5)}, POOL)
    assert view["sentence"] == "B > A; not ranked: C; acceptable: B"
    assert [(row["label"], row["below"], row["reward"]) for row in view["rows"]] == [
        ("B", False, "0.50"), ("A", True, "–"), ("C", False, "–"),
    ]  # fmt: skip


def test_an_ungraded_reward_is_shown_only_as_if_correct() -> None:
    assert reward_words(Rewarded(None, 0.83)) == "0.83 if correct"


@pytest.mark.parametrize(
    "value",
    [
        None, "x", {}, {"touched": False, "groups": [["A"]], "unranked": []},
        {"touched": True, "groups": [], "unranked": ["A"], "acceptable": None},
        {"touched": True, "groups": "A", "unranked": []},
        {"touched": True, "groups": [["AB"]], "unranked": []},
        {"touched": True, "groups": [["A"]], "unranked": None},
        {"touched": True, "groups": [["A"]], "unranked": [], "acceptable": True},
    ],
)  # fmt: skip
def test_an_untouched_or_misshapen_order_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"ranked|shape|line"):
        placement(value)


def test_a_placement_keeps_groups_tray_and_line() -> None:
    found = placement({"touched": True, "groups": [["B"], ["A", "C"]], "unranked": ["D"], "acceptable": 1, "key": "k"})
    assert (found.groups, found.unranked, found.acceptable, found.key) == ((("B",), ("A", "C")), ("D",), 1, "k")


def test_an_empty_search_differs_from_an_empty_history() -> None:
    assert history_view([], " ")["search"] == ""
    assert history_view([], " kenya ")["search"] == "kenya"
    past = PastRun("r", "q" * 400, NOON, 1, "answered", 2)
    row = history_view([past], "q")["rows"][0]
    assert (len(row["query"]), row["alternatives"], row["rankings"]) == (301, "1 alternative", "2 rankings")


def test_an_alias_outside_the_pool_is_still_drawn() -> None:
    small = replace(POOL, entries=POOL.entries[:1])
    assert aliases.who("answer-math-1", small) == {
        "alias": "answer-math-1", "code": "M1", "tool": "answer", "shape": "flag", "model": None, "simulated": False,
    }  # fmt: skip
    assert trace_view(trajectory(), small)["rows"] == []
