"""The reader of another model: its own tokenizer and chat template, the app's whole request, and twelve scored calls.

A decision for an alias is the call of it, so that its logit is the log-probability of all tokens of the call behind the
true thought. Prompt and thought are read once, the calls behind them side by side.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from transformers import AutoModelForCausalLM, AutoTokenizer

from orchestrator.policies.model_folder import UnusableModel, model_folder
from orchestrator.profile import DEFAULT
from orchestrator.training.base_request import Asked, BaseRequests
from orchestrator.training.branching import branched
from orchestrator.training.reader import Part, Read
from orchestrator.training.request import Told
from orchestrator.training.situation import ALIASES, Situation

ATTENDING: Final = frozenset(("full_attention",))
"""Kinds of layers that read branches side by side: each place sees those that a mask names."""


class BaseReader:
    """Loads the model of a folder; raises UnusableModel. Weights are bfloat16 on a GPU, else in full precision.

    `recomputing` keeps no activations for the way back (gradient checkpointing): far less memory, two thirds more work.
    """

    def __init__(
        self, path: Path, device: torch.device, *, profile: str = DEFAULT, recomputing: bool | None = None
    ) -> None:
        folder = model_folder(str(path))
        self._device = device
        self._recomputing = device.type == "cuda" if recomputing is None else recomputing
        self._tokenizer, self.network = _loaded(folder.path, device)
        self._requests = BaseRequests(self._tokenizer, profile)
        kinds = getattr(self.network.config, "layer_types", None)
        self._together = kinds is None or set(kinds) <= ATTENDING
        _end_with(self.network, self._tokenizer.convert_tokens_to_ids(self._requests.end))
        _without_dropout(self.network)
        if self._recomputing:
            _recompute(self.network)
        self.network.train()

    @property
    def name(self) -> str:
        """What tells this base from another: the folder's name and how many weights it has."""
        weights = sum(weight.numel() for weight in self.network.parameters())
        return f"{self._tokenizer.name_or_path.rstrip('/').rpartition('/')[-1]} ({weights:,} weights)"

    def parts(
        self, situations: Sequence[Situation], places: Sequence[int], dice: random.Random, *, told: Told
    ) -> Iterator[Part]:
        """One situation after another; each reads its states one by one."""
        tailed = dice.randrange(len(places))
        for number, situation in enumerate(situations):
            alias = ALIASES.index(dice.choice(situation.offered))
            yield Part([number], [situation], self._reading(situation, places, (tailed, alias), told is Told.ALL))

    def asked(self, situation: Situation, place: int, *, told: bool = True) -> Asked:
        """The tokens of a situation in one of SEEN."""
        return self._requests.of(situation, place, told=told)

    def prompt(self, situation: Situation, place: int, *, told: bool = True) -> str:
        """What the model reads of it, as text."""
        return self._requests.prompt(situation, place, told=told)

    def write(self, folder: Path) -> None:
        """For transformers and vLLM, in the form in which the base was."""
        folder.mkdir(parents=True, exist_ok=True)
        self.network.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)
        for weights in folder.glob("*.safetensors"):
            weights.chmod(0o644)

    def _reading(
        self, situation: Situation, places: Sequence[int], tail: tuple[int, int], told: bool
    ) -> Callable[[], Read]:
        """`tail` says in which state the words behind which alias are read, too."""

        def read() -> Read:
            choices, words = [], torch.zeros((), device=self._device)
            for number, place in enumerate(places):
                asked = self.asked(situation, place, told=told)
                thought, *calls = self._scored(asked).split([len(asked.thought), *map(len, asked.calls)])
                choices.append(torch.stack([call.sum() for call in calls]))
                words = words - thought.sum()
                if number == tail[0]:
                    words = words - calls[tail[1]][-asked.closings[tail[1]] :].sum()
            return Read(torch.stack(choices)[None], torch.zeros(1, len(places), device=self._device), words)

        return read

    def _scored(self, asked: Asked) -> Tensor:
        """Log-probabilities of the thought's tokens, then of each call's."""
        stem, said = [*asked.prompt, *asked.thought], len(asked.prompt)
        if self._together:
            return self._kept_short(stem, said, asked.calls)
        # A layer that carries a state along reads one branch at a time.
        apart = [
            self._kept_short(stem, len(stem) if number else said, [call]) for number, call in enumerate(asked.calls)
        ]
        return torch.cat(apart)

    def _kept_short(self, stem: Sequence[int], said: int, branches: Sequence[Sequence[int]]) -> Tensor:
        """The same as `_log_probabilities`; where it is recomputed, of one row at a time something is kept."""
        if not (self._recomputing and torch.is_grad_enabled()):
            return self._log_probabilities(stem, said, branches)
        found: Tensor = checkpoint(
            self._log_probabilities, stem, said, branches, use_reentrant=False, preserve_rng_state=False
        )
        return found

    def _log_probabilities(self, stem: Sequence[int], said: int, branches: Sequence[Sequence[int]]) -> Tensor:
        row = branched(stem, said, branches, self._device)
        logits = self.network(
            input_ids=row.ids,
            attention_mask=row.visible if self._together else None,
            position_ids=row.positions if self._together else None,
            use_cache=False,
            logits_to_keep=row.predicting,
        ).logits[0]
        return -functional.cross_entropy(logits.float(), row.targets, reduction="none")


def _loaded(path: Path, device: torch.device) -> tuple[Any, Any]:
    """Tokenizer and network; nothing is fetched."""
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, **local)
        network = AutoModelForCausalLM.from_pretrained(
            path,
            dtype=torch.bfloat16 if device.type == "cuda" else torch.float32,
            attn_implementation="sdpa",
            use_safetensors=True,
            **local,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        said = " ".join(str(error).split())[:300]
        raise UnusableModel(f"{path} cannot be loaded to be trained: {type(error).__name__}: {said}") from error
    if not tokenizer.is_fast:
        raise UnusableModel(f"{path} has no tokenizer.json; training needs one to know where an alias ends")
    return tokenizer, network.to(device)


def _end_with(network: Any, end: int) -> None:
    """Have servers end a reply at the end of a turn, also where the base ended at the end of a text only."""
    settings = network.generation_config
    known = settings.eos_token_id
    ends = list(known) if isinstance(known, list) else [known]
    settings.eos_token_id = [one for one in dict.fromkeys((*ends, end)) if one is not None]


def _recompute(network: Any) -> None:
    """Keep no layer's activations. The newer name of two; the older one warns where both are there."""
    name = "activation_checkpointing_enable"
    enable = getattr(network, name, None) or network.gradient_checkpointing_enable
    enable({"use_reentrant": False})


def _without_dropout(network: nn.Module) -> None:
    """The chances that are drawn from are those that are learned from."""
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(getattr(module, "attention_dropout", None), float):
            module.attention_dropout = 0.0
