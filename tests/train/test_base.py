"""Training another base: a tiny random Qwen3 with its own tokenizer and chat template stands for a large one."""

import json
import math
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from orchestrator.policies.model_folder import UnusableModel  # noqa: E402
from orchestrator.reply import decide  # noqa: E402
from orchestrator.training.appraisal import held_out  # noqa: E402
from orchestrator.training.base_reader import BaseReader  # noqa: E402
from orchestrator.training.base_request import call_text, evidence_of, thought_text  # noqa: E402
from orchestrator.training.course import CHECKPOINT, WARM_UP, course_of_base, of_base  # noqa: E402
from orchestrator.training.learner import Learner, Teach  # noqa: E402
from orchestrator.training.lessons import imitate, reinforce  # noqa: E402
from orchestrator.training.request import EVERY, SEEN, Told  # noqa: E402
from orchestrator.training.situation import ALIASES  # noqa: E402
from tests.vllm.checkpoint import make  # noqa: E402

CPU = torch.device("cpu")
TINY = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
}
SITUATIONS = held_out("test", 2, seed=3)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """So small a model is slower with more of them, and far slower where others compute, too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make(tmp_path_factory.mktemp("bases") / "tiny", TINY)
    torch.manual_seed(8)
    config = transformers.Qwen3Config.from_pretrained(made, local_files_only=True)
    network = transformers.Qwen3ForCausalLM(config)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.dim() > 1:
                weight.mul_(4)  # with the usual small ones, hardly anything depends on what was read
    network.save_pretrained(made)
    return made


@pytest.fixture
def reader(folder: Path) -> BaseReader:
    return BaseReader(folder, CPU)


def learned(learner: Learner, lesson: Teach, places: int, rate: float) -> dict[str, float]:
    """A step whose places, demonstrations and rollouts are always the same."""
    learner.dice.seed(4)
    return learner.learn(lesson, SITUATIONS, places, rate)


def test_chances_are_of_the_aliases_on_offer_alone(reader: BaseReader):
    chances = Learner(reader, CPU, seed=0).chances(SITUATIONS)
    assert chances.shape == (len(SITUATIONS), len(SEEN), len(ALIASES))
    assert torch.allclose(chances.sum(-1), torch.ones(len(SITUATIONS), len(SEEN)), atol=1e-5)
    for situation, rows in zip(SITUATIONS, chances, strict=True):
        for number, alias in enumerate(ALIASES):
            assert bool((rows[:, number] > 0).all()) == (alias in situation.offered)


def test_scores_are_those_of_whole_conversations_read_one_by_one(reader: BaseReader, folder: Path):
    situation, places = SITUATIONS[0], (0, 5)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    plain = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    with torch.no_grad():
        [part] = reader.parts([situation], places, random.Random(0), told=Told.ALL)
        read = part.read()
        words = 0.0
        for row, place in enumerate(places):
            prompt = reader.prompt(situation, place)
            thought = f"<think>\n{thought_text(situation, *SEEN[place])}\n</think>\n\n"
            for number, alias in enumerate(ALIASES):
                text = f"{prompt}{thought}{call_text(alias)}<|im_end|>"
                ids = tokenizer(text, add_special_tokens=False)["input_ids"]
                of_prompt, of_stem = (
                    len(tokenizer(part, add_special_tokens=False)["input_ids"]) for part in (prompt, prompt + thought)
                )
                said = plain(torch.tensor([ids[:-1]])).logits[0].log_softmax(-1)
                each = said.gather(-1, torch.tensor(ids[1:])[:, None])[:, 0]
                assert float(read.choices[0, row, number]) == pytest.approx(float(each[of_stem - 1 :].sum()), abs=2e-3)
            words -= float(each[of_prompt - 1 : of_stem - 1].sum())
    assert float(read.anything.abs().sum()) == 0
    closing = float(read.words) - words
    assert 0 < closing < float(-read.choices.min())


def test_branches_read_apart_score_the_same(reader: BaseReader, folder: Path):
    apart = BaseReader(folder, CPU)
    apart._together = False
    with torch.no_grad():
        for one, other in zip(
            reader.parts(SITUATIONS[:1], (4,), random.Random(1), told=Told.ALL),
            apart.parts(SITUATIONS[:1], (4,), random.Random(1), told=Told.ALL),
            strict=True,
        ):
            a, b = one.read(), other.read()
            assert torch.allclose(a.choices, b.choices, atol=2e-3)
            assert torch.allclose(a.words, b.words, atol=2e-3)


def test_recomputing_gives_the_same_slopes(folder: Path):
    slopes = []
    for recomputing in (False, True):
        reader = BaseReader(folder, CPU, recomputing=recomputing)
        [part] = reader.parts(SITUATIONS[:1], (0, 8), random.Random(1), told=Told.ALL)
        read = part.read()
        (read.choices.logsumexp(-1).sum() + read.words).backward()
        slopes.append([weight.grad for weight in reader.network.parameters()])
    for one, other in zip(*slopes, strict=True):
        assert float(one.abs().sum()) > 0
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-4)


def test_a_written_reply_is_the_call_that_it_stands_for():
    for alias in ALIASES:
        said = f"<think>\nwhy\n</think>\n\n{call_text(alias)}"
        decision = decide({"content": said}, ALIASES)
        assert decision.call is not None
        assert (decision.call.model, decision.thought) == (alias, "why")


def test_prompt_holds_prices_wish_documents_and_code(reader: BaseReader):
    situation = next(one for one in held_out("train", 60, seed=1) if one.task.needs_document and one.task.program)
    alias = situation.offered[0]
    dear = replace(situation, prices={**situation.prices, alias: situation.prices[alias].times(1000)})
    bare, full, failed = (reader.prompt(situation, SEEN.index(seen)) for seen in ((0, 0), (2, 2), (2, 1)))
    assert reader.prompt(dear, 0) != bare
    assert situation.task.question in bare
    assert situation.instruction in bare
    for document in evidence_of(situation.task, 2, 2).documents:
        assert document.text in full
        assert document.text not in bare
    assert f"```output\n{situation.task.reference}\n" in full
    assert "Error: " in failed
    for other in ALIASES:
        assert (f"{other} | $" in bare) == (other in situation.offered)
    assert "search" not in reader.prompt(situation, 0, told=False)


def test_an_imitation_step_lowers_the_loss(reader: BaseReader):
    learner = Learner(reader, CPU, seed=0)
    before = learned(learner, imitate, 2, rate=1e-3)
    after = learned(learner, imitate, 2, rate=0.0)
    assert after["imitation"] < before["imitation"]
    assert after["words"] < before["words"]


def test_a_reinforcement_step_learns_from_the_reward(reader: BaseReader):
    learner = Learner(reader, CPU, seed=0)
    before = [weight.clone() for weight in reader.network.parameters()]
    measures = learned(learner, reinforce, len(EVERY), rate=1e-4)
    assert measures["left_out"] < 1
    assert all(map(math.isfinite, measures.values()))
    assert any(not torch.equal(one, other) for one, other in zip(before, reader.network.parameters(), strict=True))


def test_a_trained_base_is_kept_written_and_loaded_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("orchestrator.training.course.APPRAISED_OF_BASE", 1)
    phases = course_of_base((1, 1), situations=1, rate=1e-4)
    seen: list[str] = []

    def report(phase: str, step: int, steps: int, measures: Mapping[str, float]) -> None:
        seen.append(phase)

    training = of_base(tmp_path, phases, folder, seed=0, device="cpu")
    training.run(report)
    again = of_base(tmp_path, phases, folder, seed=0, device="cpu")
    again.run(report)
    assert seen == ["imitation", "reinforcement"]
    weights = training.learner.reader.network.state_dict()
    loaded = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / CHECKPOINT, local_files_only=True)
    for name, weight in loaded.state_dict().items():
        assert torch.equal(weight, weights[name])
        assert torch.equal(weight, again.learner.reader.network.state_dict()[name])
    written = BaseReader(tmp_path / WARM_UP, CPU)
    assert written.asked(SITUATIONS[0], 3) == BaseReader(folder, CPU).asked(SITUATIONS[0], 3)
    end = json.loads((tmp_path / CHECKPOINT / "generation_config.json").read_text())["eos_token_id"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / CHECKPOINT, local_files_only=True)
    assert tokenizer.convert_tokens_to_ids("<|im_end|>") in ([end] if isinstance(end, int) else end)
    with pytest.raises(ValueError, match="holds another training"):
        of_base(tmp_path, course_of_base((1, 2)), folder, seed=0, device="cpu").run(report)


def test_a_folder_without_a_model_is_named(tmp_path: Path):
    with pytest.raises(UnusableModel, match=r"no readable config\.json"):
        BaseReader(tmp_path, CPU)
    command = (sys.executable, "-m", "orchestrator.training", "--out", str(tmp_path / "out"), "--base", str(tmp_path))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "No GPU" in done.stderr or torch.cuda.is_available()
    assert "no readable config.json" in done.stderr
    assert "Traceback" not in done.stderr
