"""An `openai:` policy and a pool of real endpoints evaluated like everything else, over real sockets."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.servers.conformance import Conformance, conforming
from tests.servers.orchestra import policy, pool_toml, wandering
from webapp.cli import main


async def test_a_policy_and_experts_behind_a_server_are_evaluated_and_billed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    server = Conformance(wandering(), remembers=0)
    async with conforming(server) as there:
        spec = policy(f"http://127.0.0.1:{there.port}")
        pool = tmp_path / "pool.toml"
        pool.write_text(pool_toml(f"http://127.0.0.1:{there.port}"), "utf-8")
        asked = ("--policy", spec, "--pool", str(pool), "--limit", "6", "--concurrency", "3", "--turns", "10", "--json")
        assert await asyncio.to_thread(main, ("evaluate", *asked)) == 0
    assert 1 < server.most_at_work <= 3
    found = json.loads(capsys.readouterr().out)
    (one,) = found["policies"]
    assert one["policy"].startswith(spec)
    assert (one["tasks"], found["simulated"], one["simulated"]) == (6, False, False)
    assert found["baseline"] == "fixed:search-1,reasoner-1,answer-1"
    assert found["strongest"] == ["answer-1", "answer-2", "reasoner-1", "search-1", "search-2"]
    assert one["strongest_share"] == 1.0
    assert float(one["cost_usd"]) > 0
    assert float(found["spent"]["usd"]) > float(one["cost_usd"])
    assert [limit["turns"] for limit in one["allowed_turns"]] == [5, 10]
