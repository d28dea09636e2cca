"""Fifty clients of a server that is killed again and again: they rank, follow runs and put ballots aside."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

import aiohttp

from orchestrator.rehearsal.tasks import all_tasks
from tests.kills.rankers import Ranker
from tests.kills.record import Place
from tests.kills.world import API, LOST, World

RANKERS, RUNNERS, LEASERS = 34, 10, 6
BUDGET_USD: Final = 1.0


def everybody(world: World, study: str, asides: str) -> list[Coroutine[Any, Any, None]]:
    """Fifty clients, each with chance of its own."""
    work: list[Coroutine[Any, Any, None]] = []
    kinds: tuple[tuple[int, Callable[[int], Coroutine[Any, Any, None]]], ...] = (
        (RANKERS, lambda number: Ranker(world, f"ranker-{number}").work(study)),
        (RUNNERS, lambda number: Runner(world, number).work()),
        (LEASERS, lambda number: Leaser(world, f"leaser-{number}", asides).work()),
    )
    for many, kind in kinds:
        work += [kind(number) for number in range(many)]
    return work


class Runner:
    """Starts runs, follows them, resumes what a killed server left behind, and ranks the ballot in the end."""

    def __init__(self, world: World, number: int) -> None:
        self._world, self._number = world, number
        self._chance = random.Random(f"{world.seed} runner {number}")
        self._ranker = Ranker(world, f"runner-{number}")
        self._count = 0

    async def work(self) -> None:
        tasks = all_tasks()
        while not self._world.over.is_set():
            self._count += 1
            seed = self._number * 100_000 + self._count
            query = self._chance.choice(tasks).question
            # What nobody resumes, because its id got lost with the reply, holds its budget back for good.
            body = {"query": query, "alternatives": 2, "seed": seed, "limits": {"usd": BUDGET_USD}}
            answer = await self._world.ask("run", "POST", "/runs", json=body)
            if answer is not None and answer[0] == 201:
                self._world.record.begun |= {one["id"] for one in answer[1]["trajectories"]}
                await self._to_the_end(answer[1]["id"])
                await self._rank(answer[1]["id"])

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
                if id in self._world.record.stopped:
                    self._world.record.faults.append(f"the end of {id} was shown, and is lost")
                await self._resume(id)

    async def _rank(self, run: str) -> None:
        """Have the ballot of the ended run made, and rank it."""
        while (answer := await self._world.ask("ballot", "GET", f"/runs/{run}/ballot")) is None:
            pass
        if answer[0] != 200:
            self._world.record.faults.append(f"run {run} has ended, but its ballot is {answer}")
            return
        self._world.record.show_ballot(run, answer[1])
        await self._ranker.rank(answer[1]["id"], [one["label"] for one in answer[1]["alternatives"]])

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
                    self._world.refused("follow", answer.status)
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
            self._world.record.end(data)


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
