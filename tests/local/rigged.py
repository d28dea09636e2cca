"""A real checkpoint whose weights are set by hand, so that a model of no learning at all writes tool calls.

Its layers pass on what they get, and its head is a table: what follows a token depends on that token alone. It thinks
a few words, then calls one of the aliases by chance, and now and then one that does not exist.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from orchestrator.pool import TOOLS
from tests.vllm.checkpoint import SMALL, make

torch = pytest.importorskip("torch", reason="a model in this process needs pip install 'podium[local]'")
transformers = pytest.importorskip("transformers", reason="a model in this process needs pip install 'podium[local]'")
tokenizers = pytest.importorskip("tokenizers")

WIDTH = 256
DIMENSIONS = {
    "hidden_size": WIDTH,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
}
THOUGHT = (" quick", " search", " before", " answer")
CALLS = tuple(
    f'\n{{"name": "{tool}", "arguments": {{"model": "{alias}"}}}}\n'
    for tool, aliases in TOOLS.items()
    for alias in aliases
)
NO_CALL = '\n{"name": "answer", "arguments": {"model": "answer-99"}}\n'
SURE = 40.0
"""Logit of what follows; anything else stays near 0."""


def make_rigged(folder: Path, *, endless: bool = False) -> Path:
    """Write the checkpoint; an endless one never stops thinking."""
    make(folder, DIMENSIONS)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    tokenizer.add_tokens(
        [tokenizers.AddedToken(text, special=False, normalized=False) for text in (*THOUGHT, *CALLS, NO_CALL)]
    )
    tokenizer.save_pretrained(folder)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "?"}], add_generation_prompt=True, tokenize=False
    )
    last = tokenizer(prompt, add_special_tokens=False)["input_ids"][-1]
    follows = _follows(THOUGHT, endless=endless)
    ids = {
        text: _id(tokenizer, text)
        for text in {*follows, *(after for afters in follows.values() for after in afters)}
        if text
    }
    ids[""] = last

    torch.manual_seed(5)
    config = transformers.Qwen3Config.from_pretrained(folder, local_files_only=True)
    # As released models have it: more rows than the tokenizer knows, which must never be drawn.
    config.vocab_size = len(tokenizer) + 100
    model = transformers.Qwen3ForCausalLM(config)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        embedding = model.model.embed_tokens.weight
        embedding.copy_(torch.nn.functional.normalize(torch.randn_like(embedding), dim=1))
        head = model.lm_head.weight
        head.zero_()
        for before, afters in follows.items():
            for after in afters:
                # The last norm makes every vector as long as the square root of the width. The call that does not exist
                # is twice as likely as any other, so that no `top_p` drops it.
                logit = SURE + 0.7 * (after == NO_CALL)
                head[ids[after]] += logit / WIDTH**0.5 * embedding[ids[before]]
    model.save_pretrained(folder)
    return folder


def _follows(thought: Sequence[str], *, endless: bool) -> Mapping[str, Sequence[str]]:
    """What may follow each text, all equally likely; the empty text is the end of the prompt."""
    words = {before: (after,) for before, after in pairwise(thought)}
    if endless:
        return {"": ("<think>",), "<think>": (thought[0],), **words, thought[-1]: (thought[0],)}
    calls = (*CALLS, NO_CALL)
    return {
        "": ("<think>",),
        "<think>": (thought[0],),
        **words,
        thought[-1]: ("</think>",),
        "</think>": ("<tool_call>",),
        "<tool_call>": calls,
        **dict.fromkeys(calls, ("</tool_call>",)),
        "</tool_call>": ("<|im_end|>",),
    }


def _id(tokenizer: object, text: str) -> int:
    found = int(tokenizer.convert_tokens_to_ids(text))  # type: ignore[attr-defined]
    assert tokenizer.convert_ids_to_tokens(found) == text, text  # type: ignore[attr-defined]
    return found


def make_random(folder: Path) -> Path:
    """Write a checkpoint with random weights."""
    make(folder, SMALL)
    torch.manual_seed(6)
    transformers.Qwen3ForCausalLM(
        transformers.Qwen3Config.from_pretrained(folder, local_files_only=True)
    ).save_pretrained(folder)
    return folder
