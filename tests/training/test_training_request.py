"""Training reads a situation piece by piece. It must be the very text that the chat template writes for a run."""

import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import orchestrator.embedded
from orchestrator.documents.index import Index
from orchestrator.embedded.rendering import Template, messages_of
from orchestrator.embedded.vocabulary import CHAT, WORDS, completion
from orchestrator.evidence import Evidence
from orchestrator.policy import Turn
from orchestrator.pool import Pool, Price
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.craft import vague_phrase
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.tool_text import tools
from orchestrator.training.appraisal import held_out
from orchestrator.training.request import SEEN, Requests, thought_of
from orchestrator.training.situation import Situation
from orchestrator.training.tokenizer import SIZE, train_tokenizer
from orchestrator.trajectory import CodeRun

TEMPLATE = Path(orchestrator.embedded.__file__).with_name("chat_template.jinja")
LIBRARY = Index.open(articles())
CODE_RUNS = ([], [CodeRun("print(x)", "", "", None, "NameError: x")], [CodeRun("print(7)", "7\n")])


def _pool(situation: Situation) -> Pool:
    pool = rehearsal_pool()
    entries = []
    for entry in pool.entries:
        rate = situation.prices[entry.alias]
        price = Price(
            "drawn",
            input_usd_per_mtok=Decimal(str(round(rate.input_usd_per_mtok, 6))),
            output_usd_per_mtok=Decimal(str(round(rate.output_usd_per_mtok, 6))),
        )
        entries.append(replace(entry, price=price, latency_s=round(rate.latency_s, 4)))
    return replace(pool, entries=tuple(entries))


async def _told(situation: Situation, documents: int, code: int) -> str:
    task = situation.task
    evidence = Evidence()
    if documents:
        needed = documents == 2 and task.needs_document
        found = LIBRARY.search(task.search_phrase if needed else vague_phrase(task, "views"))
        evidence.searches.append(list(found))
    evidence.code_runs.extend(CODE_RUNS[code])
    turn = Turn(0, task.question, situation.preference, evidence, situation.offered, 0)
    messages = await messages_of(turn, situation.instruction)
    return Template(TEMPLATE.read_text("utf-8")).text(messages, tools(_pool(situation), situation.offered))


@pytest.fixture(scope="module")
def requests() -> Requests:
    return Requests(train_tokenizer())


async def test_training_reads_what_the_chat_template_writes(requests: Requests):
    tokenizer = train_tokenizer()
    same = 0
    for situation in held_out("dev", 12, seed=5):
        asked = requests.of(situation)
        for (documents, code), seen in zip(SEEN, asked.seen, strict=True):
            text = await _told(situation, documents, code)
            written = tokenizer.encode(text, add_special_tokens=False).ids
            thought = thought_of(situation, documents, code).words
            read = [*asked.shared, *seen][: -len(thought)]
            # After a vague search some training documents keep those of the vague one, too.
            if documents < 2:
                assert read == written, text
            same += read == written
    assert same > 80


def test_every_word_of_the_vocabulary_is_one_token():
    tokenizer = train_tokenizer()
    assert tokenizer.get_vocab_size() == SIZE
    for word in (*CHAT, *WORDS):
        assert len(tokenizer.encode(word, add_special_tokens=False).ids) == 1, word


def test_the_tokenizer_is_the_same_each_time():
    assert train_tokenizer().to_str() == train_tokenizer().to_str()


def test_a_reply_is_read_back_as_it_was_written():
    tokenizer = train_tokenizer()
    dice = random.Random(0)
    for situation in held_out("dev", 20, seed=6):
        alias = dice.choice(situation.offered)
        text = "".join(completion(thought_of(situation, 0, 0), alias))
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert tokenizer.decode(ids, skip_special_tokens=False) == text
