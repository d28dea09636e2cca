"""What an operator scrapes must be what the database holds, and its labels must not grow by what strangers ask for."""

from collections import Counter
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from tests.webapp.test_http import API, asked


async def scraped(http: httpx.AsyncClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Each sample by its name and labels."""
    reply = await http.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(reply.text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def total(samples: dict[Any, float], name: str, **labels: str) -> float:
    wanted = set(labels.items())
    return sum(value for (of, have), value in samples.items() if of == name and wanted <= set(have))


async def test_steps_calls_and_dollars_are_those_of_the_record(http: httpx.AsyncClient) -> None:
    run = await asked(http)
    samples = await scraped(http)
    steps = [step for one in run["trajectories"] for step in one["steps"]]
    calls = [call for step in steps for call in step["calls"]]
    assert total(samples, "podium_steps_total") == len(steps)
    assert total(samples, "podium_trajectories_ended_total") == 3
    assert total(samples, "podium_trajectories_running") == 0
    for (role, alias), count in Counter((call["role"], call["alias"] or "none") for call in calls).items():
        assert total(samples, "podium_calls_total", role=role, alias=alias) == count
    dollars = sum(Decimal(call["charge"]["usd"] or 0) for call in calls)
    assert total(samples, "podium_call_dollars_total") == pytest.approx(float(dollars))
    assert total(samples, "podium_unpriced_calls_total") == sum(call["charge"]["usd"] is None for call in calls)


async def test_replies_are_counted_by_route_and_never_by_id(http: httpx.AsyncClient) -> None:
    run = await asked(http)
    await http.get(f"{API}/runs/nowhere")
    samples = await scraped(http)
    route = f"{API}/runs/{{run_id}}"
    assert total(samples, "podium_http_replies_total", route=route, status="404") == 1
    assert total(samples, "podium_http_replies_total", route=route, status="200") > 0
    assert total(samples, "podium_http_reply_seconds_count", route=route, method="GET") == total(
        samples, "podium_http_replies_total", route=route, method="GET"
    )
    assert not any(run["id"] in str(name) for name in samples)


async def test_refusals_of_the_guard_are_counted_too(http: httpx.AsyncClient) -> None:
    await http.post(f"{API}/runs", json={"query": "hello"}, headers={"Origin": "http://evil.test"})
    assert total(await scraped(http), "podium_http_replies_total", status="403") == 1


@given(paths=st.lists(st.text("abc/%.-é", max_size=20), max_size=8), method=st.text("ABCXYZ", min_size=1, max_size=9))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_strange_addresses_and_methods_share_one_label(
    http: httpx.AsyncClient, paths: list[str], method: str
) -> None:
    for path in paths:
        await http.request(method, f"/{path.lstrip('/')}")
    labels = [dict(labels) for name, labels in await scraped(http) if name == "podium_http_replies_total"]
    routes, methods = {one["route"] for one in labels}, {one["method"] for one in labels}
    assert routes <= {"elsewhere", "/metrics"}
    assert methods <= {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
