"""What second looks say people would give up: planted prices are found, and where nothing can be said nothing is."""

from dataclasses import replace
from decimal import Decimal

import pytest

from prefs.fit.willingness import FEWEST_LOOKS, Ratio, own_willingness, willingness
from prefs.second_look import SecondLook
from prefs.simulated_looks import Planted, pools, simulated_looks

PLANTED = Planted(usd_per_place=0.02, seconds_per_place=8.0)


def test_planted_prices_lie_within_their_intervals_about_as_often_as_promised() -> None:
    """Of 40 pools 95 % is 38; fewer than 34 has a probability below 0.2 %. The intervals lean to the cautious side."""
    held = {"usd": 0, "seconds": 0}
    for looks in pools(40, 20, 2, PLANTED, seed=3):
        found = willingness(looks)
        for name, one, planted in (
            ("usd", found.usd_per_place, PLANTED.usd_per_place),
            ("seconds", found.seconds_per_place, PLANTED.seconds_per_place),
        ):
            held[name] += _covers(one, planted)
    assert min(held.values()) >= 34


def test_many_looks_find_the_planted_prices_closely() -> None:
    found = willingness(simulated_looks(150, 6, PLANTED, seed=5))
    usd, seconds, exchange = found.usd_per_place, found.seconds_per_place, found.usd_per_second
    assert usd.estimate is not None
    assert seconds.estimate is not None
    assert exchange.estimate is not None
    assert usd.estimate.mean == pytest.approx(0.02, rel=0.15)
    assert seconds.estimate.mean == pytest.approx(8.0, rel=0.15)
    assert exchange.estimate.mean == pytest.approx(0.02 / 8, rel=0.2)
    assert usd.estimate.low < usd.estimate.mean < usd.estimate.high
    assert found.clustering is not None
    assert found.clustering.kind == "two-way"


def test_the_unit_of_money_cancels_out() -> None:
    looks = simulated_looks(20, 1, PLANTED, seed=1)
    one, cents = willingness(looks).usd_per_place.estimate, willingness(dearer(looks, 100)).usd_per_place.estimate
    assert one is not None
    assert cents is not None
    assert cents.mean == pytest.approx(100 * one.mean)
    assert (cents.low, cents.high) == pytest.approx((100 * one.low, 100 * one.high))


def test_too_few_looks_say_nothing() -> None:
    found = willingness(simulated_looks(FEWEST_LOOKS - 1, 1))
    for one in (found.usd_per_place, found.seconds_per_place, found.usd_per_second):
        assert (one.estimate, one.at_least) == (None, None)
        assert one.unknown == "too few second looks: 7, and figures are told from 8 on"
    assert willingness(()).usd_per_place.estimate is None


def test_people_who_do_not_mind_have_no_price_and_at_most_a_least_one() -> None:
    unminding = Planted(usd_per_place=1e6, seconds_per_place=1e6)
    known = [willingness(looks).usd_per_place for looks in pools(20, 20, 2, unminding, seed=2)]
    assert sum(one.estimate is None for one in known) >= 17
    for one in known:
        if one.estimate is None:
            assert one.unknown is not None
            assert one.at_least is None or one.at_least > 0


def test_where_nobody_changes_anything_there_is_no_price() -> None:
    looks = [replace(one, revealed=replace(one.revealed, groups=one.blind.groups)) for one in simulated_looks(30, 2)]
    found = willingness(looks)
    assert (found.flips.changed, found.flips.flipped) == (0, 0)
    assert found.usd_per_place.estimate is None
    assert found.seconds_per_place.estimate is None


def test_people_who_move_the_dearer_up_have_no_price() -> None:
    turned = [
        replace(one, revealed=replace(one.revealed, groups=_by_cost(one)[::-1]))
        for one in simulated_looks(40, 2, PLANTED)
    ]
    one = willingness(turned).usd_per_place
    assert (one.estimate, one.at_least) == (None, None)
    assert one.unknown == "people put alternatives with more dollars higher once they were shown"


def test_what_was_shown_in_the_blind_phase_has_no_price() -> None:
    looks = [replace(one, blind=replace(one.blind, hidden=("cost",))) for one in simulated_looks(30, 2, PLANTED)]
    found = willingness(looks)
    assert found.usd_per_place.estimate is not None
    assert (found.seconds_per_place.estimate, found.usd_per_second.estimate) == (None, None)
    assert found.seconds_per_place.unknown is not None
    assert "hidden at first" in found.seconds_per_place.unknown


def test_alternatives_of_one_price_have_no_price() -> None:
    looks = [_priced(one, [Decimal(1)] * 4) for one in simulated_looks(12, 2, PLANTED)]
    assert willingness(looks).usd_per_place.estimate is None


def test_a_look_with_an_unknown_price_is_left_out_and_counted() -> None:
    first, *others = simulated_looks(12, 1, PLANTED)
    unpriced = _priced(first, [None, Decimal(1), Decimal(2), Decimal(3)])
    found = willingness([unpriced, *others])
    assert (found.used, found.flips.looks) == (11, 12)
    assert found.left_out == {"a candidate has no known cost": 1}


def test_each_person_has_figures_of_their_own_where_there_are_enough() -> None:
    looks = (*simulated_looks(60, 1, PLANTED, seed=8), *_named(simulated_looks(3, 1, PLANTED), "bob"))
    one, other = own_willingness(looks)
    assert (one.annotator, other.annotator) == ("bob", "simulated-0")
    assert one.found.usd_per_place.estimate is None
    assert other.found.usd_per_place.estimate is not None
    assert other.found.flips.looks == 60


def test_the_order_of_the_looks_changes_nothing() -> None:
    looks = simulated_looks(15, 3, PLANTED, seed=4)
    one, other = willingness(looks).usd_per_place.estimate, willingness(looks[::-1]).usd_per_place.estimate
    assert one is not None
    assert other is not None
    assert (one.mean, one.low, one.high) == pytest.approx((other.mean, other.low, other.high), rel=1e-6)


def _covers(one: Ratio, planted: float) -> bool:
    if one.estimate is not None:
        return one.estimate.low <= planted <= one.estimate.high
    return one.at_least is None or planted >= one.at_least


def _by_cost(look: SecondLook) -> tuple[tuple[int, ...], ...]:
    costs = [one.features.cost_usd or Decimal(0) for one in look.revealed.candidates]
    return tuple((place,) for place in sorted(range(len(costs)), key=lambda place: costs[place]))


def _priced(look: SecondLook, usd: list[Decimal | None]) -> SecondLook:
    shown = tuple(
        replace(one, features=replace(one.features, cost_usd=price))
        for one, price in zip(look.blind.candidates, usd, strict=True)
    )
    return SecondLook(replace(look.blind, candidates=shown), replace(look.revealed, candidates=shown))


def dearer(looks: tuple[SecondLook, ...], times: int) -> list[SecondLook]:
    return [_priced(one, [(each.features.cost_usd or 0) * times for each in one.blind.candidates]) for one in looks]


def _named(looks: tuple[SecondLook, ...], name: str) -> list[SecondLook]:
    return [
        SecondLook(
            replace(one.blind, annotator=name),
            replace(one.revealed, annotator=name, ranking=f"{name} {one.revealed.ranking}"),
        )
        for one in looks
    ]
