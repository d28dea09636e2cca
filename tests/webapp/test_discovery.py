import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tests.servers.conformance import Conformance, conforming
from tests.servers.listening import listening
from tests.servers.reply import Reply
from webapp.discovery import WITHIN_S, Found, FoundModel, ServerKind, offer_words
from webapp.discovery import found as found_within

PATIENCE_S = 5.0
"""A machine that is busy with other things answers late."""


async def found(ports: list[int], *, own_port: int | None = None, within_s: float = PATIENCE_S) -> tuple[Found, ...]:
    return await found_within(ports, own_port=own_port, within_s=within_s)


@asynccontextmanager
async def server(paths: Mapping[str, Any], *, waits_s: float = 0.0) -> AsyncIterator[int]:
    """Serves JSON, or text as it is, at these paths; the rest is 404."""

    async def handle(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(waits_s)
        said = paths.get(request.path)
        if said is None:
            return web.Response(status=404, text="not here")
        return web.Response(text=said if isinstance(said, str) else json.dumps(said))

    async with listening(handle) as there:
        yield there.port


def models(*names: str, owner: str | None = None, **more: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "owned_by": owner, **more} for name in names]}


OLLAMA = {"/v1/models": models("qwen3:8b", "llama3.2:3b", owner="library"), "/api/version": {"version": "0.12.3"}}
VLLM = {"/v1/models": models("orchestrator", owner="vllm", max_model_len=40_960), "/version": {"version": "0.32.0"}}


async def test_an_ollama_is_told_from_a_vllm_with_version_and_models() -> None:
    async with server(OLLAMA) as ollama, server(VLLM) as vllm:
        seen = await found([vllm, ollama])
    assert seen == (
        Found(ServerKind.VLLM, f"http://127.0.0.1:{vllm}/v1", (FoundModel("orchestrator", 40_960),), "0.32.0"),
        Found(
            ServerKind.OLLAMA,
            f"http://127.0.0.1:{ollama}/v1",
            (FoundModel("qwen3:8b"), FoundModel("llama3.2:3b")),
            "0.12.3",
        ),
    )


async def test_a_server_that_names_no_owner_is_known_by_its_metrics_or_version() -> None:
    anonymous = {"/v1/models": models("m"), "/api/version": {"version": "0.5"}}
    async with conforming(Conformance(Reply(content="hi"))) as vllm, server(anonymous) as ollama:
        seen = await found([vllm.port, ollama])
    assert [each.kind for each in seen] == [ServerKind.VLLM, ServerKind.OLLAMA]


@pytest.mark.parametrize(
    ("owner", "kind"),
    [
        ("llamacpp", ServerKind.LLAMA_CPP),
        ("organization_owner", ServerKind.LM_STUDIO),
        ("somebody", ServerKind.OTHER),
        (None, ServerKind.OTHER),
    ],
)
async def test_other_servers_are_found_too(owner: str | None, kind: ServerKind) -> None:
    async with server({"/v1/models": models("m", owner=owner)}) as port:
        (only,) = await found([port])
    assert (only.kind, only.version) == (kind, None)


@pytest.mark.parametrize(
    "said",
    [
        "<html>a page</html>",
        {"data": "no list"},
        {"detail": "Not Found"},
        [],
        "null",
        '{"data": [',
    ],
)
async def test_what_lists_no_models_is_not_found(said: Any) -> None:
    async with server({"/v1/models": said}) as port:
        assert await found([port]) == ()


async def test_names_that_no_model_has_are_passed_over() -> None:
    listed = {"data": [{"id": "good"}, {"id": 3}, {"id": "a\nb"}, {"id": ""}, {"id": "x" * 999}, {}, None, "text"]}
    async with server({"/v1/models": listed}) as port:
        (only,) = await found([port])
    assert only.models == (FoundModel("good"),)


async def test_nothing_listens_and_nothing_is_found() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert await found([taken.getsockname()[1]]) == ()


async def test_servers_that_are_silent_or_slow_do_not_hold_up_the_others() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        async with server(OLLAMA) as ollama, server(VLLM, waits_s=30) as slow:
            began = time.monotonic()
            seen = await found([silent.getsockname()[1], slow, ollama], within_s=3.0)
            took_s = time.monotonic() - began
    assert [each.kind for each in seen] == [ServerKind.OLLAMA]
    assert took_s < 10
    assert WITHIN_S <= 0.5


async def test_a_server_whose_version_comes_late_is_found_without_it() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path != "/v1/models":
            await asyncio.sleep(30)
        return web.json_response(models("m", owner="vllm"))

    async with listening(handle) as there:
        (only,) = await found([there.port], within_s=1.5)
    assert (only.kind, only.version) == (ServerKind.VLLM, None)


async def test_the_apps_own_port_is_never_asked() -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.json_response(models("m"))

    async with listening(handle) as there:
        assert await found([there.port], own_port=there.port) == ()
        assert asked == []
        assert len(await found([there.port])) == 1


async def test_a_server_that_redirects_is_not_followed() -> None:
    async with server(OLLAMA) as elsewhere:

        async def handle(request: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(f"http://127.0.0.1:{elsewhere}{request.path}")

        async with listening(handle) as there:
            assert await found([there.port]) == ()


async def test_the_offer_names_what_was_found_and_says_that_it_is_not_used() -> None:
    async with server(OLLAMA) as ollama:
        words = offer_words(await found([ollama]))
    assert "Ollama 0.12.3" in words
    assert "qwen3:8b" in words
    assert "not used" in words
    assert "podium pool discover" in words


def test_nothing_found_is_nothing_offered() -> None:
    assert offer_words(()) == ""
    assert offer_words([Found(ServerKind.OLLAMA, "http://127.0.0.1:11434/v1", ())]) == ""
