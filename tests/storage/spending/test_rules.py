"""Who may spend how much: plain rules."""

import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.spending.amounts import counted
from storage.spending.rules import EACH, Allowance, Limit, Overspent, Payer, Period, Scope, Used, applying, budgets
from tests.storage.spending.spenders import ANN, TOTAL, everybody, for_study, for_user

USD = st.decimals(0, 1000, places=4)


def left(limit: str, spent: str = "0", reserved: str = "0") -> Allowance:
    return Allowance(everybody(limit), "", Used(Decimal(spent), Decimal(reserved)))


def test_own_limit_takes_the_place_of_the_one_for_each() -> None:
    mine, each, total = for_user("5", "ann"), for_user("1", EACH), for_user("9", EACH, TOTAL)
    assert applying([each, mine, total], ANN) == ((mine, "ann"), (total, "ann"))
    assert applying([each, mine, total], Payer("bob")) == ((each, "bob"), (total, "bob"))


def test_limits_of_other_users_and_studies_do_not_apply() -> None:
    some = [for_user("5", "bob"), for_study("5", "s1"), for_study("1", EACH), everybody("8")]
    assert applying(some, ANN) == ((everybody("8"), ""),)
    assert {limit for limit, _ in applying(some, Payer("ann", "s2"))} == {everybody("8"), for_study("1", EACH)}


def test_named_budgets_are_reserved_whole() -> None:
    assert budgets([Decimal("0.4"), Decimal("0.6")], [left("1")]) == (Decimal("0.4"), Decimal("0.6"))


def test_a_run_that_needs_more_than_is_left_is_refused_and_told_what_to_do() -> None:
    with pytest.raises(Overspent) as refused:
        budgets([Decimal("0.7")], [left("9"), left("1", spent="0.2", reserved="0.15")])
    said = str(refused.value)
    assert "this needs $0.70" in said
    assert "$1 a day for everybody together: $0.20 spent, $0.15 reserved, $0.65 left" in said
    assert "ask with a smaller budget" in said
    assert str(pickle.loads(pickle.dumps(refused.value))) == said


def test_a_limit_says_how_many_calls_are_unpriced() -> None:
    allowance = Allowance(for_user("3", EACH, TOTAL), "ann", Used(Decimal("1.2"), Decimal(0), 2))
    assert allowance.words == "$3 in total for each user (ann): $1.20 spent + 2 unpriced, $0 reserved, $1.80 left"


def test_a_run_without_a_budget_gets_a_tenth_of_the_tightest_limit_for_all_its_alternatives() -> None:
    assert budgets([None, None], [left("10"), left("100")]) == (Decimal("0.5"), Decimal("0.5"))
    assert budgets([None, None], [left("10", spent="9.9")]) == (Decimal("0.05"), Decimal("0.05"))


def test_shares_are_rounded_down_to_millionths() -> None:
    assert budgets([None] * 3, [left("1")]) == (Decimal("0.033333"),) * 3


@pytest.mark.parametrize("allowance", [left("0"), left("1", spent="1"), left("1", spent="2"), left("1", reserved="1")])
def test_nothing_left_means_no_run_without_a_budget(allowance: Allowance) -> None:
    with pytest.raises(Overspent, match="nothing is left"):
        budgets([None], [allowance])


def test_without_a_limit_nothing_is_given() -> None:
    assert budgets([None, None], []) is None
    assert budgets([Decimal(3)], []) == (Decimal(3),)


def test_a_run_that_can_spend_nothing_may_begin_also_where_a_limit_is_exceeded() -> None:
    assert budgets([Decimal(0)], [left("1", spent="2")]) == (Decimal(0),)


@given(
    wanted=st.lists(st.none() | USD, min_size=1, max_size=12),
    limits=st.lists(st.tuples(USD, USD, USD), min_size=1, max_size=3),
)
def test_what_is_given_never_exceeds_what_is_left(
    wanted: list[Decimal | None], limits: list[tuple[Decimal, Decimal, Decimal]]
) -> None:
    found = [Allowance(everybody(str(usd)), "", Used(spent, reserved)) for usd, spent, reserved in limits]
    try:
        given_ = budgets(wanted, found)
    except Overspent:
        return
    assert given_ is not None
    for allowance in found:
        assert sum(given_) <= max(allowance.left_usd, Decimal(0))
    assert all(got == asked for got, asked in zip(given_, wanted, strict=True) if asked is not None)


@pytest.mark.parametrize(
    ("scope", "subject", "usd"),
    [
        (Scope.EVERYBODY, "ann", "1"),
        (Scope.USER, "", "1"),
        (Scope.USER, "a\x00", "1"),
        (Scope.USER, "a" * 201, "1"),
        (Scope.USER, "ann", "-1"),
        (Scope.USER, "ann", "NaN"),
        (Scope.USER, "ann", "1e12"),
        (Scope.USER, "ann", "0.0000000000001"),
    ],
)
def test_what_is_no_limit_is_refused(scope: Scope, subject: str, usd: str) -> None:
    with pytest.raises(ValueError, match="limit"):
        Limit(scope, Period.DAY, Decimal(usd), subject)


@given(st.lists(st.decimals(0, 10**8, places=12), max_size=20))
def test_dollars_are_added_up_without_rounding(some: list[Decimal]) -> None:
    columns = [counted(usd) for usd in some]
    whole, rest = (sum(one[name] for one in columns) for name in ("counted_micro", "counted_rest"))
    assert Decimal(whole * 10**6 + rest).scaleb(-12) == sum(some, Decimal(0))
