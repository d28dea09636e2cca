"""The policy `embedded`: what it decides, says, bills and refuses, and that it holds up nobody."""

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.bill import Bill, Heard
from orchestrator.embedded.checkpoint import FILES, Checkpoint, Loaded
from orchestrator.embedded.vocabulary import Thought
from orchestrator.evidence import Evidence
from orchestrator.model_call import FREE, CallRole
from orchestrator.policies.embedded import TURNS, EmbeddedPolicy, possible
from orchestrator.policy import PolicyFailed, Turn
from orchestrator.pool import TOOL_OF, TOOLS
from orchestrator.preference import PRESETS, PreferenceVector
from orchestrator.reply import decide
from orchestrator.tool import CannotAfford, Remaining
from orchestrator.trajectory import CodeRun
from tests.embedded.asked import ALIASES, POOL, turns

OFFERS = st.lists(st.sampled_from(ALIASES), min_size=1, unique=True)


@pytest.fixture(scope="module")
def policy(bundled: Checkpoint) -> EmbeddedPolicy:
    return EmbeddedPolicy(bundled, POOL)


def turn(index: int = 0, seed: int = 7, offered: Sequence[str] = ALIASES, left: Remaining = Remaining()) -> Turn:
    return Turn(index, "Which country is Mount Kinabalu in?", PreferenceVector(), Evidence(), offered, seed, left)


@given(offered=OFFERS, index=st.integers(0, 9), seed=st.integers(-(2**70), 2**70), query=st.text(max_size=300))
@settings(max_examples=60)
async def test_no_alias_is_called_that_is_not_on_offer(
    policy: EmbeddedPolicy, offered: list[str], index: int, seed: int, query: str
) -> None:
    decision = await policy.decide(replace(turn(index, seed, offered), query=query), Bill())
    assert decision.call is not None
    assert decision.call.model in offered
    assert decision.call.tool == TOOL_OF[decision.call.model]
    assert decision.problem is None


async def test_the_same_seed_decides_the_same_and_another_may_not(bundled: Checkpoint) -> None:
    policy = EmbeddedPolicy(bundled, POOL, temperature=3.0)
    for each in turns(10):
        decisions = [await policy.decide(each, Bill()) for _ in range(3)]
        assert decisions[0] == decisions[1] == decisions[2]
    decided = {(await policy.decide(turn(seed=seed), Bill())).call for seed in range(30)}
    assert len(decided) > 1


async def test_an_invalid_reply_is_not_repeated_for_ever(bundled: Checkpoint) -> None:
    policy = EmbeddedPolicy(bundled, POOL, temperature=3.0)
    decided = {(await policy.decide(turn(index, offered=TOOLS["answer"]), Bill())).call for index in range(30)}
    assert len(decided) > 1


async def test_without_temperature_the_seed_changes_nothing(bundled: Checkpoint) -> None:
    policy = EmbeddedPolicy(bundled, POOL, temperature=0.0)
    assert len({(await policy.decide(turn(seed=seed), Bill())).call for seed in range(5)}) == 1


@given(offered=OFFERS, index=st.integers(TURNS - 1, 60))
@settings(max_examples=40)
async def test_from_the_last_call_of_training_on_it_answers_if_it_can(
    policy: EmbeddedPolicy, offered: list[str], index: int
) -> None:
    decision = await policy.decide(turn(index, offered=offered), Bill())
    assert decision.call is not None
    assert (decision.call.tool == "answer") == any(alias in TOOLS["answer"] for alias in offered)


SAYING = {
    "nothing": {"answer"},
    "facts": {"search", "answer"},
    "computation": {"enhance_reasoning", "answer"},
    "both": {"search", "enhance_reasoning", "answer"},
}


def words_for(said: str) -> tuple[str, ...]:
    return Thought("two_hop", 2, said in ("facts", "both"), said in ("computation", "both"), PreferenceVector()).words


@pytest.mark.parametrize("said", SAYING)
def test_it_does_what_its_thought_says(said: str) -> None:
    assert {TOOL_OF[alias] for alias in possible(turn(2), words_for(said))} == SAYING[said]
    coders = [alias for alias in ALIASES if TOOL_OF[alias] == "enhance_reasoning"]
    assert possible(turn(2, offered=coders), words_for(said)) == coders


@pytest.mark.parametrize(("worked", "failed", "again"), [(0, 3, False), (1, 2, True), (2, 0, False), (3, 1, False)])
def test_a_program_that_worked_is_checked_once(worked: int, failed: int, again: bool) -> None:
    runs = [CodeRun("print(7)", "7\n")] * worked + [CodeRun("print(x)", error="NameError: x")] * failed
    left = possible(replace(turn(2), evidence=Evidence(code_runs=runs)), words_for("nothing"))
    assert any(TOOL_OF[alias] == "enhance_reasoning" for alias in left) == again


async def test_a_decision_is_billed_as_free_work_of_this_machine(policy: EmbeddedPolicy, model: Loaded) -> None:
    bill = Bill()
    decision = await policy.decide(turn(3), bill)
    (call,) = bill
    assert (call.role, call.alias, call.model, call.charge) == (
        CallRole.ORCHESTRATOR,
        None,
        policy.checkpoint.name,
        FREE,
    )
    assert (call.simulated, call.error, call.in_flight) == (False, None, 1)
    assert 0 <= (call.queued_s or 0) <= call.latency_s
    prompt, reply = json.loads(call.prompt or ""), json.loads(call.reply or "")
    assert prompt["content"].startswith("<|im_start|>")
    assert "<problem>Which country is Mount Kinabalu in?<wish>I care a great deal" in prompt["content"]
    assert prompt["temperature"] == policy.temperature
    assert call.usage is not None
    assert call.usage.input_tokens == len(model.ids(prompt["content"]))
    assert call.usage.output_tokens == len(model.ids(reply["content"]))
    assert decision.call is not None
    assert decision.call.model in reply["chances"]
    assert sum(reply["chances"].values()) == pytest.approx(1)
    # The raw reply, read as any other model's, says the same.
    assert decide(reply, ALIASES) == decision


async def test_the_thought_ends_in_the_alias(policy: EmbeddedPolicy) -> None:
    decision = await policy.decide(turn(), Bill())
    assert decision.call is not None
    assert decision.thought.startswith("This ")
    assert ". Accuracy matters " in decision.thought
    assert decision.thought.endswith(f": {decision.call.model}")


async def test_thought_and_call_are_heard_apart(policy: EmbeddedPolicy) -> None:
    heard: list[Heard] = []
    decision = await policy.decide(turn(), Bill(heard.append))
    assert "".join(piece.piece for piece in heard if piece.thinking) == decision.thought
    said = "".join(piece.piece for piece in heard if not piece.thinking)
    assert decide({"content": said}, ALIASES).call == decision.call
    assert {(piece.role, piece.alias) for piece in heard} == {(CallRole.ORCHESTRATOR, None)}


async def test_another_wording_of_the_preference_can_be_asked_for(policy: EmbeddedPolicy) -> None:
    bill = Bill()
    await policy.decide_for(turn(), "Money is tight this month.", bill)
    said = json.loads(bill[0].prompt or "")["content"]
    assert "<wish>Money is tight this month.<docs0>" in said
    assert "I care" not in said


@pytest.mark.parametrize("name", PRESETS)
async def test_a_preference_is_told_in_its_own_words(policy: EmbeddedPolicy, name: str) -> None:
    alone, worded = Bill(), Bill()
    asked = replace(turn(), preference=PRESETS[name])
    assert await policy.decide(asked, alone) == await policy.decide_for(
        asked, alone_wish(json.loads(alone[0].prompt or "")["content"]), worded
    )
    assert alone[0].prompt == worded[0].prompt


def alone_wish(prompt: str) -> str:
    """The wish of a rendered prompt."""
    return prompt.partition("<wish>")[2].partition("<docs")[0]


class Slow(Checkpoint):
    """Loads only when it may."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.may_go_on = threading.Event()

    def loaded(self) -> Loaded:
        if not self.may_go_on.wait(20):
            raise TimeoutError("the event loop was held up")
        return super().loaded()


async def test_the_event_loop_goes_on_while_it_decides(bundled: Checkpoint) -> None:
    slow = Slow(bundled.path)
    deciding = [asyncio.create_task(EmbeddedPolicy(slow, POOL).decide(turn(), Bill())) for _ in range(3)]
    for _ in range(10):
        await asyncio.sleep(0.001)
    assert slow.in_flight == 3
    assert not any(task.done() for task in deciding)
    slow.may_go_on.set()
    assert len({(await task).call for task in deciding}) == 1
    assert slow.in_flight == 0


async def test_a_cancelled_decision_is_billed_as_such(bundled: Checkpoint) -> None:
    slow, bill = Slow(bundled.path), Bill()
    deciding = asyncio.create_task(EmbeddedPolicy(slow, POOL).decide(turn(), bill))
    await asyncio.sleep(0.01)
    deciding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await deciding
    slow.may_go_on.set()
    assert [(call.error, call.usage, call.prompt) for call in bill] == [("cancelled", None, None)]
    assert slow.in_flight == 0


async def test_many_at_once_decide_as_one_after_another(policy: EmbeddedPolicy) -> None:
    asked = turns(24)
    alone = [await policy.decide(each, Bill()) for each in asked]
    assert await asyncio.gather(*(policy.decide(each, Bill()) for each in asked)) == alone


async def test_what_is_left_of_the_tokens_is_not_exceeded(policy: EmbeddedPolicy) -> None:
    bill = Bill()
    await policy.decide(turn(), bill)
    assert bill[0].usage is not None
    needed = bill[0].usage.total_tokens
    await policy.decide(turn(left=Remaining(tokens=needed)), Bill())
    short = Bill()
    with pytest.raises(CannotAfford, match="was not asked"):
        await policy.decide(turn(left=Remaining(tokens=needed - 1)), short)
    assert short == []


async def test_a_damaged_checkpoint_ends_the_run_in_words(bundled: Checkpoint, tmp_path: Path) -> None:
    for name in FILES:
        shutil.copy(bundled.path / name, tmp_path / name)
    (tmp_path / "model.onnx").write_bytes(b"noise")
    bill = Bill()
    with pytest.raises(PolicyFailed, match=r"cannot be used: model\.onnx cannot be read"):
        await EmbeddedPolicy(Checkpoint(tmp_path), POOL).decide(turn(), bill)
    assert len(bill) == 1
    assert "model.onnx" in (bill[0].error or "")


async def test_a_decision_is_quick(policy: EmbeddedPolicy) -> None:
    took_s = []
    for each in turns(20):
        clock = time.perf_counter()
        await policy.decide(each, Bill())
        took_s.append(time.perf_counter() - clock)
    # The fastest, as other work on the machine slows the rest; bench/embedded.py measures properly.
    assert min(took_s) < 0.05
