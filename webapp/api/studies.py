"""Studies over HTTP: make one, get the next ballot, put it aside, see how far it is; and ballots made to be asked."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from prefs.study import Assignment, Study
from storage.accounts.audit import Act
from storage.errors import StoreMissing
from storage.records import ballot_json
from storage.studies import Studies
from storage.study_queue import Queued
from storage.study_records import study_json
from webapp.access.annotator import Annotator, Asking, annotator_of
from webapp.access.audited import audited
from webapp.access.blindness import ballot_for, may_look, progress_for, study_for
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.choosing import Wish
from webapp.studies import NewStudy, create
from webapp.willingness_record import willingness_record

routes = APIRouter(tags=["studies"], responses=ERRORS)

Besides = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    Query(max_length=200, description="None of these, which the person has before them: for the one after the next."),
]
LONGEST_LISTED = 200
"""Characters of a query in a list."""
_NOT_LISTED = ("study", "annotator", "first_leased_at")
_ASSIGNMENT = TypeAdapter(Assignment)


class NewBallot(BaseModel):
    """Body of `POST /ballots`."""

    model_config = ConfigDict(extra="forbid")

    size: int = Field(4, description="Alternatives, 2 to 10.")
    random_share: float = Field(0.2, description="Probability with which the ballot is drawn at random.")
    seed: int | None = Field(None, description="The same seed gives the same ballot; drawn anew where it is missing.")
    query: str | None = Field(None, description="Only alternatives of this query.")


class Aside(BaseModel):
    """Body of `POST …/skip`."""

    model_config = ConfigDict(extra="forbid")

    annotator: str | None = Field(None, min_length=1, max_length=200)
    reason: str | None = None


class Whose(BaseModel):
    """Body of `POST …/release` and of `POST …/take`."""

    model_config = ConfigDict(extra="forbid")

    annotator: str | None = Field(None, min_length=1, max_length=200)


class Flag(BaseModel):
    """Body of `POST …/flag`."""

    model_config = ConfigDict(extra="forbid")

    annotator: str | None = Field(None, min_length=1, max_length=200)
    reason: str = Field(min_length=1, description="What is wrong with the ballot.")


@routes.post("/ballots", status_code=201, response_model=None, responses={204: {"description": "Nothing to ask."}})
async def make_ballot(body: NewBallot, here: Here) -> dict[str, Any] | Response:
    """Make the ballot whose ranking teaches most about the weights, or a random one; 204 where nothing is left to ask.

    Its alternatives are stored trajectories of one query, no set of them is asked twice, and `draw` tells how it was
    drawn.
    """
    made = await here.choosing.make(Wish(body.size, body.random_share, body.seed, body.query))
    return Response(status_code=204) if made is None else ballot_json(made)


@routes.post("/studies", status_code=201)
async def make(body: NewStudy, request: Request, here: Here) -> dict[str, Any]:
    """Make a study of ballots that are kept, of ballots made of runs, or of ballots made as people ask."""
    study = await create(here.store, body, _now())
    await audited(request, here.store, Act.STUDY_MADE, study.id, study.name)
    return await asyncio.to_thread(_whole, here, study)


@routes.get("/studies")
def all_of_them(here: Here, asking: Asking, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> dict[str, Any]:
    """Studies, newest first."""
    return {"studies": [study_for(asking, study_json(study)) for study in Studies(here.store).newest(limit)]}


@routes.get("/studies/{study_id}")
def look(study_id: str, here: Here, asking: Asking) -> dict[str, Any]:
    """A study, the ids of its ballots and how far the whole is; who ranks blind is told neither."""
    return study_for(asking, _whole(here, _found(here, study_id)))


@routes.post("/studies/{study_id}/close")
async def close(study_id: str, request: Request, here: Here) -> dict[str, Any]:
    """Give out no ballots any more; what is on lease may still be ranked."""
    study = await Studies(here.store).close(study_id, _now())
    await audited(request, here.store, Act.STUDY_CLOSED, study.id, study.name)
    return study_json(study)


@routes.get("/studies/{study_id}/next", response_model=None, responses={204: {"description": "Nothing is left."}})
async def next_ballot(
    study_id: str,
    here: Here,
    asking: Asking,
    annotator: Annotator,
    skipped: Annotated[bool, Query(description="One that this person skipped.")] = False,
    besides: Besides = [],  # noqa: B006 - FastAPI copies it
) -> dict[str, Any] | Response:
    """The ballot that this person is to rank, on lease; asking again gives the same one, on a fresh lease."""
    given = await here.queue.next(study_id, annotator, _now(), skipped=skipped, besides=besides)
    if given is None:
        return Response(status_code=204)
    return {"assignment": _shown(given.assignment), "ballot": ballot_for(asking, given.ballot)}


@routes.get("/studies/{study_id}/assignments/{ballot_id}")
def assignment(study_id: str, ballot_id: str, here: Here, annotator: Annotator) -> dict[str, Any]:
    """What this person has to do with that ballot: until when, or whether the ranking counts."""
    found = Studies(here.store).assignment(study_id, ballot_id, annotator)
    if found is None:
        raise StoreMissing(f"{annotator} was not given ballot {ballot_id} of study {study_id}")
    return _shown(found)


@routes.post("/studies/{study_id}/assignments/{ballot_id}/skip")
async def skip(study_id: str, ballot_id: str, body: Aside, here: Here, asking: Asking) -> dict[str, Any]:
    """Leave a ballot to others; `next?skipped=true` brings it back."""
    return _shown(
        await Studies(here.store).skip(study_id, ballot_id, annotator_of(asking, body.annotator), _now(), body.reason)
    )


@routes.post("/studies/{study_id}/assignments/{ballot_id}/flag")
async def flag(study_id: str, ballot_id: str, body: Flag, here: Here, asking: Asking) -> dict[str, Any]:
    """Say what is wrong with a ballot; this person does not get it again."""
    return _shown(
        await Studies(here.store).flag(study_id, ballot_id, annotator_of(asking, body.annotator), body.reason, _now())
    )


@routes.post("/studies/{study_id}/assignments/{ballot_id}/release")
async def release(study_id: str, ballot_id: str, body: Whose, here: Here, asking: Asking) -> dict[str, Any]:
    """Give a lease back, so that others may get the ballot; this person may get it again."""
    return _shown(await Studies(here.store).release(study_id, ballot_id, annotator_of(asking, body.annotator), _now()))


@routes.post("/studies/{study_id}/assignments/{ballot_id}/take")
async def take(study_id: str, ballot_id: str, body: Whose, here: Here, asking: Asking) -> dict[str, Any]:
    """Take back on lease what was skipped, flagged or given back; 409 where no place is left."""
    return _shown(await Studies(here.store).take(study_id, ballot_id, annotator_of(asking, body.annotator), _now()))


@routes.get("/studies/{study_id}/queue")
def queue(study_id: str, here: Here, annotator: Annotator) -> dict[str, Any]:
    """The ballots that this person has or had, the latest change first; `phase` blind waits for a second look."""
    return {"ballots": [_listed(one) for one in Studies(here.store).queue(study_id, annotator)]}


@routes.get("/studies/{study_id}/flags")
def flags(study_id: str, here: Here) -> dict[str, Any]:
    """What people flagged, the latest first."""
    _found(here, study_id)
    return {"flags": [_shown(one) for one in Studies(here.store).assignments(study_id, "flagged")]}


@routes.get("/studies/{study_id}/progress")
def progress(
    study_id: str,
    here: Here,
    asking: Asking,
    annotator: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
) -> dict[str, Any]:
    """How far the study is, for the whole and for one person, or for everybody; annotators are told of themselves."""
    whose = annotator if may_look(asking) else annotator_of(asking, annotator)
    return progress_for(asking, asdict(Studies(here.store).progress(study_id, _now(), whose)))


@routes.get("/studies/{study_id}/willingness")
async def study_willingness(
    study_id: str, here: Here, names: Annotated[bool, Query(description="Say who `each` is of.")] = False
) -> dict[str, Any]:
    """What people give up for a place in their own order, from what they changed once cost and latency were revealed.

    Dollars and seconds per place with 95 % intervals, for all and for each person; null, with a reason, where nothing
    can be said.
    """
    _found(here, study_id)
    looks = await asyncio.to_thread(lambda: tuple(Studies(here.store).second_looks(study_id)))
    return {"study": study_id, **await asyncio.to_thread(willingness_record, looks, names=names)}


def _found(here: Here, study_id: str) -> Study:
    study = Studies(here.store).find(study_id)
    if study is None:
        raise StoreMissing(f"there is no study {study_id}")
    return study


def _whole(here: Here, study: Study) -> dict[str, Any]:
    studies = Studies(here.store)
    whole = asdict(studies.progress(study.id, _now()))
    whole.pop("own")
    return {**study_json(study), "ballots": studies.ballots(study.id), "progress": whole}


def _shown(one: Assignment) -> dict[str, Any]:
    """An assignment as the person may see it: not whether it is gold."""
    return {**_ASSIGNMENT.dump_python(one, mode="json", exclude={"gold"}), "words": one.words}


def _listed(one: Queued) -> dict[str, Any]:
    shown = {name: value for name, value in _shown(one.assignment).items() if name not in _NOT_LISTED}
    query = one.query if len(one.query) <= LONGEST_LISTED else f"{one.query[:LONGEST_LISTED].rstrip()} …"
    held = one.assignment.held(_now())
    return {**shown, "held": held, "query": query, "ranking": one.ranking, "phase": one.phase}


def _now() -> datetime:
    return datetime.now(UTC)
