"""A run: one query asked once, with one or more alternative trajectories to compare."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orchestrator.model_call import utc
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Limits, Trajectory

LONGEST_QUERY = 20_000
"""Characters that a query may have."""


@dataclass(frozen=True, slots=True)
class Run:
    """One asking of one query. Its trajectories name it in their `run`."""

    id: str
    query: str
    asked_at: datetime
    reference: str | None = None
    one_after_another: bool = False
    """Alternatives wait for each other, so that they do not slow each other down."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "asked_at", utc(self.asked_at))
        check_query(self.query)


def check_query(query: str) -> None:
    """Raises ValueError for a query that is empty or longer than LONGEST_QUERY."""
    if not query.strip():
        raise ValueError("the query is empty; type a question")
    if len(query) > LONGEST_QUERY:
        raise ValueError(
            f"the query has {len(query):,} characters; {LONGEST_QUERY:,} are the most. "
            "Put long material into files and point --documents at them"
        )
    check_text("the query", query)


def check_text(name: str, text: str) -> None:
    """Raises ValueError for text that cannot be written as UTF-8: half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{name} holds half a character at position {error.start}; send it as proper Unicode"
        ) from None


def new_id() -> str:
    """A fresh identifier: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def alternatives(
    run: Run, preferences: Sequence[PreferenceVector], *, policy: str, pool: str, seed: int, limits: Limits
) -> tuple[Trajectory, ...]:
    """One trajectory without steps for each preference vector, with seeds `seed`, `seed + 1`, …

    They start a microsecond apart, so that sorting by their start keeps their order.
    """
    now = datetime.now(UTC)
    return tuple(
        Trajectory(
            id=new_id(),
            query=run.query,
            preference=preference,
            policy=policy,
            pool=pool,
            seed=seed + number,
            started_at=now + timedelta(microseconds=number),
            reference=run.reference,
            limits=limits,
            run=run.id,
        )
        for number, preference in enumerate(preferences)
    )
