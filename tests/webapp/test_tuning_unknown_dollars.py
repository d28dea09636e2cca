"""Tune where dollars are unknown: nothing is more or less than what nobody knows, and prices stay what they are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.model_call import Usage
from orchestrator.pool import Pool, PoolEntry, Price
from orchestrator.preference import PreferenceVector
from orchestrator.prices import PriceBook, charge
from prefs.tuning.comparison import changes
from prefs.tuning.flips import flips
from prefs.tuning.orders import OrdersChanged
from prefs.tuning.packed import Rule, Ungraded
from prefs.tuning.repricing import of_book, recharged
from prefs.tuning.stored import Routed, Stored
from prefs.tuning.winners import Tuning
from tests.examples import NOON, model_call
from tests.prefs.tuning.alternatives import alternative
from webapp.cli.tune_record import Wanted, tune_record
from webapp.cli.tune_words import printed
from webapp.tuning_prices import template
from webapp.views import tuning as views
from webapp.views.tuning_rows import Sort, Wish, rows_view

SLOW, QUICK = PreferenceVector(1, 0, 0, {"answer-2": 1}), PreferenceVector(1, 0, 1)
UNPRICED = [
    alternative("slow", "q", "0.02", 9.0, uses={"answer-2": 1}),
    alternative("quick", "q", None, 1.0, uses={"answer-1": 1}),
]
"""The quick one has a call without a price beside one of $0.001."""
PRICED = [UNPRICED[0], alternative("quick", "q", "0.001", 1.0, uses={"answer-1": 1})]
NO_ORDERS = OrdersChanged(0, (), (), 0, 0, 0)


def rows(alternatives: Sequence[Stored], wish: Wish, rule: Rule | None = None) -> list[dict[str, Any]]:
    tuning = Tuning.of(alternatives, rule)
    by_id: Mapping[str, Routed] = {one.id: Routed(one, None, (), {}) for one in alternatives}
    told = rows_view(tuning, by_id, tuning.winners(QUICK), tuning.winners(SLOW), wish)
    return list(told["rows"])


def test_what_an_unpriced_winner_changes_in_dollars_is_unknown() -> None:
    tuning = Tuning.of(UNPRICED)
    told = views.against_view(tuning, tuning.winners(SLOW), tuning.winners(QUICK))
    assert (told["changed"], told["cost_usd"], told["words"]["cost"]) == (1, None, "unknown dollars")
    assert "unknown dollars (not every call has a price), 8.0 s less" in told["words"]["sentence"]
    assert rows(UNPRICED, Wish())[0]["change"] == {"cost": "unknown dollars", "latency": "8.0 s less"}
    found = changes(tuning, SLOW, QUICK)
    assert (found.usd, [one.usd for one in found.winners]) == (None, [None])


def test_an_unpriced_winner_that_stays_leaves_the_difference_known() -> None:
    tuning = Tuning.of([*PRICED, alternative("alone", "another", None, 1.0)])
    told = views.against_view(tuning, tuning.winners(SLOW), tuning.winners(QUICK))
    assert (told["cost_usd"], told["words"]["cost"]) == ("-0.019", "$0.0190 less")
    assert changes(tuning, SLOW, QUICK).usd == Decimal("-0.019")


def test_beyond_a_threshold_to_an_unpriced_winner_dollars_are_unknown() -> None:
    for alternatives, said in ((UNPRICED, "unknown dollars"), (PRICED, "$0.0190 less")):
        tuning = Tuning.of(alternatives)
        p = replace(SLOW, tools={"answer-2": 0.5})
        told = views.flips_view(tuning.packed, flips(tuning, p, "latency"), tuning.winners(p).totals, gated=True)
        assert f"1 choice changed; {said}, 8.0 s less" in told["above"]


def test_other_prices_for_what_is_unpriced_change_nobody_knows_how_many_dollars() -> None:
    sides = [(tuning, tuning.winners(QUICK)) for tuning in (Tuning.of(UNPRICED), Tuning.of(PRICED))]
    for paid, now in (sides, sides[::-1]):
        told = views.repricing_view(paid, now, None, NO_ORDERS)
        assert told["words"] == "0 winners of 1 changed; unknown dollars more or less (not every call has a price)."
    assert views.repricing_view(sides[0], sides[1], None, NO_ORDERS)["before"]["cost"] == "$0.0010 + 1 unpriced call"
    known = views.repricing_view(sides[1], sides[1], None, NO_ORDERS)
    assert known["words"] == "0 winners of 1 changed; the same dollars as before."


def test_the_command_says_unknown_too() -> None:
    wanted = Wanted(QUICK, Rule(), against=("slow", SLOW), thresholds=True)
    calls = {one.id: [model_call(str(one.known_usd))] for one in UNPRICED}
    record = tune_record(UNPRICED, wanted, calls, None, [])
    assert (record["against"]["cost_usd"], record["against"]["changed"][0]["cost_usd"]) == (None, None)
    said = printed(record)
    assert "1 winner changed: unknown dollars, 8.0 s less" in said
    again = printed(tune_record(UNPRICED, wanted, calls, lambda _: None, []) | {"totals": record["totals"]})
    assert "0 winners changed; unknown dollars more or less (not every call has a price)" in again


@pytest.mark.parametrize("sort", ["cost", "latency"])
def test_queries_without_a_winner_are_sorted_below_those_with_one(sort: Sort) -> None:
    alternatives = [
        alternative("nobody", "a", "0.5", 50.0, None),
        alternative("dear", "b", "0.3", 30.0),
        alternative("cheap", "c", "0", 0.0),
        alternative("last", "d", "0.4", 40.0, None),
    ]
    rule = Rule(ungraded=Ungraded.LEFT_OUT)
    rising = [row["query"] for row in rows(alternatives, Wish(sort), rule)]
    assert rising == ["a", "d", "c", "b"]
    assert [row["query"] for row in rows(alternatives, Wish(sort, falling=True), rule)] == rising[::-1]


@pytest.mark.parametrize("sort", ["cost_change", "latency_change"])
def test_queries_without_a_winner_change_by_nothing(sort: Sort) -> None:
    alternatives = [
        alternative("nobody", "a", "0.5", 50.0, None),
        alternative("cheap slow", "b", "0.01", 9.0, uses={"answer-2": 1}),
        alternative("dear quick", "b", "0.03", 1.0, uses={"answer-1": 1}),
        alternative("dear slow", "c", "0.03", 9.0, uses={"answer-2": 1}),
        alternative("cheap quick", "c", "0.01", 8.0, uses={"answer-1": 1}),
        alternative("last", "d", "0.4", 40.0, None),
    ]
    found = [row["query"] for row in rows(alternatives, Wish(sort), Rule(ungraded=Ungraded.LEFT_OUT))]
    assert found == (["c", "a", "d", "b"] if sort == "cost_change" else ["b", "c", "a", "d"])


def test_the_template_of_prices_changes_no_dollar() -> None:
    tokens = Price("a vendor", date(2026, 1, 1), Decimal("1.25"), Decimal(10), Decimal("0.125"))
    prices = {
        'a "quoted" \\ model': tokens,
        "without cache": replace(tokens, cached_usd_per_mtok=None),
        "by the hour": Price("a machine", usd_per_gpu_hour=Decimal("2.5")),
        "half known": Price("half", output_usd_per_mtok=Decimal(1)),
    }
    entries = [PoolEntry(f"answer-{n}", model, "", 1.0, price=p) for n, (model, p) in enumerate(prices.items(), 1)]
    dearer = replace(tokens, source="another vendor", output_usd_per_mtok=Decimal(11))
    others = [("twice", tokens), ("twice", dearer), ("here and there", tokens), ("here and there", None)]
    aliases = ("search-1", "search-2", "reasoner-1", "reasoner-2")
    entries += [PoolEntry(a, model, "", 1.0, price=p) for a, (model, p) in zip(aliases, others, strict=True)]
    book = PriceBook.parse(template(Pool("here", tuple(entries))))
    assert [entry.model for entry in book.entries] == list(prices)[:3]
    for entry in entries:
        usage = Usage(10_000, 500, cached_tokens=8_000)
        paid = charge(usage, entry.price, at=NOON, latency_s=3.0)
        call = model_call(model=entry.model, alias=entry.alias, usage=usage, charge=paid, latency_s=3.0)
        assert recharged(call, of_book(book))[0] == paid.usd, entry.model
