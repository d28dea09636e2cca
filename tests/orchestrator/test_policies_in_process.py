"""The policy `transformers:PATH` with a writer in place of a model: what is billed, heard, waited for and refused."""

import asyncio
import importlib.util
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.bill import Bill, Heard
from orchestrator.evidence import gathered
from orchestrator.model_call import FREE, CallRole
from orchestrator.policies import model_folder as folders
from orchestrator.policies.generation import Finish, Generation, LocalModelFailed
from orchestrator.policies.in_process import InProcessPolicy
from orchestrator.policies.local_model import LocalModel, LocalModels
from orchestrator.policies.model_folder import UnusableModel, model_folder
from orchestrator.policies.pieces import Pieces
from orchestrator.policy import PolicyFailed, Turn
from orchestrator.preference import PreferenceVector
from orchestrator.profile import profile
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.tokenizer import Estimate
from orchestrator.tool import CannotAfford, Remaining
from orchestrator.trajectory import ToolCall

POOL = rehearsal_pool()
CALL = '<tool_call>\n{"name": "search", "arguments": {"model": "search-2"}}\n</tool_call>'
THOUGHT = ("<thi", "nk>The book", " is old.</th", "ink>", CALL)


class Scripted:
    """Writes pieces, and waits before the last one until it may go on."""

    def __init__(self, *pieces: str, finish: Finish = Finish.STOP) -> None:
        self.pieces = pieces
        self.finish = finish
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.seen: list[Generation] = []

    def write(self, generation: Generation) -> None:
        self.seen.append(generation)
        generation.input_tokens = 100
        for place, piece in enumerate(self.pieces):
            if place == len(self.pieces) - 1:
                self.may_go_on.wait()
            if (ending := generation.ending()) is not None:
                generation.finish = ending
                return
            generation.output_tokens += 1
            generation.say(piece)
        generation.finish = self.finish


class Refusing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def write(self, generation: Generation) -> None:
        raise self.error


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if torch and transformers were installed."""
    monkeypatch.setattr(folders, "LIBRARIES", ())


@pytest.fixture
def path(tmp_path: Path, libraries: None) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    write(folder, "config.json", {"architectures": ["Qwen3ForCausalLM"], "max_position_embeddings": 40960})
    write(folder, "generation_config.json", {"eos_token_id": [7, 9], "top_p": 0.95, "top_k": 20, "temperature": 0.6})
    write(folder, "tokenizer_config.json", {"chat_template": "{{ messages }}"})
    write(folder, "tokenizer.json", {})
    (folder / "model.safetensors").write_bytes(b"x" * 123)
    return folder


def write(folder: Path, name: str, said: dict[str, Any]) -> None:
    (folder / name).write_text(json.dumps(said), "utf-8")


def policy(path: Path, writer: Any, load: Callable[[], None] = lambda: None) -> InProcessPolicy:
    def loading(_: object) -> Any:
        load()
        return writer

    chosen = profile()
    sampling = replace(chosen.sampling, top_p=None, top_k=None)
    return InProcessPolicy(LocalModel(model_folder(str(path)), loading), POOL, chosen, Estimate(), sampling)


def turn(index: int = 0, seed: int = 7, left: Remaining = Remaining()) -> Turn:
    return Turn(index, "Who?", PreferenceVector(), gathered(()), [e.alias for e in POOL.entries], seed, left)


async def test_a_decision_is_billed_as_work_of_this_machine(path: Path) -> None:
    bill = Bill()
    decision = await policy(path, Scripted(*THOUGHT)).decide(turn(index=3), bill)
    assert (decision.thought, decision.call) == ("The book is old.", ToolCall("search", "search-2"))
    (call,) = bill
    assert (call.role, call.alias, call.model, call.charge) == (CallRole.ORCHESTRATOR, None, "small", FREE)
    assert call.usage is not None
    assert (call.usage.input_tokens, call.usage.output_tokens) == (100, 5)
    assert (call.in_flight, call.error, call.tokens_by) == (1, None, Estimate().name)
    assert json.loads(call.reply or "") == {"content": "".join(THOUGHT)}
    asked = json.loads(call.prompt or "")
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert {tool["function"]["name"] for tool in asked["tools"]} == {"search", "enhance_reasoning", "answer"}
    assert (asked["temperature"], asked["top_p"], asked["top_k"], asked["seed"]) == (1.0, 0.95, 20, 7_003)


async def test_thinking_and_reply_are_heard_apart_and_without_tags(path: Path) -> None:
    heard: list[Heard] = []
    await policy(path, Scripted(*THOUGHT)).decide(turn(), Bill(heard.append))
    assert "".join(piece.piece for piece in heard if piece.thinking) == "The book is old."
    assert "".join(piece.piece for piece in heard if not piece.thinking) == CALL


async def test_a_cancelled_decision_is_billed_and_nothing_more_is_heard(path: Path) -> None:
    writer = Scripted(*THOUGHT)
    writer.may_go_on.clear()
    heard: list[Heard] = []
    begun = asyncio.Event()
    bill = Bill(lambda piece: (heard.append(piece), begun.set())[0])
    deciding = asyncio.create_task(policy(path, writer).decide(turn(), bill))
    await begun.wait()
    deciding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await deciding
    count = len(heard)
    writer.may_go_on.set()
    await asyncio.sleep(0.05)
    assert writer.seen[0].finish is Finish.HALTED
    assert len(heard) == count
    assert [call.error for call in bill] == ["cancelled"]


async def test_one_waits_for_another_and_a_cancelled_one_that_waits_is_never_begun(path: Path) -> None:
    writer = Scripted(*THOUGHT)
    writer.may_go_on.clear()
    asked = policy(path, writer)
    bills = [Bill() for _ in range(3)]
    tasks = [asyncio.create_task(asked.decide(turn(), bill)) for bill in bills]
    await asyncio.sleep(0.2)
    tasks[1].cancel()
    await asyncio.wait([tasks[1]])
    assert bills[1][0].usage is None
    assert bills[1][0].queued_s == pytest.approx(bills[1][0].latency_s)
    writer.may_go_on.set()
    await asyncio.gather(tasks[0], tasks[2])
    assert len(writer.seen) == 2
    assert (bills[2][0].queued_s or 0) > (bills[0][0].queued_s or 0) + 0.1
    assert [bill[0].in_flight for bill in bills] == [1, 2, 3]


async def test_a_model_is_loaded_at_first_use_and_once(path: Path) -> None:
    loaded: list[int] = []
    asked = policy(path, Scripted(*THOUGHT), lambda: loaded.append(1))
    assert not loaded
    await asyncio.gather(*(asked.decide(turn(seed=seed), Bill()) for seed in range(3)))
    assert len(loaded) == 1


async def test_loading_that_failed_is_tried_again_with_the_next_decision(path: Path) -> None:
    broken = [True]

    def load() -> None:
        if broken.pop():
            raise LocalModelFailed("small cannot be loaded: the disk is away")

    broken.insert(0, False)
    asked = policy(path, Scripted(*THOUGHT), load)
    bill = Bill()
    with pytest.raises(PolicyFailed, match="the disk is away"):
        await asked.decide(turn(), bill)
    assert bill[0].error == "small cannot be loaded: the disk is away"
    assert (await asked.decide(turn(), Bill())).call is not None


async def test_what_cannot_be_afforded_is_neither_done_nor_billed(path: Path) -> None:
    bill = Bill()
    with pytest.raises(CannotAfford):
        await policy(path, Refusing(CannotAfford("too little is left"))).decide(turn(left=Remaining(tokens=1)), bill)
    assert not bill


@pytest.mark.parametrize(
    ("finish", "words"), [(Finish.LENGTH, "limit of tokens"), (Finish.TIME, "limit of seconds"), (Finish.STOP, "JSON")]
)
async def test_a_reply_that_was_cut_off_says_so(path: Path, finish: Finish, words: str) -> None:
    writer = Scripted('<tool_call>{"name": ', "</tool_call>" if finish is Finish.STOP else "", finish=finish)
    decision = await policy(path, writer).decide(turn(), Bill())
    assert decision.call is None
    assert words in (decision.problem or "")


async def test_a_thought_that_the_template_opened_is_not_taken_for_the_reply(path: Path) -> None:
    decision = await policy(path, Scripted("<think>\n", f"either {CALL} or another", finish=Finish.LENGTH)).decide(
        turn(), Bill()
    )
    assert decision.call is None
    assert "thinking but no tool call" in (decision.problem or "")


async def test_its_spec_names_the_prompt_profile_unless_it_is_the_default(path: Path) -> None:
    model = LocalModel(model_folder(str(path)))
    chosen = profile("clean")
    other = InProcessPolicy(model, POOL, chosen, Estimate(), chosen.sampling)
    assert policy(path, Scripted()).spec == f"transformers:{path}"
    assert other.spec == f"transformers:{path};profile=clean"


def test_a_folder_tells_what_its_model_recommends(path: Path) -> None:
    folder = model_folder(str(path))
    assert (folder.name, folder.weights_bytes, folder.context_tokens) == ("small", 123, 40960)
    assert (folder.temperature, folder.top_p, folder.top_k) == (0.6, 0.95, 20)
    assert folder.end_tokens == {7, 9}


@pytest.mark.parametrize(
    ("removed", "words"),
    [
        ("config.json", "no readable config.json"),
        ("model.safetensors", "no weights"),
        ("tokenizer.json", "no tokenizer"),
        ("tokenizer_config.json", "no chat template"),
    ],
)
def test_a_folder_that_is_not_whole_says_what_is_missing(path: Path, removed: str, words: str) -> None:
    (path / removed).unlink()
    with pytest.raises(UnusableModel, match=words):
        model_folder(str(path))


def test_other_kinds_of_models_are_refused(path: Path) -> None:
    write(path, "config.json", {"architectures": ["BertForSequenceClassification"]})
    with pytest.raises(UnusableModel, match="no causal language model"):
        model_folder(str(path))


def test_a_path_that_leads_nowhere_is_said(libraries: None, tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match="does not exist; name the folder of a model"):
        LocalModels().of(str(tmp_path / "nowhere"))


def test_without_the_libraries_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnusableModel, match=r"torch and transformers are needed.*pip install 'podium\[local\]'"):
        model_folder(str(tmp_path))


def test_a_folder_is_one_model_however_it_is_named(path: Path) -> None:
    models = LocalModels()
    assert models.of(str(path)) is models.of(f"{path}/../{path.name}/")


class Bytes:
    """A tokenizer whose tokens are bytes, as byte-level BPE has them for rare characters."""

    def decode(self, tokens: list[int], **options: object) -> str:
        return bytes(tokens).decode("utf-8", "replace")


@given(st.text())
def test_pieces_make_up_the_text_and_no_character_is_torn(text: str) -> None:
    valid = text.encode("utf-8", "replace").decode("utf-8")
    pieces = Pieces(Bytes())
    told = [pieces.after(byte) for byte in valid.encode()]
    assert "".join([*told, pieces.rest()]) == valid
    assert "\N{REPLACEMENT CHARACTER}" in valid or not any("\N{REPLACEMENT CHARACTER}" in piece for piece in told)


@given(st.lists(st.integers(0, 255)))
def test_tokens_that_make_no_text_still_come_to_an_end(tokens: list[int]) -> None:
    pieces = Pieces(Bytes())
    for token in tokens:
        pieces.after(token)
        assert len(pieces._kept) <= 18
