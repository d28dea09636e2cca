"""Annotators who take ballots and rank them, and people who follow live runs; all in one event loop."""

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bench.load.served import STUDY
from orchestrator.rehearsal.tasks import all_tasks

API: Final = "/api/v1"
TIMEOUT_S: Final = 60.0


@dataclass(slots=True)
class Heard:
    """What people saw of the server."""

    acknowledged_s: list[float] = field(default_factory=list)
    """Seconds from sending a ranking to its acknowledgement."""
    given_s: list[float] = field(default_factory=list)
    """Seconds from asking for the next ballot to having it."""
    steps: list[tuple[str, int, int]] = field(default_factory=list)
    """Trajectory, index and nanosecond of arrival of every step that a follower was shown."""
    rankings: dict[str, str] = field(default_factory=dict)
    """Idempotency key to the id that was acknowledged."""
    finished: Counter[str] = field(default_factory=Counter)
    """Runs that came to their end, by follower."""
    errors: Counter[str] = field(default_factory=Counter)
    exhausted: int = 0
    """Times that the study had nothing left for somebody."""


@dataclass(slots=True)
class Live:
    """The run that somebody asked for last."""

    run: str = ""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, run: str) -> None:
        """Have everybody who waits follow this one."""
        self.run = run
        self._changed.set()
        self._changed = asyncio.Event()

    async def another(self, seen: str) -> str:
        """The run, once it is not the one that was seen."""
        while self.run == seen:
            await self._changed.wait()
        return self.run


class Crowd:
    """People with one server before them."""

    def __init__(self, http: aiohttp.ClientSession, url: str, seed: int = 1) -> None:
        self._http, self._url = http, f"{url}{API}"
        self._seed = seed
        self._tasks = [task.question for task in all_tasks()]
        self.heard = Heard()
        self.over = False
        self._live: dict[int, Live] = {}
        """Who asks to what runs for them now."""

    async def annotate(self, number: int, think_s: tuple[float, float], start_s: float = 0.0) -> None:
        """Take a ballot, think, rank it, until all is over."""
        name, chance = f"annotator-{number}", random.Random(f"{self._seed} {number}")
        await asyncio.sleep(chance.uniform(0, start_s))
        while not self.over:
            began = time.perf_counter()
            shown = await self._json("next", "GET", f"/studies/{STUDY}/next?annotator={name}")
            if shown is None:
                await asyncio.sleep(1)
                continue
            self.heard.given_s.append(time.perf_counter() - began)
            await asyncio.sleep(chance.uniform(*think_s))
            await self._rank(name, shown["ballot"], chance)

    async def _rank(self, name: str, shown: dict[str, Any], chance: random.Random) -> None:
        labels = [one["label"] for one in shown["alternatives"]]
        key = uuid.uuid4().hex
        body = {"groups": [[label] for label in chance.sample(labels, len(labels))], "annotator": name, "reason": key}
        began = time.perf_counter()
        path, headers = f"/ballots/{shown['id']}/rankings", {"Idempotency-Key": key}
        kept = await self._json("rank", "POST", path, json=body, headers=headers)
        if kept is not None:
            self.heard.acknowledged_s.append(time.perf_counter() - began)
            self.heard.rankings[key] = kept["id"]

    async def ask(self, number: int) -> None:
        """Keep one run going after another, for others to follow."""
        live, count = self._live.setdefault(number, Live()), 0
        while not self.over:
            count += 1
            query = random.Random(f"{self._seed} {number} {count}").choice(self._tasks)
            body = {"query": query, "alternatives": 2, "seed": number * 10_000 + count}
            made = await self._json("run", "POST", "/runs", json=body)
            if made is None:
                await asyncio.sleep(1)
                continue
            live.show(made["id"])
            await self._follow(made["id"], f"asker-{number}")

    async def watch(self, number: int, of: int) -> None:
        """Follow one live run after another of the same asker."""
        live, seen = self._live.setdefault(of, Live()), ""
        while not self.over:
            seen = await live.another(seen)
            await self._follow(seen, f"follower-{number}")

    async def _follow(self, run: str, who: str) -> None:
        try:
            async with self._http.get(f"{self._url}/runs/{run}/events") as stream:
                if stream.status != 200:
                    self.heard.errors[f"follow {stream.status}"] += 1
                elif await self._heard_out(stream.content):
                    self.heard.finished[who] += 1
                elif not self.over:
                    self.heard.errors["a stream broke off before the run had ended"] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            if not self.over:
                self.heard.errors[f"follow {type(error).__name__}"] += 1

    async def _heard_out(self, lines: aiohttp.StreamReader) -> bool:
        """Whether the stream told the run's end; takes down each step as it arrives."""
        name, shown = b"", Counter[str]()
        async for line in lines:
            at = time.monotonic_ns()
            if line.startswith(b"event: "):
                name = line[7:].strip()
            elif line.startswith(b"data: ") and name == b"step":
                step = json.loads(line[6:])
                self.heard.steps.append((step["trajectory"], step["index"], at))
                shown[step["trajectory"]] += 1
            elif line.startswith(b"data: ") and name == b"stopped":
                whole = json.loads(line[6:])
                if shown[whole["id"]] != len(whole["steps"]):
                    self.heard.errors["a trajectory ended of which not every step was shown"] += 1
            elif line.startswith(b"data: ") and name == b"ended":
                return True
        return False

    async def _json(self, name: str, method: str, path: str, **more: Any) -> Any:
        """The body of a good answer; anything else is an error, but for nothing being left."""
        try:
            async with self._http.request(method, self._url + path, **more) as answer:
                if answer.status in (200, 201):
                    return await answer.json()
                if answer.status == 204:
                    self.heard.exhausted += 1
                else:
                    self.heard.errors[f"{name} {answer.status}: {(await answer.text())[:200]}"] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            self.heard.errors[f"{name} {type(error).__name__}"] += 1
        return None
