"""A room full of phones, as HTTP clients with cookies of their own: impatient ones, forgetful ones, fickle ones."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import aiohttp

Groups = list[list[str]]
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Counted:
    """A phone whose order was acknowledged."""

    number: int
    groups: Groups
    """What it said last."""
    sent_at: float
    """Unix seconds, of its first order."""
    acknowledged_at: float


async def crowd(join_url: str, phones: int, over_s: float, seed: int = 1) -> list[Counted]:
    """All phones join in the first half of `over_s` seconds and rank in the second."""
    chance = random.Random(seed)
    starts = [(chance.random() * over_s / 2, chance.random() * over_s / 2, chance.random()) for _ in range(phones)]
    async with aiohttp.TCPConnector(limit=0, force_close=True) as connector:
        rooms = (_phone(connector, join_url, place, start) for place, start in enumerate(starts))
        return await asyncio.gather(*rooms)


async def _phone(
    connector: aiohttp.TCPConnector, join_url: str, place: int, start: tuple[float, float, float]
) -> Counted:
    joins_after_s, thinks_s, seed = start
    jar = aiohttp.CookieJar(unsafe=True)  # addresses without a name have cookies too
    async with aiohttp.ClientSession(connector=connector, connector_owner=False, cookie_jar=jar) as session:
        phone = _Phone(session, join_url, place)
        await asyncio.sleep(joins_after_s)
        await phone.load()
        labels = [item["label"] for item in (await phone.post("seat", {}))["items"]]
        await asyncio.sleep(thinks_s)
        return await phone.rank(_order(labels, random.Random(seed)), labels)


@dataclass(frozen=True, slots=True)
class _Phone:
    session: aiohttp.ClientSession
    url: str
    place: int

    async def load(self) -> None:
        """The page and its two files."""
        async with self.session.get(self.url) as answer:
            page = await answer.text()
        for part in page.split("../assets/")[1:]:
            async with self.session.get(urljoin(self.url, "../assets/" + part.split('"')[0])) as answer:
                assert answer.status == 200

    async def rank(self, groups: Groups, labels: Sequence[str]) -> Counted:
        """Every third one sends twice at once, every fifth loses the first answer, every tenth changes its mind."""
        if self.place % 5 == 0:
            await self._lose(groups)
        sent_at = time.time()
        times = 2 if self.place % 3 == 0 else 1
        answers = await asyncio.gather(*(self.post("ranking", {"groups": groups}, "first") for _ in range(times)))
        acknowledged_at = time.time()
        assert len({answer["number"] for answer in answers}) == 1
        if self.place % 10 == 0:
            groups = [list(labels[-1:]), list(labels[:-1])]
            again = await self.post("ranking", {"groups": groups}, "second")
            assert again["number"] == answers[0]["number"]
        return Counted(answers[0]["number"], groups, sent_at, acknowledged_at)

    async def post(self, door: str, body: object, key: str = "k") -> dict[str, Any]:
        """Again and again, as the page does, until it is answered."""
        pause = 0.2
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    sending = self.session.post(f"{self.url}/{door}", json=body, headers={"Idempotency-Key": key})
                    async with sending as answer:
                        if answer.status < 400:
                            return dict(await answer.json())
                        assert answer.status == 429 or answer.status >= 500, await answer.text()
                        pause = max(pause, float(answer.headers.get("Retry-After", 0)))
                except (aiohttp.ClientConnectionError, TimeoutError):
                    pass
                await asyncio.sleep(pause)
                pause *= 1.5

    async def _lose(self, groups: Groups) -> None:
        """Send it, and hang up before the answer comes."""
        body, headers = {"groups": groups}, {"Idempotency-Key": "first"}
        try:
            async with asyncio.timeout(0.02), self.session.post(f"{self.url}/ranking", json=body, headers=headers):
                return
        except (aiohttp.ClientConnectionError, TimeoutError):
            return


def _order(labels: Sequence[str], chance: random.Random) -> Groups:
    """Most like the second alternative best; some place only their first two."""
    weights = [3.0 if place == 1 else 1.0 for place, _ in enumerate(labels)]
    keyed = sorted(zip(weights, labels, strict=True), key=lambda pair: -(chance.random() ** (1 / pair[0])))
    order = [label for _, label in keyed]
    return [[one] for one in order] if chance.random() < 0.7 else [[order[0]], [order[1]], order[2:]]
