"""The pool file is edited while runs go on: who uses which, what is said, and that nothing piles up."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from orchestrator.trajectory import StopReason, Trajectory, Verdict
from storage.trajectories import State
from tests.servers.conformance import MODEL, Asked, Plan
from tests.servers.orchestra import EXPERT, pool_toml, routed
from tests.servers.patience import until
from tests.servers.reply import Reply
from tests.webapp.orchestra_app import ROUTE, OrchestraApp, following, orchestra_app
from webapp.asking import Asking

JUDGE = '\n[judge]\nendpoint = "judge"\nmodel = "judge"\n'
REFERENCE = "The seat of the government of the Commonwealth"
NEW_PRICE = "input_usd_per_mtok = 2500"


def new(text: str, model: str = "new") -> str:
    """The pool under another name, with other models, at ten thousand times the price."""
    return (
        text.replace('"orchestra"', '"new"')
        .replace('"model-of-', f'"{model}-of-')
        .replace("input_usd_per_mtok = 0.25", NEW_PRICE)
        .replace('model = "judge"', 'model = "judge-2"')
    )


def held(go: asyncio.Event, orchestrator: str = MODEL) -> Plan:
    """Route, experts and judge, each of which takes its time until `go`."""
    turns: dict[str, int] = {}

    def reply(asked: Asked) -> Reply:
        waits_s = 0.0 if go.is_set() else 0.3
        if asked.model.startswith("judge"):
            return Reply("The same.\n<verdict>correct</verdict>", waits_s=waits_s)
        if asked.model != orchestrator:
            return Reply(EXPERT, waits_s=waits_s)
        question = next(line for line in asked.prompt.splitlines() if "Where" in line)
        turn = turns[question] = turns.get(question, -1) + 1
        return routed(ROUTE[turn % 3])

    return reply


def models(trajectory: Trajectory) -> set[str]:
    return {call.model for step in trajectory.steps for call in step.calls if call.alias}


async def test_a_run_keeps_experts_prices_and_judge_that_it_began_with_and_the_next_has_the_new_ones(
    tmp_path: Path,
) -> None:
    go = asyncio.Event()
    async with orchestra_app(tmp_path, held(go), JUDGE) as app:
        first = await app.services.ask(Asking("Where one?", reference=REFERENCE))
        await until(lambda: app.server.requests >= 2)
        await app.rewritten(new(app.pool.read_text()))
        assert not first.snapshot.ended
        go.set()
        old = await app.ended(first)
        assert (old.pool, old.stop_reason, old.outcome.by) == ("orchestra", StopReason.ANSWERED, "judge")
        assert models(old) == {f"model-of-{alias}" for alias in ROUTE}
        later = await app.ran("Where two?", reference=REFERENCE)
        assert (later.pool, later.outcome.by, later.outcome.verdict) == ("new", "judge-2", Verdict.SOLVED)
        assert models(later) == {f"new-of-{alias}" for alias in ROUTE}
        assert later.cost_usd > 100 * old.cost_usd
        assert {call.charge.input_usd_per_mtok for step in old.steps for call in step.calls} == {
            type(old.cost_usd)("0.25")
        }


async def notices(app: OrchestraApp) -> list[str]:
    found: list[str] = (await app.http.get("/api/v1/serving")).json()["notices"]
    return found


def spoiled(text: str) -> dict[str, str]:
    return {
        "half a file": text[: len(text) // 2] + '\n[alias.answer-1',
        "an unknown key": text + "\nlatency = 1\n",
        "no aliases": 'name = "empty"\n',
        "an unknown profile": text.replace("[orchestrator]\n", '[orchestrator]\nprofile = "evals"\n'),
        "a tokenizer that is not there": text.replace("[orchestrator]\n", '[orchestrator]\ntokenizer = "none.json"\n'),
        "a tokenizer that is none": text.replace("[orchestrator]\n", '[orchestrator]\ntokenizer = "pool.toml"\n'),
        "an orchestrator at no address": text.replace("[orchestrator]\nendpoint", "[orchestrator]\nbase_url"),
        "an endpoint that is not there": text.replace('endpoint = "experts"', 'endpoint = "nobody"'),
        "nothing": "",
        "no text": "\x00\x01\x02",
    }


@pytest.mark.parametrize("fault", spoiled(""))
async def test_a_pool_that_cannot_be_used_is_told_at_the_page_and_in_the_log_until_it_is_mended(
    fault: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "webapp")
    async with orchestra_app(tmp_path) as app:
        text, before = app.pool.read_text(), app.services.workshop.now
        await app.rewritten(spoiled(text)[fault])
        (notice,) = await notices(app)
        assert "pool.toml" in notice or "none.json" in notice
        assert notice.endswith("Runs still use the pool as it was before.")
        assert notice.removesuffix(". Runs still use the pool as it was before.") in caplog.messages
        assert app.services.workshop.now is before
        assert (await app.ran()).stop_reason is StopReason.ANSWERED
        await app.rewritten(text)
        assert await notices(app) == []
        assert len(caplog.messages) == 1


async def test_a_file_that_is_gone_and_comes_back_as_another_is_used(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path) as app:
        text = app.pool.read_text()
        app.pool.unlink()
        await until(lambda: app.services.workshop.problem is not None, 10)
        assert "is gone" in (await notices(app))[0]
        assert (await app.ran()).pool == "orchestra"
        await app.rewritten(new(text))
        await until(lambda: app.services.workshop.problem is None)
        assert (await app.ran()).pool == "new"


@pytest.mark.parametrize(("ending", "mark"), [("\r\n", b""), ("\n", b"\xef\xbb\xbf"), ("\r\n", b"\xef\xbb\xbf")])
async def test_a_file_from_an_editor_of_another_system_is_read(ending: str, mark: bytes, tmp_path: Path) -> None:
    async with orchestra_app(tmp_path) as app:
        written = mark + new(app.pool.read_text()).replace("\n", ending).encode()
        app.pool.write_bytes(written)
        services = app.services
        await until(lambda: services.pool.name == "new" or services.workshop.problem is not None, 10)
        assert services.workshop.problem is None


async def test_a_pool_without_the_orchestrator_of_kept_runs_refuses_their_forks_and_has_its_own_policy(
    tmp_path: Path,
) -> None:
    async with orchestra_app(tmp_path) as app:
        kept = await app.ran()
        text = app.pool.read_text()
        head, _, rest = text.partition("[orchestrator]\n")
        await app.rewritten(head + rest[rest.index("[alias") :])
        assert app.services.policy == "random"
        fork = {"step": 0, "call": {"tool": "answer", "model": "answer-1"}}
        answered = await app.http.post(f"/api/v1/trajectories/{kept.id}/fork", json=fork)
        assert answered.status_code == 422
        assert "[orchestrator]" in answered.json()["detail"]
        assert len(app.services.runs.snapshot(str(kept.run)).trajectories) == 1
        await app.rewritten(text)
        assert (await app.http.post(f"/api/v1/trajectories/{kept.id}/fork", json=fork)).status_code == 201
        await app.services.runs.cancel(str(kept.run))


async def test_an_alias_that_vanishes_while_somebody_forks_to_it_is_a_step_that_says_so(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path) as app:
        kept = await app.ran()
        await app.rewritten(pool_toml(app.url, aliases=("search-1", "reasoner-1", "answer-1")))
        fork = {"step": 1, "call": {"tool": "answer", "model": "answer-2"}}
        answered = await app.http.post(f"/api/v1/trajectories/{kept.id}/fork", json=fork)
        assert answered.status_code == 201
        id = answered.json()["id"]
        await until(lambda: app.services.store.state(id) is State.FINISHED, 20)
        child = app.services.runs.trajectory(id)
        assert "answer-2" in str(child.steps[1].error)
        assert "Error:" not in str(child.steps[1].error)
        assert child.stop_reason is StopReason.ANSWERED


async def test_an_operators_policy_holds_for_every_pool_and_its_prompts_show_the_pool_of_the_run(
    tmp_path: Path,
) -> None:
    def plan(asked: Asked) -> Reply:
        return routed("answer-1") if asked.model == "mine" else Reply(EXPERT)

    async with orchestra_app(tmp_path / "server", plan) if (tmp_path / "server").mkdir() is None else None as first:
        async with orchestra_app(tmp_path, plan, policy=f"openai:{first.url}/v1#mine") as app:
            assert (await app.ran()).pool == "orchestra"
            await app.rewritten(new(app.pool.read_text()))
            assert (await app.ran()).pool == "new"
            assert app.services.policy == f"openai:{first.url}/v1#mine"
            told = [str(asked.body["tools"]) for asked in first.server.asked if asked.model == "mine"]
            assert "$2500" not in told[0]
            assert "$2500" in told[-1] or "$2,500" in told[-1]


async def test_fifty_reloads_leave_no_socket_task_or_endpoint_behind(tmp_path: Path) -> None:
    """Each names another endpoint, which is asked once."""
    async with orchestra_app(tmp_path, following(("answer-1",))) as app:
        services = app.services
        text = app.pool.read_text()
        tasks = len(asyncio.all_tasks())
        from orchestrator.pool_file import read_pool

        for number in range(50):
            app.pool.write_text(text.replace("[endpoint.experts]\n", f"[endpoint.experts]\nmax_in_flight = {number + 1}\n"))
            services.workshop.take(read_pool(app.pool))
            assert (await app.ran()).stop_reason is StopReason.ANSWERED
        assert len(asyncio.all_tasks()) <= tasks + 1
        clients: Any = services.runs._workshop().maker.clients
        print(len(clients._clients))
