"""Both scalings, and what is unknown."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings

from prefs.features import normalised
from prefs.fit.choices import Choices, why_left_out
from prefs.fit.preference import fit
from prefs.fit.scaling import LEAST_USD, scaled
from tests.prefs.fit.judging import candidate, judged, judgements


@settings(max_examples=30, deadline=None)
@given(judgements(most=3))
def test_ballot_scaling_is_that_of_the_reward(given):
    for one in given:
        measured = [c.features for c in one.candidates]
        found = scaled([one], ["accuracy", "cost", "latency", "search-1"], "ballot")[0].T
        wanted = [
            normalised([m.outcome for m in measured]),
            normalised([-m.cost_usd for m in measured]),
            normalised([-m.latency_s for m in measured]),
            normalised([m.uses["search-1"] for m in measured]),
        ]
        assert np.allclose(found, np.array(wanted, float), atol=1e-9)


def test_absolute_scaling_keeps_magnitudes_and_a_free_trajectory_has_the_least_cost():
    one = judged([candidate(0, 1, "0.5", 20.0, {"search-1": 2}), candidate(1, None, "0", 2.0)], [[0], [1]])
    found = scaled([one], ["accuracy", "cost", "latency", "search-1"], "absolute")[0]
    assert found[0] == pytest.approx([1, -np.log(0.5), -np.log(20), np.log(3)])
    assert found[1] == pytest.approx([0, -np.log(LEAST_USD), -np.log(2), 0])


def test_a_ballot_without_grades_says_nothing_of_accuracy_and_a_mixed_one_has_an_indicator():
    ungraded = judged([candidate(0, None), candidate(1, None, "0.02")], [[0], [1]])
    mixed = judged([candidate(0, 1), candidate(1, 0, "0.02"), candidate(2, None)], [[0], [1], [2]])
    assert scaled([ungraded], ["accuracy", "ungraded"], "ballot").tolist() == [[[0, 0], [0, 0]]]
    assert scaled([mixed], ["accuracy", "ungraded"], "ballot").tolist() == [[[1, 0], [0, 0], [0, 1]]]
    choices = Choices("ballot")
    choices.extend([ungraded])
    assert "ungraded" not in choices.names
    choices.extend([mixed])
    assert "ungraded" in choices.names


def test_a_ranking_with_an_unknown_cost_is_left_out_and_counted():
    known = [judged([candidate(0), candidate(1, 0, "0.5")], [[0], [1]], name=f"r{i}") for i in range(3)]
    unknown = judged([candidate(0), candidate(1, usd=None)], [[0], [1]], name="x")
    alone = judged([candidate(0), candidate(1)], [[0]], name="y", unranked=(1,))
    found = fit([*known, unknown, alone])
    assert found.rankings == 3
    assert found.left_out == {why_left_out(unknown): 1, why_left_out(alone): 1}
    with pytest.raises(ValueError, match="nothing to fit"):
        fit([unknown])


@settings(max_examples=15, deadline=None)
@given(judgements())
def test_the_units_of_money_and_time_do_not_matter_to_the_ballot_scaling(given):
    def other(one):
        shown = tuple(
            replace(
                c,
                features=replace(
                    c.features, cost_usd=c.features.cost_usd * Decimal(1024), latency_s=c.features.latency_s / 64
                ),
            )
            for c in one.candidates
        )
        return replace(one, candidates=shown)

    ours, theirs = (Choices("ballot") for _ in range(2))
    ours.extend(given)
    theirs.extend(map(other, given))
    for key, block in ours.blocks.items():
        assert np.allclose(block.x.values, theirs.blocks[key].x.values, atol=1e-9)
