"""The bundled checkpoint as transformers loads it: the same prompts, the same replies, and the same network again."""

from pathlib import Path
from typing import Any

import pytest

from orchestrator.bill import Bill
from orchestrator.embedded.checkpoint import Checkpoint, Loaded, checkpoint_at
from orchestrator.embedded.decoder import MOST_TOKENS
from orchestrator.embedded.network import Network
from orchestrator.policies.in_process import InProcessPolicy
from orchestrator.policies.local_model import LocalModels
from orchestrator.pool import Sampling
from orchestrator.profile import profile
from orchestrator.tokenizer import Estimate
from tests.embedded.asked import POOL, Asked, requests, turns

torch = pytest.importorskip("torch", reason="a model in this process needs pip install 'podium[local]'")
transformers = pytest.importorskip("transformers", reason="a model in this process needs pip install 'podium[local]'")


@pytest.fixture(scope="module")
def bundled() -> Checkpoint:
    return checkpoint_at()


@pytest.fixture(scope="module")
def model(bundled: Checkpoint) -> Loaded:
    return bundled.loaded()


@pytest.fixture(scope="module")
def tokenizer(bundled: Checkpoint) -> Any:
    return transformers.AutoTokenizer.from_pretrained(bundled.path, local_files_only=True)


@pytest.fixture(scope="module")
def network(bundled: Checkpoint) -> Any:
    # So small a network is slower on several threads, which wait for each other.
    torch.set_num_threads(1)
    return transformers.AutoModelForCausalLM.from_pretrained(bundled.path, local_files_only=True).eval()


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    return requests()


def test_the_template_tells_every_request_as_transformers_does(
    model: Loaded, tokenizer: Any, asked: list[Asked]
) -> None:
    assert len(asked) == 200
    for one in asked:
        text = tokenizer.apply_chat_template(one.messages, tools=one.tools, add_generation_prompt=True, tokenize=False)
        assert text == model.text(one.messages, one.tools)
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == model.ids(text)


def test_greedy_replies_are_those_of_transformers(
    model: Loaded, tokenizer: Any, network: Any, asked: list[Asked]
) -> None:
    assert next(network.parameters()).dtype == torch.float32
    for one in asked:
        prompt = tokenizer.apply_chat_template(
            one.messages, tools=one.tools, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        with torch.inference_mode():
            written = network.generate(**prompt, max_new_tokens=MOST_TOKENS)[0, prompt["input_ids"].shape[1] :]
        assert written.tolist() == model.decoder.greedy(prompt["input_ids"][0].tolist())


def test_the_logits_are_those_of_transformers(model: Loaded, network: Any, asked: list[Asked]) -> None:
    for one in asked[:20]:
        ids = model.ids(model.text(one.messages, one.tools))
        logits, _ = model.network.read(ids)
        with torch.inference_mode():
            exact = network(torch.tensor([ids])).logits[0, -1]
        assert torch.allclose(torch.from_numpy(logits), exact, atol=1e-3)


async def test_the_policy_over_transformers_reads_its_calls(bundled: Checkpoint) -> None:
    models = LocalModels()
    try:
        sampling = Sampling(temperature=1.0, max_tokens=2 * MOST_TOKENS)
        policy = InProcessPolicy(models.of(str(bundled.path)), POOL, profile(), Estimate(), sampling)
        for turn in turns(20):
            decision = await policy.decide(turn, Bill())
            assert decision.call is not None or "is not on offer now" in (decision.problem or "")
            assert decision.thought.startswith("This ")
    finally:
        await models.aclose()


def test_the_network_can_be_exported_again_from_its_weights(
    bundled: Checkpoint, network: Any, model: Loaded, asked: list[Asked], tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript", reason="exporting needs pip install 'podium[train]'")
    from orchestrator.training.export import export_onnx  # noqa: PLC0415 - only where its packages are

    exported = Network(export_onnx(network, tmp_path))
    for one in asked[:20]:
        ids = model.ids(model.text(one.messages, one.tools))
        assert abs(exported.read(ids)[0] - model.network.read(ids)[0]).max() < 1e-3
