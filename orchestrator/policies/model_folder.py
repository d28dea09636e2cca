"""A folder with a causal language model in the layout of Hugging Face, checked before anything heavy is imported."""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LIBRARIES: Final = ("torch", "transformers")
_VOCABULARIES: Final = ("tokenizer.json", "tokenizer.model", "vocab.json")
_TEMPLATES: Final = ("chat_template.jinja", "chat_template.json", "additional_chat_templates")


class UnusableModel(ValueError):
    """There is no model that could be run here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Where a model lies, and what its own files say of it."""

    path: Path
    weights_bytes: int
    context_tokens: int | None
    """The longest prompt and reply together; `None` where the model does not say."""
    end_tokens: frozenset[int]
    """Ids that end a reply, besides the tokenizer's own."""
    temperature: float
    top_p: float
    top_k: int
    """What the model's makers recommend: `generation_config.json`. 0 keeps every token."""

    @property
    def name(self) -> str:
        """What to call the model: its folder's name."""
        return self.path.name


def model_folder(text: str) -> ModelFolder:
    """The model in this folder; raises UnusableModel where it is not there, not whole, or cannot be run here."""
    missing = [library for library in LIBRARIES if importlib.util.find_spec(library) is None]
    if missing:
        raise UnusableModel(f"{' and '.join(missing)} are needed to run a model here: pip install 'podium[local]'")
    path = Path(text).expanduser()
    if not path.is_dir():
        there = "is a file" if path.exists() else "does not exist"
        raise UnusableModel(f"{path} {there}; name the folder of a model, with config.json, weights and tokenizer")
    path = path.resolve()
    config = _read(path / "config.json")
    if config is None:
        raise UnusableModel(f"{path} holds no model: it has no readable config.json")
    _check(path, config)
    generation = _read(path / "generation_config.json") or {}
    return ModelFolder(
        path,
        sum(file.stat().st_size for file in path.glob("*.safetensors")),
        _whole(config.get("max_position_embeddings")),
        frozenset((*_ids(config.get("eos_token_id")), *_ids(generation.get("eos_token_id")))),
        _number(generation.get("temperature"), 1.0),
        _number(generation.get("top_p"), 1.0),
        _whole(generation.get("top_k")) or 0,
    )


def _check(path: Path, config: Mapping[str, Any]) -> None:
    kinds = config.get("architectures") or []
    if kinds and not any("CausalLM" in str(kind) or "LMHead" in str(kind) for kind in kinds):
        raise UnusableModel(f"{path} holds {kinds[0]}, which is no causal language model")
    if not any(path.glob("*.safetensors")):
        raise UnusableModel(f"{path} has no weights: no *.safetensors file lies in it (other forms are not loaded)")
    if not any((path / name).exists() for name in _VOCABULARIES):
        raise UnusableModel(f"{path} has no tokenizer: none of {', '.join(_VOCABULARIES)} lies in it")
    settings = _read(path / "tokenizer_config.json") or {}
    if "chat_template" not in settings and not any((path / name).exists() for name in _TEMPLATES):
        raise UnusableModel(
            f"{path} has no chat template, neither in tokenizer_config.json nor in chat_template.jinja; "
            "a model without one cannot be offered tools"
        )


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        read = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def _ids(value: object) -> list[int]:
    """One id, or several."""
    several = value if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, int) and not isinstance(one, bool)]


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else otherwise
