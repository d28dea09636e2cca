import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import retry
from orchestrator.chat import ChatClient, ChatClients
from orchestrator.chat_request import ChatRequest
from orchestrator.completion import Completion, usage_of
from orchestrator.course import Course
from orchestrator.endpoint_client import EndpointFailed
from orchestrator.model_call import Usage
from orchestrator.pool import Endpoint, Sampling

GOOD = {
    "model": "served",
    "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "<think>hm</think>hello"}}],
    "usage": {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    },
}
BASE = "http://127.0.0.1:8001/v1"
SAMPLING = Sampling(max_tokens=100, timeout_s=5)
SAID = [{"role": "user", "content": "hi"}]
Handler = Callable[[httpx.Request], httpx.Response]


async def ask(client: ChatClient, sampling: Sampling = SAMPLING, **more: Any) -> Completion:
    return await client.complete(ChatRequest(SAID, "m", sampling, **more))


def client(handler: Handler, base: str = BASE, **more: Any) -> ChatClient:
    return ChatClient(Endpoint(base, **more), httpx.MockTransport(handler))


def keeping(bodies: list[dict[str, Any]], *replies: httpx.Response) -> Handler:
    """Takes down what is asked, and replies in turn; with GOOD where nothing is left."""
    left = list(replies)

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return left.pop(0) if left else httpx.Response(200, json=GOOD)

    return handler


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


async def test_a_completion_holds_text_thinking_usage_and_timing() -> None:
    completion = await ask(client(lambda request: httpx.Response(200, json=GOOD)))
    assert (completion.text, completion.thinking, completion.model) == ("hello", "hm", "served")
    assert completion.usage == Usage(10, 5, 4, 2)
    assert completion.tool_calls is None
    assert completion.in_flight == 1
    assert completion.attempts == ()
    assert 0 <= completion.latency_s < 30


async def test_what_is_asked_is_sent_and_nothing_else() -> None:
    bodies: list[dict[str, Any]] = []
    await ask(client(keeping(bodies), stream=False), seed=7, tools=[{"type": "function"}])
    assert bodies == [
        {
            "model": "m",
            "messages": SAID,
            "temperature": 0.2,
            "max_tokens": 100,
            "stream": False,
            "tools": [{"type": "function"}],
            "seed": 7,
        }
    ]


async def test_a_stream_is_asked_for_with_the_count_of_tokens() -> None:
    bodies: list[dict[str, Any]] = []
    await ask(client(keeping(bodies)))
    assert bodies[0]["stream"] is True
    assert bodies[0]["stream_options"] == {"include_usage": True}


async def test_every_way_of_sampling_is_sent_and_what_is_none_is_left_to_the_server() -> None:
    bodies: list[dict[str, Any]] = []
    asked = client(keeping(bodies), stream=False)
    await ask(asked, Sampling(0.7, 0.9, 20, 50, 5, "low", thinking=False))
    await ask(asked, Sampling(temperature=None, max_tokens=50, timeout_s=5))
    assert bodies[0] == {
        "model": "m",
        "messages": SAID,
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 20,
        "max_tokens": 50,
        "reasoning_effort": "low",
        "chat_template_kwargs": {"enable_thinking": False},
        "stream": False,
    }
    assert bodies[1].keys() == {"model", "messages", "max_tokens", "stream"}


async def test_openai_is_told_the_limit_under_the_name_that_its_models_take() -> None:
    bodies: list[dict[str, Any]] = []
    await ask(client(keeping(bodies), "https://api.openai.com/v1"))
    assert bodies[0]["max_completion_tokens"] == 100
    assert "max_tokens" not in bodies[0]


async def test_a_server_that_wants_the_other_name_of_the_limit_is_told_so_from_then_on() -> None:
    bodies: list[dict[str, Any]] = []
    said = {"error": {"message": "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."}}
    asked = client(keeping(bodies, httpx.Response(400, json=said)))
    first, second = await ask(asked), await ask(asked)
    assert [("max_tokens" in body, "max_completion_tokens" in body) for body in bodies] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert (len(first.attempts), second.attempts) == (1, ())


@pytest.mark.parametrize("field", ["stream", "stream_options", "seed"])
async def test_a_field_that_a_server_refuses_is_left_out_from_then_on_and_the_refusal_is_recorded(field: str) -> None:
    bodies: list[dict[str, Any]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        if field in bodies[-1]:
            return httpx.Response(400, json={"error": {"message": f"Unknown argument: {field}"}})
        return httpx.Response(200, json=GOOD)

    asked, course = client(handler), Course()
    tools = [{"type": "function"}]
    await asked.complete(ChatRequest(SAID, "m", SAMPLING, tools, 7), course)
    (refused,) = course.attempts
    assert f"HTTP 400: Unknown argument: {field}" in refused.error
    assert refused.usd == 0
    assert course.sent == json.dumps(bodies[1])
    completion = await asked.complete(ChatRequest(SAID, "m", SAMPLING, tools, 7))
    assert completion.attempts == ()
    assert len(bodies) == 3
    assert bodies[0].keys() - bodies[1].keys() == {field} | ({"stream_options"} if field == "stream" else set())


async def test_a_field_is_spared_only_where_the_request_then_succeeds() -> None:
    bodies: list[dict[str, Any]] = []
    refusal = httpx.Response(400, json={"error": "the seed of all evil"})
    asked = client(keeping(bodies, refusal, refusal))
    with pytest.raises(EndpointFailed, match="seed of all evil"):
        await ask(asked, seed=7)
    await ask(asked, seed=7)
    assert ["seed" in body for body in bodies] == [True, False, True]


async def test_a_bad_request_of_another_kind_is_not_repeated() -> None:
    bodies: list[dict[str, Any]] = []
    with pytest.raises(EndpointFailed, match="too long"):
        await ask(client(keeping(bodies, httpx.Response(400, json={"error": {"message": "too long"}}))), seed=7)
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("reply", "said", "calls"),
    [
        ({"error": {"message": "out of memory"}}, "replied with an error: out of memory", 3),
        ({"error": {"message": "no workers", "code": 503}}, "replied with an error: no workers", 3),
        ({"error": {"message": "no such model", "code": 404}}, "replied with an error: no such model", 1),
        ({"choices": []}, "without any choice", 1),
        ({"choices": [None]}, "without any choice", 1),
        ({"choices": [{"message": None}]}, "without a message", 1),
        ([1], "list instead of a JSON object", 1),
        ({"choices": [{"message": {"content": json.loads("[" * 200 + "]" * 200)}}]}, "nested too deeply", 1),
        ({"error": json.loads("[" * 900 + "]" * 900)}, "replied with an error", 3),
    ],
)
async def test_a_200_that_is_no_completion_says_so_and_an_error_in_it_is_judged_by_its_status(
    reply: object, said: str, calls: int
) -> None:
    bodies: list[dict[str, Any]] = []
    with pytest.raises(EndpointFailed, match=said):
        await ask(client(keeping(bodies, *(httpx.Response(200, json=reply) for _ in range(3)))))
    assert len(bodies) == calls


def test_clients_of_the_same_endpoint_are_the_same_and_share_their_server() -> None:
    clients = ChatClients(httpx.MockTransport(lambda request: httpx.Response(200, json=GOOD)))
    one = clients.of(Endpoint(BASE))
    assert clients.of(Endpoint(BASE)) is one
    assert clients.endpoint(Endpoint(BASE)) is one.server
    assert clients.of(Endpoint("http://127.0.0.1:9/v1")) is not one


USAGE_KEYS = (
    "prompt_tokens",
    "completion_tokens",
    "input_tokens",
    "output_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
    "cached_tokens",
    "reasoning_tokens",
    "prompt_cache_hit_tokens",
    "prompt_cache_miss_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)


@given(
    st.recursive(
        st.none() | st.integers() | st.booleans() | st.floats() | st.text(max_size=3),
        lambda inner: st.dictionaries(st.sampled_from(USAGE_KEYS), inner),
    )
)
def test_any_report_of_usage_is_understood_or_unknown(reported: object) -> None:
    usage = usage_of(reported)
    assert usage is None or usage.total_tokens >= 0


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        (None, None),
        ({"total_tokens": 5}, None),
        ({"prompt_tokens": 5}, Usage(5, None)),
        ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 8}, Usage(10, 5, 8)),
        ({"prompt_cache_hit_tokens": 8, "prompt_cache_miss_tokens": 2, "completion_tokens": 5}, Usage(10, 5, 8)),
        ({"input_tokens": 10, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4}}, Usage(10, 5, 4)),
        ({"input_tokens": 2, "cache_read_input_tokens": 8, "output_tokens": 5}, Usage(10, 5, 8)),
        (
            {"input_tokens": 2, "cache_read_input_tokens": 8, "cache_creation_input_tokens": 1, "output_tokens": 5},
            Usage(11, 5, 8),
        ),
    ],
    ids=["nothing", "only a total", "half", "DeepSeek", "DeepSeek's parts", "responses", "Anthropic", "with creation"],
)
def test_cached_tokens_are_part_of_the_input_whoever_counts_them(reported: object, usage: Usage | None) -> None:
    assert usage_of(reported) == usage
