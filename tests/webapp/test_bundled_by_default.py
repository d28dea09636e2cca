"""Out of the box the bundled orchestrator routes: where it is named, who may choose it, and when it says its limits."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.embedded.checkpoint import BUNDLED, FILES
from orchestrator.pool import Endpoint, Pool
from orchestrator.rehearsal.world import rehearsal_pool
from tests.servers.conformance import Conformance, conforming
from tests.servers.orchestra import EXPERT, pool_toml
from tests.servers.patience import until
from tests.servers.reply import Reply
from webapp.app import create_app
from webapp.asking import Asking
from webapp.cli import main
from webapp.evaluation.opening import opened
from webapp.policy_words import policy_words, rehearsal_notice
from webapp.services import Services, open_services
from webapp.settings import Settings

ROOT = Path(__file__).parents[2]
QUERY = "By how many metres is Mount Kenya higher than Mount Kinabalu?"
REAL = replace(rehearsal_pool().entries[0], endpoint=Endpoint("http://127.0.0.1:9/v1"))


@pytest.fixture
def unnamed(settings: Settings) -> Settings:
    """Settings of somebody who names no policy."""
    return replace(settings, policy=None)


def client(services: Services) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(services, page=False))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


def real_pool(*, all_real: bool = False) -> Pool:
    rest = rehearsal_pool().entries[1:]
    return Pool("mine", (REAL, *(replace(e, endpoint=REAL.endpoint) if all_real else e for e in rest)))


async def test_without_a_policy_the_bundled_orchestrator_routes_and_says_why(unnamed: Settings) -> None:
    async with open_services(unnamed) as services, client(services) as http:
        assert services.words.startswith("Policy: the bundled small orchestrator (")
        assert (await http.get("/readyz")).json()["policy"] == "embedded"
        live = await services.ask(Asking(QUERY))
        async for snapshot in services.runs.follow(live.run.id, every_s=0.0):
            last = snapshot
        (trajectory,) = last.trajectories
        assert (trajectory.policy, trajectory.stop_reason) == ("embedded", "answered")
        assert all(step.call is not None and step.call.model in step.thought for step in trajectory.steps)
        assert all(step.calls[0].model.startswith("podium-orchestrator") for step in trajectory.steps)
        assert services.workshop.notices == ()


async def test_without_a_policy_an_evaluation_is_of_the_bundled_orchestrator(unnamed: Settings) -> None:
    async with opened(unnamed, save=False) as made:
        assert made.workshop.policy == "embedded"
        assert list(made.policies(["embedded", "nearest"])) == ["embedded", "nearest"]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("embedded", r"the bundled small orchestrator \(\d\.\d million parameters\), trained in the rehearsal world\."),
        ("embedded:/models/ours", r"the small orchestrator in /models/ours, trained in the rehearsal world\."),
        ("nearest", r"nearest\. It does, by rule, what the most similar rehearsal question needs"),
        ("random", r"random\. It picks any available alias by chance; nothing about it is learned\."),
        ("fixed:search-1,answer-1", r"a fixed route \(search-1, then answer-1\)\."),
        ("openai:http://127.0.0.1:8001/v1#m;profile=clean", r"m at http://127\.0\.0\.1:8001/v1, prompted as clean\."),
        ("transformers:/models/small", r"transformers:/models/small\."),
    ],
)
def test_every_policy_is_named_in_plain_words(spec: str, said: str) -> None:
    assert re.match(f"Policy: {said}", policy_words(spec))


@pytest.mark.parametrize("all_real", [False, True])
def test_beside_a_real_expert_the_rehearsed_policy_names_the_orchestrator_for_real_work(all_real: bool) -> None:
    said = rehearsal_notice("embedded", real_pool(all_real=all_real))
    assert said is not None
    assert said.startswith("The bundled small orchestrator learned in the rehearsal world, with stand-ins")
    for named in ("prices", "Nemotron-Orchestrator-8B", "`make vllm`", "docs/serving.md"):
        assert named in said
    assert (ROOT / "docs/serving.md").exists()
    assert "/models/ours" in (rehearsal_notice("embedded:/models/ours", real_pool()) or "")


def test_there_is_no_notice_among_stand_ins_or_under_another_policy() -> None:
    assert rehearsal_notice("embedded", rehearsal_pool()) is None
    for spec in ("random", "nearest", "fixed:answer-1", "openai:http://127.0.0.1:9/v1#m", "transformers:/models/m"):
        assert rehearsal_notice(spec, real_pool()) is None


async def test_the_notice_comes_and_goes_with_the_pool_and_stands_behind_a_fault_of_its_file(
    unnamed: Settings, tmp_path: Path
) -> None:
    pool, aliases = tmp_path / "pool.toml", ("search-1", "answer-1")
    async with conforming(Conformance(Reply(EXPERT))) as there:
        text = pool_toml(there.url, aliases=aliases)
        head, _, rest = text.partition("[orchestrator]\n")
        without = head + rest[rest.index("[alias") :]
        pool.write_text(without)
        async with open_services(replace(unnamed, pool=pool)) as services, client(services) as http:

            async def told() -> list[str]:
                return list((await http.get("/api/v1/serving")).json()["notices"])

            (notice,) = await told()
            assert "Nemotron-Orchestrator-8B" in notice
            pool.write_text("spoiled")
            await until(lambda: services.workshop.problem is not None, 10)
            spoiled, still = await told()
            assert "pool.toml" in spoiled
            assert still == notice
            pool.write_text(text)
            await until(lambda: services.policy.startswith("openai:"), 10)
            assert await told() == []


async def test_anybody_may_choose_what_needs_no_server_and_only_an_operator_a_folder(settings: Settings) -> None:
    async with open_services(settings) as services, client(services) as http:
        for spec in ("embedded", " nearest ", "fixed:answer-3"):
            run = await http.post("/api/v1/runs", json={"query": QUERY, "policy": spec})
            assert run.status_code == 201, run.text
            assert [one["policy"] for one in run.json()["trajectories"]] == [spec.strip()]
            await services.runs.cancel(run.json()["id"])
        refused = await http.post("/api/v1/runs", json={"query": QUERY, "policy": f"embedded:{BUNDLED.parent}"})
        assert refused.status_code == 422
        assert "when the server is started" in refused.json()["detail"]
        assert "embedded, nearest, random or fixed:ALIAS" in refused.json()["detail"]


async def test_a_folder_that_the_operator_names_routes_and_may_be_chosen(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    for name in FILES:
        shutil.copy(BUNDLED / name, folder / name)
    spec = f"embedded:{folder}"
    async with open_services(replace(settings, policy=spec)) as services, client(services) as http:
        assert services.policy == spec
        assert f"the small orchestrator in {folder}, trained" in services.words
        run = await http.post("/api/v1/runs", json={"query": QUERY, "policy": spec})
        assert run.status_code == 201, run.text
        await services.runs.cancel(run.json()["id"])


@pytest.mark.parametrize(
    ("spec", "said"), [((), "the bundled small orchestrator"), (("--policy", "nearest"), "nearest")]
)
def test_podium_ask_takes_them_and_names_them(
    spec: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.delenv("PODIUM_POLICY", raising=False)
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    assert main(["ask", QUERY, "--json", *spec]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert (record["policy"], record["stop_reason"]) == (spec[-1] if spec else "embedded", "answered")
    assert f"Policy: {said}" in err


WITHOUT_ROUTING = """
import asyncio, contextlib, io, sys
from pathlib import Path
from webapp.cli import main
from webapp.settings import Settings

def loaded():
    return sorted({"onnxruntime", "jinja2", "tokenizers"} & set(sys.modules))

async def opened():
    from webapp.services import open_services
    async with open_services(Settings(data_dir=Path(sys.argv[1]), pace=0.0)) as services:
        return services.words

with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    for words in (["--help"], ["db", "upgrade"], ["export", "trajectories"], ["prompt", "q"], ["pool", "check"]):
        with contextlib.suppress(SystemExit):
            assert main(words) == 0, words
        assert loaded() == [], words
assert "bundled small orchestrator" in asyncio.run(opened())
assert loaded() == [], "opened"
"""


def test_what_does_not_route_loads_no_model_and_none_of_its_libraries(tmp_path: Path) -> None:
    """Each of them takes a good part of a second to import."""
    environment = {"PATH": "/usr/bin:/bin", "PODIUM_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ROUTING, str(tmp_path)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
