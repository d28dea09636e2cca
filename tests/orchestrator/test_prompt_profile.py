from pathlib import Path

import pytest

from orchestrator.pool import Sampling
from orchestrator.profile import BUNDLED, DEFAULT, BadProfile, profile, profiles, read_profiles


def test_there_are_four_profiles_and_the_default_one_is_among_them() -> None:
    assert list(profiles()) == ["eval-frames", "eval-hle", "train", "clean"]
    assert profile() is profile(DEFAULT) is profiles()["eval-frames"]


@pytest.mark.parametrize(
    ("name", "characters", "code", "total", "problem_counts", "passages", "turns"),
    [
        ("eval-frames", 4_000, 12_000, 24_000, False, 150, 50),
        ("eval-hle", 1_200, 12_000, 27_000, True, 50, 50),
        ("train", 4_000, 24_000, 24_000, False, 30, 30),
    ],
)
def test_the_caps_are_those_of_the_released_code(
    name: str, characters: int, code: int, total: int, problem_counts: bool, passages: int, turns: int
) -> None:
    read = profile(name)
    assert (read.document_characters, read.code_tokens, read.total_tokens) == (characters, code, total)
    assert (read.problem_counts, read.passages, read.turns) == (problem_counts, passages, turns)


def test_every_profile_pins_its_sampling() -> None:
    evaluation = Sampling(temperature=1.0, top_p=0.95, top_k=20, max_tokens=12_000, timeout_s=600.0)
    training = Sampling(temperature=1.0, top_p=1.0, top_k=-1, max_tokens=8_768, timeout_s=600.0)
    assert {name: each.sampling for name, each in profiles().items()} == {
        "eval-frames": evaluation,
        "eval-hle": evaluation,
        "train": training,
        "clean": evaluation,
    }


@pytest.mark.parametrize("name", ["eval-frames", "eval-hle", "train"])
def test_prompt_tools_and_reply_fit_the_context_that_the_model_has(name: str) -> None:
    context = 32_768 if name == "train" else 40_960
    read = profile(name)
    assert read.total_tokens + read.sampling.max_tokens <= context


def test_an_unknown_profile_is_refused_with_what_there_is() -> None:
    with pytest.raises(BadProfile, match="did you mean 'eval-hle'") as refused:
        profile("eval-hel")
    assert "choose from: eval-frames, eval-hle, train, clean" in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("turns = 50", "turn = 50", "has no key 'turn' (did you mean 'turns'?)"),
        ("turns = 50\n", "", "'turns' is missing"),
        ("turns = 50", "turns = 0", "'turns' must be a whole number from 1 on, not 0"),
        ("titles = true", "titles = 1", "'titles' must be true or false, not 1"),
        ('cut = "tokens"', 'cut = "words"', "'cut' must be one of tokens, blocks, not 'words'"),
        ('order = "append"', "order = 1", "'order' must be a text, not 1"),
        ("{problem}\\n\\n", "", "'user' must hold {problem} and {context}, once each"),
        ("Problem: {problem}", "Problem: {question}", "'user' must hold {problem} and {context}"),
        ("Problem: {problem}", "Problem: {problem", "'user' is no template"),
        ("Doc {number}: {text}", "{text} {number}", "'document' must hold {number} and {text}, once each and in this"),
        ("top_k = 20", "top_k = 2.5", "'top_k' must be a whole number, not 2.5"),
        ("top_k = 20, ", "", "'eval-frames.sampling': 'top_k' is missing"),
        ("[eval-frames]", "[eval-frames", "profiles.toml: "),
    ],
)
def test_a_faulty_profile_is_refused_with_its_name_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = BUNDLED.read_text("utf-8")
    assert old in text
    faulty = tmp_path / "profiles.toml"
    faulty.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BadProfile) as refused:
        read_profiles(faulty)
    assert said in str(refused.value)


def test_what_is_no_table_is_no_profile(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text('mine = "short"\n', "utf-8")
    with pytest.raises(BadProfile, match=r"must be a table: write \[mine\]"):
        read_profiles(tmp_path / "profiles.toml")
    with pytest.raises(BadProfile, match=r"nowhere\.toml"):
        read_profiles(tmp_path / "nowhere.toml")
