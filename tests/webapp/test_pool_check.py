import asyncio
import json
import socket
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.model_call import ChargeStatus
from orchestrator.pool import (
    Endpoint,
    Orchestrator,
    Pool,
    PoolEntry,
    Price,
    Sampling,
    SearchBackend,
    SearchKind,
    ServedModel,
)
from orchestrator.prices import PriceBook
from tests.servers.conformance import MODEL, Asked, Conformance, Dialect, conforming
from tests.servers.reply import ABSENT, Refusal, Reply
from tests.servers.searching import Passage, Searching, searching
from webapp.cli import main
from webapp.pool_check import AT_ONCE_PER_ENDPOINT, tried
from webapp.pool_trial import Trial, TrialState, spent

BOOK = PriceBook(())
PRICE = Price("our contract", date(2026, 1, 2), Decimal(1), Decimal(10))
USAGE = {"prompt_tokens": 20, "completion_tokens": 3, "total_tokens": 23}
SAYS = Reply(content="5", usage=USAGE)


def entry(alias: str, endpoint: Endpoint | None, model: str = "m", **more: Any) -> PoolEntry:
    return PoolEntry(alias, model, "d", 1.0, **{"price": PRICE, **more}, endpoint=endpoint)


def pool(*entries: PoolEntry, **more: Any) -> Pool:
    return Pool("p", entries, **more)


def refused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def only(pool: Pool, **how: Any) -> Trial:
    (trial,) = await tried(pool, BOOK, **how)
    return trial


async def test_one_call_speaks_for_all_aliases_that_ask_a_model_the_same_way() -> None:
    server = Conformance(SAYS)
    async with conforming(server) as there:
        endpoint = Endpoint(f"{there.url}/v1")
        trials = await tried(
            pool(entry("search-1", endpoint), entry("answer-1", endpoint), entry("answer-2", endpoint, "other")), BOOK
        )
    assert [asked.model for asked in server.asked] == ["m", "other"]
    assert [trial.state for trial in trials] == [TrialState.REACHED] * 3
    assert [trial.shares for trial in trials] == [None, "search-1", None]
    assert spent(trials) == (2, 2 * Decimal("0.00005"), 0)


async def test_an_alias_that_asks_differently_is_tried_by_itself() -> None:
    def plan(asked: Asked) -> Reply | Refusal:
        return (
            SAYS
            if asked.body.get("temperature") == 1
            else Refusal(400, {"error": {"message": "temperature must be 1"}})
        )

    async with conforming(Conformance(plan)) as there:
        endpoint = Endpoint(f"{there.url}/v1")
        right = entry("answer-1", endpoint, sampling=Sampling(temperature=1.0))
        trials = await tried(pool(right, entry("answer-2", endpoint)), BOOK)
    assert [trial.state for trial in trials] == [TrialState.REACHED, TrialState.UNREACHABLE]
    assert "temperature must be 1" in trials[1].detail


async def test_the_call_is_small_and_is_charged_at_the_price_of_the_pool() -> None:
    server = Conformance(SAYS)
    async with conforming(server) as there:
        sampling = Sampling(temperature=0.7, max_tokens=9_000)
        trial = await only(pool(entry("answer-1", Endpoint(f"{there.url}/v1"), sampling=sampling)))
    (asked,) = server.asked
    assert (asked.body["max_tokens"], asked.body["temperature"]) == (64, 0.7)
    assert trial.charge is not None
    assert (trial.charge.usd, trial.charge.status) == (Decimal("0.00005"), ChargeStatus.PRICED)
    assert trial.latency_s is not None
    assert trial.result.endswith(" ms")
    assert (trial.call, trial.price) == ("$0.00005", "$1 in, $10 out per Mtok (our contract, 2026-01-02)")


async def test_every_model_that_the_pool_names_is_tried_in_order() -> None:
    server = Conformance(SAYS)
    async with conforming(server) as there:
        endpoint = Endpoint(f"{there.url}/v1")
        models = {name: ServedModel(name, endpoint, PRICE) for name in ("fallback", "routes", "judges")}
        named = pool(
            entry("search-1", None),
            entry("answer-1", endpoint, fallback=models["fallback"]),
            orchestrator=Orchestrator(models["routes"]),
            judge=models["judges"],
        )
        trials = await tried(named, BOOK)
    assert [(trial.name, trial.model, trial.state.value) for trial in trials] == [
        ("search-1", "m", "simulated"),
        ("answer-1", "m", "reached"),
        ("answer-1 fallback", "fallback", "reached"),
        ("orchestrator", "routes", "reached"),
        ("judge", "judges", "reached"),
    ]
    assert [asked.model for asked in server.asked if "tools" in asked.body] == ["routes"]


async def test_a_server_without_a_parser_of_tool_calls_is_found_out_before_a_run() -> None:
    def plan(asked: Asked) -> Reply | Refusal:
        said = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
        return Refusal(400, {"error": {"message": said}}) if "tools" in asked.body else SAYS

    async with conforming(Conformance(plan)) as there:
        served = ServedModel("m", Endpoint(f"{there.url}/v1"), PRICE)
        trials = await tried(pool(entry("answer-1", served.endpoint), orchestrator=Orchestrator(served)), BOOK)
    assert [trial.state for trial in trials] == [TrialState.REACHED, TrialState.UNREACHABLE]
    assert "--enable-auto-tool-choice" in trials[1].detail


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Refusal(404, {"error": {"message": "The model `m` does not exist"}}), "The model `m` does not exist"),
        (Refusal(500, {"error": {"message": "boom"}}), "HTTP 500: boom"),
        (Refusal(429, {"error": {"message": "slow down"}}), "too many calls"),
        (Refusal(200, b"<html>login</html>", "text/html"), "did not reply with JSON"),
    ],
)
async def test_why_a_model_cannot_be_used_is_said_in_plain_words(said: Refusal, words: str) -> None:
    server = Conformance(said)
    async with conforming(server) as there:
        trial = await only(pool(entry("answer-1", Endpoint(f"{there.url}/v1"))))
    assert trial.state is TrialState.UNREACHABLE
    assert words in trial.detail
    assert len(server.asked) == 1, "a check tries once"


async def test_a_server_that_is_not_there_refuses_and_one_that_is_silent_runs_out_of_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        gone = Endpoint(f"http://127.0.0.1:{refused_port()}/v1")
        mute = Endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        trials = await tried(pool(entry("answer-1", gone), entry("answer-2", mute)), BOOK, timeout_s=0.5)
    assert "refused the connection" in trials[0].detail
    assert "within 0.5 s" in trials[1].detail or "stopped replying" in trials[1].detail


async def test_a_wrong_key_is_said_and_no_key_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with conforming(Conformance(SAYS, Dialect(key="right"))) as there:
        endpoint = Endpoint(f"{there.url}/v1", "CHECKED_KEY")
        named = pool(entry("answer-1", endpoint))
        assert "set the environment variable CHECKED_KEY" in (await only(named)).detail
        monkeypatch.setenv("CHECKED_KEY", "canary-sk-123")
        wrong = await only(named)
        assert "is the key in CHECKED_KEY right?" in wrong.detail
        monkeypatch.setenv("CHECKED_KEY", "right")
        assert (await only(named)).state is TrialState.REACHED
    assert "canary" not in json.dumps(wrong.record())


async def test_a_server_that_counts_no_tokens_leaves_an_estimate() -> None:
    async with conforming(Conformance(Reply(content="5", usage=ABSENT))) as there:
        trial = await only(pool(entry("answer-1", Endpoint(f"{there.url}/v1"))))
    assert trial.charge is not None
    assert trial.charge.status is ChargeStatus.ESTIMATED


async def test_a_server_is_asked_only_a_few_things_at_a_time() -> None:
    server = Conformance(replace(SAYS, waits_s=0.05))
    async with conforming(server) as there:
        endpoint = Endpoint(f"{there.url}/v1")
        aliases = ("search-1", "search-2", "search-3", "answer-1", "answer-2", "answer-3", "answer-4")
        await tried(pool(*(entry(alias, endpoint, f"m-{alias}") for alias in aliases)), BOOK)
    assert 1 < server.most_at_work <= AT_ONCE_PER_ENDPOINT


async def test_without_a_call_only_the_list_of_models_is_looked_at() -> None:
    server = Conformance(SAYS)
    async with conforming(server) as there:
        endpoint = Endpoint(f"{there.url}/v1")
        search = SearchBackend(SearchKind.TAVILY, Endpoint(there.url))
        named = pool(entry("answer-1", endpoint, MODEL), entry("answer-2", endpoint, "other"), search=search)
        trials = await tried(named, BOOK, call=False)
    assert not server.asked
    assert [trial.state.value for trial in trials] == ["reached", "unreachable", "not tried"]
    assert f"does not list other; it lists {MODEL}" in trials[1].detail
    assert spent(trials) == (0, 0, 0)


async def test_without_a_call_a_server_that_lists_nothing_is_there_and_one_that_is_gone_is_not() -> None:
    async with searching(Searching(lambda query: [])) as there:
        gone = Endpoint(f"http://127.0.0.1:{refused_port()}/v1")
        named = pool(entry("answer-1", Endpoint(there.url)), entry("answer-2", gone))
        trials = await tried(named, BOOK, call=False)
    assert [trial.state for trial in trials] == [TrialState.REACHED, TrialState.UNREACHABLE]
    assert "lists no models" in trials[0].detail


@pytest.mark.parametrize("kind", [SearchKind.RETRIEVE, SearchKind.TAVILY, SearchKind.SEARXNG])
async def test_a_search_backend_is_tried_with_one_search(kind: SearchKind) -> None:
    server = Searching(lambda query: [Passage(f"about {query}", url="https://example.com/a", title="A")])
    async with searching(server) as there:
        backend = SearchBackend(kind, Endpoint(there.url), 8, Decimal("0.008"), "our plan", date(2026, 1, 2))
        trials = await tried(pool(entry("answer-1", None), search=backend), BOOK)
    trial = trials[-1]
    assert (trial.name, trial.model, trial.state) == ("search", kind.value, TrialState.REACHED)
    assert len(server.asked) == 1
    assert trial.charge is not None
    assert trial.charge.usd == Decimal("0.008")
    assert trial.price == "$0.008 per search (our plan, 2026-01-02)"


async def test_a_search_backend_that_refuses_says_why() -> None:
    async with searching(Searching(lambda query: Refusal(500, {"detail": "index is gone"}))) as there:
        backend = SearchBackend(SearchKind.RETRIEVE, Endpoint(there.url))
        trials = await tried(pool(entry("answer-1", None), search=backend), BOOK)
    assert trials[-1].state is TrialState.UNREACHABLE
    assert "index is gone" in trials[-1].detail


async def test_progress_counts_up_to_the_number_of_trials() -> None:
    heard: list[tuple[int, int, str]] = []
    async with conforming(Conformance(SAYS)) as there:
        endpoint = Endpoint(f"{there.url}/v1")
        named = pool(entry("answer-1", endpoint), entry("answer-2", endpoint, "other"))
        await tried(named, BOOK, on_progress=lambda *told: heard.append(told))
    assert [told[:2] for told in heard] == [(1, 2), (2, 2)]


def pool_file(tmp_path: Path, base_url: str) -> str:
    path = tmp_path / "pool.toml"
    path.write_text(
        f'name = "here"\n[alias.answer-1]\nmodel = "m"\nbase_url = "{base_url}"\ndescription = "d"\nlatency_s = 3\n'
        'self_hosted = true\nprice = { input_usd_per_mtok = 1, output_usd_per_mtok = 10, source = "us" }\n'
    )
    return str(path)


async def podium(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = await asyncio.to_thread(main, arguments)
    out, err = capsys.readouterr()
    return code, out, err


async def test_the_command_prints_a_row_for_each_and_progress_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with conforming(Conformance(SAYS)) as there:
        file = pool_file(tmp_path, f"{there.url}/v1")
        code, out, err = await podium(capsys, "pool", "check", "--pool", file)
    header, row = out.splitlines()
    assert code == 0
    assert header.split() == ["alias", "model", "endpoint", "result", "call", "price"]
    assert row.split()[:3] == ["answer-1", "m", f"{there.url}/v1"]
    assert " ms " in row
    assert "$0.00005" in row
    assert "1/1 m at" in err
    assert "$0.00005" in err


async def test_the_command_ends_with_one_where_something_cannot_be_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = pool_file(tmp_path, f"http://127.0.0.1:{refused_port()}/v1")
    for more in ((), ("--no-call",), ("--json",)):
        code, out, _ = await podium(capsys, "pool", "check", "--pool", file, *more)
        assert code == 1
        assert "refused the connection" in out


async def test_the_command_writes_one_object_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with conforming(Conformance(SAYS)) as there:
        file = pool_file(tmp_path, f"{there.url}/v1")
        code, out, _ = await podium(capsys, "pool", "check", "--pool", file, "--json")
    told = json.loads(out)
    (trial,) = told.pop("trials")
    assert code == 0
    assert told == {"pool": "here", "calls": 1, "cost_usd": "0.00005", "unpriced_calls": 0}
    assert trial.pop("latency_ms") > 0
    assert trial == {
        "name": "answer-1",
        "model": "m",
        "endpoint": f"{there.url}/v1",
        "state": "reached",
        "detail": "",
        "call": {"usd": "0.00005", "status": "priced", "source": "us"},
        "call_of": None,
        "price": {
            "input_usd_per_mtok": "1",
            "cached_usd_per_mtok": None,
            "output_usd_per_mtok": "10",
            "usd_per_gpu_hour": None,
            "source": "us",
            "as_of": None,
        },
    }


@pytest.mark.parametrize(
    ("said", "words"),
    [('profile = "trian"', "did you mean 'train'"), ('tokenizer = "tokenizer.json"', "tokenizer.json")],
)
def test_the_command_refuses_a_profile_or_a_tokenizer_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: str, words: str
) -> None:
    (tmp_path / "tokenizer.json").write_text("not a tokenizer")
    file = Path(pool_file(tmp_path, "http://127.0.0.1:9/v1"))
    text = file.read_text("utf-8")
    file.write_text(f'{text}[orchestrator]\nmodel = "o"\nbase_url = "http://127.0.0.1:9/v1"\n{said}\n', "utf-8")
    assert main(("pool", "check", "--pool", str(file))) == 2
    assert words in capsys.readouterr().err


async def test_the_command_discover_writes_a_pool_that_the_command_check_can_try(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "found.toml"
    async with conforming(Conformance(SAYS)) as there:
        code, out, err = await podium(capsys, "pool", "discover", "--port", str(there.port))
        assert code == 0
        assert f"{there.url}/v1 ({MODEL})" in out
        assert "--out" in err
        assert (await podium(capsys, "pool", "discover", "--port", str(there.port), "--out", str(file)))[0] == 0
        code, out, _ = await podium(capsys, "pool", "check", "--pool", str(file), "--json")
        again, _, complaint = await podium(capsys, "pool", "discover", "--port", str(there.port), "--out", str(file))
    tried_here = [trial for trial in json.loads(out)["trials"] if trial["endpoint"] == f"{there.url}/v1"]
    assert [trial["name"] for trial in tried_here] == ["orchestrator"]
    assert tried_here[0]["state"] == "reached"
    assert again == 2
    assert "exists" in complaint
