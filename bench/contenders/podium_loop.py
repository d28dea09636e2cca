"""Podium: `orchestrator.run.events` with an `openai:` policy, every step committed by the store before the next one.

The tools work in this process and give what the peers' tool gives. The database is a new SQLite file. At the end the
number of kept steps is counted in it.
"""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import WARM_UP, Plan, Trajectory, main, note, query
from orchestrator.alternatives import Run, alternatives, new_id
from orchestrator.bill import Bill
from orchestrator.chat import ChatClients
from orchestrator.policies.spec import parse_spec
from orchestrator.policy import Policy
from orchestrator.pool import TOOL_OF, TOOLS, Pool, PoolEntry
from orchestrator.preference import PreferenceVector
from orchestrator.prices import PriceBook
from orchestrator.progress import Stop
from orchestrator.run import events
from orchestrator.tool import Request
from orchestrator.trajectory import Document, Limits, Observation, Origin, Step
from storage.store import Store

POOL = Pool("bench", tuple(PoolEntry(alias, alias, f"A model for {tool}.", 1.0) for alias, tool in TOOL_OF.items()))


class Notes:
    """A tool that costs nothing: it finds a note that was not found before, or answers."""

    def __init__(self, tool: str) -> None:
        self._tool = tool

    def offered(self, request: Request) -> Sequence[str]:  # noqa: ARG002 - the seam of tools
        return TOOLS[self._tool]

    async def __call__(self, alias: str, request: Request, bill: Bill) -> Observation:  # noqa: ARG002
        if self._tool == "answer":
            return Observation("The answer is 42, as the notes say.", Origin.MODEL)
        topic = f"topic {len(request.evidence.documents)}"
        text = note(topic)
        return Observation(text, Origin.RETRIEVED, (Document(topic, topic, text, "notes"),), topic)


async def drive(store: Store, policy: Policy, number: int, plan: Plan) -> int:
    """One trajectory from its query to its kept end; the number of its steps."""
    run = Run(new_id(), query("route", number, plan), datetime.now(UTC))
    (trajectory,) = alternatives(
        run, [PreferenceVector()], policy=policy.spec, pool=POOL.name, seed=number, limits=Limits()
    )
    await store.begin(run, [trajectory])
    steps: list[Step] = []
    tools = {tool: Notes(tool) for tool in TOOLS}
    async for event in events(trajectory, policy, tools):
        if isinstance(event, Step):
            if event.error is not None:
                raise SystemExit(f"step {event.index} of trajectory {number} failed: {event.error}")
            steps.append(await store.keep_step(trajectory.id, event))
        elif isinstance(event, Stop):
            ended = replace(trajectory, steps=tuple(steps), stop_reason=event.reason, answer=event.answer)
            await store.finish(ended)
    return len(steps)


@asynccontextmanager
async def open_podium(plan: Plan) -> AsyncIterator[Trajectory]:
    clients = ChatClients()
    policy = parse_spec(f"openai:{plan.url}#orchestrator", POOL, clients, PriceBook.read())
    with tempfile.TemporaryDirectory(prefix="podium-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        with Store.open(url) as store:
            yield lambda number: drive(store, policy, number, plan)
        await clients.aclose()
        with Store.open(url) as store:
            check_kept(store, plan)


def check_kept(store: Store, plan: Plan) -> None:
    """Every trajectory is kept whole and answered."""
    kept = [trajectory for trajectory in store.iter_trajectories() if trajectory.answer]
    steps = sum(len(trajectory.steps) for trajectory in kept)
    number = plan.trajectories + WARM_UP
    if (len(kept), steps) != (number, number * plan.steps):
        raise SystemExit(f"{len(kept)} trajectories of {number} and {steps} steps of {number * plan.steps} are kept")


if __name__ == "__main__":
    main(open_podium, ["aiohttp", "httpx", "pydantic", "sqlalchemy"])
