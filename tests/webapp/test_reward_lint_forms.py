"""`POST /reward` in its three forms, with the numbers that running the released code gave."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from orchestrator.preference import PreferenceVector
from prefs.linting.case import Case, Rollout

API = "/api/v1"
COST_ONLY = PreferenceVector(0, 1, 0)


def costing(*dollars: str) -> tuple[Rollout, ...]:
    return tuple(Rollout(cost_usd=Decimal(usd)) for usd in dollars)


async def posted(http: httpx.AsyncClient, case: Case, **more: Any) -> httpx.Response:
    body = {"trajectories": case.records(), "preference": case.preference_json(), **more}
    return await http.post(f"{API}/reward", json=body)


def rounded(response: httpx.Response, digits: int = 2) -> list[float]:
    assert response.status_code == 200, response.text
    return [round(found["reward"], digits) for found in response.json()["rewards"]]


async def test_the_training_form_is_what_is_asked_for_by_default(http: httpx.AsyncClient) -> None:
    case = Case(costing("0.01", "0.02", "0.05", "0.10"), COST_ONLY)
    without = await posted(http, case)
    assert rounded(without) == [1.0, 0.89, 0.56, 0.0]
    assert without.json()["form"] == "training"
    assert (await posted(http, case, form="training")).json() == without.json()


async def test_in_the_released_form_the_dearest_wins_and_a_note_says_what_it_is(http: httpx.AsyncClient) -> None:
    response = await posted(http, Case(costing("0.01", "0.02", "0.05", "0.10"), COST_ONLY), form="released")
    assert rounded(response) == [2.33, 2.44, 2.78, 3.33]
    found = response.json()["rewards"][0]
    assert "do not train on it" in found["note"]
    assert found["if_correct"] is None
    assert found["parts"]["cost"] == pytest.approx(found["reward"])


async def test_in_the_released_form_once_and_never_are_not_told_apart(http: httpx.AsyncClient) -> None:
    once, never = Rollout(uses={"answer-1": 1}), Rollout()
    case = Case((once, once, never, never), PreferenceVector(0, 0, 0, {"answer-1": 1}))
    assert rounded(await posted(http, case, form="released")) == [0, 0, 0, 0]
    assert rounded(await posted(http, case)) == [1, 1, 0, 0]


async def test_the_released_form_needs_grades(http: httpx.AsyncClient) -> None:
    response = await posted(http, Case((Rollout(outcome=None), Rollout()), COST_ONLY), form="released")
    assert response.status_code == 422
    assert "needs every outcome" in response.json()["detail"]


async def test_the_evaluation_form_compares_with_a_baseline(http: httpx.AsyncClient) -> None:
    base = Case((Rollout(1, Decimal(2), 5.0, {"reasoner-1": 2}),), PreferenceVector())
    p = PreferenceVector(1, 0.5, 0.5, {"reasoner-1": 0.2})
    case = Case((Rollout(1, Decimal(4), 10.0, {"reasoner-1": 3}), Rollout(0)), p)
    response = await posted(http, case, form="evaluation", baseline=base.records()[0])
    assert rounded(response) == [1.8, 0.0]
    assert response.json()["rewards"][0]["parts"] == pytest.approx(
        {"accuracy": 1.0, "cost": 0.25, "latency": 0.25, "reasoner-1": 0.3}
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"form": "evaluation"}, "give its record as `baseline`"),
        ({"baseline": Case((Rollout(),), COST_ONLY).records()[0]}, "the training form has no baseline"),
        ({"form": "released", "baseline": Case((Rollout(),), COST_ONLY).records()[0]}, "released form has no baseline"),
        ({"form": "paper"}, "training"),
        ({"form": "evaluation", "baseline": {"format": 99}}, "newer Podium"),
    ],
)
async def test_a_form_that_does_not_fit_is_refused(http: httpx.AsyncClient, more: dict[str, Any], message: str) -> None:
    response = await posted(http, Case((Rollout(), Rollout()), COST_ONLY), **more)
    assert response.status_code == 422
    assert message in response.json()["detail"]


async def test_the_forms_are_described(http: httpx.AsyncClient) -> None:
    schemas = (await http.get("/openapi.json")).json()["components"]["schemas"]
    assert schemas["RewardRequest"]["properties"]["form"]["enum"] == ["training", "evaluation", "released"]
    assert set(schemas["TrajectoryReward"]["properties"]) == {"id", "reward", "if_correct", "verdict", "parts", "note"}
