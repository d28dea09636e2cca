"""Servers that say the key back in every place and form: it is kept, shown, logged and exported nowhere."""

import asyncio
import itertools
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from orchestrator.chat import ChatClients
from orchestrator.key import STRUCK
from orchestrator.pool import Endpoint
from orchestrator.trajectory import Limits
from tests.servers.asking import ask
from tests.servers.conformance import MODEL, Asked, Conformance, Plan, conforming
from tests.servers.echo import ECHOES, as_sent, escaped, percent
from tests.servers.leaks import leaked, texts_of_database
from tests.servers.orchestra import EXPERT, policy, pool_toml, routed
from tests.servers.reply import Refusal, Reply
from tests.servers.searching import Found, Passage, Searching, searching
from webapp.app import create_app
from webapp.asking import Asking
from webapp.cli import main
from webapp.services import Services, open_services
from webapp.settings import Settings
from webapp.views.trace import run_view

ROUTER_KEY = "sk-Zq7xW2vK9pR4tY8uB3nM6/j+L1h==Xe5Cd0"
EXPERT_KEY = "sk-Dg5sF0aH8kJ2/lQ7+wE4rT6yU9iO1bNm_8"
JUDGE_KEY = "sk-Tf8sA1kP5dV0+uC6mY3oR9/eW2gB7iN4zH"
SEARCH_KEY = "tvly-Ub4nE7xJ2qL9/wF1cK6pS3vG8yT5hD0mZ"
KEYS = {"router": ROUTER_KEY, "expert": EXPERT_KEY, "judge": JUDGE_KEY, "search": SEARCH_KEY}
ROUTE = ("search-1", "reasoner-1", "answer-1")


def query(who: str, echo: str) -> str:
    return f"Ask {who}: {echo}?"


def echoing() -> Plan:
    """The model that the query names says its key back as the query says; all else is well."""
    turns: Counter[str] = Counter()

    def reply(asked: Asked) -> Reply | Refusal:
        question = next(line for line in asked.prompt.splitlines() if "Ask " in line)
        who, _, echo = question.partition("Ask ")[2].rstrip("?").partition(": ")
        mine = {MODEL: "router", "judge": "judge"}.get(asked.model, "expert")
        key = asked.headers["authorization"].removeprefix("Bearer ")
        assert key == KEYS[mine]
        if mine != "router":
            return ECHOES[echo](key) if who == mine else Reply(EXPERT)
        turn, turns[question] = turns[question], turns[question] + 1
        # The first turn is spoiled, attempts and all; afterwards the route is followed.
        if who == mine and turn < 3:
            return ECHOES[echo](key)
        return routed(ROUTE[turn % 3])

    return reply


def found() -> Found:
    """Searches find the key, or fail with it."""
    times = itertools.count()
    said = [
        [Passage(f"It is {SEARCH_KEY}.", title=SEARCH_KEY, url=f"http://127.0.0.1/?key={percent(SEARCH_KEY)}")],
        [Passage(f"{escaped(SEARCH_KEY)} and <b>{SEARCH_KEY}</b>", title="t", url=f"http://{SEARCH_KEY}/")],
        Refusal(500, {"detail": {"error": SEARCH_KEY}}),
        Refusal(401, SEARCH_KEY.encode(), "text/plain"),
        Refusal(200, (" " * 60 + SEARCH_KEY).encode(), "text/html"),
        Refusal(200, {"results": SEARCH_KEY, "error": SEARCH_KEY, SEARCH_KEY: 1}),
    ]
    return lambda query: said[next(times) % len(said)]


def aside(headers: Mapping[str, str]) -> dict[str, Refusal]:
    """What the server says of itself, which is its key."""
    key = headers.get("authorization", "Bearer nobody").removeprefix("Bearer ")
    metrics = (
        f'vllm:num_requests_running{{model_name="{key}"}} 1\nvllm:num_requests_running{{model_name="{MODEL}"}} 1\n'
    )
    return {
        "/tokenize": Refusal(500, {"error": key}),
        "/metrics": Refusal(200, metrics.encode(), "text/plain"),
        "/v1/models": Refusal(200, {"data": [{"id": MODEL, "root": key}, {"id": key}], "echo": key}),
    }


@pytest.fixture(autouse=True)
def _keys_and_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, key in KEYS.items():
        monkeypatch.setenv(f"CANARY_{name.upper()}", key)
    monkeypatch.setattr("orchestrator.retry.FIRST_WAIT_S", 0.001)
    # A server that is left alone says nothing.
    monkeypatch.setattr("orchestrator.breaker.FAILURES_TO_OPEN", 1_000_000)


@asynccontextmanager
async def app(tmp_path: Path, *, stream: bool) -> AsyncIterator[tuple[Services, Conformance]]:
    """The app, all of whose models and searches say their keys back."""
    paths = ("/tokenize", "/metrics", "/v1/models")
    server = Conformance(
        echoing(),
        instead={path: lambda headers, path=path: aside(headers)[path] for path in paths},  # type: ignore[misc]
    )
    async with conforming(server) as models, searching(Searching(found(), key=SEARCH_KEY)) as searches:
        kind = "searxng" if stream else "tavily"
        keys = {"key_env": "CANARY_EXPERT", "orchestrator_key_env": "CANARY_ROUTER", "judge_key_env": "CANARY_JUDGE"}
        search = f'kind = "{kind}"\nbase_url = "{searches.url}"\napi_key_env = "CANARY_SEARCH"'
        pool = tmp_path / "pool.toml"
        pool.write_text(pool_toml(models.url, stream=stream, timeout_s=10, aliases=ROUTE, search=search, **keys))
        settings = Settings(data_dir=tmp_path / "data", pool=pool, policy=policy(models.url))
        async with open_services(settings) as services:
            yield services, server


class Seen:
    """Everything that anybody could see, and where a key stood in it."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.struck = 0
        """How often something stood in the place of a key."""

    def look(self, where: str, said: str | bytes) -> None:
        text = said if isinstance(said, str) else said.decode("utf-8", "replace")
        self.struck += text.count(STRUCK)
        if (around := leaked(text, *KEYS.values())) is not None:
            self.found.setdefault(where, around)


async def ran(services: Services, seen: Seen) -> list[str]:
    """The ids of a run for each way of saying the key back; looks at each moment of each."""
    ids: list[str] = []
    for who in ("router", "expert", "judge"):
        for echo in ECHOES:
            live = await services.ask(Asking(query(who, echo), limits=Limits(turns=4), reference="Bern"))
            async for snapshot in services.runs.follow(live.run.id, 0.005):
                view = json.dumps(run_view(snapshot, services.pool, datetime.now(UTC)))
                seen.look(f"page, {who}, {echo}", view)
                seen.look(f"snapshot, {who}, {echo}", repr(snapshot))
            assert snapshot.trajectories[0].stop_reason is not None
            ids.append(live.run.id)
    return ids


async def look_at_doors(services: Services, ids: list[str], seen: Seen) -> None:
    """Everything that the app serves."""
    transport = httpx.ASGITransport(create_app(services, page=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        paths = (await http.get("/openapi.json")).json()["paths"]
        plain = [path for path, methods in paths.items() if "get" in methods and "{" not in path]
        assert "/readyz" in plain
        for path in [
            *plain,
            "/ui/",
            f"/ui/?run={ids[0]}",
            *(f"/api/v1/export/{kind}" for kind in ("trajectories", "rankings")),
        ]:
            seen.look(path, (await http.get(path)).text)
        for id in ids:
            run = await http.get(f"/api/v1/runs/{id}")
            seen.look("/runs", run.text)
            seen.look("/events", (await http.get(f"/api/v1/runs/{id}/events")).text)
            for trajectory in run.json()["trajectories"]:
                seen.look("/trajectories", (await http.get(f"/api/v1/trajectories/{trajectory['id']}")).text)


def look_at_commands(tmp_path: Path, seen: Seen, capfd: pytest.CaptureFixture[str]) -> None:
    """What the command line writes; the servers are still there."""
    main(["pool", "check", "--pool", str(tmp_path / "pool.toml"), "--json"])
    main(["pool", "check", "--pool", str(tmp_path / "pool.toml")])
    said = "".join(capfd.readouterr())
    assert "answer-1" in said
    seen.look("podium pool check", said)
    out, data = tmp_path / "out.jsonl", f"sqlite:///{tmp_path / 'data' / 'podium.sqlite3'}"
    assert main(["export", "trajectories", "--out", str(out), "--db", data]) == 0
    assert out.stat().st_size > 10_000
    seen.look("podium export", out.read_bytes())


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_key_that_a_server_says_back_is_found_nowhere(
    stream: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    seen = Seen()
    database = tmp_path / "data" / "podium.sqlite3"
    async with app(tmp_path, stream=stream) as (services, server):
        ids = await ran(services, seen)
        await look_at_doors(services, ids, seen)
        for where, said in texts_of_database(database):
            seen.look(where, said)
        await asyncio.to_thread(look_at_commands, tmp_path, seen, capfd)
    for where, said in texts_of_database(database):
        seen.look(where, said)
    seen.look("log", "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records))
    seen.look("stdout and stderr", "".join(capfd.readouterr()))
    assert {asked.streamed for asked in server.asked} == {stream}
    assert len(ids) == 3 * len(ECHOES)
    assert server.requests > 4 * len(ECHOES)
    assert seen.found == {}, "\n".join(f"{where}: {around!r}" for where, around in seen.found.items())
    # Each reply was read and kept, but for the key.
    assert seen.struck > 10 * len(ECHOES)


@pytest.mark.parametrize("echo", sorted(set(ECHOES) - {"content in parts"}))
def test_the_search_finds_each_of_these_where_nobody_struck_it_out(echo: str) -> None:
    assert leaked(as_sent(ECHOES[echo](EXPERT_KEY)), EXPERT_KEY)
    assert not leaked(as_sent(ECHOES[echo]("another-key-altogether")), EXPERT_KEY)


async def test_the_key_of_one_server_is_struck_out_of_what_another_server_says() -> None:
    """Two accounts at one address, or one server that knows what was sent to another."""
    async with conforming(Conformance(Reply(f"The keys are {ROUTER_KEY} and {EXPERT_KEY}."))) as there:
        clients = ChatClients()
        try:
            for name in ("ROUTER", "EXPERT"):
                said = await ask(clients.of(Endpoint(f"{there.url}/v1", f"CANARY_{name}")))
        finally:
            await clients.aclose()
    assert [leaked(said.text, key) for key in (ROUTER_KEY, EXPERT_KEY)] == [None, None]
