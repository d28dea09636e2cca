"""A phone in tests: it takes a seat and ranks."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from orchestrator.trajectory import Step, StopReason, Trajectory
from tests.examples import call, model_call, trajectory

Client = Callable[[], httpx.AsyncClient]
ORDER = {"groups": [["B"], ["A"], ["C", "D"]]}


def ended(number: int) -> Trajectory:
    one = Step(0, "", call("answer-1"), None, (model_call(f"0.0{number + 1}", latency_s=4.0 - number),))
    return trajectory(
        id=f"t{number}", run="r1", steps=(one,), answer=f"answer {number}", stop_reason=StopReason.ANSWERED
    )


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
