"""The serving side: looked at only when asked, seldom, without harm to anybody, and told plainly."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from orchestrator.breaker import Breaker, Passage
from orchestrator.pool import Endpoint, Orchestrator, Pool, PoolEntry, ServedModel
from orchestrator.rehearsal.world import rehearsal_pool
from tests.servers.listening import Listening, listening
from tests.servers.metered import Metered
from webapp import server_watch
from webapp.api import serving as api
from webapp.licence import licence_of
from webapp.server_watch import Reach
from webapp.serving import Serving


@pytest.fixture
def metered() -> Metered:
    return Metered()


@pytest.fixture
async def server(metered: Metered) -> AsyncIterator[Listening]:
    async with listening(metered.handle) as running:
        yield running


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look is a new one."""
    monkeypatch.setattr(server_watch, "EVERY_S", 0.0)


def serving(policy: str, pool: Pool | None = None, **others: object) -> Serving:
    used = pool or rehearsal_pool()
    return Serving(lambda: policy, lambda: used, **others)  # type: ignore[arg-type]


@pytest.fixture
async def here(server: Listening) -> AsyncIterator[Serving]:
    opened = serving(f"openai:{server.url}/v1#orchestrator")
    yield opened
    await opened.aclose()


async def test_nobody_is_asked_until_somebody_looks(here: Serving, metered: Metered) -> None:
    await asyncio.sleep(0.05)
    assert not metered.asked
    now = await here.now()
    (one,) = now.servers
    assert one.role.of_policy
    assert one.look is not None
    assert (one.look.reach, one.look.root) == (Reach.UP, "/models/small")
    assert one.look.metrics is not None
    assert (one.look.metrics.running, one.look.metrics.prefix_hit_rate) == (3, 0.83)
    assert one.look.rates is None, "there was one look only"


async def test_many_who_look_at_once_ask_once(here: Serving, metered: Metered) -> None:
    await asyncio.gather(*(here.now() for _ in range(20)))
    await here.now()
    assert metered.asked == {"/metrics": 1, "/v1/models": 1}


async def test_two_looks_give_rates(here: Serving, metered: Metered, often: None) -> None:
    metered.grows = 40
    await here.now()
    await asyncio.sleep(0.1)
    look = (await here.now()).servers[0].look
    assert look is not None
    assert look.rates is not None
    assert 200 < (look.rates.generation_tokens_per_s or 0) <= 400


async def test_a_server_that_is_gone_is_said(metered: Metered, often: None) -> None:
    async with listening(metered.handle) as running:
        here = serving(f"openai:{running.url}/v1#orchestrator")
        assert await reach(here) is Reach.UP
    look = (await here.now()).servers[0].look
    assert look is not None
    assert (look.reach, look.metrics) == (Reach.UNREACHABLE, None)
    assert "is the server running?" in (look.problem or "")
    await here.aclose()


async def test_a_server_that_comes_back_may_serve_another_model(here: Serving, metered: Metered, often: None) -> None:
    found = []
    for status, root in ((200, "/models/small"), (502, ""), (200, "nvidia/Nemotron-Orchestrator-8B")):
        metered.status, metered.root = status, root
        found.append((await reach(here), await here.licence() is not None))
    assert found == [(Reach.UP, False), (Reach.UNREACHABLE, False), (Reach.UP, True)]


async def reach(here: Serving) -> Reach | None:
    look = (await here.now()).servers[0].look
    return None if look is None else look.reach


@pytest.mark.parametrize(
    ("status", "reach"), [(404, Reach.NO_METRICS), (401, Reach.NO_METRICS), (502, Reach.UNREACHABLE)]
)
async def test_a_server_without_metrics_is_asked_seldom(
    here: Serving, metered: Metered, status: int, reach: Reach, often: None
) -> None:
    metered.status = status
    for _ in range(3):
        look = (await here.now()).servers[0].look
        assert look is not None
        assert look.reach is reach
    assert metered.asked["/metrics"] == (1 if reach is Reach.NO_METRICS else 3)


async def test_a_server_that_is_slow_holds_nobody_for_long_and_keeps_its_last_numbers(
    here: Serving, metered: Metered, often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_watch, "WITHIN_S", 0.2)
    assert await reach(here) is Reach.UP
    metered.waits_s = 30
    async with asyncio.timeout(5):
        look = (await here.now()).servers[0].look
    assert look is not None
    assert look.reach is Reach.SLOW
    assert "did not answer within 0.2 s" in (look.problem or "")
    assert look.metrics is not None
    assert look.metrics.running == 3
    assert (look.rates, look.root) == (None, "/models/small")
    metered.waits_s = 0
    assert await reach(here) is Reach.UP


async def test_one_who_goes_away_does_not_take_the_look_from_the_others(here: Serving, metered: Metered) -> None:
    first, second = asyncio.create_task(here.now()), asyncio.create_task(here.now())
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).servers[0].look is not None
    assert metered.asked["/metrics"] == 1


async def test_servers_of_the_pools_own_models_are_looked_at_and_hosted_ones_are_not(server: Listening) -> None:
    own, hosted = Endpoint(f"{server.url}/v1"), Endpoint("http://127.0.0.1:9/v1")
    entries = (
        PoolEntry("answer-1", "qwen", "", 1.0, self_hosted=True, endpoint=own),
        PoolEntry("search-1", "qwen", "", 1.0, self_hosted=True, endpoint=own),
        PoolEntry("answer-2", "gpt", "", 1.0, endpoint=hosted),
    )
    here = serving("random", Pool("mine", entries))
    (one,) = (await here.now()).servers
    assert (one.role.aliases, one.role.of_policy, one.role.endpoint) == (("answer-1", "search-1"), False, own)
    await here.aclose()


async def test_the_key_and_limits_of_the_pool_file_are_used_for_the_orchestrator(server: Listening) -> None:
    described = Endpoint(f"{server.url}/v1", api_key_env="MY_KEY")
    pool = replace(rehearsal_pool(), orchestrator=Orchestrator(ServedModel("orchestrator", described)))
    here = serving(f"openai:{server.url}/v1/#orchestrator;profile=eval-hle", pool)
    (one,) = (await here.now()).servers
    assert one.role.endpoint is described
    assert (one.role.model, here.model) == ("orchestrator", "orchestrator")
    await here.aclose()


@pytest.mark.parametrize("policy", ["random", "fixed:answer-1", "transformers:/models/small"])
async def test_a_policy_without_a_server_has_nothing_to_look_at(policy: str) -> None:
    here = serving(policy)
    now = await here.now()
    assert (now.servers, now.licence, here.model) == ((), None, None)
    await here.aclose()


@pytest.mark.parametrize(
    ("model", "root", "licensed"),
    [
        ("orchestrator", "nvidia/Nemotron-Orchestrator-8B", "Nemotron-Orchestrator-8B"),
        ("orchestrator", "/models/Orchestrator-8B/", "Orchestrator-8B"),
        ("nvidia/Orchestrator-8B", "elsewhere", "Orchestrator-8B"),
        ("orchestrator", "/models/small", None),
    ],
)
async def test_the_licence_is_found_by_whatever_name(
    here: Serving, metered: Metered, server: Listening, model: str, root: str, licensed: str | None
) -> None:
    metered.model, metered.root = model, root
    asked = serving(f"openai:{server.url}/v1#{model}")
    found = await asked.licence()
    assert (found.model if found else None) == licensed
    assert (await asked.now()).licence == found
    await asked.aclose()


async def test_a_folder_of_that_model_has_its_licence() -> None:
    here = serving("transformers:/models/Nemotron-Orchestrator-8B;profile=clean")
    found = await here.licence()
    assert found is not None
    assert "research and development" in found.words
    assert found.words.endswith("https://huggingface.co/nvidia/Nemotron-Orchestrator-8B")
    await here.aclose()


def test_other_models_have_no_notice() -> None:
    assert licence_of(["orchestrator", "Qwen3-8B", None, "", "orchestrator-80b", "orchestrator-8bit"]) is None


async def test_looking_neither_opens_nor_closes_the_breaker_of_the_runs(metered: Metered, often: None) -> None:
    breaker = Breaker()
    async with listening(metered.handle) as running:
        here = serving(f"openai:{running.url}/v1#orchestrator", breaker=lambda _: breaker)
        breaker.ill(Passage.FREE, "HTTP 500")
        await here.now()
        assert breaker.failures == 1
    for _ in range(8):
        now = await here.now()
    assert breaker.failures == 1
    assert now.servers[0].breaker is breaker
    await here.aclose()


async def test_the_api_tells_it_as_json(server: Listening, metered: Metered) -> None:
    metered.root = "/models/Nemotron-Orchestrator-8B"
    here = serving(
        f"openai:{server.url}/v1#orchestrator", notices=lambda: ["pool.toml line 12: no"], breaker=lambda _: Breaker()
    )
    app = FastAPI()
    app.state.services = SimpleNamespace(serving=here)
    app.include_router(api.routes, prefix="/api/v1")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        told = (await http.get("/api/v1/serving")).json()
    assert told["notices"] == ["pool.toml line 12: no"]
    assert told["licence"]["model"] == "Nemotron-Orchestrator-8B"
    (one,) = told["servers"]
    assert (one["state"], one["of_policy"], one["model"]) == ("up", True, "orchestrator")
    assert one["breaker"] == {"state": "closed", "wait_s": 0.0, "last_error": None}
    assert "/models" not in str(told), "where files lie on the server is nobody's business"
    assert one["metrics"]["prefix_hit_rate"] == 0.83
    assert one["rates"] is None
    await here.aclose()
