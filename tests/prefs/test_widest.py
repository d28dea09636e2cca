"""The widest difference between alternatives, and the rows it comes from."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from prefs.widest import widest
from tests.strategies import DOLLARS


@st.composite
def tables(draw: st.DrawFn) -> list[list[Decimal]]:
    """Dollars of 2 to 5 alternatives in 1 to 6 rows."""
    width = draw(st.integers(2, 5))
    return draw(st.lists(st.lists(DOLLARS, min_size=width, max_size=width), min_size=1, max_size=6))


@given(tables())
def test_the_parts_sum_exactly_to_the_difference_of_the_totals(table: list[list[Decimal]]) -> None:
    found = widest(table, range(len(table[0])), Decimal(0))
    totals = [sum(column, Decimal(0)) for column in zip(*table, strict=True)]
    assert (found.total_most, found.total_least) == (max(totals), min(totals))
    assert sum((amount for _, amount in found.parts), Decimal(0)) == found.difference == max(totals) - min(totals)
    assert sorted(at for at, _ in found.parts) == list(range(len(table)))
    assert all(amount == table[at][found.most] - table[at][found.least] for at, amount in found.parts)


@given(tables())
def test_one_row_is_named_where_it_makes_half_of_the_difference_else_two(table: list[list[Decimal]]) -> None:
    found = widest(table, range(len(table[0])), Decimal(0))
    assert found.main == found.parts[: len(found.main)]
    assert (len(found.main) == 1) == (2 * found.parts[0][1] >= found.difference or len(table) == 1)
    assert found.main_amount == sum((amount for _, amount in found.main), Decimal(0))
    if found.difference:
        assert all(amount > 0 for _, amount in found.main)
