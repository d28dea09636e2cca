"""vLLM's metrics are read whatever the version, and two readings give rates."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.serving_metrics import ServingMetrics, rates, read_metrics

NOW = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="orchestrator"} 3.0
vllm:num_requests_waiting{engine="0",model_name="orchestrator"} 2.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="orchestrator",reason="capacity"} 2.0
vllm:kv_cache_usage_perc{engine="0",model_name="orchestrator"} 0.25
vllm:prefix_cache_queries_total{engine="0",model_name="orchestrator"} 10000.0
vllm:prefix_cache_queries_created{engine="0",model_name="orchestrator"} 1.79e+09
vllm:prefix_cache_hits_total{engine="0",model_name="orchestrator"} 8300.0
vllm:external_prefix_cache_hits_total{engine="0",model_name="orchestrator"} 5.0
vllm:prompt_tokens_total{engine="0",model_name="orchestrator"} 10000.0
vllm:prompt_tokens_by_source_total{engine="0",model_name="orchestrator",source="local_compute"} 1700.0
vllm:generation_tokens_total{engine="0",model_name="orchestrator"} 500.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="0.1",model_name="orchestrator"} 4.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="0.5",model_name="orchestrator"} 10.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="orchestrator"} 10.0
vllm:time_to_first_token_seconds_count{engine="0",model_name="orchestrator"} 10.0
vllm:time_to_first_token_seconds_sum{engine="0",model_name="orchestrator"} 2.5
process_resident_memory_bytes 2.5e+09
"""
OLD = """\
vllm:num_requests_running{model_name="old"} 1.0
vllm:num_requests_waiting{model_name="old"} 0.0
vllm:gpu_cache_usage_perc{model_name="old"} 0.5
vllm:gpu_prefix_cache_queries{model_name="old"} 100.0
vllm:gpu_prefix_cache_hits{model_name="old"} 40.0
vllm:generation_tokens_total{model_name="old"} 77.0 1700000000000
"""


def test_a_server_of_today_is_read() -> None:
    read = read_metrics(NOW, "orchestrator")
    assert read is not None
    assert (read.models, read.running, read.waiting, read.cache_used) == (("orchestrator",), 3, 2, 0.25)
    assert (read.prompt_tokens, read.generation_tokens) == (10_000, 500)
    assert read.prefix_hit_rate == 0.83
    assert read.first_token == ((0.1, 4), (0.5, 10), (math.inf, 10))


def test_names_of_older_versions_are_known() -> None:
    read = read_metrics(OLD)
    assert read is not None
    assert (read.running, read.waiting, read.cache_used, read.generation_tokens) == (1, 0, 0.5, 77)
    assert read.prefix_hit_rate == 0.4
    assert (read.prompt_tokens, read.first_token) == (None, ())


def test_one_of_several_models_is_picked_and_engines_are_added_up() -> None:
    both = NOW + NOW.replace('engine="0"', 'engine="1"').replace("0.25", "0.75") + OLD
    read = read_metrics(both, "orchestrator")
    assert read is not None
    assert (read.models, read.running, read.cache_used) == (("orchestrator",), 6, 0.75)
    everything = read_metrics(both, "a name the metrics do not know")
    assert everything is not None
    assert (everything.models, everything.running) == (("orchestrator", "old"), 7)


@pytest.mark.parametrize("text", ["", "<html>Not found</html>", "go_goroutines 7\n", "vllm:num_requests_running NaN\n"])
def test_what_is_no_such_server_is_nothing(text: str) -> None:
    assert read_metrics(text) is None


def test_what_a_version_leaves_out_is_unknown_and_not_zero() -> None:
    assert read_metrics("vllm:num_requests_running 1") == ServingMetrics((), running=1)


def test_two_readings_give_rates() -> None:
    before, after = read_metrics(NOW), read_metrics(later(NOW))
    assert before is not None
    assert after is not None
    found = rates(before, after, 2.0)
    assert found.generation_tokens_per_s == 412
    assert found.prompt_tokens_per_s == 500
    assert found.prefix_hit_rate == 0.9
    assert found.first_token_s == pytest.approx(0.3)


def later(text: str) -> str:
    """Two seconds later: 824 tokens written, 1,000 read, 900 of them cached, four requests between 0.1 and 0.5 s."""
    changes = {" 10000.0": " 11000.0", " 8300.0": " 9200.0", " 500.0": " 1324.0", " 10.0": " 14.0"}
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def test_a_server_that_started_anew_has_no_rates() -> None:
    before, after = read_metrics(later(NOW)), read_metrics(NOW)
    assert before is not None
    assert after is not None
    found = rates(before, after, 2.0)
    assert (found.generation_tokens_per_s, found.prefix_hit_rate, found.first_token_s) == (None, None, None)


def test_where_nothing_was_asked_there_is_no_hit_rate() -> None:
    same = read_metrics(NOW)
    assert same is not None
    found = rates(same, same, 3.0)
    assert (found.generation_tokens_per_s, found.prefix_hit_rate, found.first_token_s) == (0, None, None)


@given(st.text() | st.lists(st.sampled_from([*NOW.splitlines(), "vllm:x{", 'vllm:y{a="\\"}"} 1', "\0"])).map("\n".join))
def test_no_text_breaks_the_reading(text: str) -> None:
    read = read_metrics(text, "orchestrator")
    if read is not None:
        assert read.prefix_hit_rate is None or 0 <= read.prefix_hit_rate <= 1
        rates(read, read, 1.0)
