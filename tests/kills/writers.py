"""Fifty clients of a server that is killed again and again: they rank, follow runs and put ballots aside."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from orchestrator.rehearsal.tasks import all_tasks
from tests.kills.record import Place, Record
from tests.kills.served import Served

API: Final = "/api/v1"
LOST: Final = (aiohttp.ClientError, TimeoutError, ConnectionError)
RANKERS, RUNNERS, LEASERS = 34, 10, 6


@dataclass(slots=True)
class World:
    """What all clients share."""

    served: Served
    record: Record
    http: aiohttp.ClientSession
    seed: int
    down: bool = False
    """The database is away, so that 503 is the right answer."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when nothing new is to be begun; what has no answer yet is still sent again."""

    async def ask(self, name: str, method: str, path: str, **more: Any) -> tuple[int, Any] | None:
        """Status and body, or nothing where no answer came or the server cannot say yet."""
        await self.served.up.wait()
        try:
            async with self.http.request(method, f"{self.served.url}{API}{path}", **more) as answer:
                body = await answer.json(content_type=None) if answer.status != 204 else None
        except LOST:
            self.record.counts[f"{name} lost"] += 1
            await asyncio.sleep(0.01)
            return None
        except ValueError as error:
            self.record.faults.append(f"{name}: no JSON came: {error}")
            return None
        self.record.counts[f"{name} {answer.status}"] += 1
        if answer.status == 503:
            await asyncio.sleep(0.05)
            return None
        if answer.status >= 500:
            self.record.faults.append(f"{name}: {answer.status} {body}")
        return answer.status, body


def everybody(world: World, study: str, asides: str) -> list[Coroutine[Any, Any, None]]:
    """Fifty clients, each with chance of its own."""
    work: list[Coroutine[Any, Any, None]] = []
    kinds: tuple[tuple[int, Callable[[int], Coroutine[Any, Any, None]]], ...] = (
        (RANKERS, lambda number: Ranker(world, f"ranker-{number}", study).work()),
        (RUNNERS, lambda number: Runner(world, number).work()),
        (LEASERS, lambda number: Leaser(world, f"leaser-{number}", asides).work()),
    )
    for many, kind in kinds:
        work += [kind(number) for number in range(many)]
    return work


class Ranker:
    """Takes ballots of a study, ranks and corrects them, and sends again what had no answer."""

    def __init__(self, world: World, name: str, study: str) -> None:
        self._world, self._name, self._study = world, name, study
        self._chance = random.Random(f"{world.seed} {name}")
        self._done: list[tuple[str, list[str]]] = []
        self._count = 0

    async def work(self) -> None:
        while not self._world.over.is_set():
            path = f"/studies/{self._study}/next?annotator={self._name}"
            answer = await self._world.ask("next", "GET", path)
            if answer is not None and answer[0] == 200:
                shown = answer[1]["ballot"]
                labels = [one["label"] for one in shown["alternatives"]]
                self._done.append((shown["id"], labels))
                await self._rank(*self._done[-1])
            if self._done and (self._chance.random() < 0.2 or answer == (204, None)):
                await self._rank(*self._chance.choice(self._done))

    async def _rank(self, ballot: str, labels: list[str]) -> None:
        key = f"{self._name}-{self._count}"
        self._count += 1
        groups = [[label] for label in self._chance.sample(labels, len(labels))]
        body = {"groups": groups, "reason": key, "annotator": self._name}
        self._world.record.sent[key] = ballot, body
        await self._insist(key)
        if self._chance.random() < 0.1:  # Whoever taps twice sends the same again.
            await self._insist(key)

    async def _insist(self, key: str) -> None:
        ballot, body = self._world.record.sent[key]
        while True:
            headers = {"Idempotency-Key": key}
            answer = await self._world.ask("rank", "POST", f"/ballots/{ballot}/rankings", json=body, headers=headers)
            if answer is None:
                continue
            if answer[0] == 201:
                self._world.record.acknowledge(key, answer[1])
            else:
                self._world.record.faults.append(f"ranking {key}: {answer}")
            return


class Runner:
    """Starts runs, follows them, and resumes what a killed server left behind."""

    def __init__(self, world: World, number: int) -> None:
        self._world, self._number = world, number
        self._chance = random.Random(f"{world.seed} runner {number}")
        self._count = 0

    async def work(self) -> None:
        tasks = all_tasks()
        while not self._world.over.is_set():
            self._count += 1
            seed = self._number * 100_000 + self._count
            body = {"query": self._chance.choice(tasks).question, "alternatives": 2, "seed": seed}
            answer = await self._world.ask("run", "POST", "/runs", json=body)
            if answer is not None and answer[0] == 201:
                self._world.record.begun |= {one["id"] for one in answer[1]["trajectories"]}
                await self._to_the_end(answer[1]["id"])

    async def _to_the_end(self, run: str) -> None:
        heard = ""
        while True:
            async for id in self._events(run, heard):
                heard = id
            answer = await self._world.ask("look", "GET", f"/runs/{run}")
            if answer is None:
                continue
            if answer[0] != 200:
                self._world.record.faults.append(f"run {run} was begun, but {answer}")
                return
            states = {one["id"]: one["state"] for one in answer[1]["trajectories"]}
            if set(states.values()) == {"finished"}:
                return
            for id in (id for id, state in states.items() if state == "interrupted"):
                await self._resume(id)

    async def _resume(self, id: str) -> None:
        answer = await self._world.ask("resume", "POST", f"/trajectories/{id}/resume")
        if answer is not None and answer[0] != 200:
            self._world.record.faults.append(f"{id} cannot be resumed: {answer}")

    async def _events(self, run: str, after: str) -> AsyncIterator[str]:
        """Take down what a follower is shown; gives the id of each event, to go on behind it."""
        await self._world.served.up.wait()
        headers = {"Last-Event-ID": after} if after else {}
        url = f"{self._world.served.url}{API}/runs/{run}/events"
        try:
            async with self._world.http.get(url, headers=headers) as answer:
                if answer.status != 200:
                    self._world.record.counts[f"follow {answer.status}"] += 1
                    return
                async for name, id, data in events(answer.content):
                    self._take_down(name, data)
                    if id:
                        yield id
        except LOST:
            self._world.record.counts["follow lost"] += 1

    def _take_down(self, name: str, data: dict[str, Any]) -> None:
        if name == "step":
            self._world.record.show(data)
        elif name == "stopped":
            self._world.record.stopped[data["id"]] = data


class Leaser:
    """Takes ballots on lease and skips, flags, gives back and takes them again."""

    def __init__(self, world: World, name: str, study: str) -> None:
        self._world, self._name, self._study = world, name, study
        self._chance = random.Random(f"{world.seed} {name}")
        self._had: list[str] = []

    async def work(self) -> None:
        while not self._world.over.is_set():
            answer = await self._world.ask("next", "GET", f"/studies/{self._study}/next?annotator={self._name}")
            if answer is not None and answer[0] == 200:
                ballot = answer[1]["ballot"]["id"]
                self._world.record.aside[self._place(ballot)] = "leased"
                self._had.append(ballot)
                await self._put(ballot, self._chance.choice(("skip", "flag", "release")))
            if self._had and self._chance.random() < 0.3:
                await self._put(self._chance.choice(self._had), self._chance.choice(("take", "skip", "flag")))
            await asyncio.sleep(0.01)

    async def _put(self, ballot: str, where: str) -> None:
        self._world.record.aside.pop(self._place(ballot), None)
        body = {"annotator": self._name, **({"reason": "odd"} if where == "flag" else {})}
        path = f"/studies/{self._study}/assignments/{ballot}/{where}"
        answer = await self._world.ask(where, "POST", path, json=body)
        if answer is not None and answer[0] == 200:
            self._world.record.aside[self._place(ballot)] = answer[1]["state"]
        elif answer is not None:
            self._world.record.faults.append(f"{where} of {ballot} by {self._name}: {answer}")

    def _place(self, ballot: str) -> Place:
        return self._study, ballot, self._name


async def events(lines: aiohttp.StreamReader) -> AsyncIterator[tuple[str, str, dict[str, Any]]]:
    """Name, id and data of each event of a stream."""
    name = id = ""
    async for line in lines:
        key, _, value = line.decode().rstrip("\n").partition(": ")
        if key == "event":
            name = value
        elif key == "id":
            id = value
        elif key == "data":
            yield name, id, json.loads(value)
            name = id = ""
