"""The fast rehearsal world of training: it must be the one that runs meet."""

import random
from dataclasses import replace
from itertools import pairwise
from statistics import fmean, pstdev

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.evidence import Evidence
from orchestrator.model_call import CallRole
from orchestrator.pool import TOOL_OF
from orchestrator.preference import PreferenceVector, preset
from orchestrator.rehearsal import skilled
from orchestrator.rehearsal.corpus import article
from orchestrator.rehearsal.tasks import all_tasks
from orchestrator.training.appraisal import ceiling, greedy, held_out, worth
from orchestrator.training.demonstrations import demonstrated
from orchestrator.training.drawing import counterfactual, draw_situation
from orchestrator.training.dynamics import TURNS, Code, Documents, State, outcomes, right
from orchestrator.training.expectation import expected_advantages
from orchestrator.training.oracle import Oracle
from orchestrator.training.request import SEEN
from orchestrator.training.rollouts import rewards, rollouts
from orchestrator.training.situation import ALIASES, Situation, local_aliases, rehearsal_rates
from orchestrator.training.utility import Utility
from orchestrator.trajectory import CodeRun
from prefs.features import normalised

TASKS = [task for task in all_tasks() if task.split == "dev"]
seeds = st.integers(0, 2**32)


def _drawn(seed: int) -> Situation:
    return draw_situation(TASKS, random.Random(seed))


def _uniform(situation: Situation) -> list[list[float]]:
    share = 1 / len(situation.offered)
    return [[share if alias in situation.offered else 0.0 for alias in ALIASES] for _ in SEEN]


def _evidence(task, state: State) -> Evidence:  # type: ignore[no-untyped-def]
    evidence = Evidence()
    if state.documents is Documents.NEEDED:
        evidence.searches.append([article(identifier) for identifier in task.needs_document])
    if state.code is Code.RIGHT:
        evidence.code_runs.append(CodeRun("print()", f"{task.reference}\n"))
    return evidence


@pytest.mark.parametrize("state", [State(), State(0, Documents.NEEDED), State(0, Documents.NEEDED, Code.RIGHT)])
def test_chances_are_those_of_the_stand_ins(state: State):
    roles = {
        "search": CallRole.QUERY_WRITER,
        "enhance_reasoning": CallRole.CODE_WRITER,
        "answer": CallRole.EXPERT,
    }
    for task in TASKS:
        situation = Situation(task, ALIASES, rehearsal_rates(), PreferenceVector(), "")
        for alias in ALIASES:
            real = skilled.probability(task, alias, roles[TOOL_OF[alias]], _evidence(task, state))
            assert right(situation, alias, state) == pytest.approx(real), (task.id, alias)


@settings(deadline=None, max_examples=50)
@given(seeds)
def test_every_call_leads_somewhere_with_probability_one(seed: int):
    situation = _drawn(seed)
    for documents in Documents:
        for code in Code:
            state = State(0, documents, code)
            for alias in situation.offered:
                if TOOL_OF[alias] != "answer":
                    ways = list(outcomes(situation, alias, state))
                    assert sum(chance for chance, _ in ways) == pytest.approx(1)
                    assert all(after.documents >= documents for _, after in ways)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_the_oracle_is_worth_what_it_promises_and_nobody_is_worth_more(seed: int):
    situation = _drawn(seed)
    oracle = Oracle(situation)
    promised = max(oracle.values(State()).values())
    best = worth(situation, oracle.best)
    if not situation.preference.tools:  # else the best call depends on the calls before
        assert best.utility == pytest.approx(promised, rel=0.01, abs=0.01)
    dice = random.Random(seed)
    for _ in range(5):
        other = worth(situation, lambda state: demonstrated(situation, state.seen, dice))
        assert other.utility <= promised + 1e-6


@settings(deadline=None, max_examples=20)
@given(seeds)
@example(25814011)  # reaches the horizon in one episode of a hundred
def test_rollouts_agree_with_exact_expectation(seed: int):
    situation = replace(_drawn(seed), preference=PreferenceVector(1.0, 0.5, 0.5))
    choice = [[0.0] * len(ALIASES) for _ in SEEN]
    oracle = Oracle(situation)
    for place, (documents, code) in enumerate(SEEN):
        state = State(0, Documents(documents), Code(code))
        # Where the horizon forces an answer, both must mean the same one.
        choice[place][ALIASES.index(situation.of_tool("answer")[0])] = 1e-6
        choice[place][ALIASES.index(oracle.best(state))] = 1.0
    episodes = rollouts(situation, choice, 1000, random.Random(seed))
    exact = worth(situation, greedy(choice))
    for name in ("solved", "usd", "latency_s"):
        sampled = [float(getattr(one, name)) for one in episodes]
        # Ways that are next to impossible are left out of the exact figure.
        near = 6 * pstdev(sampled) / len(sampled) ** 0.5 + 0.01 * getattr(exact, name) + 1e-9
        assert fmean(sampled) == pytest.approx(getattr(exact, name), abs=near), name


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_unsolved_episodes_earn_nothing_and_no_episode_is_longer_than_the_horizon(seed: int):
    situation = _drawn(seed)
    episodes = rollouts(situation, _uniform(situation), 40, random.Random(seed))
    earned = rewards(episodes, Utility.of(situation))
    for one, reward in zip(episodes, earned, strict=True):
        assert len(one.decided) <= TURNS
        assert one.solved or reward == 0
        assert reward >= 0


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_among_equally_solved_episodes_the_dearer_one_never_earns_more(seed: int):
    situation = replace(_drawn(seed), preference=PreferenceVector(1.0, 1.0, 0.0))
    episodes = [one for one in rollouts(situation, _uniform(situation), 60, random.Random(seed)) if one.solved]
    earned = rewards(episodes, Utility.of(situation)) if episodes else []
    ordered = sorted(zip((one.usd for one in episodes), earned, strict=True))
    assert all(dear[1] <= cheap[1] + 1e-9 for cheap, dear in pairwise(ordered))


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_the_reward_is_that_of_the_product_over_the_group_and_its_anchors(seed: int):
    situation = replace(_drawn(seed), preference=PreferenceVector(0.8, 0.6, 0.3))
    utility = Utility.of(situation)
    episodes = rollouts(situation, _uniform(situation), 30, random.Random(seed))
    anchors = [(False, utility.dollars[0], utility.seconds[0]), (True, utility.dollars[1], utility.seconds[1])]
    group = [*((one.solved, one.usd, one.latency_s) for one in episodes), *anchors]
    columns = [normalised([sign * one[place] for one in group]) for place, sign in enumerate((1, -1, -1))]
    expected = [
        0.8 * outcome + 0.6 * cost + 0.3 * latency if one[0] else 0.0
        for one, outcome, cost, latency in zip(group, *columns, strict=True)
    ][: len(episodes)]
    assert list(rewards(episodes, utility)) == pytest.approx(expected)


@settings(deadline=None, max_examples=8)
@given(seeds)
def test_expected_advantages_are_what_a_very_large_group_says(seed: int):
    situation, dice = _drawn(seed), random.Random(seed)
    policy = []
    for _ in SEEN:
        row = [dice.random() ** 3 * (alias in situation.offered) for alias in ALIASES]
        policy.append([weight / sum(row) for weight in row])
    expected, reward = expected_advantages(situation, policy)
    episodes = rollouts(situation, policy, 6000, dice)
    earned = rewards(episodes, Utility.of(situation))
    sampled = np.zeros((len(SEEN), len(ALIASES)))
    for one, got in zip(episodes, earned, strict=True):
        for place, number in one.decided:
            sampled[place, number] += (got - earned.mean()) / len(episodes)
    # What reaches the logits: a share of all of a state's decisions alike moves none of them.
    reached = sampled - np.array(policy) * sampled.sum(1, keepdims=True)
    assert np.allclose(reached, expected, atol=6 * float(earned.std()) / len(episodes) ** 0.5)
    assert reward == pytest.approx(float(earned.mean()), abs=6 * float(earned.std()) / len(episodes) ** 0.5 + 1e-3)


def test_padding_with_liked_calls_gains_nothing():
    situation = Situation(TASKS[0], ALIASES, rehearsal_rates(), preset("Keep it local", local_aliases()), "")
    utility = Utility.of(situation)
    once = utility.after((0.0, 0), "answer-3")
    padded = utility.after(utility.after(once, "search-3"), "reasoner-3")
    assert utility.of_solved(once) == utility.of_solved(padded)
    assert utility.of_solved(utility.after(once, "answer-1")) < utility.of_solved(once)


@settings(deadline=None, max_examples=100)
@given(seeds)
def test_a_counterfactual_changes_one_thing(seed: int):
    dice = random.Random(seed)
    one = draw_situation(TASKS, dice)
    other = counterfactual(one, dice)
    changed = [
        one.offered != other.offered,
        one.prices != other.prices,
        one.preference != other.preference,
    ]
    assert sum(changed) == 1
    assert one.task == other.task


def test_held_out_situations_repeat_and_never_meet_training():
    first, again = held_out("dev", 20, seed=3), held_out("dev", 20, seed=3)
    assert first == again
    assert {one.task.split for one in first} == {"dev"}


def test_the_ceiling_moves_with_the_preference():
    tasks = TASKS[:40]

    def spent(cost: float) -> float:
        weighed = PreferenceVector(1.0, cost, 0.0)
        return fmean(ceiling(Situation(task, ALIASES, rehearsal_rates(), weighed, "")).usd for task in tasks)

    assert spent(0.0) > 2 * spent(0.5) > 2 * spent(1.0) * 0.9
