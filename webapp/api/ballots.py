"""Ballots and rankings over HTTP."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from prefs.ballot import Ballot
from prefs.ranking import LONGEST_NOTE, LONGEST_TAG, MOST_TAGS, MarkKind, Phase, Ranking, StepMark
from storage.records import ranking_json
from storage.studies import Studies
from webapp.access.annotator import Annotator, Asking, annotator_of, check_given
from webapp.access.blindness import blind, may_look
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.ballots import Opinion
from webapp.showing import showing
from webapp.views.hiding import asked
from webapp.views.showing import showing_view

routes = APIRouter(tags=["ballots"], responses=ERRORS)

LABEL = Annotated[str, Field(min_length=1, max_length=2)]
MOST_MARKS: Final = 2_000


class NewMark(BaseModel):
    """What a person says of one step."""

    model_config = ConfigDict(extra="forbid")

    label: LABEL
    step: int = Field(ge=0, description="Index of the step, from 0.")
    kind: MarkKind
    note: str = Field("", max_length=LONGEST_NOTE)


class NewRanking(BaseModel):
    """Body of `POST /ballots/{id}/rankings`: labels as shown, best group first."""

    model_config = ConfigDict(extra="forbid")

    ballot: str | None = None
    """May repeat the ballot's id; another one is refused."""
    version: str | None = None
    """The ballot's version as shown; a changed ballot is refused."""
    groups: list[list[LABEL]] = Field(max_length=26)
    unranked: list[LABEL] = Field(default_factory=list, max_length=26)
    acceptable: int | None = Field(None, ge=0, le=26)
    reason: str | None = None
    annotator: str | None = Field(None, min_length=1, max_length=200, description="Left out: whoever asks.")
    phase: Phase | None = Field(
        None, description="Of a ballot that is ranked twice; one that is not due is refused. Left out: what is due."
    )
    tags: list[Annotated[str, Field(min_length=1, max_length=LONGEST_TAG)]] = Field(
        default_factory=list, max_length=MOST_TAGS, description="Categories of reasons."
    )
    marks: list[NewMark] = Field(default_factory=list, max_length=MOST_MARKS, description="At most one for each step.")
    active_s: dict[LABEL, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default_factory=dict, max_length=26, description="Seconds of attention by label, as the page measured them."
    )

    def opinion(self, annotator: str) -> Opinion:
        """What that annotator says."""
        groups = tuple(tuple(group) for group in self.groups)
        return Opinion(
            groups,
            tuple(self.unranked),
            self.acceptable,
            self.reason,
            annotator,
            phase=self.phase,
            tags=tuple(self.tags),
            marks=tuple(StepMark(mark.label, mark.step, mark.kind, mark.note) for mark in self.marks),
            active_s=self.active_s,
        )


@routes.get("/runs/{run_id}/ballot", responses={204: {"description": "Nothing to rank yet."}}, response_model=None)
async def of_run(run_id: str, here: Here) -> dict[str, Any] | Response:
    """The ballot of a run; 204 while it still runs or has a single alternative."""
    return _or_nothing(await here.ballots.of_run(run_id))


@routes.get("/ballots/next", responses={204: {"description": "Every ballot is ranked."}}, response_model=None)
async def next_ballot(
    here: Here,
    annotator: Annotator,
    besides: Annotated[
        list[Annotated[str, Field(max_length=200)]], Query(max_length=200, description="None of these.")
    ] = [],  # noqa: B006 - FastAPI copies it
) -> dict[str, Any] | Response:
    """The oldest ballot that this person has not ranked; 204 when there is none."""
    return _or_nothing(here.ballots.next(annotator, besides))


@routes.get("/ballots/{ballot_id}")
async def one(ballot_id: str, here: Here) -> dict[str, Any]:
    """A ballot as it is shown; where it hides anything, `trajectory` is null."""
    return asked(here.ballots.ballot(ballot_id))


@routes.get("/ballots/{ballot_id}/view")
async def view(
    ballot_id: str,
    here: Here,
    asking: Asking,
    annotator: Annotator,
    study: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
) -> dict[str, Any]:
    """A ballot with all that this person may see of it now, and with what he or she said of it before.

    `hidden` names what is left out until it is ranked. Of a ballot that is ranked twice, `phase` is that of the next
    ranking; in the phase `revealed` cost and latency are shown, and `rank` holds the blind order.
    """
    await asyncio.to_thread(check_given, here.store, asking, ballot_id, study)
    found = await asyncio.to_thread(showing, here.store, ballot_id, annotator, study)
    view = await asyncio.to_thread(showing_view, found, here.pool)
    return view if may_look(asking) else blind(view, found.trajectories.keys())


@routes.post("/ballots/{ballot_id}/rankings", status_code=201)
async def rank(
    ballot_id: str,
    body: NewRanking,
    here: Here,
    asking: Asking,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> dict[str, Any]:
    """Keep a ranking. Sending the same again is the same ranking; sending another one supersedes it.

    `studies` has an entry for each study that gave out the ballot: whether the ranking counts towards its overlap, and
    `words` for the person where it does not.
    """
    if body.ballot not in (None, ballot_id):
        raise ValueError(f"the body names ballot {body.ballot}, the address {ballot_id}")
    opinion = body.opinion(annotator_of(asking, body.annotator))
    await asyncio.to_thread(check_given, here.store, asking, ballot_id)
    kept = await here.ballots.rank(ballot_id, opinion, version=body.version, idempotency_key=idempotency_key)
    return await asyncio.to_thread(_acknowledged, kept, here, open_to_look=may_look(asking))


def _acknowledged(kept: Ranking, here: Here, *, open_to_look: bool) -> dict[str, Any]:
    given = Studies(here.store).of_ballot(kept.ballot, kept.annotator)
    studies = [{"study": one.study, "counted": one.counted, "words": one.words} for one in given]
    record = ranking_json(kept, here.ballots.ballot(kept.ballot))
    if kept.phase == "blind" or not open_to_look:
        # What stays hidden until the second look could be looked up by these ids.
        record["trajectories"] = dict.fromkeys(record["trajectories"])
    return {**record, "studies": studies}


def _or_nothing(ballot: Ballot | None) -> dict[str, Any] | Response:
    return Response(status_code=204) if ballot is None else asked(ballot)
