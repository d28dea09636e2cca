"""Runs to rank, put into a database before its server starts; studies of them; and a person who ranks."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Error, Page, expect

from orchestrator.alternatives import Run
from orchestrator.trajectory import Observation, Origin, Outcome, Step, StopReason, Trajectory, Verdict
from storage.store import Store
from tests.examples import NOON, call, document, model_call, trajectory

PATIENCE_S = 60.0
ALIASES = ("search-1", "reasoner-1", "answer-1", "answer-2", "answer-3")


def alternative(run: Run, number: int) -> Trajectory:
    """The one of that number, from 1: each has another answer, route, price and time."""
    route = ("search-1", *ALIASES[2 : 2 + number % 3], "answer-1")[: 1 + number % 3 + 1]
    steps = tuple(
        Step(
            at,
            f"I ask {alias}.",
            call(alias),
            Observation(f"{alias} found {number}", Origin.MODEL, documents=(document(at),) if at == 0 else ()),
            (model_call(f"0.0{number}", float(number), alias=alias),),
        )
        for at, alias in enumerate(route)
    )
    made = trajectory(id=f"{run.id}-t{number}", run=run.id, seed=number, query=run.query, steps=steps)
    verdict = Verdict.SOLVED if number % 2 else Verdict.UNSOLVED
    return replace(
        made,
        stop_reason=StopReason.ANSWERED,
        answer=f"Answer {number} of {run.id}",
        outcome=Outcome(verdict, "reference"),
    )


def seed(
    data_dir: Path, runs: int, alternatives: int = 4, make: Callable[[Run, int], Trajectory] = alternative
) -> None:
    """Keep so many runs, with what `make` gives for each of their alternatives."""

    async def keep(store: Store) -> None:
        for number in range(runs):
            run = Run(f"r{number:03}", f"Question number {number}?", NOON)
            for whole in (make(run, one) for one in range(1, alternatives + 1)):
                nothing = replace(whole, steps=(), stop_reason=None, answer=None, outcome=Outcome())
                await store.begin(run, [nothing])
                for step in whole.steps:
                    await store.keep_step(whole.id, step)
                await store.finish(whole)

    data_dir.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"sqlite:///{data_dir / 'podium.sqlite3'}")
    try:
        with ThreadPoolExecutor(1) as beside:  # Playwright's own loop runs in this thread.
            beside.submit(lambda: asyncio.run(keep(store))).result()
    finally:
        store.close()


def make_study(base_url: str, **changes: Any) -> str:
    """A study over HTTP; gives its id."""
    body = {"name": "Routing", "runs": "all", "alternatives": 4, "next_by": "order", "hidden": []} | changes
    made = httpx.post(f"{base_url}/api/v1/studies", json=body, timeout=PATIENCE_S)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


class Ranker:
    """A person at the page *Rank*."""

    def __init__(self, page: Page, base_url: str, name: str) -> None:
        self.page, self.base_url, self.name = page, base_url, name
        self.fetched: list[str] = []
        page.on("requestfinished", lambda request: self.fetched.append(urlsplit(request.url).path))
        page.add_init_script(f"localStorage.setItem('podium:annotator', JSON.stringify('{name}'))")

    def open(self, study: str | None = None, ballot: str | None = None) -> None:
        values = {"study": study, "ballot": ballot}
        query = "&".join(f"{name}={value}" for name, value in values.items() if value)
        self.page.goto(f"{self.base_url}/rank?{query}")
        expect(self.page.locator("html[data-podium=ready]")).to_be_attached()

    @property
    def query(self) -> Any:
        return self.page.locator("h1.pd-query")

    @property
    def said(self) -> Any:
        return self.page.locator(".pd-r-last")

    @property
    def ballot(self) -> str:
        return self.page.url.split("ballot=")[1].split("&")[0]

    def cards(self, where: str = ".pd-rank-list") -> list[str]:
        """Labels in the list, best first, or in the tray."""
        return [
            str(label)
            for label in self.page.locator(f"{where} .pd-card").evaluate_all("n => n.map(c => c.dataset.label)")
        ]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def wait_for_next(self) -> None:
        """Until the page has the ballot that comes after the one that it shows."""
        for _ in range(200):
            if any(path.endswith("/view") and self.ballot not in path for path in self.fetched):
                self.page.evaluate("() => new Promise((done) => requestIdleCallback(() => done()))")
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("the next ballot was not fetched")

    def submit(self) -> str:
        """Press Enter and wait for another ballot; gives the id of the one that was submitted."""
        before = self.ballot
        self.page.keyboard.press("Enter")
        try:  # Looked at by a timer: a machine under load may draw no frame for long.
            self.page.wait_for_function("before => !location.search.includes(before)", arg=before, polling=20)
        except Error as error:
            raise AssertionError(f"{before} stays: {self.page.locator('main').inner_text()}") from error
        return before

    def kept(self, ballot: str, phase: str | None = None, supersedes: bool = False) -> dict[str, Any]:
        """What this person says of the ballot, once the server keeps it in that phase, or as a correction."""
        last = None
        for _ in range(200):
            asked = {"annotator": self.name}
            last = httpx.get(f"{self.base_url}/api/v1/ballots/{ballot}/view", params=asked, timeout=PATIENCE_S).json()[
                "last"
            ]
            if last and last["phase"] == phase and (last["supersedes"] is not None) is supersedes:
                return dict(last)
            self.page.wait_for_timeout(50)
        raise AssertionError(f"of {ballot} the server has {last}")


def rankings(base_url: str) -> list[dict[str, Any]]:
    """All that are exported, corrected ones too."""
    text = httpx.get(f"{base_url}/api/v1/export/rankings", timeout=PATIENCE_S).text
    return [json.loads(line) for line in text.splitlines()]


def progress(base_url: str, study: str, annotator: str | None = None) -> dict[str, Any]:
    """How far a study is."""
    asked = {"annotator": annotator} if annotator else {}
    return dict(httpx.get(f"{base_url}/api/v1/studies/{study}/progress", params=asked, timeout=PATIENCE_S).json())


def wait_for_held(page: Page, base_url: str, study: str, count: int) -> None:
    """Until so many ballots of the study are on lease."""
    for _ in range(200):
        if progress(base_url, study)["held"] == count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{progress(base_url, study)['held']} are held, not {count}")
