"""Finding, naming and trying a real vLLM server."""

from dataclasses import replace

from orchestrator.model_call import ChargeStatus
from orchestrator.pool import Orchestrator
from orchestrator.pool_file import parse_pool
from orchestrator.prices import PriceBook
from tests.vllm.server import MODEL, Server
from webapp.discovery import FoundModel, ServerKind, found
from webapp.found_pool import found_pool
from webapp.pool_check import tried
from webapp.pool_trial import TrialState


async def test_a_vllm_is_found_with_its_version_and_its_models(server: Server) -> None:
    (seen,) = await found([server.port], within_s=10)
    assert (seen.kind, seen.base_url) == (ServerKind.VLLM, server.base_url)
    assert seen.models == (FoundModel(MODEL, 40_960),)
    assert seen.version


async def test_the_pool_that_is_written_from_what_was_found_can_be_used(server: Server) -> None:
    pool = parse_pool(found_pool(await found([server.port], within_s=10)), "pool.toml")
    trial = (await tried(pool, PriceBook.read()))[-1]
    assert (trial.name, trial.state, trial.detail) == ("orchestrator", TrialState.REACHED, "")
    assert trial.charge is not None
    assert trial.charge.status is ChargeStatus.FREE
    assert (await tried(pool, PriceBook.read(), call=False))[-1].state is TrialState.REACHED


async def test_a_model_that_the_server_does_not_have_is_found_out_with_and_without_a_call(server: Server) -> None:
    pool = parse_pool(found_pool(await found([server.port], within_s=10)), "pool.toml")
    assert pool.orchestrator is not None
    wrong = replace(pool, orchestrator=Orchestrator(replace(pool.orchestrator.served, model="nobody")))
    for call in (True, False):
        trial = (await tried(wrong, PriceBook.read(), call=call))[-1]
        assert trial.state is TrialState.UNREACHABLE
        assert "nobody" in trial.detail
