"""R(τ) over HTTP, for trajectories that the caller brings along."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.preference import PreferenceVector
from prefs.reward import rewards
from storage.records import load_trajectory
from webapp.api.problems import ERRORS
from webapp.reward_record import reward_record

routes = APIRouter(tags=["reward"], responses=ERRORS)


class RewardRequest(BaseModel):
    """Body of `POST /reward`: the rollouts of one query, as trajectory records."""

    model_config = ConfigDict(extra="forbid")

    trajectories: list[dict[str, Any]] = Field(min_length=1, max_length=1000)
    preference: PreferenceVector | None = None
    """The first record's own where it is missing."""


@routes.post("/reward")
def reward(body: RewardRequest) -> dict[str, Any]:
    """R(τ) of each record, normalised over all of them; `reward` is null where nobody graded the outcome."""
    group = [load_trajectory(record) for record in body.trajectories]
    preference = body.preference or group[0].preference
    return {
        "rewards": [
            reward_record(trajectory, found)
            for trajectory, found in zip(group, rewards(group, preference), strict=True)
        ]
    }
