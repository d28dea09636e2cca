"""A miniature training, for about a minute: the reward must rise on held-out tasks, and a stop must lose nothing."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

import pytest

torch = pytest.importorskip("torch")

from orchestrator.embedded.checkpoint import Checkpoint  # noqa: E402
from orchestrator.training.appraisal import ceiling, greedy, held_out, worth  # noqa: E402
from orchestrator.training.course import CHECKPOINT, CURVES, WARM_UP, bundled, course  # noqa: E402
from orchestrator.training.learner import Learner  # noqa: E402

HELD_OUT = held_out("test", 96, seed=11)


def _utility(learner: Learner) -> float:
    chances = learner.chances(HELD_OUT).tolist()
    return fmean(worth(one, greedy(rows)).utility for one, rows in zip(HELD_OUT, chances, strict=True))


def _silent(phase: str, step: int, steps: int, measures: Mapping[str, float]) -> None:
    """Progress is shown to people."""


class _Interrupted(Exception):
    pass


def test_reward_rises_on_held_out_tasks(tmp_path: Path):
    after: dict[str, float] = {}
    training = bundled(tmp_path, course((0, 50, 0, 60)), seed=0)
    start = _utility(training.learner)

    def watched(phase: str, step: int, steps: int, measures: Mapping[str, float]) -> None:
        if step == steps:
            after[phase] = _utility(training.learner)

    training.run(watched, keep_every=10)
    best = fmean(ceiling(one).utility for one in HELD_OUT)
    print(
        f"start {start:.3f}, imitation {after['imitation']:.3f}, reinforcement {after['reinforcement']:.3f}, {best:.3f}"
    )
    assert after["reinforcement"] > start + 0.15
    assert after["reinforcement"] > after["imitation"] + 0.05
    assert after["reinforcement"] < best
    rows = [json.loads(line) for line in (tmp_path / CURVES).read_text().splitlines()]
    assert [row["step"] for row in rows if row["phase"] == "reinforcement"] == [10, 20, 30, 40, 50, 60]
    for name in (WARM_UP, CHECKPOINT):
        assert Checkpoint(tmp_path / name)


def test_a_stopped_training_goes_on_as_if_it_had_never_stopped(tmp_path: Path):
    phases = course((2, 3, 2, 4))

    def stopping(phase: str, step: int, steps: int, measures: Mapping[str, float]) -> None:
        if phase == "reinforcement" and step == 3:
            raise _Interrupted

    whole = bundled(tmp_path / "whole", phases, seed=1)
    whole.run(_silent, keep_every=1)
    with pytest.raises(_Interrupted):
        bundled(tmp_path / "stopped", phases, seed=1).run(stopping, keep_every=1)
    again = bundled(tmp_path / "stopped", phases, seed=1)
    again.run(_silent, keep_every=1)
    for one, other in zip(
        whole.learner.reader.network.parameters(), again.learner.reader.network.parameters(), strict=True
    ):
        assert torch.equal(one, other)
    assert whole.learner.dice.random() == again.learner.dice.random()


def test_a_folder_of_another_training_is_not_overwritten(tmp_path: Path):
    bundled(tmp_path, course((1, 0, 0, 0)), seed=0).run(_silent, keep_every=1)
    with pytest.raises(ValueError, match="holds another training"):
        bundled(tmp_path, course((1, 0, 0, 0)), seed=1).run(_silent)


def test_what_is_drawn_depends_on_the_seed_alone(tmp_path: Path):
    first, again, other = (bundled(tmp_path, course((1, 1, 1, 1)), seed).learner.drawn(8) for seed in (5, 5, 6))
    assert first == again
    assert first != other
