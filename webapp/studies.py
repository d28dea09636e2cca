"""Studies at the doors: which ballots a new one gets, and who gets which of them next."""

import asyncio
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import comb
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.alternatives import new_id
from orchestrator.bounded_json import parts
from prefs.ballot import Ballot, Draw, ballot
from prefs.study import LEASE_S, MOST_BALLOTS, TAGS, Assignment, Hidden, NextBy, Study, WrongStudy
from storage.errors import StoreMissing
from storage.store import Store
from storage.studies import Studies
from storage.study_sources import RunAlternatives
from webapp.choosing import Choosing, Wish

NEW_HIDES: Final[tuple[Hidden, ...]] = ("identity", "outcome")
"""What a new study hides where it does not say: names and scores would tell people what to think."""
_MOST_VALUES: Final = 10 * MOST_BALLOTS


class NewStudy(BaseModel):
    """A study to make: body of `POST /studies`, and what a file for `podium study create` holds."""

    model_config = ConfigDict(extra="forbid")

    name: str
    guidelines: str = Field("", description="What people are to read first, in Markdown.")
    ballots: list[str] | None = Field(None, max_length=MOST_BALLOTS, description="Ids of ballots that are kept.")
    runs: list[str] | Literal["all"] | None = Field(
        None, description="One ballot of each of these runs, of `alternatives` trajectories that ended by themselves."
    )
    alternatives: int = Field(4, description="On each ballot that is made for the study.")
    overlap: int = Field(1, description="Rankings of each ballot.")
    hidden: list[Hidden] = Field(
        list(NEW_HIDES), description="What nobody sees before ranking; an empty list hides nothing."
    )
    gold_share: float = Field(0.0, description="Of each person's ballots; they have a dominated alternative.")
    next_by: NextBy = "random"
    most_ballots: int | None = Field(None, description="How many ballots an informative study makes as people ask.")
    random_share: float = Field(0.2, description="Of the ballots that an informative study makes, drawn at random.")
    lease_s: float = Field(LEASE_S, description="How long a ballot waits for the person who has it.")
    seed: int = 0
    two_phases: bool = Field(
        False, description="Whether people rank each ballot blind first, and again once cost and latency are revealed."
    )
    tags: list[str] = Field(list(TAGS), description="Categories of reasons that people are offered.")

    def study(self, now: datetime) -> Study:
        """The study, without its ballots; raises ValueError."""
        said = self.model_dump(exclude={"ballots", "runs", "hidden", "tags"})
        return Study(id=new_id(), made_at=now, hidden=tuple(self.hidden), tags=tuple(self.tags), **said)


def read_new_study(text: str) -> NewStudy:
    """The study that a JSON file asks for; raises ValueError."""
    if (values := parts(text)) > _MOST_VALUES:  # Each may be wrong, and what is said of it takes a kilobyte.
        raise ValueError(f"the study has {values:,} values and names; {_MOST_VALUES:,} are the most of one")
    try:
        return NewStudy.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"the study is wrong{f' at {where}' if where else ''}: {first['msg']}") from error


async def create(store: Store, new: NewStudy, now: datetime) -> Study:
    """Make a study with its ballots, and keep both, or nothing: raises ValueError or StoreError."""
    study = new.study(now)
    ballots, gold = await asyncio.to_thread(_prepared, store, new, study)
    await Studies(store).create(study, ballots, gold)
    return study


@dataclass(frozen=True, slots=True)
class Given:
    """A ballot in the hands of the person who is to rank it."""

    assignment: Assignment
    ballot: Ballot


class Queue:
    """Gives people their next ballots; an informative study is made as they ask."""

    def __init__(self, store: Store, choosing: Choosing) -> None:
        self._store = store
        self._studies = Studies(store)
        self._choosing = choosing
        self._growing = asyncio.Lock()

    async def next(
        self, study_id: str, annotator: str, now: datetime, *, skipped: bool = False, besides: Collection[str] = ()
    ) -> Given | None:
        """What this person is to rank now, none of `besides`; `None` where nothing is left. Raises StoreMissing."""
        one = await self._studies.next(study_id, annotator, now, skipped=skipped, besides=besides)
        if one is None and not skipped:
            study = await asyncio.to_thread(self._studies.find, study_id)
            if study is not None and study.next_by == "informative":
                one = await self._grown(study, annotator, now, besides)
        if one is None:
            return None
        shown = await asyncio.to_thread(self._store.ballot, one.ballot)
        if shown is None:
            raise StoreMissing(f"ballot {one.ballot} of study {study_id} is not there: restore a backup")
        return Given(one, shown)

    async def _grown(self, study: Study, annotator: str, now: datetime, besides: Collection[str]) -> Assignment | None:
        """The same after one more ballot was made, unless somebody else's will do."""
        async with self._growing:
            one = await self._studies.next(study.id, annotator, now, besides=besides)
            made = len(await asyncio.to_thread(self._studies.ballots, study.id))
            if one is not None or study.closed_at is not None or made >= (study.most_ballots or 0):
                return one
            seed = random.Random(f"ballot {study.seed} {made}").randrange(2**31)
            wish = Wish(study.alternatives, study.random_share, seed, hidden=study.hidden)
            added = await self._choosing.make(wish, lambda ballot: self._studies.append(study.id, ballot))
            return None if added is None else await self._studies.next(study.id, annotator, now, besides=besides)


def _prepared(store: Store, new: NewStudy, study: Study) -> tuple[Sequence[Ballot], Collection[str]]:
    """The ballots of a new study, in its order, and which of them are gold."""
    named = "runs" if new.ballots is None else "ballots"
    if study.next_by == "informative":
        if new.ballots is not None or new.runs is not None:
            raise WrongStudy(named, "an informative study makes its ballots as people ask: leave out ballots and runs")
        return (), ()
    if (new.ballots is None) is (new.runs is None):
        raise WrongStudy(named, "say either which ballots the study has, or of which runs they are made")
    ballots = _listed(store, new.ballots, study) if new.ballots is not None else _made(store, new.runs, study)
    if len(ballots) > MOST_BALLOTS:
        raise WrongStudy(
            named, f"a study has at most {MOST_BALLOTS:,} ballots, not {len(ballots):,}; make several studies"
        )
    return ballots, _gold(store, ballots, study) if study.gold_share else ()


def _listed(store: Store, ids: Sequence[str], study: Study) -> list[Ballot]:
    if not ids:
        raise WrongStudy("ballots", "a study needs at least one ballot")
    if len(set(ids)) < len(ids):
        raise WrongStudy("ballots", "a ballot is in a study once; one is named twice")
    found = []
    for id in ids:
        one = store.ballot(id)
        if one is None:
            raise WrongStudy("ballots", f"there is no ballot {id}")
        if set(one.hidden) != set(study.hidden):
            raise WrongStudy(
                "hidden",
                f"ballot {id} hides {_named(one.hidden)}, the study {_named(study.hidden)}: make them alike, or name "
                "runs, so that the ballots are made for the study",
            )
        found.append(one)
    return found


def _made(store: Store, runs: Sequence[str] | Literal["all"] | None, study: Study) -> list[Ballot]:
    """One ballot of each run."""
    named = None if runs == "all" else runs or ()
    found = Studies(store).run_alternatives(named)
    enough = [one for one in found if len(one.trajectories) >= study.alternatives]
    if named is not None and (few := sorted(set(named) - {one.run for one in enough})):
        raise WrongStudy(
            "runs",
            f"run {few[0]} has no {study.alternatives} trajectories that ended by themselves; leave it out, or ask for "
            "fewer alternatives",
        )
    if not enough:
        raise WrongStudy(
            "alternatives", f"there is no run with {study.alternatives} trajectories that ended by themselves"
        )
    return [_of_run(one, study) for one in enough]


def _of_run(one: RunAlternatives, study: Study) -> Ballot:
    """A ballot of the study's own: what comes to the run later changes nothing on it, so it does not name the run."""
    count, size = len(one.trajectories), study.alternatives
    chance = random.Random(f"study {study.seed} {one.run}")
    return ballot(
        new_id(),
        chance.sample(one.trajectories, size),
        query=one.query,
        run=None,
        seed=chance.randrange(2**31),
        made_at=study.made_at,
        hidden=study.hidden,
        draw=None if count == size else Draw("random", 1.0, 1 / comb(count, size)),
    )


def _gold(store: Store, ballots: Sequence[Ballot], study: Study) -> list[str]:
    """As many ballots with a dominated alternative as the share asks for, if there are so many."""
    fit = sorted(Studies(store).with_gold(ballots))
    if not fit:
        raise WrongStudy(
            "gold_share",
            "no ballot has an alternative that another one dominates, so none is gold: set gold_share to 0",
        )
    wanted = max(1, round(study.gold_share * len(ballots)))
    return random.Random(f"gold {study.seed}").sample(fit, min(wanted, len(fit)))


def _named(hidden: Sequence[str]) -> str:
    return " and ".join(sorted(hidden)) or "nothing"
