"""Folders with a checkpoint: loaded once and lazily, and what is said of those that cannot be used."""

import json
import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.embedded import checkpoint as module
from orchestrator.embedded.checkpoint import CONFIG, FILES, TEMPLATE, TOKENIZER, WEIGHTS, Checkpoint, checkpoint_at
from orchestrator.embedded.damage import BadCheckpoint
from orchestrator.embedded.network import FILE_NAME, Network
from orchestrator.embedded.vocabulary import CHAT, WORDS

MEGABYTES = 20_000_000


@pytest.fixture
def copy(bundled: Checkpoint, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in FILES:
        shutil.copy(bundled.path / name, folder / name)
    return folder


def test_the_bundled_checkpoint_is_whole_and_small(bundled: Checkpoint) -> None:
    files = {file.name for file in bundled.path.iterdir()}
    assert files >= {*FILES, WEIGHTS, "generation_config.json", "tokenizer_config.json"}
    assert sum(file.stat().st_size for file in bundled.path.iterdir()) < MEGABYTES
    assert re.fullmatch(r"podium-orchestrator-[1-4]\.\dM", bundled.name)


def test_the_bundled_template_is_the_one_that_is_written_here(bundled: Checkpoint) -> None:
    source = Path(module.__file__).with_name(TEMPLATE)
    assert (bundled.path / TEMPLATE).read_text("utf-8") == source.read_text("utf-8")


def test_no_file_of_the_bundled_checkpoint_tells_where_it_was_made(bundled: Checkpoint) -> None:
    for file in bundled.path.iterdir():
        content = file.read_bytes()
        assert not re.search(rb"/(home|root|tmp|usr)/|site-packages", content)


def test_every_word_is_one_token(bundled: Checkpoint) -> None:
    model = bundled.loaded()
    for word in (*CHAT, *WORDS):
        assert model.ids(word) == [model.vocabulary[word]]


def test_every_token_is_known_to_the_network(bundled: Checkpoint) -> None:
    model = bundled.loaded()
    assert max(model.vocabulary.values()) < model.network.vocabulary
    assert json.loads((bundled.path / CONFIG).read_text("utf-8"))["vocab_size"] == model.network.vocabulary


def test_half_a_character_is_read_as_a_question_mark(bundled: Checkpoint) -> None:
    model = bundled.loaded()
    assert model.ids("a \ud800 b") == model.ids("a ? b")


def test_a_folder_is_loaded_once_whoever_asks(bundled: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[Path] = []
    start = threading.Barrier(8)

    def counted(path: Path) -> Network:
        loads.append(path)
        return Network(path)

    monkeypatch.setattr(module, "Network", counted)
    checkpoint = Checkpoint(bundled.path)
    found: list[object] = []

    def ask() -> None:
        start.wait()
        found.append(checkpoint.loaded())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_nothing_is_loaded_before_it_is_needed(copy: Path) -> None:
    (copy / FILE_NAME).write_bytes(b"no network")
    checkpoint = Checkpoint(copy)
    assert checkpoint.name == "podium-orchestrator"
    with pytest.raises(BadCheckpoint):
        checkpoint.loaded()


def test_the_same_folder_is_the_same_checkpoint_until_it_changes(copy: Path) -> None:
    first = checkpoint_at(copy)
    assert checkpoint_at(copy / ".." / copy.name) is first
    (copy / CONFIG).write_text('{"dtype": "float32"}', "utf-8")
    assert checkpoint_at(copy) is not first


@pytest.mark.parametrize("name", FILES)
def test_a_folder_that_misses_a_file_is_refused_by_its_name(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BadCheckpoint, match=f"no whole checkpoint: {name} missing"):
        checkpoint_at(copy)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="does not exist: name the folder of a checkpoint"):
        checkpoint_at(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(BadCheckpoint, match="is a file: name the folder"):
        checkpoint_at(tmp_path / "file")


def _without_a_word(path: Path) -> None:
    text = path.read_text("utf-8")
    path.write_text(text.replace('"search-2"', '"search-7"'), "utf-8")


DAMAGES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "network is noise": (FILE_NAME, lambda path: path.write_bytes(b"\x00\x01noise" * 99), "model.onnx cannot be read"),
    "network is cut off": (
        FILE_NAME,
        lambda path: path.write_bytes(path.read_bytes()[:4_000_000]),
        "model.onnx cannot be read",
    ),
    "network is empty": (FILE_NAME, lambda path: path.write_bytes(b""), "model.onnx"),
    "tokenizer is no tokenizer": (TOKENIZER, lambda path: path.write_text("{}", "utf-8"), "is no tokenizer"),
    "tokenizer is noise": (TOKENIZER, lambda path: path.write_bytes(b"\xff\xfe"), "tokenizer"),
    "tokenizer of another model": (TOKENIZER, _without_a_word, "has no token 'search-2'"),
    "template is broken": (TEMPLATE, lambda path: path.write_text("{% if %}", "utf-8"), "chat template cannot be read"),
    "template is noise": (TEMPLATE, lambda path: path.write_bytes(b"\xff\xfe"), "cannot be read"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_together_with_its_folder(copy: Path, damage: str) -> None:
    name, spoil, said = DAMAGES[damage]
    spoil(copy / name)
    with pytest.raises(BadCheckpoint) as refusal:
        checkpoint_at(copy).loaded()
    assert said in str(refusal.value)
    assert str(copy) in str(refusal.value)


def test_a_template_of_another_model_is_refused(copy: Path) -> None:
    (copy / TEMPLATE).write_text("{{ messages[-1].content }}", "utf-8")
    with pytest.raises(BadCheckpoint, match="does not end in <think>"):
        checkpoint_at(copy).loaded().text([{"role": "user", "content": "Hello"}], [])


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_configuration_that_cannot_be_read_is_refused(copy: Path, content: str) -> None:
    (copy / CONFIG).write_text(content, "utf-8")
    with pytest.raises(BadCheckpoint, match=r"config\.json"):
        checkpoint_at(copy)
