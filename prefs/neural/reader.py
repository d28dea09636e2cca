"""From a trajectory to the tokens that a reward model reads: the same code while training and while serving."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from orchestrator.trajectory import Trajectory
from prefs.neural.chat_template import PLAIN, ChatTemplate
from prefs.neural.reward_model import Reading
from prefs.training_files.chat import conversation

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER, TEMPLATE, READING = "tokenizer.json", "chat_template.jinja", "reading.json"
_SPECIAL: Final = ("bos_token", "eos_token", "pad_token", "unk_token")


class Unreadable(ValueError):
    """A folder holds no tokenizer or template that can be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A trajectory as a model reads it."""

    ids: tuple[int, ...]
    cut: int
    """Tokens left out of the middle; 0 where the whole is there."""


class Reader:
    """Any number of threads may use it."""

    def __init__(self, tokenizer: "Tokenizer", template: str, special_tokens: Mapping[str, str], reading: Reading):
        self.reading = reading
        self.tokenizer = tokenizer
        self.template = template
        self.special_tokens = {name: special_tokens[name] for name in _SPECIAL if name in special_tokens}
        self._chat = ChatTemplate(template, self.special_tokens)
        pad = self.special_tokens.get("pad_token") or self.special_tokens.get("eos_token")
        found = None if pad is None else tokenizer.token_to_id(pad)
        if found is None:
            raise Unreadable("the tokenizer names no pad token and no end-of-text token; name one in its configuration")
        self.pad_id = int(found)

    def text(self, trajectory: Trajectory) -> str:
        """The whole conversation as one text; raises ValueError where the chat template refuses it."""
        return _told(self._chat, trajectory, self.reading)

    def tokens(self, trajectory: Trajectory) -> Tokens:
        """Its tokens. Where they are too many, the first and the last ones: the query stays, and so does the answer."""
        text = self.text(trajectory).encode("utf-8", "replace").decode("utf-8")
        ids = list(self.tokenizer.encode(text, add_special_tokens=False).ids)
        while ids and ids[-1] == self.pad_id:  # the head reads the last token that is no padding
            ids.pop()
        most = self.reading.max_length
        if len(ids) <= most:
            return Tokens(tuple(ids), 0)
        first = most // 2
        return Tokens((*ids[:first], *ids[len(ids) - (most - first) :]), len(ids) - most)

    def write(self, folder: Path) -> None:
        """Write what `reader_at` reads."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer.save(str(folder / TOKENIZER))
        (folder / TEMPLATE).write_text(self.template, "utf-8")
        said = {**asdict(self.reading), "special_tokens": self.special_tokens}
        (folder / READING).write_text(json.dumps(said, indent=2) + "\n", "utf-8")


def plain_text(trajectory: Trajectory, reading: Reading) -> str:
    """The whole conversation in the plain template: what the small base learns its words from."""
    return _told(ChatTemplate(PLAIN, {}), trajectory, reading)


def reader_at(folder: Path) -> Reader:
    """The reader of a checkpoint that `Reader.write` wrote; raises Unreadable."""
    said = _object(folder / READING)
    try:
        special = said.pop("special_tokens")
        reading = Reading(**said)
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{folder / READING} is not as it was written: {error}") from error
    return Reader(_tokenizer(folder), _read(folder / TEMPLATE), special, reading)


def reader_of_base(folder: Path, reading: Reading) -> Reader:
    """A base's own tokenizer and chat template, the plain one where it has none; raises Unreadable."""
    if not folder.is_dir():
        raise Unreadable(f"there is no folder {folder}; --base names the folder of a model, or `small`")
    settings = _object(folder / "tokenizer_config.json")
    special = {name: _token(settings.get(name)) for name in _SPECIAL}
    template = settings.get("chat_template")
    if (folder / TEMPLATE).is_file():
        template = _read(folder / TEMPLATE)
    known = {name: token for name, token in special.items() if token is not None}
    return Reader(_tokenizer(folder), template if isinstance(template, str) else PLAIN, known, reading)


def _told(chat: ChatTemplate, trajectory: Trajectory, reading: Reading) -> str:
    shown = conversation(trajectory, cost_shown=reading.cost_shown, latency_shown=reading.latency_shown)
    return chat.text(shown, None)


def _token(said: Any) -> str | None:
    """A special token, which a configuration names as text or as an object with its content."""
    content = said.get("content") if isinstance(said, dict) else said
    return content if isinstance(content, str) else None


def _tokenizer(folder: Path) -> "Tokenizer":
    from tokenizers import Tokenizer  # noqa: PLC0415 - slow to import, and only a neural model needs it

    try:
        return Tokenizer.from_str(_read(folder / TOKENIZER))
    except Unreadable:
        raise
    except Exception as error:  # the library raises plain Exception
        raise Unreadable(f"{folder / TOKENIZER} is no tokenizer: {error}") from error


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(_read(path))
    except ValueError as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise Unreadable(f"{path} holds no JSON object")
    return found
