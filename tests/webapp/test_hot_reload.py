"""The pool file is edited while runs go on: who uses which, what is said, and that nothing piles up."""

import asyncio
import gc
import logging
import sys
from pathlib import Path

import pytest

from orchestrator.pool_file import read_pool
from orchestrator.trajectory import StopReason, Trajectory, Verdict
from storage.trajectories import State
from tests.servers.conformance import MODEL, Asked, Conformance, Plan, conforming
from tests.servers.orchestra import EXPERT, pool_toml, routed
from tests.servers.patience import until
from tests.servers.reply import Reply
from tests.webapp.orchestra_app import ROUTE, OrchestraApp, app_over, following, orchestra_app
from webapp.asking import Asking
from webapp.workshop import Workshop

JUDGE = '\n[judge]\nendpoint = "judge"\nmodel = "judge"\n'
REFERENCE = "The seat of the government of the Commonwealth"
STILL = ". Runs still use the pool as it was before."
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
    return {call.model for step in trajectory.steps for call in step.calls if call.model and "-of-" in call.model}


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


async def notices(app: OrchestraApp) -> list[str]:
    found: list[str] = (await app.http.get("/api/v1/serving")).json()["notices"]
    return found


def spoiled(text: str) -> dict[str, str]:
    return {
        "half a file": text[: len(text) // 2] + "\n[alias.answer-1",
        "an unknown profile": text.replace("[orchestrator]\n", '[orchestrator]\nprofile = "evals"\n'),
        "a tokenizer that is none": text.replace("[orchestrator]\n", '[orchestrator]\ntokenizer = "pool.toml"\n'),
        "an endpoint that is not there": text.replace('endpoint = "experts"', 'endpoint = "nobody"'),
        "no text": "\x00\x01\x02",
    }


async def test_a_pool_that_cannot_be_used_is_told_at_the_page_and_in_the_log_until_it_is_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "webapp")
    async with orchestra_app(tmp_path) as app:
        text, before = app.pool.read_text(), app.services.workshop.now
        faults = spoiled(text)
        for fault, written in faults.items():
            await app.rewritten(written)
            (notice,) = await notices(app)
            assert "pool.toml" in notice, fault
            assert notice.endswith(STILL)
            assert notice.removesuffix(STILL) in caplog.messages
            assert app.services.workshop.now is before
        assert (await app.ran()).stop_reason is StopReason.ANSWERED
        await app.rewritten(text)
        assert await notices(app) == []
        assert len(caplog.messages) == len(faults)


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
        assert app.services.policy == "embedded"
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

    server = Conformance(plan)
    async with conforming(server) as there:
        spec = f"openai:{there.url}/v1#mine"
        async with app_over(server, there.url, tmp_path, policy=spec) as app:
            assert (await app.ran()).pool == "orchestra"
            await app.rewritten(new(app.pool.read_text()))
            assert (await app.ran()).pool == "new"
            assert app.services.policy == spec
    told = [str(asked.body["tools"]) for asked in server.asked if asked.model == "mine"]
    assert ["$2500" in tools for tools in told] == [False, True]


def workshops() -> int:
    gc.collect()
    return sum(type(thing) is Workshop for thing in gc.get_objects())


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0


async def test_fifty_reloads_leave_neither_sockets_nor_tasks_nor_workshops_behind(tmp_path: Path) -> None:
    """Each describes its server anew, and is asked once."""
    async with orchestra_app(tmp_path, following(("answer-1",))) as app:
        workshop, text = app.services.workshop, app.pool.read_text()
        await app.ran()
        before, tasks, files = workshops(), len(asyncio.all_tasks()), open_files()
        for number in range(50):
            described = f"[endpoint.experts]\nmax_in_flight = {number + 1}\n"
            app.pool.write_text(text.replace("[endpoint.experts]\n", described))
            workshop.take(read_pool(app.pool))
            assert (await app.ran()).stop_reason is StopReason.ANSWERED
        assert workshops() <= before + 1
        assert len(asyncio.all_tasks()) <= tasks + 2
        assert open_files() <= files + 4
