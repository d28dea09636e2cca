"""The policy `transformers:PATH` with real checkpoints: whole trajectories, sampling, limits, cancelling."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orchestrator.alternatives import new_id
from orchestrator.bill import Bill, Heard
from orchestrator.documents.index import Index
from orchestrator.evidence import gathered
from orchestrator.extract import extract
from orchestrator.policies.generation import Drawing, Generation
from orchestrator.policies.in_process import InProcessPolicy
from orchestrator.policies.loaded_model import LoadedModel, load
from orchestrator.policies.local_model import LocalModel, LocalModels
from orchestrator.policies.model_folder import model_folder
from orchestrator.policy import Decision, PolicyFailed, Turn
from orchestrator.preference import PreferenceVector
from orchestrator.profile import profile
from orchestrator.prompt import messages, tools
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.stand_in import stand_ins
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.run import Stop, events
from orchestrator.tool import CannotAfford, Remaining, Tool
from orchestrator.tools.answer import AnswerTool
from orchestrator.tools.reasoning import ReasoningTool
from orchestrator.tools.search import SearchTool
from orchestrator.trajectory import Limits, Step, StopReason, Trajectory
from tests.local.rigged import make_random, make_rigged, torch, transformers

POOL = rehearsal_pool()
ALIASES = tuple(entry.alias for entry in POOL.entries)
QUERY = "By how many metres is Mount Kenya higher than Mount Kinabalu?"


@pytest.fixture(scope="module")
def rigged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_rigged(tmp_path_factory.mktemp("models") / "rigged")


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_rigged(tmp_path_factory.mktemp("models") / "endless", endless=True)


@pytest.fixture(scope="module")
def unlearned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with random weights, all of whose layers work."""
    return make_random(tmp_path_factory.mktemp("models") / "unlearned")


@pytest.fixture
async def models() -> AsyncIterator[LocalModels]:
    opened = LocalModels()
    yield opened
    await opened.aclose()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    opened = Index.open(articles(), [], cache=tmp_path_factory.mktemp("library"))
    yield opened
    opened.close()


def turn(index: int = 0, seed: int = 7, left: Remaining = Remaining()) -> Turn:
    return Turn(index, QUERY, PreferenceVector(), gathered(()), ALIASES, seed, left)


async def decisions(policy: InProcessPolicy, seed: int, count: int = 6) -> list[Decision]:
    return [await policy.decide(turn(index, seed), Bill()) for index in range(count)]


async def test_the_same_seed_decides_the_same_and_another_seed_differently(rigged: Path, models: LocalModels) -> None:
    policy = InProcessPolicy.of(models.of(str(rigged)), POOL)
    first, again, other = [await decisions(policy, seed) for seed in (7, 7, 8)]
    assert first == again
    assert first != other
    assert any(decision.call is not None for decision in first)


async def test_two_models_at_work_at_once_draw_as_each_would_alone(rigged: Path, models: LocalModels) -> None:
    alone = await decisions(InProcessPolicy.of(models.of(str(rigged)), POOL), 7)
    both = [InProcessPolicy.of(LocalModel(model_folder(str(rigged))), POOL) for _ in range(2)]
    together = await asyncio.gather(*(decisions(policy, 7) for policy in both))
    assert together == [alone, alone]


async def test_whole_trajectories_run_to_their_end(rigged: Path, models: LocalModels, library: Index) -> None:
    policy = InProcessPolicy.of(models.of(str(rigged)), POOL)
    routes = []
    for seed in range(8):
        steps, stop = await run(policy, seed, library)
        assert stop.reason in (StopReason.ANSWERED, StopReason.TURNS)
        for step in steps:
            own = step.calls[0]
            assert own.model == rigged.name
            assert own.usage is not None
            assert (own.charge.usd, own.charge.source) == (Decimal(0), "runs on this machine")
            assert step.thought == "quick search before answer"
        routes.append(tuple(step.call.model if step.call else None for step in steps))
    assert len(set(routes)) > 4
    assert any(None in route for route in routes), (
        "an alias that does not exist is an invalid step, and the run goes on"
    )


async def run(
    policy: InProcessPolicy, seed: int, library: Index, limits: Limits = Limits(turns=12)
) -> tuple[Sequence[Step], Stop]:
    trajectory = Trajectory(
        id=new_id(),
        query=QUERY,
        preference=PreferenceVector(),
        policy=policy.spec,
        pool=POOL.name,
        seed=seed,
        limits=limits,
        started_at=datetime.now(UTC),
    )
    seen = [event async for event in events(trajectory, policy, workbench(library))]
    assert isinstance(seen[-1], Stop)
    return [event for event in seen if isinstance(event, Step)], seen[-1]


def workbench(library: Index) -> dict[str, Tool]:
    experts = stand_ins(POOL.entries, extract=extract, pace=0.0)

    def of(prefix: str) -> dict[str, Any]:
        return {alias: expert for alias, expert in experts.items() if alias.startswith(prefix)}

    return {
        "search": SearchTool(of("search-"), library),
        "enhance_reasoning": ReasoningTool(of("reasoner-")),
        "answer": AnswerTool(of("answer-")),
    }


async def test_usage_counts_exactly_what_the_chat_template_renders(rigged: Path, models: LocalModels) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(rigged, local_files_only=True)
    bill = Bill()
    await InProcessPolicy.of(models.of(str(rigged)), POOL).decide(turn(), bill)
    rendered = tokenizer.apply_chat_template(
        messages(turn()), tools=tools(POOL, ALIASES), add_generation_prompt=True, tokenize=True, return_dict=True
    )
    assert bill[0].usage is not None
    assert bill[0].usage.input_tokens == len(rendered["input_ids"])
    # Its tokens: two of thinking, four words, two of the call, the call itself and the end of the message.
    assert bill[0].usage.output_tokens == 10


@pytest.mark.parametrize("words", [3, 700])
def test_greedy_replies_are_those_of_the_library_itself(unlearned: Path, words: int) -> None:
    said = [{"role": "user", "content": "how many " * words}]
    tokenizer = transformers.AutoTokenizer.from_pretrained(unlearned, local_files_only=True)
    model = transformers.AutoModelForCausalLM.from_pretrained(unlearned, local_files_only=True, dtype=torch.float32)
    prompt = tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=True, return_tensors="pt")
    size = prompt["input_ids"].shape[1]
    model.generation_config.temperature = None
    theirs = model.generate(**prompt, do_sample=False, max_new_tokens=40, pad_token_id=0)[0, size:]
    ours = written(load(model_folder(str(unlearned))), said, Drawing(0.0, 1.0, 0, 1))
    assert ours.text == tokenizer.decode(theirs, skip_special_tokens=True)
    assert ours.output_tokens == len(theirs)


def written(model: LoadedModel, said: list[dict[str, str]], drawing: Drawing, most: int = 40) -> Generation:
    generation = Generation(said, [], drawing, most, lambda piece: None)
    model.write(generation)
    return generation


def test_drawing_keeps_to_the_likeliest_tokens(unlearned: Path) -> None:
    model = load(model_folder(str(unlearned)))
    said = [{"role": "user", "content": "how many?"}]
    greedy = written(model, said, Drawing(0.0, 1.0, 0, 1)).text
    assert written(model, said, Drawing(1.0, 1.0, 1, 2)).text == greedy
    assert written(model, said, Drawing(1.0, 1e-6, 0, 3)).text == greedy
    assert written(model, said, Drawing(1.0, 1.0, 0, 4)).text != greedy


async def test_thinking_is_heard_while_it_is_written(rigged: Path, models: LocalModels) -> None:
    heard: list[Heard] = []
    bill = Bill(heard.append)
    decision = await InProcessPolicy.of(models.of(str(rigged)), POOL).decide(turn(), bill)
    thought = "".join(piece.piece for piece in heard if piece.thinking)
    rest = "".join(piece.piece for piece in heard if not piece.thinking)
    assert thought.strip() == decision.thought == "quick search before answer"
    assert rest.startswith("<tool_call>")
    assert len(heard) > 5, "one piece at a time"


async def test_a_cancelled_decision_ends_within_a_token_and_the_next_begins_at_once(
    endless: Path, models: LocalModels
) -> None:
    model = models.of(str(endless))
    policy = InProcessPolicy.of(model, POOL)
    heard: list[Heard] = []
    enough = asyncio.Event()

    def hear(piece: Heard) -> None:
        heard.append(piece)
        if len(heard) == 5:
            enough.set()

    bill = Bill(hear)
    deciding = asyncio.create_task(policy.decide(turn(), bill))
    await enough.wait()
    clock = time.perf_counter()
    deciding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await deciding
    assert time.perf_counter() - clock < 1
    assert bill[0].error == "cancelled"
    assert bill[0].usage is not None
    assert (bill[0].usage.output_tokens or 0) >= 5
    count = len(heard)
    next_bill = Bill()
    await policy.decide(turn(left=Remaining(seconds=0.5)), next_bill)
    assert next_bill[0].queued_s is not None
    assert next_bill[0].queued_s < 1, "the cancelled one has left the model"
    assert len(heard) == count, "nothing is heard of it any more"


async def test_other_runs_wait_for_their_turn_and_the_waiting_is_counted(rigged: Path, models: LocalModels) -> None:
    policy = InProcessPolicy.of(models.of(str(rigged)), POOL)
    bills = [Bill() for _ in range(4)]
    await asyncio.gather(*(policy.decide(turn(seed=seed), bill) for seed, bill in enumerate(bills)))
    calls = [bill[0] for bill in bills]
    assert [call.in_flight for call in calls] == [1, 2, 3, 4]
    worked = [call.latency_s - (call.queued_s or 0) for call in calls]
    for before, call in pairwise(calls):
        assert call.queued_s is not None
        assert before.latency_s - 0.05 <= call.queued_s < call.latency_s
    assert min(worked) > 0


async def test_limits_of_tokens_and_seconds_hold(endless: Path, models: LocalModels) -> None:
    policy = InProcessPolicy.of(models.of(str(endless)), POOL)
    bill = Bill()
    with pytest.raises(CannotAfford, match="raise the limit"):
        await policy.decide(turn(left=Remaining(tokens=200)), bill)
    assert not bill, "nothing was done, so nothing is billed"
    decision = await policy.decide(turn(left=Remaining(tokens=3_000)), bill)
    assert bill[0].usage is not None
    assert bill[0].usage.total_tokens == 3_000
    assert "limit of tokens" in (decision.problem or "")
    decision = await policy.decide(turn(left=Remaining(seconds=0.4)), bill)
    assert bill[1].latency_s < 3
    assert "limit of seconds" in (decision.problem or "")
    chosen = profile()
    short = InProcessPolicy.of(
        models.of(str(endless)), POOL, replace(chosen, sampling=replace(chosen.sampling, max_tokens=20))
    )
    await short.decide(turn(), bill)
    assert bill[2].usage is not None
    assert bill[2].usage.output_tokens == 20


async def test_a_run_with_a_deadline_ends_by_it(endless: Path, models: LocalModels, library: Index) -> None:
    policy = InProcessPolicy.of(models.of(str(endless)), POOL)
    await policy.decide(turn(left=Remaining(seconds=0.1)), Bill())
    steps, stop = await run(policy, 1, library, Limits(seconds=0.5))
    assert stop.reason is StopReason.DEADLINE
    assert len(steps) == 1
    assert steps[0].calls[0].latency_s < 3


async def test_a_prompt_longer_than_the_models_context_is_said(rigged: Path, tmp_path: Path) -> None:
    folder = replace(model_folder(str(rigged)), context_tokens=1_000)
    model = LocalModel(folder)
    with pytest.raises(PolicyFailed, match=r"reads and writes at most 1,000"):
        await InProcessPolicy.of(model, POOL).decide(turn(), bill := Bill())
    assert "prompt profile" in (bill[0].error or "")
    await model.aclose()


async def test_closing_ends_what_is_being_written(endless: Path) -> None:
    models = LocalModels()
    policy = InProcessPolicy.of(models.of(str(endless)), POOL)
    begun = asyncio.Event()
    deciding = asyncio.create_task(policy.decide(turn(), Bill(lambda _: begun.set())))
    await begun.wait()
    clock = time.perf_counter()
    await models.aclose()
    assert time.perf_counter() - clock < 3
    assert "closing" in ((await deciding).problem or "")


@pytest.fixture
def damaged(rigged: Path, tmp_path: Path) -> Path:
    for file in rigged.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[: 1000 if file.suffix == ".safetensors" else None])
    return tmp_path


async def test_damaged_weights_are_said(damaged: Path, models: LocalModels) -> None:
    with pytest.raises(PolicyFailed, match="cannot be loaded"):
        await InProcessPolicy.of(models.of(str(damaged)), POOL).decide(turn(), Bill())


async def test_memory_that_runs_out_is_said_in_words(rigged: Path) -> None:
    class Full(torch.nn.Module):  # type: ignore[misc]
        config = type("Config", (), {"vocab_size": 64})

        def forward(self, input_ids: Any, past_key_values: Any, use_cache: bool) -> Any:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    loaded = load(folder := model_folder(str(rigged)))
    model = LocalModel(folder, lambda _: LoadedModel(folder, loaded._tokenizer, Full(), "cpu"))
    with pytest.raises(PolicyFailed, match=r"ran out of memory.*use a smaller model"):
        await InProcessPolicy.of(model, POOL).decide(turn(), Bill())
    await model.aclose()
