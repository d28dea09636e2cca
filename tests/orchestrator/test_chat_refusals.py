"""What the client makes of refusals, and of replies that are no chat completions."""

from typing import Any

import pytest

from orchestrator import retry
from orchestrator.endpoint_client import EndpointFailed
from tests.servers.asking import ask, reached, replied
from tests.servers.conformance import Conformance, Dialect, conforming, in_turn
from tests.servers.reply import Refusal, Reply, called

REPLY = Reply("found", tool_calls=[called("search", {"model": "search-2"})])


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


SHAPES = {
    "OpenAI": {"error": {"message": "boom", "type": "invalid_request_error", "param": None, "code": None}},
    "text in error": {"error": "boom"},
    "old vLLM": {"object": "error", "message": "boom", "type": "BadRequestError", "param": None, "code": 400},
    "FastAPI": {"detail": "boom"},
    "FastAPI's validation": {"detail": [{"loc": ["body", "seed"], "msg": "boom", "type": "extra_forbidden"}]},
    "list of errors": {"errors": [{"message": "boom"}]},
    "Gemini": [{"error": {"code": 400, "message": "boom", "status": "INVALID_ARGUMENT"}}],
    "null message": {"error": {"message": None, "code": "boom"}},
    "nested": {"error": {"message": {"text": "boom"}}},
    "text": b"boom",
    "page": b"<html><body><h1>boom</h1></body></html>",
    "half JSON": b'{"error": {"message": "boom',
    "no UTF-8": b"\xff\xfe boom \xc3",
    "long": {"error": {"message": "boom " * 10_000}},
}


@pytest.mark.parametrize("status", [400, 422, 500])
@pytest.mark.parametrize("shape", SHAPES)
async def test_what_a_server_says_of_its_refusal_is_passed_on_in_short(shape: str, status: int, stream: bool) -> None:
    with pytest.raises(EndpointFailed) as refused:
        await replied(Refusal(status, SHAPES[shape]), stream)
    assert f"HTTP {status}" in str(refused.value)
    assert "boom" in str(refused.value)
    assert len(str(refused.value)) < 600
    assert refused.value.status == status


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"[]", b'""', b"0", {"error": None}, {"error": {}}])
async def test_a_refusal_without_words_is_a_refusal_too(body: Any, stream: bool) -> None:
    with pytest.raises(EndpointFailed, match="HTTP 400"):
        await replied(Refusal(400, body), stream)


NOT_CHAT = {
    "page": (b"<!doctype html><title>Sign in</title>", "text/html"),
    "empty": (b"", "application/json"),
    "null": (b"null", "application/json"),
    "list": (b"[]", "application/json"),
    "no choices": (b'{"choices": []}', "application/json"),
    "null choices": (b'{"choices": null}', "application/json"),
    "null choice": (b'{"choices": [null]}', "application/json"),
    "no message": (b'{"choices": [{"index": 0}]}', "application/json"),
    "error": (b'{"error": {"message": "overloaded", "code": 503}}', "application/json"),
    "half": (b'{"choices": [{"message": {"content": "hel', "application/json"),
    "no UTF-8": (b'{"choices": "\xff\xfe"}', "application/json"),
    "deep": (b"[" * 100_000, "application/json"),
    "empty stream": (b"", "text/event-stream"),
    "stream of nothing": (b"\n\n: hello\n\n\n", "text/event-stream"),
    "stream of nonsense": (b"data: nonsense\n\ndata: [DONE]\n\n", "text/event-stream"),
    "stream of lists": (b"data: []\n\ndata: 7\n\ndata: null\n\ndata: [DONE]\n\n", "text/event-stream"),
    "stream of an error": (b'data: {"error": {"message": "overloaded"}}\n\ndata: [DONE]\n\n', "text/event-stream"),
    "named error event": (b'event: error\ndata: {"message": "overloaded"}\n\n', "text/event-stream"),
    "only done": (b"data: [DONE]\n\n", "text/event-stream"),
}


@pytest.mark.parametrize("name", NOT_CHAT)
async def test_a_200_that_is_no_chat_completion_is_an_error_in_plain_words(name: str, stream: bool) -> None:
    body, kind = NOT_CHAT[name]
    with pytest.raises(EndpointFailed) as failed:
        await replied(Refusal(200, body, kind), stream)
    assert str(failed.value).startswith("http://127.0.0.1:")
    if b"overloaded" in body:
        assert "overloaded" in str(failed.value)


@pytest.mark.parametrize("field", ["stream_options", "seed"])
@pytest.mark.parametrize("shape", ["OpenAI", "FastAPI", "text"])
async def test_a_server_that_refuses_a_field_is_asked_without_it(field: str, shape: str, stream: bool) -> None:
    said = {
        "OpenAI": lambda text: {"error": {"message": text}},
        "FastAPI": lambda text: {
            "detail": [{"loc": ["body", text.split()[-1]], "msg": "Extra inputs are not permitted"}]
        },
        "text": lambda text: text,
    }[shape]
    server = Conformance(REPLY, Dialect(refused=frozenset({field}), refusal=said))
    async with reached(server, stream) as (client, _):
        first, second = await ask(client), await ask(client)
    assert first.text == second.text == REPLY.content
    assert first.tool_calls == second.tool_calls == REPLY.tool_calls
    assert field not in server.asked[-1].body
    assert {"model", "messages", "max_tokens", "tools"} <= server.asked[-1].body.keys()


async def test_the_key_is_sent_to_its_server_only_and_never_follows_a_redirect(
    stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "k-123")
    elsewhere = Conformance(Reply("caught"))
    async with conforming(elsewhere) as other:
        away = Refusal(307, b"", headers={"Location": f"{other.url}/v1/chat/completions"})
        server = Conformance(in_turn(Reply("hello"), away), Dialect(key="k-123"))
        async with reached(server, stream, "A_KEY") as (client, _):
            assert (await ask(client)).text == "hello"
            with pytest.raises(EndpointFailed, match="HTTP 307"):
                await ask(client)
    assert elsewhere.requests == 0
