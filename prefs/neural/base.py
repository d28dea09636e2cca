"""What a reward model is trained from: a model folder, or a small Qwen3 that is made here. Needs the extra `train`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForSequenceClassification, Qwen3Config, Qwen3ForSequenceClassification

from orchestrator.trajectory import Trajectory
from prefs.neural.chat_template import PLAIN
from prefs.neural.quiet import quiet
from prefs.neural.reader import Reader, Unreadable, plain_text, reader_of_base
from prefs.neural.reward_model import SMALL, Reading

VOCABULARY: Final = 1024
PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
DIMENSIONS: Final = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 32,
}
"""About 0.2 million parameters."""


def small_reader(trajectories: Iterable[Trajectory], reading: Reading) -> Reader:
    """A byte-level tokenizer trained on the texts of these trajectories, each digit a token of its own."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    marks = [AddedToken(mark, special=True, normalized=False) for mark in (PAD, START, END)]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=marks,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator((plain_text(one, reading) for one in trajectories), trainer)
    return Reader(tokenizer, PLAIN, {"pad_token": PAD, "eos_token": END}, reading)


def small_network(reader: Reader, seed: int) -> Any:
    """A Qwen3 sequence classifier with random weights, the same for the same seed."""
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=VOCABULARY,
        max_position_embeddings=max(4096, reader.reading.max_length),
        num_labels=1,
        pad_token_id=reader.pad_id,
        **DIMENSIONS,
    )
    return Qwen3ForSequenceClassification(config)


def network_of(base: str, reader: Reader, seed: int) -> Any:
    """The base with one scalar head, in full precision; raises Unreadable."""
    if base == SMALL:
        return small_network(reader, seed)
    torch.manual_seed(seed)  # the head is new
    try:
        with quiet():
            network = AutoModelForSequenceClassification.from_pretrained(
                Path(base), num_labels=1, local_files_only=True, dtype=torch.float32
            )
    except Exception as error:  # the library raises whatever its parts raise
        raise Unreadable(f"{base} cannot be loaded as a sequence classifier: {error}") from error
    network.config.get_text_config().pad_token_id = reader.pad_id
    longest = getattr(network.config.get_text_config(), "max_position_embeddings", None)
    if longest is not None and reader.reading.max_length > longest:
        raise Unreadable(f"this base reads at most {longest:,} tokens; give --max-length {longest} or less")
    return network


def reader_of(base: str, trajectories: Iterable[Trajectory], reading: Reading) -> Reader:
    """The tokenizer and chat template of the base; the small one learns its words from these trajectories."""
    return small_reader(trajectories, reading) if base == SMALL else reader_of_base(Path(base), reading)
