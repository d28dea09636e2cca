"""Scores by registered reward models, with a network whose scores can be computed by hand."""

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from prefs.neural.head import NETWORK
from prefs.neural.reward_model import Reading
from storage.reward_models import RewardModels
from storage.store import Store
from tests.examples import trajectory
from tests.reward_models import checkpoint, reward_model
from webapp.scoring import CannotScore, NoSuchModel, OtherCheckpoint, TorchIsMissing, scored, scored_record

TWO = [trajectory(), trajectory(id="t2", answer="397.8")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'podium.db'}") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoint(tmp_path / "model")
    return tmp_path / "model"


async def test_scores_are_those_of_the_network_over_the_tokens(store: Store, folder: Path) -> None:
    reader = checkpoint(folder)
    await RewardModels(store).register(reward_model(folder))
    found = scored(store, "rm-1", TWO)
    assert [one.value for one in found.scores] == pytest.approx([fmean(reader.tokens(one).ids) for one in TWO])
    record = scored_record(found, TWO)
    assert record["model"] == "rm-1"
    assert record["scale"] == "relative"
    assert [one["id"] for one in record["rewards"]] == ["t1", "t2"]
    assert any("only the difference between trajectories of one query" in note for note in record["notes"])
    assert any("small network" in note for note in record["notes"])


async def test_what_was_left_out_of_a_long_trajectory_is_told(store: Store, tmp_path: Path) -> None:
    reader = checkpoint(tmp_path / "short", Reading(max_length=40))
    await RewardModels(store).register(reward_model(tmp_path / "short"))
    (said,) = scored_record(scored(store, "rm-1", TWO[:1]), TWO[:1])["rewards"]
    assert said["tokens"] == 40
    assert said["tokens_left_out"] == reader.tokens(TWO[0]).cut > 0


def test_an_unknown_model_is_not_found(store: Store) -> None:
    with pytest.raises(NoSuchModel, match="no reward model rm-9") as refused:
        scored(store, "rm-9", TWO)
    assert refused.value.status == 404


async def test_a_checkpoint_that_is_gone_is_a_conflict(store: Store, tmp_path: Path) -> None:
    await RewardModels(store).register(reward_model(tmp_path / "gone"))
    with pytest.raises(OtherCheckpoint, match=r"not at .*gone any more") as refused:
        scored(store, "rm-1", TWO)
    assert refused.value.status == 409


@pytest.mark.parametrize("file", [NETWORK, "tokenizer.json", "reading.json"])
async def test_a_changed_checkpoint_is_refused_even_after_it_was_used(store: Store, folder: Path, file: str) -> None:
    await RewardModels(store).register(reward_model(folder))
    scored(store, "rm-1", TWO)
    with (folder / file).open("ab") as changed:
        changed.write(b" ")
    with pytest.raises(OtherCheckpoint, match="are not those that were registered"):
        scored(store, "rm-1", TWO)


async def test_another_file_in_the_folder_is_a_change(store: Store, folder: Path) -> None:
    await RewardModels(store).register(reward_model(folder))
    (folder / "added.txt").write_text("?")
    with pytest.raises(OtherCheckpoint):
        scored(store, "rm-1", TWO)


async def test_a_network_that_is_none_is_a_conflict(store: Store, folder: Path) -> None:
    (folder / NETWORK).write_bytes(b"no network")
    await RewardModels(store).register(reward_model(folder))
    with pytest.raises(OtherCheckpoint, match=f"{NETWORK} cannot be read"):
        scored(store, "rm-1", TWO)


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed")
async def test_a_model_without_export_needs_torch(store: Store, folder: Path) -> None:
    (folder / NETWORK).unlink()
    await RewardModels(store).register(reward_model(folder))
    with pytest.raises(TorchIsMissing, match=r"podium\[train\]") as refused:
        scored(store, "rm-1", TWO)
    assert refused.value.status == 501


async def test_a_model_of_other_code_says_so(store: Store, folder: Path) -> None:
    await RewardModels(store).register(reward_model(folder, code_version="0.0.1+abc"))
    assert any("0.0.1+abc" in note for note in scored(store, "rm-1", TWO).notes)


async def test_models_do_not_answer_for_each_other(store: Store, tmp_path: Path) -> None:
    shown = trajectory(answer="long " * 50)
    for name, most in (("one", 40), ("two", 60)):
        checkpoint(tmp_path / name, Reading(max_length=most))
        await RewardModels(store).register(replace(reward_model(tmp_path / name), id=name))
    for name, most in (("one", 40), ("two", 60), ("one", 40)):
        assert scored(store, name, [shown]).scores[0].tokens == most


def test_every_refusal_has_a_status() -> None:
    assert {kind.status.value for kind in CannotScore.__subclasses__()} == {404, 409, 501}
