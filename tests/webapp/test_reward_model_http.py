"""`POST /reward?model=ID`."""

import importlib.util
from pathlib import Path
from statistics import fmean
from typing import Any

import httpx
import pytest

from prefs.neural.head import NETWORK
from storage.records import trajectory_json
from storage.reward_models import RewardModels
from tests.examples import trajectory
from tests.reward_models import checkpoint, reward_model
from webapp.services import Services

TWO = [trajectory(), trajectory(id="t2", answer="397.8")]
BODY: dict[str, Any] = {"trajectories": [trajectory_json(one) for one in TWO]}


async def asked(http: httpx.AsyncClient, model: str, **more: Any) -> httpx.Response:
    return await http.post("/api/v1/reward", params={"model": model}, json={**BODY, **more})


async def test_a_registered_model_scores_records(http: httpx.AsyncClient, services: Services, tmp_path: Path) -> None:
    reader = checkpoint(tmp_path / "model")
    await RewardModels(services.store).register(reward_model(tmp_path / "model"))
    response = await asked(http, "rm-1")
    assert response.status_code == 200, response.text
    said = response.json()
    assert (said["model"], said["scale"]) == ("rm-1", "relative")
    assert [one["id"] for one in said["rewards"]] == ["t1", "t2"]
    expected = [fmean(reader.tokens(one).ids) for one in TWO]
    assert [one["reward"] for one in said["rewards"]] == pytest.approx(expected)
    assert any("relative" in note for note in said["notes"])


async def test_without_a_model_it_is_the_reward_of_the_paper(http: httpx.AsyncClient) -> None:
    said = (await http.post("/api/v1/reward", json=BODY)).json()
    assert "model" not in said
    assert "parts" in said["rewards"][0]


async def test_an_unknown_model_is_a_problem_document(http: httpx.AsyncClient) -> None:
    response = await asked(http, "rm-9")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert "podium reward-models" in response.json()["detail"]


async def test_a_changed_checkpoint_is_a_conflict(http: httpx.AsyncClient, services: Services, tmp_path: Path) -> None:
    checkpoint(tmp_path / "model")
    await RewardModels(services.store).register(reward_model(tmp_path / "model"))
    (tmp_path / "model" / "reading.json").write_text("{}")
    response = await asked(http, "rm-1")
    assert response.status_code == 409
    assert "not those that were registered" in response.json()["detail"]


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed")
async def test_a_model_that_needs_torch_says_so(http: httpx.AsyncClient, services: Services, tmp_path: Path) -> None:
    checkpoint(tmp_path / "model")
    (tmp_path / "model" / NETWORK).unlink()
    await RewardModels(services.store).register(reward_model(tmp_path / "model"))
    response = await asked(http, "rm-1")
    assert response.status_code == 501
    assert "podium[train]" in response.json()["detail"]


@pytest.mark.parametrize(
    "more", [{"preference": {"cost": 1.0}}, {"form": "evaluation"}, {"baseline": BODY["trajectories"][0]}]
)
async def test_a_model_takes_no_preference_form_or_baseline(http: httpx.AsyncClient, more: dict[str, Any]) -> None:
    response = await asked(http, "rm-1", **more)
    assert response.status_code == 422
    assert next(iter(more)) in response.json()["detail"]
