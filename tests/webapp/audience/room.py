"""A phone in tests: it takes a seat and ranks."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx

from orchestrator.alternatives import Run
from orchestrator.trajectory import Step, StopReason, Trajectory
from tests.examples import NOON, call, model_call, trajectory
from webapp.services import Services

Client = Callable[[], httpx.AsyncClient]
ORDER = {"groups": [["B"], ["A"], ["C", "D"]]}


def ended(number: int) -> Trajectory:
    one = Step(
        0, "I choose answer-1.", call("answer-1"), None, (model_call(f"0.0{number + 1}", latency_s=4.0 - number),)
    )
    return trajectory(
        id=f"t{number}", run="r1", steps=(one,), answer=f"answer {number}", stop_reason=StopReason.ANSWERED
    )


async def keep(services: Services, *many: Trajectory) -> None:
    """The run `r1` with these alternatives, step by step as they came."""
    begun = [replace(one, steps=(), answer=None, stop_reason=None, stop_detail=None) for one in many]
    await services.store.begin(Run("r1", many[0].query, NOON), begun)
    for one in many:
        await services.store.keep_step(one.id, one.steps[0])
        await services.store.finish(one)


async def joined(phone: httpx.AsyncClient, audience: dict[str, Any]) -> dict[str, Any]:
    response = await phone.post(f"/join/{audience['code']}/seat")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def ranked(
    phone: httpx.AsyncClient, audience: dict[str, Any], body: Any = ORDER, key: str = "k"
) -> httpx.Response:
    return await phone.post(f"/join/{audience['code']}/ranking", json=body, headers={"Idempotency-Key": key})


async def kept(http: httpx.AsyncClient, audience: dict[str, Any]) -> list[dict[str, Any]]:
    lines = (await http.get("/api/v1/export/rankings")).text.splitlines()
    return [one for one in map(json.loads, lines) if one["ballot"] == audience["ballot"]]
