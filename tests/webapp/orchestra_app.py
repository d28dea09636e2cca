"""The app over a pool file whose models are all played by one server on loopback."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from orchestrator.trajectory import Trajectory
from tests.servers.conformance import MODEL, Asked, Conformance, Plan, conforming
from tests.servers.orchestra import EXPERT, pool_toml, routed
from tests.servers.patience import until
from tests.servers.reply import Refusal, Reply
from webapp.app import create_app
from webapp.asking import Asking
from webapp.live_run import LiveRun
from webapp.services import Services, open_services
from webapp.settings import Settings

UNSURE = Reply("<verdict>unsure</verdict>")
ROUTE = ("search-1", "reasoner-1", "answer-1")


def following(route: tuple[str, ...] = ROUTE, judge: Reply | Refusal = UNSURE) -> Plan:
    """The orchestrator follows a route, one run after the other; experts reply well."""

    turns = itertools.count()

    def reply(asked: Asked) -> Reply | Refusal:
        if asked.model == "judge":
            return judge
        if asked.model != MODEL:
            return Reply(EXPERT)
        return routed(route[next(turns) % len(route)])

    return reply


@dataclass(frozen=True, slots=True)
class OrchestraApp:
    """The app, opened."""

    services: Services
    http: httpx.AsyncClient
    server: Conformance
    url: str
    pool: Path

    async def ran(self, query: str = "What is the capital?", **more: Any) -> Trajectory:
        """The one trajectory of a run that has ended."""
        return await self.ended(await self.services.ask(Asking(query, **more)))

    async def ended(self, live: LiveRun) -> Trajectory:
        """The first trajectory of that run once it has ended."""
        async with asyncio.timeout(30):
            async for snapshot in self.services.runs.follow(live.run.id, every_s=0.0):
                last = snapshot
        return last.trajectories[0]

    async def rewritten(self, text: str) -> None:
        """Write the pool file and wait until the app has taken notice."""
        services = self.services
        before = services.workshop.now, services.workshop.problem
        await asyncio.to_thread(self.pool.write_text, text)
        await until(lambda: (services.workshop.now, services.workshop.problem) != before, 10)


@asynccontextmanager
async def orchestra_app(
    folder: Path, plan: Plan | Reply | Refusal | None = None, more: str = "", **settings: Any
) -> AsyncIterator[OrchestraApp]:
    """A server with this plan, and the app in this folder over a pool file of it, behind which `more` stands."""
    server = Conformance(plan or following())
    async with conforming(server) as there, app_over(server, there.url, folder, more, **settings) as app:
        yield app


@asynccontextmanager
async def app_over(
    server: Conformance, url: str, folder: Path, more: str = "", **settings: Any
) -> AsyncIterator[OrchestraApp]:
    """The app alone, over the pool file in its folder, which is written unless it is there."""
    pool = folder / "pool.toml"
    if not pool.exists():
        pool.write_text(pool_toml(url) + more)
    async with open_services(Settings(data_dir=folder / "data", pace=0.0, pool=pool, **settings)) as services:
        transport = httpx.ASGITransport(create_app(services, page=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield OrchestraApp(services, http, server, url, pool)
