"""A folder with the bundled model or another one like it: template, tokenizer and network, loaded once when needed."""

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from orchestrator.embedded.damage import BadCheckpoint
from orchestrator.embedded.decoder import Decoder
from orchestrator.embedded.network import FILE_NAME as NETWORK
from orchestrator.embedded.network import Network
from orchestrator.embedded.rendering import Template
from orchestrator.embedded.vocabulary import THINK

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BUNDLED: Final = Path(__file__).with_name("checkpoint")
"""The model that comes with Podium."""
CONFIG, TOKENIZER, TEMPLATE = "config.json", "tokenizer.json", "chat_template.jinja"
FILES: Final = (CONFIG, TOKENIZER, TEMPLATE, NETWORK)
"""What is read here. The other files of a checkpoint are for transformers and vLLM."""
WEIGHTS: Final = "model.safetensors"


class Loaded:
    """A model that is ready. Any number of threads may ask it."""

    def __init__(self, template: Template, tokenizer: "Tokenizer", network: Network) -> None:
        self._template = template
        self._tokenizer = tokenizer
        self.vocabulary: Mapping[str, int] = tokenizer.get_vocab()
        """Each token to its id."""
        self.network = network
        self.decoder = Decoder(network, self.vocabulary)

    def text(self, messages: Sequence[Mapping[str, str]], tools: Iterable[Mapping[str, Any]]) -> str:
        """The prompt of a request, up to where the thought begins; raises BadCheckpoint."""
        text = self._template.text(messages, tools)
        if not text.endswith(THINK):
            raise BadCheckpoint(f"its chat template does not end in {THINK}, where the reply begins")
        return text

    def ids(self, text: str) -> list[int]:
        """The tokens of a prompt. What is no text, such as half a character, is read as a question mark."""
        valid = text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
        return list(self._tokenizer.encode(valid, add_special_tokens=False).ids)


class Checkpoint:
    """A folder whose files are there. Nothing is loaded before it is needed."""

    def __init__(self, path: Path) -> None:
        """Raises BadCheckpoint where the folder or one of its files is missing."""
        if not path.is_dir():
            there = "is a file" if path.exists() else "does not exist"
            raise BadCheckpoint(f"{path} {there}: name the folder of a checkpoint, with {', '.join(FILES)}")
        if missing := [name for name in FILES if not (path / name).is_file()]:
            raise BadCheckpoint(f"{path} is no whole checkpoint: {' and '.join(missing)} missing")
        self.path = path
        self.name = _name(path)
        self.in_flight = 0
        """Decisions under way; counted in the event loop."""
        self._lock = threading.Lock()
        self._loaded: Loaded | None = None

    def loaded(self) -> Loaded:
        """The model, loaded by whoever asks first; raises BadCheckpoint."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Loaded:
        try:
            template = Template((self.path / TEMPLATE).read_text("utf-8"))
            return Loaded(template, _tokenizer(self.path / TOKENIZER), Network(self.path / NETWORK))
        except BadCheckpoint as fault:
            raise BadCheckpoint(f"the checkpoint in {self.path} cannot be used: {fault}") from fault
        except (OSError, UnicodeDecodeError) as fault:
            raise BadCheckpoint(f"the checkpoint in {self.path} cannot be read: {fault}") from fault


def checkpoint_at(path: Path | None = None) -> Checkpoint:
    """The checkpoint in this folder or the bundled one, the same until its files change; raises BadCheckpoint."""
    found = (path or BUNDLED).expanduser().resolve()
    return _kept(found, tuple(_changed_ns(found / name) for name in FILES))


@lru_cache(maxsize=4)
def _kept(path: Path, changed_ns: tuple[int, ...]) -> Checkpoint:  # noqa: ARG001 - other files, another entry
    return Checkpoint(path)


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _tokenizer(path: Path) -> "Tokenizer":
    from tokenizers import Tokenizer  # noqa: PLC0415 - slow to import, and not every policy needs it

    try:
        return Tokenizer.from_str(path.read_text("utf-8"))
    except Exception as error:  # the library raises plain Exception
        raise BadCheckpoint(f"{path.name} is no tokenizer: {error}") from error


def _name(path: Path) -> str:
    """`podium-orchestrator-1.2M`: what records call the model, with its parameters as its weights have them."""
    config = _object(path / CONFIG)
    weights = path / WEIGHTS
    if config.get("dtype", config.get("torch_dtype")) != "float32" or not weights.is_file():
        return "podium-orchestrator"
    return f"podium-orchestrator-{weights.stat().st_size / 4e6:.1f}M"


def _object(path: Path) -> Mapping[str, Any]:
    try:
        read = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadCheckpoint(f"{path} cannot be read: {error}") from error
    if not isinstance(read, dict):
        raise BadCheckpoint(f"{path} holds no JSON object")
    return read
