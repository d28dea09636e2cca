"""The answer of `POST /reward?model=ID`: scores by a registered reward model instead of R(τ)."""

from collections.abc import Collection, Sequence
from typing import Literal

from fastapi import HTTPException
from pydantic import BaseModel, Field

from orchestrator.trajectory import Trajectory
from storage.store import Store
from webapp.scoring import CannotScore, scored, scored_record


class TrajectoryScore(BaseModel):
    """What the model says of one trajectory."""

    id: str
    reward: float = Field(description="Only differences between trajectories of one query mean anything.")
    tokens: int = Field(description="Read by the model.")
    tokens_left_out: int = Field(description="From the middle, where the trajectory is longer than the model reads.")


class ScoreAnswer(BaseModel):
    """One score for each trajectory, in the order given."""

    model: str
    scale: Literal["relative"]
    notes: list[str] = Field(description="What a user of the scores must know.")
    rewards: list[TrajectoryScore]


def score_answer(
    store: Store, model: str, trajectories: Sequence[Trajectory], said: Collection[str] = ()
) -> ScoreAnswer:
    """The model's scores; takes as long as the network needs. Raises HTTPException 404, 409 or 501.

    `said` are the fields of the request; ValueError for those that only R(τ) reads.
    """
    if unread := sorted(set(said) - {"trajectories"}):
        raise ValueError(f"a reward model has learnt what people prefer: leave out {' and '.join(unread)}")
    try:
        found = scored(store, model, trajectories)
    except CannotScore as error:
        raise HTTPException(error.status, str(error)) from error
    return ScoreAnswer(**scored_record(found, trajectories))
