"""The tokenizer of the bundled model: byte-level BPE over the training texts, and our words as single tokens."""

from collections.abc import Iterable, Iterator
from typing import Final

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from orchestrator.embedded.vocabulary import CHAT, WORDS
from orchestrator.preference import PRESETS, instruction
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.tasks import all_tasks
from orchestrator.training.wording import vocabulary

SIZE: Final = 3072
"""Tokens, ours included: a multiple of 64, as vLLM likes it."""


def train_tokenizer(texts: Iterable[str] | None = None) -> Tokenizer:
    """The same for the same texts. Every digit is read as 0: the shape of a number tells of its difficulty."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex("[0-9]"), "0"), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE - len(WORDS),
        special_tokens=list(CHAT),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus() if texts is None else texts, trainer)
    tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in CHAT])
    tokenizer.add_tokens([AddedToken(word, special=False, normalized=False) for word in WORDS])
    return tokenizer


def corpus() -> Iterator[str]:
    """Training questions, the wordings of preferences, and the articles. Test questions are kept out."""
    questions = [task.question for task in all_tasks() if task.split == "train"]
    for text in (*questions, *vocabulary(), *(instruction(preference) for preference in PRESETS.values())):
        yield from (text, text, text)
    for article in articles():
        yield article.text


def known(tokenizer: Tokenizer, word: str) -> int:
    """The id of a word that is one token; raises ValueError where it is not."""
    found = tokenizer.token_to_id(word)
    if found is None:
        raise ValueError(f"the tokenizer has no token {word!r}")
    return int(found)
