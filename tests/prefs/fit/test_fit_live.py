"""The live fit is the fit of all rankings at once."""

from dataclasses import replace

import pytest

from prefs.fit.choices import Choices
from prefs.fit.estimation import fitted, scaled_fit
from prefs.fit.live import LiveFit
from prefs.fit.result import ScaledFit
from prefs.judgement import Judgement
from prefs.simulated import simulated_judgements
from tests.prefs.fit.judging import PLANTED, candidate, judged


def batch(given: list[Judgement]) -> ScaledFit:
    choices = Choices("ballot")
    choices.extend(given)
    return scaled_fit(choices, fitted(choices))


def equal(live: ScaledFit | None, given: list[Judgement]) -> None:
    assert live is not None
    all_at_once = batch(given)
    assert set(live.labels) >= set(all_at_once.labels)
    for name, weight in all_at_once.weights.items():
        assert live.weights[name].mean == pytest.approx(weight.mean, abs=1e-6)
        assert live.weights[name].high == pytest.approx(weight.high, abs=0.02)
    assert live.beta.mean == pytest.approx(all_at_once.beta.mean, abs=1e-5)
    assert live.log_likelihood == pytest.approx(all_at_once.log_likelihood, abs=1e-6)


def rankings(ballots: int, seed: int = 1) -> list[Judgement]:
    return simulated_judgements(
        PLANTED, 3, ballots=ballots, annotators=12, ties=0.3, line=True, partial=0.3, spread=0.2, seed=seed
    )


def test_adding_one_by_one_equals_fitting_all():
    given = rankings(30)
    live = LiveFit()
    assert live.fit is None
    for number, one in enumerate(given):
        live.add(one)
        if number > 5 and number % 6 == 0:
            equal(live.fit, given[: number + 1])


def test_between_two_full_passes_estimates_are_exact():
    given = rankings(1000)
    live = LiveFit(given[:-6])
    for number in range(1, 7):
        live.add(given[number - 7])
    equal(live.fit, given)
    settled = live.settle()
    all_at_once = batch(given)
    assert settled is not None
    for name, weight in all_at_once.weights.items():
        assert settled.weights[name].low == pytest.approx(weight.low, abs=1e-6)
        assert settled.weights[name].high == pytest.approx(weight.high, abs=1e-6)


def test_a_correction_takes_the_place_of_what_it_supersedes():
    given, other = rankings(400), rankings(5, seed=9)
    live = LiveFit(given)
    for old, new in zip(given, other, strict=False):
        live.add(new, supersedes=old.ranking)
    equal(live.fit, [*given[5:], *other])


def test_several_at_once_equal_fitting_all_also_where_one_corrects_another():
    given, new = rankings(1000), rankings(4, seed=9)
    new = [replace(one, ranking=f"new {number}") for number, one in enumerate(new)]
    live = LiveFit(given)
    live.add_all([(new[0], None), (new[1], given[0].ranking), (new[2], new[0].ranking), (new[3], None)])
    equal(live.fit, [*given[1:], *new[1:]])


def test_several_of_which_one_cannot_be_added_change_nothing():
    given = rankings(50)
    live = LiveFit(given[:-2])
    before = live.fit
    with pytest.raises(KeyError, match="not in the fit"):
        live.add_all([(given[-2], None), (given[-1], "unheard of")])
    assert live.fit is before
    live.add_all([(given[-2], None), (given[-1], None)])
    equal(live.fit, given)


def test_removed_rankings_are_forgotten_also_when_most_are():
    given = rankings(60)
    live = LiveFit(given)
    for one in given[:40]:
        live.remove(one.ranking)
    equal(live.fit, given[40:])
    live.add(given[0])
    equal(live.fit, [*given[40:], given[0]])


def test_a_new_alias_and_a_new_size_of_tie_get_parameters():
    plain = [candidate(0, 1), candidate(1, 0, "0.2"), candidate(2, 0, "0.3", 9.0)]
    given = [judged(plain, [[0], [1], [2]], name=f"r{i}") for i in range(5)]
    live = LiveFit(given)
    used = [candidate(0, 1, uses={"search-1": 1}), candidate(1, 0, "0.2"), candidate(2, 0, "0.3", 9.0)]
    new = judged(used, [[1, 2], [0]], name="new")
    found = live.add(new)
    assert found is not None
    assert {"search-1", "tie of 2"} <= set(found.labels)
    equal(found, [*given, new])


def test_unusable_and_repeated_rankings_are_told_apart():
    shown = [candidate(0), candidate(1, usd=None)]
    live = LiveFit([judged(shown, [[0], [1]], name="unpriced")])
    assert live.fit is None
    assert live.remove("unpriced") is None
    with pytest.raises(KeyError, match="not in the fit"):
        live.remove("unpriced")
    live.add(judged([candidate(0), candidate(1, 0)], [[0], [1]], name="one"))
    with pytest.raises(ValueError, match="already"):
        live.add(judged([candidate(0), candidate(1, 0)], [[0], [1]], name="one"))
