"""The network of the bundled model, new: its shape, and the weights it begins with."""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import Qwen3Config, Qwen3ForCausalLM

from orchestrator.embedded.vocabulary import END_OF_TEXT, END_OF_TURN, PRICES, SECONDS
from orchestrator.training.situation import ALIASES
from orchestrator.training.tokenizer import SIZE, known


def new_network(tokenizer: Tokenizer, seed: int) -> Qwen3ForCausalLM:
    """Qwen3 with about 1.4 million parameters. Steps of prices and seconds begin in order along a line."""
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=SIZE,
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        intermediate_size=384,
        tie_word_embeddings=True,
        max_position_embeddings=16_384,
        bos_token_id=None,
        eos_token_id=tokenizer.token_to_id(END_OF_TURN),
        pad_token_id=tokenizer.token_to_id(END_OF_TEXT),
        dtype="float32",
    )
    network = Qwen3ForCausalLM(config)
    table = network.get_input_embeddings().weight
    with torch.no_grad():
        _spread(network)
        for kind in (PRICES, SECONDS):
            shared = torch.randn(config.hidden_size) * 0.06
            for alias in ALIASES:
                ids = [known(tokenizer, word) for word in kind[alias]]
                _lay_in_order(table, shared, table[known(tokenizer, alias)].clone(), ids)
    return network


def kept_network(folder: Path) -> Qwen3ForCausalLM:
    """That of a checkpoint like the bundled one."""
    network: Qwen3ForCausalLM = Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return network


def _spread(network: Qwen3ForCausalLM) -> None:
    """Weights as wide as so narrow a network needs; with the usual 0.02 it hardly begins to attend."""
    for name, weight in network.named_parameters():
        if weight.dim() < 2:
            continue
        if "embed" in name:
            weight.normal_(0, 0.08)
        else:
            into_residual = name.endswith(("o_proj.weight", "down_proj.weight"))
            weight.normal_(0, (0.35 if into_residual else 0.8) / math.sqrt(weight.shape[1]))


def _lay_in_order(table: Tensor, shared: Tensor, alias: Tensor, ids: Sequence[int]) -> None:
    """All alike in what they are, so that they can be passed over together; the cheaper, the nearer to the alias."""
    for place, index in enumerate(ids):
        table[index] = shared + alias * place / len(ids) + torch.randn_like(alias) * 0.01
