import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.pool import Pool
from orchestrator.pool_file import parse_pool
from webapp.discovery import Found, FoundModel, ServerKind
from webapp.found_pool import Candidate, found_pool


def server(kind: ServerKind, port: int, *names: str, context_tokens: int | None = None) -> Found:
    return Found(kind, f"http://127.0.0.1:{port}/v1", tuple(FoundModel(name, context_tokens) for name in names))


def pool(*servers: Found) -> Pool:
    return parse_pool(found_pool(servers), "pool.toml")


def models(found: Pool) -> dict[str, str]:
    return {entry.alias: entry.model for entry in found.entries}


def test_models_are_spread_over_the_aliases_by_what_they_are_for_and_by_size() -> None:
    names = ("qwen3:1.7b", "qwen3:32b", "qwen2.5-coder:7b", "qwen2-math:7b", "nomic-embed-text:latest", "qwen3:8b")
    written = pool(server(ServerKind.OLLAMA, 11434, *names))
    assert models(written) == {
        "search-1": "qwen3:32b",
        "search-2": "qwen3:8b",
        "search-3": "qwen3:1.7b",
        "reasoner-1": "qwen2.5-coder:7b",
        "answer-1": "qwen3:32b",
        "answer-2": "qwen3:8b",
        "answer-4": "qwen3:1.7b",
        "answer-math-1": "qwen2-math:7b",
    }
    assert "largest here (32B)" in written["answer-1"].description
    assert "smallest here (1.7B)" in written["answer-4"].description


def test_everything_found_is_free_and_runs_on_this_machine() -> None:
    written = pool(server(ServerKind.OLLAMA, 11434, "qwen3:8b"), server(ServerKind.VLLM, 8001, "Qwen/Qwen3-32B"))
    for entry in written.entries:
        assert entry.self_hosted
        assert entry.price is not None
        assert entry.price.input_usd_per_mtok == entry.price.output_usd_per_mtok == 0
        assert entry.price.source == "runs on this machine"


def test_a_server_that_may_pass_calls_on_gets_no_price() -> None:
    written = pool(server(ServerKind.OTHER, 8080, "gpt-5"))
    assert written["answer-1"].price is None
    assert written["answer-1"].self_hosted


def test_a_model_that_runs_in_a_cloud_is_left_out() -> None:
    text = found_pool([server(ServerKind.OLLAMA, 11434, "gpt-oss:120b-cloud", "gpt-oss:20b")])
    assert set(models(parse_pool(text, "p")).values()) == {"gpt-oss:20b"}
    assert "#   gpt-oss:120b-cloud (ollama)" in text


def test_an_orchestrator_routes_and_is_no_expert() -> None:
    written = pool(
        server(ServerKind.VLLM, 8001, "nvidia/Nemotron-Orchestrator-8B", context_tokens=40_960),
        server(ServerKind.OLLAMA, 11434, "qwen3:8b"),
    )
    assert written.orchestrator is not None
    assert written.orchestrator.served.model == "nvidia/Nemotron-Orchestrator-8B"
    assert written.orchestrator.served.endpoint.base_url == "http://127.0.0.1:8001/v1"
    assert set(models(written).values()) == {"qwen3:8b"}


def test_an_orchestrator_alone_gets_simulated_experts() -> None:
    written = pool(server(ServerKind.VLLM, 8001, "orchestrator", context_tokens=8_192))
    assert written.orchestrator is not None
    assert written.orchestrator.served.sampling.max_tokens < 8_192
    assert all(entry.simulated for entry in written.entries)


def test_two_servers_of_a_kind_keep_their_models_apart() -> None:
    written = pool(server(ServerKind.VLLM, 8001, "big-70b"), server(ServerKind.VLLM, 8002, "small-1b"))
    addresses = {entry.model: entry.endpoint.base_url for entry in written.entries if entry.endpoint is not None}
    assert addresses == {"big-70b": "http://127.0.0.1:8001/v1", "small-1b": "http://127.0.0.1:8002/v1"}


@pytest.mark.parametrize("names", [(), ("nomic-embed-text",), ("gpt-oss:120b-cloud",)])
def test_nothing_that_could_chat_is_no_pool(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no model server"):
        found_pool([server(ServerKind.OLLAMA, 11434, *names)])


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("qwen3:8b", 8),
        ("Qwen/Qwen3-32B", 32),
        ("qwen3:30b-a3b", 30),
        ("mixtral:8x7b-instruct-q4_K_M", 56),
        ("llama3.3:70b-instruct-q4_K_M", 70),
        ("Qwen/Qwen2.5-0.5B-Instruct", 0.5),
        ("gemma3:270m", 0.27),
        ("phi4:latest", None),
        ("gpt-5", None),
    ],
)
def test_the_size_is_read_from_the_name(name: str, billions: float | None) -> None:
    assert Candidate("s", ServerKind.OTHER, FoundModel(name)).billions == billions


NAMES = st.text(st.sampled_from(string.printable[:95] + "éß漢🙂"), min_size=1, max_size=12).filter(
    lambda name: name.isprintable() and name.strip()
)
SIZED = st.builds(lambda family, size: f"{family}:{size}b", st.sampled_from(["m", "coder", "math"]), st.integers(1, 99))
SERVERS = st.lists(
    st.builds(
        Found,
        st.sampled_from(ServerKind),
        st.integers(1, 5).map(lambda port: f"http://127.0.0.1:{port}/v1"),
        st.lists(st.builds(FoundModel, NAMES | SIZED, st.none() | st.integers(1, 10**6)), max_size=6).map(tuple),
    ),
    max_size=4,
    unique_by=lambda found: found.base_url,
)


@given(SERVERS)
def test_whatever_is_found_makes_a_pool_that_loads_or_none(found: list[Found]) -> None:
    try:
        text = found_pool(found)
    except ValueError:
        return
    written = parse_pool(text, "p")
    offered = {(server.base_url, " ".join(model.name.split())) for server in found for model in server.models}
    for entry in written.entries:
        assert entry.endpoint is None or (entry.endpoint.base_url, entry.model) in offered
