"""Where alternatives part and where the money went: sentences and rows as the browser gets them."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.model_call import Charge, ChargeStatus, unpriced
from orchestrator.pool import TOOL_OF
from orchestrator.trajectory import Step, StopReason, Trajectory
from prefs.alignment import aligned, route
from prefs.ballot import ballot
from tests import strategies
from tests.examples import NOON, call, model_call, trajectory
from tests.webapp.canned import MODELS, fake_pool
from webapp.views import amounts, hiding
from webapp.views.amount_words import Compared, widest_cost
from webapp.views.comparison import comparison_view
from webapp.views.difference import difference_view
from webapp.views.runs_difference import runs_difference_view
from webapp.views.trace import trace_view

POOL = fake_pool()
HIDDEN = ("identity", "cost", "latency", "preference")


def went(words: str, usd: str = "0.01", latency_s: float = 1.0, **changes: object) -> Trajectory:
    """An ended trajectory of these aliases, each step for these dollars, or `alias:usd`; `-` is no valid call."""
    steps = []
    for index, word in enumerate(words.split()):
        alias, _, own = word.partition(":")
        charge = model_call(own or usd, latency_s, alias=alias, model=MODELS.get(alias))
        if alias == "-":
            steps.append(Step(index, "", None, None, (replace(charge, alias=None),), "the reply held no valid call"))
        else:
            steps.append(Step(index, "", call(alias), None, (charge,)))
    values = {"steps": tuple(steps), "stop_reason": StopReason.ANSWERED}
    return trajectory(**(values | changes))


def shown(*some: Trajectory, hidden: Collection[str] = ()) -> dict[str, Any]:
    """The difference of these, labelled A, B, C, …"""
    labels = "ABCDEFGHIJKL"[: len(some)]
    gone = frozenset(hidden)
    columns = [
        hiding.without(trace_view(one, POOL), one, gone) | {"label": label}
        for label, one in zip(labels, some, strict=True)
    ]
    return difference_view(list(zip(labels, some, strict=True)), columns, hidden)


def said(*some: Trajectory, hidden: Collection[str] = ()) -> list[str]:
    return list(shown(*some, hidden=hidden)["sentences"])


@pytest.mark.parametrize(
    ("routes", "sentence"),
    [
        (["search-1 answer-1"] * 2, "A and B go the same way to the end: the same 2 calls in the same order."),
        (["answer-1"] * 3, "A, B and C go the same way to the end: the same call."),
        (["search-1 reasoner-1 answer-1", "search-1 answer-1"],
         "B goes the same way as A, but leaves out step 2 (reasoner-1)."),
        (["search-1 answer-1", "search-1 reasoner-1 reasoner-1 answer-1"],
         "B goes the same way as A, but adds steps 2 and 3 (reasoner-1 ×2)."),
        (["search-1 answer-1", "search-1 answer-3"],
         "A and B go the same way but for step 2: A has answer-1, B has answer-3."),
        (["search-1 search-2 answer-1", "search-1 reasoner-1 answer-2"],
         "A and B take the same first step and part at step 2: A calls search-2, B reasoner-1."),
        (["answer-1", "search-1"], "A and B part at the first step: A calls answer-1, B search-1."),
        (["search-1 search-2 answer-1", "search-1 answer-2", "search-1 search-2 answer-1"],
         "A and C go the same way to the end; B leaves them at step 2 (answer-2 instead of search-2)."),
        (["search-1 search-2 answer-1", "search-1 answer-1", *["search-1 search-2 answer-1"] * 2,
          "search-1 search-2 answer-3"],
         "A, C and D go the same way to the end; B leaves out step 2 (search-2); "
         "E differs in step 3 only (answer-3 instead of answer-1)."),
        (["search-1 search-2 answer-1", "search-1 search-2 answer-3", "search-1 answer-1"],
         "All take the same first step and part at step 2: A and B call search-2, C answer-1; "
         "A and B part at step 3 (answer-1 and answer-3)."),
        (["search-1 answer-1", "search-2 answer-1", "-", "reasoner-1 answer-1", "search-1 answer-2", "answer-4"],
         "They part at the first step: A and E call search-1, B search-2, C makes no valid call, D reasoner-1, "
         "F answer-4; A and E part at step 2 (answer-1 and answer-2)."),
        (["search-1", "search-1 answer-1", "search-1 reasoner-1 answer-1"],
         "All take the same first step and part at step 2: A ends there, B calls answer-1, C reasoner-1."),
    ],
)  # fmt: skip
def test_the_first_sentence_says_where_they_part(routes: Sequence[str], sentence: str) -> None:
    assert said(*map(went, routes))[0] == sentence


def test_the_second_sentence_says_where_the_money_went() -> None:
    cheap, dear = went("search-2:0.0010 answer-2:0.0032"), went("search-2:0.0010 search-2:0.0011 answer-1:0.0152")
    assert said(cheap, dear)[1] == (
        "B costs 4.1 times as much as A: $0.0120 of the $0.0131 difference comes from its step 3, answer-1 by gpt-5."
    )


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        ("search-1:0.01", "search-1:0.01", "A and B cost $0.0100 each."),
        ("answer-1:0.02", "answer-4:0",
         "A costs $0.0200, B nothing: all of the $0.0200 difference comes from its step 1, answer-1 by gpt-5."),
        ("search-1:0.03 answer-1:0.001", "search-1:0.01 answer-1:0.005",
         "A costs 2.1 times as much as B: $0.0200 more in its step 1, search-1 by gpt-5, $0.0040 less elsewhere."),
        ("search-1:0.02 reasoner-2:0.02 answer-1:0.02", "search-1:0.01 reasoner-2:0.01 answer-1:0.01",
         "A costs 2.0 times as much as B: $0.0200 of the $0.0300 difference comes from its steps 1 (search-1 by gpt-5) "
         "and 2 (reasoner-2 by gpt-5-mini)."),
    ],
)  # fmt: skip
def test_money_is_said_in_the_way_that_fits(one: str, other: str, sentence: str) -> None:
    assert said(went(one), went(other))[1] == sentence


def test_an_unknown_price_is_said_and_never_read_as_zero() -> None:
    unknown = went("search-1")
    unknown = replace(unknown, steps=(replace(unknown.steps[0], calls=(model_call(charge=unpriced("?")),)),))
    some = went("search-1 answer-1"), unknown, went("search-1")
    assert said(*some)[1].endswith("; left out: B has calls without a known price.")
    assert said(*some)[1].startswith("A costs 2.0 times as much as C: ")
    assert said(*some[:2])[1] == "What they cost cannot be compared: B has calls without a known price."


def test_a_run_that_goes_on_is_left_out_of_the_money() -> None:
    going = went("search-1", stop_reason=None)
    assert said(went("search-1"), going)[1:] == [
        "What they cost cannot be compared: B has not ended.",
        "Their times cannot be compared before they have ended.",
    ]


def test_estimated_dollars_are_said_to_be_about() -> None:
    dear = went("search-1:0.05")
    estimated = Charge(Decimal("0.05"), ChargeStatus.ESTIMATED, "tokens guessed")
    dear = replace(dear, steps=(replace(dear.steps[0], calls=(model_call(charge=estimated),)),))
    assert said(dear, went("search-1"))[1].startswith("A costs about 5.0 times as much as B: ")


def test_the_last_sentence_says_where_the_time_went() -> None:
    slow = went("search-1 answer-1", latency_s=3.0)
    assert said(slow, went("search-1"))[2] == "A takes 5.0 s longer than B, 3.0 s of it in its step 2, answer-1."


def test_what_is_hidden_is_neither_said_nor_shown() -> None:
    some = went("search-1 reasoner-1:0.02 answer-1"), went("search-2 answer-3"), went("search-3 answer-1")
    view = shown(*some, hidden=HIDDEN)
    assert view["sentences"] == ["B and C go the same way to the end; A adds step 2 (enhance_reasoning)."]
    text = json.dumps(view)
    for name in (*TOOL_OF, *MODELS.values(), "$"):
        assert name not in text
    assert said(*some, hidden=("identity",))[1].endswith(" comes from its step 2, enhance_reasoning.")
    assert len(said(*some, hidden=("cost",))) == len(said(*some, hidden=("latency",))) == 2
    assert "$" not in json.dumps(shown(*some, hidden=("cost",)))


def test_rows_hold_a_cell_for_each_label_and_mark_where_they_part() -> None:
    view: dict[str, Any] = shown(went("search-1 search-2 answer-1"), went("search-1 answer-3"))
    first, second, third = view["rows"]
    assert [row["state"] for row in (first, second, third)] == ["same", "differs", "differs"]
    assert second["cells"]["B"] == {"state": "gap"}
    assert second["cells"]["A"]["state"] == "alone"
    assert [third["cells"][label]["state"] for label in "AB"] == ["other", "other"]
    assert third["cells"]["B"]["index"] == 1
    assert third["cells"]["B"]["cost"] == "$0.0100"
    assert view["costly"] == {"label": "A", "rows": [1]}
    assert view["parting"] == {
        "row": 1,
        "step": 2,
        "groups": [{"labels": ["A"], "call": "search-2"}, {"labels": ["B"], "call": "answer-3"}],
    }


def test_rows_alike_fold_with_their_sums() -> None:
    start = "search-1 search-2 reasoner-1"
    view: dict[str, Any] = shown(
        went(f"{start} search-3 search-3 search-3 search-3 answer-1"), went(f"{start} answer-1")
    )
    same, repeated = view["folds"]
    assert (same["first"], same["count"], same["words"]) == (0, 3, "3 same steps")
    assert (repeated["first"], repeated["count"], repeated["words"]) == (3, 4, "search-3 ×4")
    assert repeated["cells"] == {"A": {"cost": "$0.0400", "seconds": "4.0 s"}, "B": {"cost": None, "seconds": None}}


def test_a_ballot_has_the_difference_less_what_it_hides() -> None:
    some = {id: went(route, id=id) for id, route in (("a", "search-1 answer-1"), ("b", "search-2 answer-1"))}
    blind = ballot("b1", list(some), query="?", run=None, seed=1, made_at=NOON, hidden=HIDDEN)
    assert comparison_view(blind, some, POOL, ranked=False)["difference"]["sentences"] == [
        "A and B go the same way to the end: the same 2 calls in the same order."
    ]
    assert "search-1" in comparison_view(blind, some, POOL, ranked=True)["difference"]["sentences"][0]


def test_runs_of_different_queries_say_so() -> None:
    some = [(went("answer-1", id=name, query=name), "finished") for name in ("one?", "two?")]
    view = runs_difference_view(some, POOL)  # type: ignore[arg-type]
    assert (view["query"], view["queries_differ"], [one["query"] for one in view["columns"]]) == (
        None,
        True,
        ["one?", "two?"],
    )
    assert "queries differ" in view["note"]


@st.composite
def priced(draw: st.DrawFn) -> list[Trajectory]:
    """Alternatives whose prices are all known."""
    words = st.tuples(st.sampled_from(["search-1", "search-2", "answer-1", "-"]), st.integers(0, 10**5))
    routes = st.lists(words, min_size=1, max_size=5)
    return [
        went(" ".join(f"{alias}:{Decimal(usd).scaleb(-6):f}" for alias, usd in one))
        for one in draw(st.lists(routes, min_size=2, max_size=6))
    ]


@given(priced())
def test_the_numbers_of_the_money_sentence_are_sums_over_the_records(some: list[Trajectory]) -> None:
    labels = "ABCDEF"[: len(some)]
    compared = Compared(tuple(labels), tuple(some), aligned([route(one) for one in some]))
    found, sentence = widest_cost(compared, range(len(some))), said(*some)[1]
    costs = {label: one.cost_usd for label, one in zip(labels, some, strict=True)}
    if len(set(costs.values())) == 1:
        assert amounts.dollars(costs["A"]) in sentence
        return
    most, least = sentence[0], re.split(r" than | as much as |, ", sentence.split(":")[0])[-1][0]
    assert (costs[most], costs[least]) == (max(costs.values()), min(costs.values()))
    own = {step.index + 1: step for step in some[found.most].steps}
    named = [
        int(number) for number in re.findall(r"(?:steps? |and )(\d+)", sentence.split(" its ")[1].split(" by ")[0])
    ]
    assert set(named) <= set(own)
    if (match := re.search(r"(\S+) of the (\S+) difference", sentence)) is not None:
        assert match[2] == amounts.dollars(costs[most] - costs[least])
        assert match[1] in ("all", amounts.dollars(found.main_amount))
    else:
        assert amounts.dollars(found.main_amount) in sentence or "nearly all" in sentence


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(st.lists(strategies.trajectories(), min_size=2, max_size=6), st.sets(st.sampled_from(HIDDEN)))
def test_any_alternatives_at_all_have_a_view_of_at_most_three_sentences(
    some: list[Trajectory], hidden: set[str]
) -> None:
    view: dict[str, Any] = shown(*some, hidden=hidden)
    json.dumps(view, allow_nan=False)
    sentences: list[str] = view["sentences"]
    assert 1 <= len(sentences) <= 3
    assert all(sentence.endswith(".") for sentence in sentences)
    assert all(set(row["cells"]) == set(view["labels"]) for row in view["rows"])
