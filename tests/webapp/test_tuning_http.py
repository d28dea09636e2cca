"""What a setting would choose, over HTTP: the same figures as `prefs.tuning`, followed as runs come."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.stored import fill, rank
from orchestrator.preference import PreferenceVector
from prefs.tuning.flips import flips
from prefs.tuning.forecast import forecast
from prefs.tuning.front import front
from prefs.tuning.winners import Tuning
from storage.outcomes import of_store
from tests.studies import study
from webapp.app import create_app
from webapp.services import Services, open_services
from webapp.settings import Settings

API = "/api/v1"
P = {"accuracy": 1, "cost": 0.4, "latency": 0.6}
PEOPLE = [("ann", 2.0, 0.5), ("bo", 0.4, 2.0)]
WEIGHTS = st.integers(0, 1_000_000).map(lambda units: units / 1_000_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    """Forty queries with four alternatives each, of which fifteen are ranked by two people."""
    folder: Path = tmp_path_factory.mktemp("tuning")
    async with open_services(Settings(data_dir=folder, pace=0.0, policy="random", discover=False)) as opened:
        await fill(opened.store, 40)
        await rank(opened.store, 15, PEOPLE)
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def tuning_http(filled: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(filled, page=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        await ready(client)
        yield client


async def ready(http: httpx.AsyncClient) -> dict[str, Any]:
    """What is known once everything is read."""
    for _ in range(600):
        found: dict[str, Any] = (await http.get(f"{API}/tuning")).json()
        if found["state"] != "reading":
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it was never read")


async def asked(http: httpx.AsyncClient, figure: str, **body: Any) -> dict[str, Any]:
    reply = await http.post(f"{API}/tuning/{figure}", json=body)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def alone(services: Services) -> Tuning:
    """The same database, read and packed by itself."""
    return Tuning.of([one for one, _ in of_store(services.store)])


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_page_is_told_what_there_is_to_choose_among(tuning_http: httpx.AsyncClient) -> None:
    found = await ready(tuning_http)
    assert (found["state"], found["alternatives"], found["queries"], found["single"]) == ("ready", 160, 40, 0)
    assert "answer-1" in found["called"]
    assert found["presets"]["Frugal"]["cost"] == 1.0
    assert found["examples"], "stand-ins answer, so samples cost nothing"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(accuracy=WEIGHTS, cost=WEIGHTS, latency=WEIGHTS, alias=WEIGHTS, gated=st.booleans())
async def test_the_totals_are_those_of_the_engine(
    tuning_http: httpx.AsyncClient,
    filled: Services,
    accuracy: float,
    cost: float,
    latency: float,
    alias: float,
    gated: bool,
) -> None:
    vector = {"accuracy": accuracy, "cost": cost, "latency": latency, "tools": {"answer-1": alias}}
    found = (await asked(tuning_http, "winners", preference=vector, gated=gated))["totals"]
    snapshot = await filled.tuning.now()
    rule = type(alone(filled).packed.rule)(gated)
    expected = (
        Tuning.of(snapshot.stored, rule).winners(PreferenceVector(accuracy, cost, latency, {"answer-1": alias})).totals
    )
    assert (Decimal(found["cost_usd"]), found["solved"], found["graded"]) == (
        expected.usd,
        expected.solved,
        expected.graded,
    )
    assert found["latency_s"] == pytest.approx(expected.latency_s)
    assert found["alias_share"] == dict(expected.alias_share)
    assert expected.solved_share is not None
    assert found["solved_share"]["low"] == expected.solved_share.low


async def test_every_page_of_rows_together_has_each_query_once_with_its_winner(
    tuning_http: httpx.AsyncClient, filled: Services
) -> None:
    tuning = alone(filled)
    expected = tuning.ids(tuning.winners(PreferenceVector(**P)))
    seen: dict[str, str] = {}
    for offset in range(0, 40, 15):
        page = (await asked(tuning_http, "winners", preference=P, page={"offset": offset, "limit": 15}))["page"]
        assert page["total"] == 40
        seen |= {row["query"]: row["winner"]["trajectory"] for row in page["rows"]}
    assert seen == expected


async def test_rows_are_sorted_filtered_and_compared(tuning_http: httpx.AsyncClient) -> None:
    page = {"sort": "cost", "falling": True, "limit": 40}
    rows = (await asked(tuning_http, "winners", preference=P, page=page))["page"]["rows"]
    dollars = [Decimal(row["winner"]["cost"].strip("$")) for row in rows]
    assert dollars == sorted(dollars, reverse=True)
    found = await asked(
        tuning_http, "winners", preference=P, against="Frugal", page={"which": "changed", "sort": "cost_change"}
    )
    assert found["page"]["total"] == found["against"]["changed"] > 0
    assert all(row["before"]["trajectory"] != row["winner"]["trajectory"] for row in found["page"]["rows"])
    word = rows[0]["query"].split()[0]
    searched = (await asked(tuning_http, "winners", preference=P, page={"search": word.upper()}))["page"]["rows"]
    assert searched
    assert all(word.lower() in row["query"].lower() for row in searched)


async def test_thresholds_front_and_forecast_are_those_of_the_engine(
    tuning_http: httpx.AsyncClient, filled: Services
) -> None:
    tuning, p = alone(filled), PreferenceVector(**P)
    found = (await asked(tuning_http, "flips", preference=P))["weights"]
    for name in ("accuracy", "cost", "latency"):
        expected = flips(tuning, p, name)
        assert [at for at, _ in found[name]["marks"]] == [round(float(at), 9) for at in expected.thresholds]
        assert found[name]["still"] == [round(float(end), 9) for end in expected.still()]
    best = {
        (one.totals.usd_float, one.totals.latency_s)
        for one in front(tuning, PreferenceVector(1, 0, 0)).settings
        if one.on_front
    }
    reply = await asked(tuning_http, "front", preference=P)
    assert {(one["usd"], one["latency_s"]) for one in reply["settings"]} == best
    assert len(reply["chart"]["figure"]["data"]) == 6
    expected_usd = forecast(tuning, tuning.winners(p), 5_000)
    told = (await asked(tuning_http, "forecast", preference=P, queries_a_day=5_000))["forecast"]
    assert expected_usd is not None
    assert told["figures"]["month_usd"] == expected_usd.month_usd
    assert "100% of the dollars are simulated" in told["notes"][0]


async def test_other_prices_change_dollars_and_are_told_against_those_paid(
    tuning_http: httpx.AsyncClient, filled: Services
) -> None:
    paid = await asked(tuning_http, "winners", preference=P)
    dear = await asked(tuning_http, "winners", preference=P, prices="answer-1*10")
    assert Decimal(dear["totals"]["cost_usd"]) > Decimal(paid["totals"]["cost_usd"])
    assert dear["totals"]["alias_share"].get("answer-1", 0) < paid["totals"]["alias_share"]["answer-1"]
    told = await asked(tuning_http, "repricing", preference=P, prices="answer-1*10")
    assert told["before"]["cost_usd"] == paid["totals"]["cost_usd"]
    assert told["after"]["cost_usd"] == dear["totals"]["cost_usd"]
    assert told["ballots"]["ballots"] == 15
    same = await asked(tuning_http, "winners", preference=P, prices="answer-1*1")
    assert same["totals"]["cost_usd"] == paid["totals"]["cost_usd"]


async def test_a_price_book_is_taken_in_toml_and_json_and_named_by_its_key(tuning_http: httpx.AsyncClient) -> None:
    book = (
        '[[price]]\nmodel = "gpt-5"\nfrom = 2026-01-01\ninput_usd_per_mtok = 0\noutput_usd_per_mtok = 0\n'
        'source = "a test"\nas_of = 2026-01-01\n'
    )
    as_json = (
        '{"price": [{"model": "gpt-5", "from": "2026-01-01", "input_usd_per_mtok": 0, "output_usd_per_mtok": 0, '
        '"source": "a test", "as_of": "2026-01-01"}]}'
    )
    totals = []
    for text in (book, as_json):
        made = (await tuning_http.post(f"{API}/tuning/prices", json={"text": text})).json()
        assert made["models"] == ["gpt-5"]
        told = await asked(tuning_http, "repricing", preference=P, prices=made["prices"])
        assert told["calls"]["anew"] > 0
        totals.append(told["after"]["cost_usd"])
    assert totals[0] == totals[1]
    template = (await tuning_http.get(f"{API}/tuning/prices")).json()["template"]
    assert (await tuning_http.post(f"{API}/tuning/prices", json={"text": template})).status_code == 201


@pytest.mark.parametrize(
    ("figure", "body", "status", "says"),
    [
        ("winners", {"prices": "answer-1*minus"}, 422, "multiplied by 0 to 1000"),
        ("winners", {"prices": "answer-99*2"}, 422, "unknown alias"),
        ("winners", {"prices": "book:0000"}, 404, "paste it again"),
        ("winners", {"preference": "Cheap"}, 422, "choose one of: Balanced"),
        ("winners", {"preference": {"cost": 2}}, 422, "from 0 to 1"),
        ("forecast", {"queries_a_day": 0}, 422, "greater than or equal to 1"),
        ("prices", {"text": "[[price]]\nmodel = 3"}, 422, "'model' is missing"),
        ("prices", {"text": '{"price": [{"from": "soon"}]}'}, 422, "soon"),
        ("prices", {"text": ""}, 422, "no [[price]] entry"),
    ],
)
async def test_what_makes_no_sense_is_a_problem_that_says_so(
    tuning_http: httpx.AsyncClient, figure: str, body: dict[str, Any], status: int, says: str
) -> None:
    reply = await tuning_http.post(f"{API}/tuning/{figure}", json=body)
    assert reply.status_code == status
    assert says in reply.json()["detail"]


async def test_routes_are_counted_of_winners_and_of_everything(tuning_http: httpx.AsyncClient) -> None:
    of_winners = (await asked(tuning_http, "routes", preference=P))["chart"]
    of_all = (await asked(tuning_http, "routes", preference=P, of="all"))["chart"]
    assert of_winners["summary"].startswith("40 winners took")
    assert of_all["summary"].startswith("160 stored alternatives took")
    flow = of_all["figure"]["data"][0]
    assert max(flow["link"]["target"]) < len(flow["node"]["label"])
    assert all(a < b for a, b in zip(flow["link"]["source"], flow["link"]["target"], strict=True)), "no cycles"


async def test_revealed_weights_are_told_by_annotator_study_and_domain(
    tuning_http: httpx.AsyncClient, filled: Services
) -> None:
    async def groups(by: str) -> dict[str, Any]:
        reply = (await tuning_http.get(f"{API}/tuning/revealed", params={"by": by})).json()
        return {one["name"]: one for one in reply["groups"]}

    everybody = (await groups("everybody"))["everybody"]
    assert everybody["rankings"] == 30
    assert everybody["weights"]["cost"]["low"] <= everybody["weights"]["cost"]["mean"]
    assert max(everybody["adopt"][name] for name in ("accuracy", "cost", "latency")) == 1.0
    annotators = await groups("annotator")
    assert len(annotators) == 2
    assert all(name.startswith("anon-") for name in annotators), "names stay here"
    assert list(await groups("study")) == ["no study"]
    ballots = [found for n in range(4) if (found := filled.store.ballot(f"b{n}")) is not None]
    from storage.studies import Studies  # noqa: PLC0415

    await Studies(filled.store).create(study(id="s-tune", name="Team A"), ballots)
    by_study = await groups("study")
    assert by_study["Team A"]["rankings"] == 8
    assert by_study["Team A"]["adopt"] is None, "ten rankings are needed"
    assert by_study["no study"]["rankings"] == 22
    assert set(await groups("domain")) <= {
        "arithmetic",
        "code",
        "lookup",
        "two_hop",
        "dates_units",
        "reasoning",
        "other",
    }


async def test_what_has_come_is_taken_in_without_reading_all_again(tmp_path: Path) -> None:
    async with open_services(Settings(data_dir=tmp_path, pace=0.0, policy="random", discover=False)) as services:
        transport = httpx.ASGITransport(create_app(services, page=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            assert (await ready(http))["state"] == "empty"
            nothing = await http.post(f"{API}/tuning/winners", json={})
            assert nothing.status_code == 422
            assert "nothing is stored yet" in nothing.json()["detail"]
            body = {"query": "What is 17% of 2,340?", "alternatives": 3, "vary": True, "limits": {"turns": 6}}
            run = (await http.post(f"{API}/runs", json=body)).json()["id"]
            for _ in range(200):
                found = await ready(http)
                if found.get("alternatives") == 3:
                    break
                await asyncio.sleep(0.1)
            assert (found["alternatives"], found["queries"]) == (3, 1)
            row = (await asked(http, "winners", page={}))["page"]["rows"][0]
            assert row["winner"]["run"] == run
