"""Routes unrolled by step: nothing is lost, nothing goes round."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefs.tuning.repricing import multiplied
from prefs.tuning.routes import LATER, START, flow
from prefs.tuning.stored import ORCHESTRATOR, Routed, Stored
from tests.prefs.tuning.alternatives import ALIASES, several

ROUTES = st.lists(st.lists(st.sampled_from(ALIASES), max_size=12), max_size=20)


@given(ROUTES, st.integers(1, 9))
def test_what_flows_into_a_step_comes_from_the_step_before(routes: list[list[str]], most: int) -> None:
    found = flow(routes, most_steps=most)
    assert found.trajectories == sum(bool(route) for route in routes)
    assert found.without == len(routes) - found.trajectories
    assert found.longer == sum(len(route) > most for route in routes)
    arriving: Counter[int] = Counter()
    for link in found.links:
        assert found.nodes[link.target].step == found.nodes[link.source].step + 1
        assert link.trajectories > 0
        arriving[link.target] += link.trajectories
    for place, node in enumerate(found.nodes):
        assert node.alias == START or arriving[place] == node.trajectories
    assert all(node.step <= most or node.alias == LATER for node in found.nodes)


def test_one_step_at_least_is_drawn() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        flow([], most_steps=0)


def routed(one: Stored, of_alias: Decimal) -> Routed:
    spent = {"answer-1": min(of_alias, one.known_usd), ORCHESTRATOR: one.known_usd - min(of_alias, one.known_usd)}
    return Routed(one, None, ("answer-1",), spent)


@given(several(), st.decimals(0, 10, places=3), st.decimals(0, 5, places=4))
def test_a_factor_for_all_calls_multiplies_all_known_dollars(
    shown: list[Stored], factor: Decimal, of_alias: Decimal
) -> None:
    both = multiplied([routed(one, of_alias) for one in shown], {"answer-1": factor, ORCHESTRATOR: factor})
    assert [one.known_usd for one in both] == [one.known_usd * factor for one in shown]
    assert [one.unpriced_calls for one in both] == [one.unpriced_calls for one in shown]
    same = multiplied([routed(one, of_alias) for one in shown], {"answer-1": Decimal(1)})
    assert list(same) == [replace(one, known_usd=one.known_usd) for one in shown]


def test_a_factor_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="zero or more"):
        multiplied([], {"answer-1": Decimal(-1)})
