"""A policy trained on what rankings reveal: in a minute it does more of what is weighed, where that is asked for."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from bench.closing.people import People  # noqa: E402
from orchestrator.embedded.checkpoint import BUNDLED, Checkpoint  # noqa: E402
from orchestrator.preference import PRESETS, PreferenceVector  # noqa: E402
from orchestrator.training.appraisal import held_out  # noqa: E402
from orchestrator.training.course import CURVES, OtherTraining, course_of_taste, of_taste  # noqa: E402
from orchestrator.training.rollouts import Rollout  # noqa: E402
from orchestrator.training.situation import Situation, Weighed  # noqa: E402
from orchestrator.training.taste import Taste  # noqa: E402
from orchestrator.training.utility import Utility  # noqa: E402
from orchestrator.trajectory import Step, Trajectory  # noqa: E402
from storage.store import Store  # noqa: E402
from tests.examples import call, model_call, trajectory  # noqa: E402
from webapp.cli import main  # noqa: E402

THRIFTY = Taste(PRESETS["Balanced"], Weighed(PreferenceVector(0.3, 1.0, 0.1), usd=0.02, latency_s=5.0))


class Thrifty:
    """A reward model that reads only what an episode cost."""

    name = "thrifty"

    def scores(self, situation: Situation, episodes: Sequence[Rollout]) -> list[float]:
        return [-100 * one.usd for one in episodes]


def _ended(query: int, number: int) -> Trajectory:
    usd = f"0.0{1 + (query * 5 + number * 3) % 7}"
    step = Step(0, "", call("answer-1"), None, (model_call(usd, latency_s=1.0 + (query + 2 * number) % 5),))
    return trajectory(id=f"{query}-{number}", query=f"query {query}", steps=(step,))


def _silent(*_: object) -> None:
    """Progress is shown to people."""


def test_reward_that_was_learned_rises_on_held_out_tasks(tmp_path: Path):
    training = of_taste(tmp_path, course_of_taste(40), BUNDLED, THRIFTY, seed=0)
    before = training.appraise()
    training.run(_silent, keep_every=20)
    after = training.appraise()
    print(f"reward {before['utility']:.3f} -> {after['utility']:.3f}, ceiling {training.ceiling:.3f}")
    assert before["utility"] + 0.3 < after["utility"] < training.ceiling
    assert after["usd"] < before["usd"] / 2
    assert Checkpoint(tmp_path / "checkpoint")
    rows = [json.loads(line) for line in (tmp_path / CURVES).read_text().splitlines()]
    assert [row["step"] for row in rows] == [20, 40]


def test_score_of_a_reward_model_rises(tmp_path: Path):
    taste = Taste(PRESETS["Balanced"], Thrifty(), share=1.0)
    training = of_taste(tmp_path, course_of_taste(25), BUNDLED, taste, seed=0)
    before = training.appraise()
    training.run(_silent, keep_every=25)
    after = training.appraise()
    print(f"score {before['score']:.3f} -> {after['score']:.3f}")
    assert after["score"] > before["score"] + 0.5
    assert after["usd"] < before["usd"] / 2


def test_other_preferences_keep_their_meaning():
    [situation] = held_out("dev", 1, seed=0)
    assert Utility.of(situation).accuracy == situation.preference.accuracy
    learned = replace(situation, weighed=THRIFTY.liked)
    assert Utility.of(learned).accuracy == 0.3
    low, high = Utility.of(learned).dollars
    assert high - low == pytest.approx(0.02)


def test_folder_of_another_taste_is_not_overwritten(tmp_path: Path):
    of_taste(tmp_path, course_of_taste(1), BUNDLED, THRIFTY, seed=0).run(_silent)
    other = replace(THRIFTY, share=1.0)
    with pytest.raises(OtherTraining):
        of_taste(tmp_path, course_of_taste(1), BUNDLED, other, seed=0).run(_silent)


def test_command_learns_from_the_rankings_of_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    url = f"sqlite:///{tmp_path / 'podium.sqlite3'}"
    people = People({"cost": 1.0, "latency": 0.2}, beta=6.0, spread=0.0, number=3, seed=0)
    shown = [[_ended(n, k) for k in range(4)] for n in range(24)]

    async def keep() -> None:
        with Store.open(url) as store:
            await store.add_all([one for alternatives in shown for one in alternatives])
            for asked, ranking in people.rank(shown):
                await store.keep_ballot(asked)
                await store.keep_ranking(ranking)

    asyncio.run(keep())
    out = tmp_path / "out"
    assert main(["train-policy", "--reward", "learned", "--db", url, "--out", str(out), "--steps", "2"]) == 0
    told = capsys.readouterr()
    assert "24 rankings of 3 people" in told.err
    assert f"embedded:{out / 'checkpoint'}" in told.out
