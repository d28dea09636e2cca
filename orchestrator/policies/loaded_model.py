"""The door to torch and transformers: a causal language model in memory that writes one reply at a time.

Nothing is imported from either before a model is loaded. Nothing is fetched: a model is its folder.
"""

import inspect
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from orchestrator.policies.generation import FEWEST_OUTPUT_TOKENS, Drawing, Finish, Generation, LocalModelFailed
from orchestrator.policies.model_folder import ModelFolder
from orchestrator.policies.pieces import Pieces
from orchestrator.tool import CannotAfford

logger = logging.getLogger(__name__)

PROMPT_PART_TOKENS: Final = 512
"""Tokens of a prompt that are read at once. Between two parts a reading can be ended."""
SMALL_BYTES: Final = 2_000_000_000
"""A model smaller than this computes in full precision on a CPU, where half precision saves nothing but memory."""
_THINK: Final = "<think>"


def load(folder: ModelFolder) -> "LoadedModel":
    """Read the folder into memory, onto the GPU where there is one; raises LocalModelFailed."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    clock = time.perf_counter()
    logger.info("loading %s: importing torch and transformers", folder.name)
    try:
        import torch  # noqa: PLC0415
        from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

        device = "cuda" if torch.cuda.is_available() else "cpu"
        _check_memory(folder, torch.cuda.mem_get_info()[0] if device == "cuda" else _free_bytes())
        exact = device == "cpu" and folder.weights_bytes < SMALL_BYTES
        logger.info("loading %s: reading %s onto %s", folder.name, _size(folder.weights_bytes), device)
        tokenizer = AutoTokenizer.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder.path,
            dtype=torch.float32 if exact else "auto",
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
        loaded = LoadedModel(folder, tokenizer, model.to(device).eval(), device)
    except LocalModelFailed:
        raise
    except Exception as error:
        raise LocalModelFailed(_words(folder, error, "be loaded")) from error
    logger.info("loading %s: ready after %.1f s", folder.name, time.perf_counter() - clock)
    return loaded


class LoadedModel:
    """A model and its tokenizer on one device."""

    def __init__(self, folder: ModelFolder, tokenizer: Any, model: Any, device: str) -> None:
        self.folder = folder
        self.device = device
        self._tokenizer = tokenizer
        self._model = model
        own = () if tokenizer.eos_token_id is None else (int(tokenizer.eos_token_id),)
        self._ends = folder.end_tokens.union(own)
        # The logits of a whole prompt would take gigabytes; only those of its last token are needed.
        takes = inspect.signature(model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}

    def write(self, generation: Generation) -> None:
        """Write the reply; raises LocalModelFailed, or CannotAfford before any work is done."""
        try:
            prompt = self._prompt(generation)
            self._fit(generation, len(prompt))
            self._generate(generation, prompt)
        except (LocalModelFailed, CannotAfford):
            raise
        except Exception as error:
            raise LocalModelFailed(_words(self.folder, error, "reply")) from error

    def _prompt(self, generation: Generation) -> list[int]:
        wish = {} if generation.thinking is None else {"enable_thinking": generation.thinking}
        text: str = self._tokenizer.apply_chat_template(
            list(generation.messages),
            tools=list(generation.tools),
            add_generation_prompt=True,
            tokenize=False,
            **wish,
        )
        if text.rstrip().endswith(_THINK):
            generation.say(f"{_THINK}\n")
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        generation.input_tokens = len(ids)
        return ids

    def _fit(self, generation: Generation, prompt_tokens: int) -> None:
        """Hold the reply within what is left; raises CannotAfford or LocalModelFailed where that is too little."""
        if generation.left_tokens is not None:
            room = generation.left_tokens - prompt_tokens
            if room < FEWEST_OUTPUT_TOKENS:
                raise CannotAfford(
                    f"the orchestrator ({self.folder.name}) was not asked: a prompt of {prompt_tokens:,} tokens and a "
                    f"reply of at least {FEWEST_OUTPUT_TOKENS} do not fit into what is left "
                    f"({generation.left_tokens:,} tokens); raise the limit"
                )
            generation.max_tokens = min(generation.max_tokens, room)
        context = self.folder.context_tokens
        if context is not None:
            if context - prompt_tokens < FEWEST_OUTPUT_TOKENS:
                raise LocalModelFailed(
                    f"the prompt has {prompt_tokens:,} tokens, and {self.folder.name} reads and writes at most "
                    f"{context:,} together; choose a prompt profile that keeps less"
                )
            generation.max_tokens = min(generation.max_tokens, context - prompt_tokens)

    def _generate(self, generation: Generation, prompt: Sequence[int]) -> None:
        import torch  # noqa: PLC0415

        drawing = generation.drawing
        chance = torch.Generator(self.device).manual_seed(drawing.seed)
        pieces = Pieces(self._tokenizer)
        known = min(len(self._tokenizer), int(self._model.config.vocab_size))
        ids = torch.tensor([prompt], device=self.device)
        cache: Any = None
        with torch.inference_mode():
            for part in ids.split(PROMPT_PART_TOKENS, dim=1):
                if (ending := generation.ending()) is not None:
                    generation.finish = ending
                    return
                logits, cache = self._read(part, cache)
            while (ending := generation.ending()) is None:
                token = _drawn(torch, logits[:known], drawing, chance)
                generation.output_tokens += 1
                if token in self._ends:
                    ending = Finish.STOP
                    break
                generation.say(pieces.after(token))
                logits, cache = self._read(torch.tensor([[token]], device=self.device), cache)
        generation.say(pieces.rest())
        generation.finish = ending

    def _read(self, ids: Any, cache: Any) -> tuple[Any, Any]:
        """The logits behind the last of these tokens, and what the model has read so far."""
        out = self._model(input_ids=ids, past_key_values=cache, use_cache=True, **self._last_only)
        return out.logits[0, -1], out.past_key_values


def _drawn(torch: Any, logits: Any, drawing: Drawing, chance: Any) -> int:
    """One token, drawn with the generation's own generator: others in this process do not change what it draws."""
    if drawing.temperature == 0:
        return int(logits.argmax())
    logits, tokens = logits.float() / drawing.temperature, None
    if 0 < drawing.top_k < logits.numel() or drawing.top_p < 1:
        kept = min(drawing.top_k, logits.numel()) if drawing.top_k > 0 else logits.numel()
        logits, tokens = torch.topk(logits, kept)
    chances = torch.softmax(logits, dim=-1)
    if drawing.top_p < 1:
        before = torch.cumsum(chances, dim=-1) - chances
        # The likeliest stays, whatever the share.
        chances[1:][before[1:] >= drawing.top_p] = 0
    place = torch.multinomial(chances, 1, generator=chance)
    return int(place if tokens is None else tokens[place])


def _free_bytes() -> int | None:
    """Memory that can be had without swapping, where the system tells."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return found[0] if found else None


def _check_memory(folder: ModelFolder, free: int | None) -> None:
    if free is not None and folder.weights_bytes > free:
        raise LocalModelFailed(
            f"{folder.name} needs {_size(folder.weights_bytes)} for its weights alone, and "
            f"{_size(free)} are free here; use a smaller model, or a server elsewhere (openai:URL#model)"
        )


def _words(folder: ModelFolder, error: Exception, what: str) -> str:
    said = " ".join(str(error).split())[:300]
    if isinstance(error, MemoryError) or "out of memory" in said.lower() or "not enough memory" in said.lower():
        return (
            f"{folder.name} ran out of memory (its weights take {_size(folder.weights_bytes)}): free some, use a "
            "smaller model, or a server elsewhere (openai:URL#model)"
        )
    return f"{folder.name} cannot {what}: {type(error).__name__}: {said}"


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
