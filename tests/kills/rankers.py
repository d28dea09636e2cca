"""Clients who rank, and send again what had no answer."""

import random

from tests.kills.world import World


class Ranker:
    """Takes ballots of a study, ranks and corrects them, and sends again what had no answer."""

    def __init__(self, world: World, name: str) -> None:
        self._world, self._name = world, name
        self._chance = random.Random(f"{world.seed} {name}")
        self._done: list[tuple[str, list[str]]] = []
        self._count = 0

    async def work(self, study: str) -> None:
        """Rank what the study gives out, until all is over."""
        while not self._world.over.is_set():
            path = f"/studies/{study}/next?annotator={self._name}"
            answer = await self._world.ask("next", "GET", path)
            if answer is not None and answer[0] == 200:
                shown = answer[1]["ballot"]
                labels = [one["label"] for one in shown["alternatives"]]
                self._done.append((shown["id"], labels))
                await self.rank(*self._done[-1])
            if self._done and (self._chance.random() < 0.2 or answer == (204, None)):
                await self.rank(*self._chance.choice(self._done))

    async def rank(self, ballot: str, labels: list[str]) -> None:
        """Say something new of a ballot, until it is acknowledged."""
        key = f"{self._name}-{self._count}"
        self._count += 1
        groups = [[label] for label in self._chance.sample(labels, len(labels))]
        body = {"groups": groups, "reason": key, "annotator": self._name}
        self._world.record.sent[key] = ballot, body
        await self._insist(key)
        if self._chance.random() < 0.1:  # Whoever taps twice sends the same again.
            await self._insist(key)
        if self._chance.random() < 0.05:  # What was under way for long arrives once more, behind its correction.
            await self._insist(f"{self._name}-{self._chance.randrange(self._count)}")

    async def _insist(self, key: str) -> None:
        ballot, body = self._world.record.sent[key]
        while True:
            headers = {"Idempotency-Key": key}
            answer = await self._world.ask("rank", "POST", f"/ballots/{ballot}/rankings", json=body, headers=headers)
            if answer is None:
                continue
            if answer[0] == 201:
                self._world.record.acknowledge(key, answer[1])
            return
