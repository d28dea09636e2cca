"""Audiences at the doors: the speaker opens and ends them, the stage follows what they say."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from orchestrator.alternatives import new_id
from prefs.audience import ALPHABET, CODE_LENGTH, LONGEST_MINUTES, Audience, check_minutes
from prefs.ballot import Ballot
from prefs.judgement import candidates
from prefs.ranking import Ranking
from prefs.study import Hidden
from storage.audiences import Audiences
from storage.errors import StoreConflict
from storage.store import Store
from webapp.audience.standing import Heard, Standing
from webapp.ballots import Ballots
from webapp.live_runs import NotFound

COALESCE_S: Final = 0.2
"""Followers get at most one standing in this time."""
LOOK_S: Final = 2.0
"""Seconds after which it is looked whether another process, or the clock, changed something."""
MOST_ROOMS: Final = 50
"""Audiences whose standing is at hand; those looked at longest ago are read again when somebody looks."""
_DRAWS: Final = 5
"""Codes that are tried before one is free; the first one always is, but for a wonder."""


def now() -> datetime:
    """The moment."""
    return datetime.now(UTC)


@dataclass(slots=True)
class _Room:
    """An audience that is followed."""

    heard: Heard
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    new: list[Ranking] = field(default_factory=list)
    """Rankings that came through this process and were not taken in yet."""
    standing: Standing | None = None


@dataclass(slots=True)
class _Bell:
    """Wakes those who wait for news of one audience."""

    rung: asyncio.Event = field(default_factory=asyncio.Event)
    followers: int = 0

    def ring(self) -> None:
        event, self.rung = self.rung, asyncio.Event()
        event.set()


class Hosting:
    """Opens audiences, ends them, and tells how they stand."""

    def __init__(self, store: Store, ballots: Ballots, clock: Callable[[], datetime] = now) -> None:
        self.kept = Audiences(store)
        self.clock = clock
        self._store = store
        self._ballots = ballots
        self._bells: dict[str, _Bell] = {}
        """Of audiences that somebody follows."""
        self._rooms: OrderedDict[str, _Room] = OrderedDict()
        self._dismissed = False

    async def start(self, run: str, minutes: float, hidden: Sequence[Hidden] = ()) -> Audience:
        """Open an audience for a run's alternatives; where one is open already, that one, as it is.

        Raises NotFound without the run, ValueError where it has no two alternatives that have ended.
        """
        check_minutes(minutes)
        shown = await self._ballots.of_run(run)
        if shown is None:
            raise ValueError("there is nothing to rank yet: wait until two or more alternatives have come to their end")
        made_at = self.clock()
        # Of the audience's own, so that a fork on the stage does not end what is being ranked. The labels are the same.
        own = replace(shown, id=new_id(), run=None, made_at=made_at, hidden=tuple(hidden))
        until = made_at + timedelta(minutes=minutes)
        for _ in range(_DRAWS):
            with suppress(StoreConflict):
                return await self.kept.create(Audience(new_id(), _code(), run, own.id, made_at, until), own)
        raise StoreConflict("no free code was found for the audience; try again")

    async def extend(self, id: str, minutes: float) -> Audience:
        """Give it more time from now, or from its end where that is to come; an audience that is over opens again."""
        check_minutes(minutes)
        found, moment = await asyncio.to_thread(self.find, id), self.clock()
        start = found.until if found.open(moment) else moment
        until = min(start + timedelta(minutes=minutes), moment + timedelta(minutes=LONGEST_MINUTES))
        changed = await self.kept.give_time(id, until)
        self.ring(id)
        return changed

    async def close(self, id: str) -> Audience:
        """End it now. Raises StoreMissing."""
        changed = await self.kept.close(id, self.clock())
        self.ring(id)
        return changed

    def find(self, id: str) -> Audience:
        """The audience of that id; raises NotFound."""
        found = self.kept.find(id)
        if found is None:
            raise NotFound(f"there is no audience {id[:80]}")
        return found

    def ballot(self, audience: Audience) -> Ballot:
        """What it ranks; raises NotFound."""
        return self._ballots.ballot(audience.ballot)

    def hear(self, audience: str, ranking: Ranking) -> None:
        """A phone has ranked, and that is kept."""
        if (room := self._rooms.get(audience)) is not None:
            room.new.append(ranking)
        self.ring(audience)

    def ring(self, audience: str) -> None:
        """Something of the audience changed, such as who is there."""
        if (bell := self._bells.get(audience)) is not None:
            bell.ring()

    async def standing(self, id: str) -> Standing:
        """How it stands now; raises NotFound."""
        found = await asyncio.to_thread(self.find, id)
        room = self._rooms.get(id)
        if room is None:
            room = self._rooms.setdefault(id, _Room(await asyncio.to_thread(self._begun, found)))
        self._rooms.move_to_end(id)
        self._forget()
        async with room.lock:
            new, room.new = room.new, []
            room.standing = await asyncio.to_thread(self._told, room, new, found.id)
            return room.standing

    async def follow(self, id: str) -> AsyncGenerator[Standing, None]:
        """Standings: one at once, one soon after each change, one now and then; at most five a second."""
        with self._following(id) as bell:
            while not self._dismissed:
                rung = bell.rung
                yield await self.standing(id)
                await asyncio.sleep(COALESCE_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await rung.wait()

    def dismiss(self) -> None:
        """End every stream, because the server is about to stop."""
        self._dismissed = True
        for bell in self._bells.values():
            bell.ring()

    @contextmanager
    def _following(self, id: str) -> Iterator[_Bell]:
        bell = self._bells.setdefault(id, _Bell())
        bell.followers += 1
        try:
            yield bell
        finally:
            bell.followers -= 1
            if not bell.followers:
                del self._bells[id]

    def _forget(self) -> None:
        """Of rooms that are too many, those looked at longest ago that nobody follows."""
        idle = [id for id in self._rooms if id not in self._bells][: max(len(self._rooms) - MOST_ROOMS, 0)]
        for id in idle:
            del self._rooms[id]

    def _begun(self, audience: Audience) -> Heard:
        shown = self.ballot(audience)
        known = {one.trajectory: self._store.trajectory(one.trajectory) for one in shown.alternatives}
        whole = {id: trajectory for id, trajectory in known.items() if trajectory is not None}
        heard = Heard(shown, tuple(candidates(shown, whole)), names(audience.code))
        heard.take(self._store.rankings_of(shown.id))
        return heard

    def _told(self, room: _Room, new: Sequence[Ranking], id: str) -> Standing:
        """In a thread: reads how far it is, and all rankings anew where they are more than came through here."""
        audience, heard, last = self.find(id), room.heard, room.standing
        count = self.kept.count(audience)
        fresh = {ranking.id for ranking in new} - heard.known
        if count.rankings != len(heard.known) + len(fresh):
            new = [one for one in self._store.rankings_of(audience.ballot) if one.id not in heard.known]
            fresh = {ranking.id for ranking in new}
        if fresh:
            heard.take(new)
        elif last is not None:
            return replace(last, audience=audience, joined=count.joined)
        fit = heard.fit
        point = heard.trail[-1].weights if heard.trail else {}
        certain = fit is not None and fit.beta.low > 0
        return Standing(
            audience,
            count.joined,
            heard.ranked,
            len(heard.known),
            heard.tally,
            point,
            certain,
            tuple(heard.trail),
            heard.entangled,
        )


def names(code: str) -> str:
    """What the names of an audience's phones begin with."""
    return f"audience-{code}-"


def _code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
