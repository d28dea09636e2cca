"""R(τ) over HTTP, for trajectories that the caller brings along."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.preference import PreferenceVector
from storage.records import load_trajectory
from webapp.api.here import services
from webapp.api.problems import ERRORS
from webapp.api.scores import ScoreAnswer, score_answer
from webapp.problem import Problem
from webapp.reward_record import Form, reward_records

routes = APIRouter(tags=["reward"], responses=ERRORS)


class RewardRequest(BaseModel):
    """Body of `POST /reward`: the rollouts of one query, as trajectory records."""

    model_config = ConfigDict(extra="forbid")

    trajectories: list[dict[str, Any]] = Field(min_length=1, max_length=1000)
    preference: PreferenceVector | None = Field(default=None, description="The first record's own where it is missing.")
    form: Form = Field(
        default="training",
        description="`training`: each element scaled over the batch. `evaluation`: ratios to `baseline`. "
        "`released`: what ToolOrchestra's released code computes, for comparison only; it needs every grade and price.",
    )
    baseline: dict[str, Any] | None = Field(
        default=None, description="Record of the run that the evaluation form compares with; no other form takes one."
    )


class TrajectoryReward(BaseModel):
    """R(τ) of one trajectory."""

    id: str
    reward: float | None = Field(description="0 for an unsolved trajectory; null where nobody graded the outcome.")
    if_correct: float | None = Field(description="R(τ) if it is solved; null in the released form.")
    verdict: str
    parts: dict[str, float | None] = Field(description="What each weight brings to it; null where it is unknown.")
    note: str | None


class RewardAnswer(BaseModel):
    """One reward for each trajectory, in the order given."""

    form: Form
    rewards: list[TrajectoryReward]


@routes.post("/reward", responses={501: {"model": Problem}})
def reward(
    body: RewardRequest,
    request: Request,
    model: Annotated[str | None, Query(description="Id of a registered reward model that scores instead.")] = None,
) -> RewardAnswer | ScoreAnswer:
    """R(τ) of each record, in the order given; `reward` is null where nobody graded the outcome.

    With `model`, the relative scores of that reward model instead.
    """
    group = [load_trajectory(record) for record in body.trajectories]
    if model is not None:
        return score_answer(services(request).store, model, group, body.model_fields_set)
    baseline = None if body.baseline is None else load_trajectory(body.baseline)
    records = reward_records(group, body.preference or group[0].preference, body.form, baseline)
    return RewardAnswer(form=body.form, rewards=[TrajectoryReward(**record) for record in records])
