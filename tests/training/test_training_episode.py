"""An episode told as a trajectory says what the episode did."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.training.appraisal import held_out
from orchestrator.training.episode import trajectory_of
from orchestrator.training.request import SEEN
from orchestrator.training.rollouts import rollouts
from orchestrator.training.situation import ALIASES, Situation
from orchestrator.trajectory import Origin
from prefs.training_files.chat import conversation
from webapp.cli.train_policy_scores import EpisodeScores

SITUATIONS = held_out("dev", 24, seed=3)


def evenly(situation: Situation) -> list[list[float]]:
    row = [float(alias in situation.offered) for alias in ALIASES]
    return [row] * len(SEEN)


@given(st.sampled_from(SITUATIONS), st.integers(0, 2**16))
def test_it_costs_takes_and_ends_as_the_episode_did(situation: Situation, seed: int) -> None:
    [episode] = rollouts(situation, evenly(situation), 1, random.Random(seed))
    told = trajectory_of(situation, episode)
    assert float(told.cost_usd) == pytest.approx(episode.usd, abs=1e-8)
    assert told.latency_s == pytest.approx(episode.latency_s)
    assert [step.call.model for step in told.steps if step.call] == [alias for alias, _ in episode.route]
    assert (told.answer == situation.task.reference) is episode.solved
    assert told.simulated
    assert conversation(told, cost_shown=True, latency_shown=True)[-1]["content"] == told.answer


@given(st.sampled_from(SITUATIONS), st.integers(0, 2**16))
def test_a_program_that_slipped_prints_something_wrong(situation: Situation, seed: int) -> None:
    [episode] = rollouts(situation, evenly(situation), 1, random.Random(seed))
    for step in trajectory_of(situation, episode).steps:
        assert step.observation is not None
        if step.observation.origin is Origin.EXECUTED:
            run = step.observation.code_run
            assert run is not None
            assert run.error or run.stdout


class Brief:
    """Likes episodes with few steps, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def score(self, trajectory):  # type: ignore[no-untyped-def]
        from prefs.neural.scorer import Score  # noqa: PLC0415

        self.asked += 1
        return Score(-float(len(trajectory.steps)), 1, 0)


def test_episodes_alike_are_read_once() -> None:
    situation = SITUATIONS[0]
    group = rollouts(situation, evenly(situation), 3, random.Random(1)) * 4
    brief = Brief()
    scores = EpisodeScores("brief", brief).scores(situation, group)  # type: ignore[arg-type]
    assert scores == [-float(len(one.route)) for one in group]
    assert brief.asked <= 3
