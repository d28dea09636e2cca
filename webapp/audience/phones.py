"""What a phone may do: take a seat in an audience that is open, and rank; and how often."""

import asyncio
import hashlib
import math
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from orchestrator.trajectory import Trajectory
from prefs.audience import ALPHABET, CODE_LENGTH, MOST_SEATS, Audience, Seat, is_code
from prefs.ballot import Ballot
from prefs.ranking import Ranking
from storage.store import Store
from webapp.audience.hosting import Hosting, names
from webapp.audience.limits import Limit, household
from webapp.ballots import Ballots, Opinion
from webapp.redaction import Redaction

_REMEMBERED: Final = 20
"""Ballots whose trajectories are at hand: those that are open at one time."""


class Refused(Exception):
    """What a phone asked is not possible; the message is for whoever holds it."""

    def __init__(self, status: HTTPStatus, detail: str, wait_s: float = 0.0) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after_s = math.ceil(wait_s)
        """After which it may go; 0 where waiting does not help."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates for phones. Behind one router a whole room has one address, so an address may do what a room does."""

    attempts: Limit
    """Codes that an address may try, right or wrong."""
    wrong: Limit
    """Wrong ones of an address that are answered as such."""
    joins_from: Limit
    """New seats of an audience to one address."""
    joins: Limit
    """New seats of an audience."""
    rankings: Limit
    """Rankings of one phone."""


def usual_limits() -> Limits:
    """For rooms of up to some hundreds behind one address, and two thousand with addresses of their own."""
    return Limits(Limit(600, 50), Limit(20, 0.3), Limit(400, 2), Limit(1_000, 50), Limit(6, 0.3))


@dataclass(frozen=True, slots=True)
class Seated:
    """A phone in its seat."""

    audience: Audience
    token: str
    """The secret by which the phone shows that the seat is its own."""
    seat: Seat
    ballot: Ballot
    trajectories: dict[str, Trajectory]
    """What is on the ballot, by id, without thoughts and observations."""
    last: Ranking | None
    """What the phone says now."""


class Phones:
    """Lets phones in, and takes what they say."""

    def __init__(self, store: Store, hosting: Hosting, ballots: Ballots, redaction: Redaction) -> None:
        self._store = store
        self._redaction = redaction
        self._hosting = hosting
        self._ballots = ballots
        self._limits = usual_limits()
        self._shown: OrderedDict[str, tuple[Ballot, dict[str, Trajectory]]] = OrderedDict()
        self._making = asyncio.Lock()

    async def join(self, code: str, token: str | None, address: str) -> Seated:
        """The phone's seat, a new one where the token gives it none; raises Refused."""
        address = household(address)
        audience = self._audience(code, address)
        shown, trajectories = await self._on_ballot(audience)
        seat = self._seat(audience, token)
        if seat is not None and token is not None:
            last = self._store.current_ranking(audience.ballot, seat.annotator)
            return Seated(audience, token, seat, shown, trajectories, last)
        for limit, key in ((self._limits.joins_from, (audience.id, address)), (self._limits.joins, audience.id)):
            _wait(limit.take(key), "Many phones are joining at this moment. This page tries again by itself.")
        token = secrets.token_urlsafe(16)
        made = Seat(names(audience.code) + _name(), self._hosting.clock())
        seat = await self._hosting.kept.sit(audience.id, _digest(token), made, MOST_SEATS)
        if seat is None:
            raise Refused(HTTPStatus.CONFLICT, f"All {MOST_SEATS:,} places of this audience are taken.")
        self._hosting.ring(audience.id)
        return Seated(audience, token, seat, shown, trajectories, None)

    async def rank(
        self, code: str, token: str | None, address: str, groups: Sequence[Sequence[str]], key: str | None
    ) -> tuple[Seated, int]:
        """Keep what a phone says, and tell which one to rank it was. The same again is one ranking.

        Raises Refused, RankingMismatch, or StoreConflict for a key that was used for another order.
        """
        audience = self._audience(code, household(address))
        seat = self._seat(audience, token)
        if seat is None or token is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, "This phone has no seat here yet. Reload the page to join.")
        _wait(self._limits.rankings.take(seat.annotator), "That was often. This page sends it in a moment.")
        shown, trajectories = await self._on_ballot(audience)
        opinion = Opinion(tuple(map(tuple, groups)), annotator=seat.annotator)
        kept = await self._ballots.rank(audience.ballot, opinion, idempotency_key=key)
        number = await self._hosting.kept.number(audience.id, seat.annotator)
        self._hosting.hear(audience.id, kept)
        return Seated(audience, token, replace(seat, number=number), shown, trajectories, kept), number

    def _audience(self, code: str, address: str) -> Audience:
        """The open audience of a code. Wrong codes of an address are slowed down, the right one never by wrong ones."""
        _wait(self._limits.attempts.take(address), "Too much at once from this network. This page tries again.")
        found = self._hosting.kept.of_code(code.upper()) if is_code(code) else None
        if found is None:
            _wait(self._limits.wrong.take(address), "Too many wrong codes. Look at the screen, and wait a little.")
            shown = code.upper()[:CODE_LENGTH]
            raise Refused(HTTPStatus.NOT_FOUND, f"No audience has the code {shown}. Look at the screen again.")
        if not found.open(self._hosting.clock()):
            raise Refused(HTTPStatus.GONE, "This audience is over. Thank you for being there.")
        return found

    def _seat(self, audience: Audience, token: str | None) -> Seat | None:
        return None if not token else self._hosting.kept.seat(audience.id, _digest(token))

    async def _on_ballot(self, audience: Audience) -> tuple[Ballot, dict[str, Trajectory]]:
        """What phones show, made once: the first phone of a room makes it beside the loop, the others wait for that."""
        async with self._making:
            found = self._shown.get(audience.id)
            if found is None:
                found = self._shown[audience.id] = await asyncio.to_thread(self._read, audience)
                if len(self._shown) > _REMEMBERED:
                    self._shown.popitem(last=False)
            return found

    def _read(self, audience: Audience) -> tuple[Ballot, dict[str, Trajectory]]:
        """Redacted as on the stage, because it leaves the house: a room reads it."""
        shown = self._hosting.ballot(audience)
        known = (self._store.trajectory(one.trajectory) for one in shown.alternatives)
        clean = {one.id: self._redaction.trajectory(_answered(one)).value for one in known if one is not None}
        return replace(shown, query=self._redaction.text(shown.query).value), clean


def _answered(trajectory: Trajectory) -> Trajectory:
    """The trajectory with its answer and what each call was and cost, which is all that a phone shows of it."""
    steps = (replace(step, thought="", observation=None, error=None) for step in trajectory.steps)
    return replace(trajectory, steps=tuple(steps))


def _wait(wait_s: float, words: str) -> None:
    """Raises Refused unless there is nothing to wait for."""
    if wait_s:
        raise Refused(HTTPStatus.TOO_MANY_REQUESTS, words, wait_s)


def _name() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)).lower()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
