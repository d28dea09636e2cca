"""Whose SPEC runs, under which prompt profile, and that nobody but the operator makes the server call an address."""

import asyncio
from pathlib import Path

import pytest

from orchestrator.policies.remote import RemotePolicy
from orchestrator.trajectory import Trajectory
from storage.records import dump_trajectory
from storage.trajectories import State
from tests.kept import ended, going, run, step
from tests.servers.conformance import MODEL
from tests.webapp.orchestra_app import OrchestraApp, orchestra_app
from webapp.cli import main

METADATA = "http://169.254.169.254/v1"


def profile_of(app: OrchestraApp, spec: str) -> str:
    policy = app.services.workshop.now.policy_of(spec)
    assert isinstance(policy, RemotePolicy)
    return policy.profile.name


@pytest.mark.parametrize(
    ("named", "of_process", "of_pool", "expected"),
    [
        (None, None, None, "eval-frames"),
        (None, None, "clean", "clean"),
        (None, "train", "clean", "train"),
        ("", None, "clean", "clean"),
        ("", "train", "clean", "train"),
        ("eval-hle", "train", "clean", "eval-hle"),
        ("eval-frames", "train", "clean", "eval-frames"),
        (" eval-frames ", None, "clean", "eval-frames"),
    ],
)
async def test_the_spec_names_the_profile_else_the_process_does_else_the_pool(
    named: str | None, of_process: str | None, of_pool: str | None, expected: str, tmp_path: Path
) -> None:
    async with orchestra_app(tmp_path) as first:
        text = first.pool.read_text()
        if of_pool:
            text = text.replace("[orchestrator]\n", f'[orchestrator]\nprofile = "{of_pool}"\n')
        first.pool.write_text(text)
        spec = f" openai:{first.url}/v1/#{MODEL} "
        policy = None if named is None else (f"{spec};profile={named}" if named else spec)
        async with orchestra_app(tmp_path, policy=policy, prompt_profile=of_process) as app:
            assert profile_of(app, app.services.policy) == expected
            ends = "" if expected == "eval-frames" else f";profile={expected}"
            assert app.services.policy == f"openai:{first.url}/v1#{MODEL}{ends}"
            assert expected in app.services.words


async def test_a_kept_spec_without_profile_means_the_default_however_the_process_was_started(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path) as app:
        kept = (await app.ran()).policy
    assert ";profile=" not in kept
    async with orchestra_app(tmp_path, prompt_profile="clean") as app:
        assert profile_of(app, kept) == "eval-frames"
        assert profile_of(app, app.services.policy) == "clean"


async def test_a_request_may_choose_the_orchestrator_under_another_profile_and_in_any_spelling(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path) as app:
        plain = f"openai:{app.url}/v1#{MODEL}"
        for said, kept in (
            (f"  openai:{app.url}/v1/#{MODEL}", plain),
            (f"openai:{app.url}/v1#{MODEL} ;profile= clean ", f"{plain};profile=clean"),
        ):
            answered = await app.http.post("/api/v1/runs", json={"query": "q", "policy": said})
            assert answered.status_code == 201, answered.text
            assert [t["policy"] for t in answered.json()["trajectories"]] == [kept]
            await app.services.runs.cancel(answered.json()["id"])


@pytest.mark.parametrize(
    "spec",
    [
        f"openai:{METADATA}#m",
        f" openai:{METADATA}#{MODEL};profile=clean",
        "openai:URL/v1#another",
        "openai:URL/v1/chat#orchestrator",
        "openai:URL/v1#orchestrator#x",
        "openai:URL@169.254.169.254/v1#orchestrator",
        "transformers:/etc",
        "\u2003openai:http://169.254.169.254/v1#m",
        "OPENAI:http://169.254.169.254/v1#m",
        "openai:URL/v1#orchestrator;profile=../../etc/passwd",
        "embedded:/etc",
        "embedded;profile=clean",
        "",
        "random:x",
        "fixed:answer-1,answer-1",
    ],
)
async def test_what_no_operator_has_named_is_refused_in_words_and_nothing_is_kept(spec: str, tmp_path: Path) -> None:
    async with orchestra_app(tmp_path) as app:
        answered = await app.http.post(
            "/api/v1/runs", json={"query": "q", "policy": spec.replace("URL", app.url) or " "}
        )
        assert answered.status_code == 422, answered.text
        assert answered.headers["content-type"] == "application/problem+json"
        assert len(answered.json()["detail"]) > 40
        assert app.server.requests == 0
        assert list(app.services.store.iter_trajectories()) == []


async def test_requests_for_many_routes_leave_nothing_behind(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path) as app:
        workshop = app.services.workshop.now
        for number in range(200):
            workshop.policy_of(workshop.kept(f"fixed:{'search-1,' * number}answer-1"))
            workshop.policy_of(workshop.kept(f"{' ' * number}openai:{app.url}/v1{'/' * number}#{MODEL}"))
        assert len(workshop._made) == 1
        assert workshop.policy_of(workshop.policy) is workshop.policy_of(workshop.policy)


def foreign() -> Trajectory:
    return going(policy=f"openai:{METADATA}#m")


async def test_an_imported_trajectory_of_another_address_cannot_be_forked_or_resumed(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path) as app:
        file = tmp_path / "in.jsonl"
        file.write_text(dump_trajectory(ended(foreign(), steps=1)) + "\n")
        arguments = ["import", "trajectories", str(file), "--db", app.services.settings.database]
        assert await asyncio.to_thread(main, arguments) == 0
        fork = {"step": 0, "call": {"tool": "answer", "model": "answer-1"}}
        assert (await app.http.post("/api/v1/trajectories/t1/fork", json=fork)).status_code == 422
        answered = await app.http.post("/api/v1/trajectories/t1/resume")
        assert [t["state"] for t in answered.json()["trajectories"]] == ["imported"]
        assert app.server.requests == 0


async def test_a_kept_run_of_another_policy_is_not_forked_or_resumed_but_told_and_loses_nothing(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path) as app:
        store = app.services.store
        await store.begin(run(), [foreign()])
        await store.keep_step("t1", step(0))
        before = store.trajectory("t1")
    async with orchestra_app(tmp_path) as app:
        assert app.services.interrupted == ("t1",)
        fork = {"step": 0, "call": {"tool": "answer", "model": "answer-1"}}
        for path, body in (("resume", None), ("fork", fork), ("resume", None)):
            answered = await app.http.post(f"/api/v1/trajectories/t1/{path}", json=body)
            assert answered.status_code == 422, answered.text
            assert "--policy" in answered.json()["detail"]
        assert app.services.store.trajectory("t1") == before
        assert app.services.store.state("t1") is State.INTERRUPTED
        assert len(app.services.runs.snapshot("r1").trajectories) == 1
        stopped = await app.http.post("/api/v1/runs/r1/cancel")
        assert stopped.json()["trajectories"][0]["stop_reason"] == "cancelled"
        assert app.services.runs._live.at_hand == ()
