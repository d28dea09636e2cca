import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.bill import Bill
from orchestrator.chat import ChatClients
from orchestrator.evidence import Evidence
from orchestrator.model_call import CallRole, ChargeStatus
from orchestrator.policies.fixed import FixedPolicy
from orchestrator.policies.remote import RemotePolicy
from orchestrator.policies.scripted import ScriptedPolicy
from orchestrator.policies.spec import KEY_ENV, BadSpec, parse_spec
from orchestrator.policies.uniform import UniformPolicy
from orchestrator.policy import Decision, PolicyFailed, Turn
from orchestrator.pool import TOOL_OF, Endpoint, Pool, PoolEntry, Price, Sampling, ServedModel, UnknownAlias
from orchestrator.preference import PreferenceVector, instruction
from orchestrator.priced_model import PricedModel
from orchestrator.profile import profile
from orchestrator.prompt import TEMPLATE_TOKENS, rendered
from orchestrator.tokenizer import Tokenizer
from orchestrator.tokenizer_file import FileTokenizer
from orchestrator.tool import CannotAfford, Remaining
from orchestrator.trajectory import Document, Observation, Origin, ToolCall

ALIASES = tuple(TOOL_OF)
WHY = f"Why?\n\n{instruction(PreferenceVector())}"
POOL = Pool("p", tuple(PoolEntry(alias, "m", "d", 1.0) for alias in ALIASES))
URL = "http://127.0.0.1:8001/v1"
REPLY = {
    "model": "orchestrator",
    "choices": [
        {
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": "<think>look it up</think>",
                "tool_calls": [{"function": {"name": "search", "arguments": '{"model": "search-2"}'}}],
            },
        }
    ],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 50},
}


def turn(index: int = 0, offered: Sequence[str] = ALIASES, seed: int = 1, left: Remaining = Remaining()) -> Turn:
    return Turn(index, "Why?", PreferenceVector(), Evidence(), offered, seed, left)


Handler = Callable[[httpx.Request], httpx.Response]


def remote(
    handler: Handler,
    price: Price | None = None,
    *,
    url: str = URL,
    chosen: str | None = None,
    tokenizer: Tokenizer | None = None,
    sampling: Sampling | None = None,
) -> RemotePolicy:
    served = ServedModel("orchestrator", Endpoint(url, stream=False), price)
    model = PricedModel(served, ChatClients(httpx.MockTransport(handler)).of(served.endpoint))
    return RemotePolicy(model, POOL, profile(chosen), tokenizer, sampling)


def keeping(sent: list[dict[str, Any]]) -> Handler:
    """Replies, and keeps what was asked."""

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200, json=REPLY)

    return handler


def replying(**changes: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(200, json=REPLY | changes)


async def test_the_scripted_policy_reads_its_script_and_then_fails() -> None:
    first = Decision("t", ToolCall("search", "search-1"))
    policy = ScriptedPolicy([first, ValueError("as scripted")])
    assert await policy.decide(turn(0), []) is first
    with pytest.raises(ValueError, match="as scripted"):
        await policy.decide(turn(1), [])
    with pytest.raises(PolicyFailed, match="none for turn 2"):
        await policy.decide(turn(2), [])


@given(st.integers(), st.integers(0, 50), st.lists(st.sampled_from(ALIASES), min_size=1, unique=True))
async def test_the_random_policy_chooses_among_what_is_offered_and_the_same_each_time(
    seed: int, index: int, offered: list[str]
) -> None:
    bill = Bill()
    decision = await UniformPolicy().decide(turn(index, offered, seed), bill)
    assert decision == await UniformPolicy().decide(turn(index, offered, seed), bill)
    assert decision.call is not None
    assert decision.call.model in offered
    assert TOOL_OF[decision.call.model] == decision.call.tool
    assert bill == []


async def test_the_random_policy_is_uniform_and_says_how_it_chose() -> None:
    chosen = [(await UniformPolicy().decide(turn(seed=seed), [])).call.model for seed in range(2_400)]
    assert all(150 < chosen.count(alias) < 250 for alias in ALIASES)
    decision = await UniformPolicy().decide(turn(2, ALIASES[:9]), [])
    assert decision.thought == "Chosen at random (seed 1, turn 2) from 9 aliases on offer."
    only = await UniformPolicy().decide(turn(0, ALIASES[:1]), [])
    assert only.thought.endswith("from 1 alias on offer.")


async def test_the_fixed_policy_takes_its_route_in_order_and_then_fails() -> None:
    policy = FixedPolicy(["search-1", "answer-1"])
    assert policy.spec == "fixed:search-1,answer-1"
    assert [(await policy.decide(turn(index), [])).call.model for index in (0, 1)] == ["search-1", "answer-1"]
    with pytest.raises(PolicyFailed, match="is over and has brought no answer"):
        await policy.decide(turn(2), [])


async def test_the_fixed_policy_says_when_an_alias_is_not_on_offer_and_goes_on() -> None:
    policy = FixedPolicy(["search-1", "answer-1"])
    decision = await policy.decide(turn(0, ["answer-1"]), [])
    assert decision.call is None
    assert decision.problem == "search-1 can do nothing for this query now; on offer are answer-1"


def test_a_fixed_route_must_name_aliases_and_end_in_an_answer() -> None:
    with pytest.raises(UnknownAlias, match="search-9"):
        FixedPolicy(["search-9", "answer-1"])
    with pytest.raises(ValueError, match="must end in an answer alias"):
        FixedPolicy(["search-1"])
    with pytest.raises(ValueError, match="nothing can follow it"):
        FixedPolicy(["answer-1", "answer-2"])


async def test_the_remote_policy_sends_two_messages_and_the_offered_tools_and_bills_its_call() -> None:
    sent: list[dict[str, Any]] = []
    bill = Bill()
    policy = remote(keeping(sent), Price("own", None, Decimal("0.2"), Decimal("0.4")))
    decision = await policy.decide(turn(3, ["search-2", "answer-1"]), bill)
    assert decision == Decision("look it up", ToolCall("search", "search-2"))
    assert [message["role"] for message in sent[0]["messages"]] == ["system", "user"]
    assert [tool["function"]["name"] for tool in sent[0]["tools"]] == ["answer", "search"]
    assert [sent[0][key] for key in ("temperature", "top_p", "top_k", "max_tokens")] == [1.0, 0.95, 20, 12_000]
    assert sent[0]["seed"] == 1003
    (call,) = bill
    assert (call.role, call.alias, call.model) == (CallRole.ORCHESTRATOR, None, "orchestrator")
    assert call.charge.usd == Decimal("0.00022")
    assert "search-2" in (call.reply or "")
    assert call.in_flight == 1
    assert call.tokens_by == "estimate (3 bytes a token)"


async def test_a_profile_decides_messages_tools_sampling_and_the_end_of_the_spec() -> None:
    sent: list[dict[str, Any]] = []
    policy = remote(keeping(sent), chosen="train")
    assert policy.spec == f"openai:{URL}#orchestrator;profile=train"
    await policy.decide(turn(), Bill())
    assert sent[0]["messages"] == [
        {"role": "system", "content": "You are good at using tools. "},
        {"role": "user", "content": f"Problem: {WHY}\n\n\n\nChoose an approriate tool."},
    ]
    assert [sent[0][key] for key in ("temperature", "top_p", "top_k", "max_tokens")] == [1.0, 1.0, -1, 8_768]


async def test_the_prompt_that_is_sent_is_the_one_a_person_is_shown() -> None:
    sent: list[dict[str, Any]] = []
    policy = remote(keeping(sent), chosen="eval-hle")
    await policy.decide(turn(), Bill())
    shown = await rendered(policy.profile, turn(), POOL, policy.tokenizer)
    assert {"messages": sent[0]["messages"], "tools": sent[0]["tools"]} == shown


async def test_what_the_operators_sampling_leaves_open_is_the_profiles() -> None:
    sent: list[dict[str, Any]] = []
    await remote(keeping(sent), sampling=Sampling(temperature=0.6, top_k=5, max_tokens=900)).decide(turn(), Bill())
    assert [sent[0][key] for key in ("temperature", "top_p", "top_k", "max_tokens")] == [0.6, 0.95, 5, 900]


async def test_without_a_temperature_all_sampling_is_left_to_the_server() -> None:
    sent: list[dict[str, Any]] = []
    await remote(keeping(sent), sampling=Sampling(temperature=None)).decide(turn(), Bill())
    assert not {"temperature", "top_p", "top_k"} & sent[0].keys()


async def test_a_vendor_is_not_sent_what_it_refuses() -> None:
    sent: list[dict[str, Any]] = []
    await remote(keeping(sent), url="https://api.openai.com/v1").decide(turn(), Bill())
    assert sent[0]["temperature"] == 1.0
    assert not {"top_p", "top_k"} & sent[0].keys()


async def test_a_profile_of_one_search_takes_no_second_one() -> None:
    sent: list[dict[str, Any]] = []
    policy = remote(keeping(sent))
    policy.profile = replace(policy.profile, one_search=True)
    found = Evidence()
    found.add(Observation("", Origin.RETRIEVED, (Document("1", "", "One.", "s"),)))
    decision = await policy.decide(replace(turn(), evidence=found), Bill())
    assert [tool["function"]["name"] for tool in sent[0]["tools"]] == ["enhance_reasoning", "answer"]
    assert decision.call is None


async def test_the_models_own_tokenizer_counts_the_prompt() -> None:
    bill = Bill()
    tokenizer = FileTokenizer(Path(__file__).with_name("golden"))
    policy = remote(replying(usage=None), Price("own", None, Decimal(1), Decimal(1)), tokenizer=tokenizer)
    await policy.decide(turn(), bill)
    (call,) = bill
    assert call.tokens_by == tokenizer.name
    assert call.charge.status is ChargeStatus.ESTIMATED
    shown = await rendered(policy.profile, turn(), POOL, tokenizer)
    written = "".join(message["content"] for message in shown["messages"]) + json.dumps(shown["tools"])
    assert call.usage is not None
    assert call.usage.input_tokens is not None
    assert 0 <= call.usage.input_tokens - await tokenizer.count(written) - TEMPLATE_TOKENS < 5


@pytest.mark.parametrize(
    "said",
    [
        "This model's maximum context length is 16384 tokens. However, you requested 20000 tokens",
        "'max_tokens' or 'max_completion_tokens' is too large: 12000. This model's maximum context length is 16384",
        "the request exceeds the available context size. try increasing the context size or enable context shift",
        "The decoder prompt (length 20000) is longer than the maximum model length of 16384 (input_tokens)",
    ],
)
async def test_a_prompt_that_the_server_finds_too_long_is_a_reason_in_plain_words(said: str) -> None:
    policy = remote(lambda request: httpx.Response(400, json={"error": {"message": said, "code": 400}}))
    with pytest.raises(PolicyFailed) as failed:
        await policy.decide(turn(), Bill())
    words = str(failed.value)
    assert words.startswith("the prompt of about ")
    assert "a reply of up to 12,000 do not fit the context of the orchestrator orchestrator" in words
    assert "--max-model-len" in words
    assert said[:40] in words


async def test_another_refusal_is_told_as_it_is() -> None:
    policy = remote(lambda request: httpx.Response(400, json={"error": {"message": "tools are off", "code": 400}}))
    with pytest.raises(PolicyFailed, match=r"did not reply: .* tools are off"):
        await policy.decide(turn(), Bill())


async def test_an_invalid_reply_is_a_problem_and_still_billed() -> None:
    bill = Bill()
    message = {"choices": [{"finish_reason": "length", "message": {"content": "<tool_call>{"}}]}
    decision = await remote(replying(**message)).decide(turn(), bill)
    assert decision.call is None
    assert "cut off" in (decision.problem or "")
    assert bill[0].charge.status is ChargeStatus.UNPRICED
    assert "127.0.0.1 is no known vendor" in bill[0].charge.source


async def test_a_server_that_refuses_ends_the_run_with_a_reason_and_a_bill() -> None:
    bill = Bill()
    with pytest.raises(PolicyFailed, match="HTTP 404"):
        await remote(lambda request: httpx.Response(404, json={"detail": "unknown model"})).decide(turn(), bill)
    assert "unknown model" in (bill[0].error or "")


async def test_the_orchestrator_is_not_asked_when_its_call_cannot_be_paid() -> None:
    bill = Bill()
    policy = remote(replying(), Price("own", None, Decimal(1), Decimal(1)))
    with pytest.raises(CannotAfford, match="raise the limit"):
        await policy.decide(turn(left=Remaining(usd=Decimal("0.0001"))), bill)
    assert bill == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("random", UniformPolicy),
        (" fixed:search-1, answer-1", FixedPolicy),
        (f"openai:{URL}/#some/model", RemotePolicy),
        (f"openai:{URL}#some/model;profile=clean", RemotePolicy),
    ],
)
def test_a_spec_names_a_policy(text: str, kind: type) -> None:
    policy = parse_spec(text, POOL, ChatClients(httpx.MockTransport(replying())))
    assert isinstance(policy, kind)
    assert policy.spec == text.replace(" ", "").replace("/#", "#")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "choose one of: embedded "),
        ("randum", "'randum' is no policy"),
        ("random:1", "is no policy"),
        ("fixed:", "must end in an answer alias"),
        ("fixed:search-1", "must end in an answer alias"),
        ("fixed:serch-1,answer-1", "unknown alias 'serch-1'"),
        ("openai:http://127.0.0.1:1/v1", "does not say which model"),
        ("openai:127.0.0.1:1/v1#m", "base_url must look like"),
        ("embedded:", "does not say which folder"),
    ],
)
def test_a_faulty_spec_is_refused_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(BadSpec) as refused:
        parse_spec(text, POOL, ChatClients(httpx.MockTransport(replying())))
    assert said in str(refused.value)


async def test_the_key_of_a_remote_policy_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    def handler(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/chat/completions"):
            return httpx.Response(404)
        seen.append(request.headers.get("authorization"))
        return httpx.Response(200, json=REPLY)

    clients = ChatClients(httpx.MockTransport(handler))
    await parse_spec(f"openai:{URL}#m", POOL, clients).decide(turn(), Bill())
    monkeypatch.setenv(KEY_ENV, "secret")
    await parse_spec(f"openai:{URL}#m", POOL, clients).decide(turn(), Bill())
    assert seen == [None, "Bearer secret"]
