import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from orchestrator.bill import Bill
from orchestrator.evidence import Evidence
from orchestrator.expert import Reply
from orchestrator.extract import extract
from orchestrator.model_call import CallRole, ChargeStatus
from orchestrator.pool import Price
from orchestrator.rehearsal.corpus import article
from orchestrator.rehearsal.stand_in import StandIn, stand_ins
from orchestrator.rehearsal.tasks import EXAMPLES, Task, all_tasks, find
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.tool import CannotAfford, Remaining, Request, ToolError
from orchestrator.trajectory import CodeRun, Document, Origin

POOL = rehearsal_pool()
STRANGE = "Which bridge crosses the Zambezi below the falls?"
BRIDGE = Document("notes/1", "Notes", "The Victoria Falls Bridge crosses the Zambezi below the falls.", "notes.md", 1.0)


@dataclass(frozen=True, slots=True)
class Found:
    sentence: str
    source: str


def first_sentence(query: str, documents: Sequence[Document]) -> Found | None:
    return Found(documents[0].text, documents[0].source) if documents else None


def served(alias: str, pace: float = 0) -> StandIn:
    return StandIn(POOL[alias], extract=first_sentence, pace=pace)


def evidence(*documents: Document, runs: Sequence[CodeRun] = ()) -> Evidence:
    return Evidence([list(documents)] if documents else [], list(runs))


def asked(query: str, gathered: Evidence | None = None, seed: int = 0, **more: object) -> Request:
    return replace(Request(query, gathered or Evidence(), seed), **more)  # type: ignore[arg-type]


async def share_right(alias: str, role: CallRole, request: Request, wanted: str, tries: int = 400) -> float:
    expert = served(alias)
    texts = [(await expert.reply(role, replace(request, seed=seed), [])).text for seed in range(tries)]
    return texts.count(wanted) / tries


def lookup_task() -> Task:
    task = find("Which city is the capital of Australia?")
    assert task is not None
    return task


def computed_task() -> Task:
    return next(task for task in all_tasks() if task.needs_program and not task.needs_document and task.difficulty == 2)


async def test_a_reply_is_the_same_for_the_same_task_alias_attempt_and_seed() -> None:
    request = asked(EXAMPLES[0], seed=3)
    first = Bill()
    second = Bill()
    one = await served("answer-4").reply(CallRole.EXPERT, request, first)
    two = await served("answer-4").reply(CallRole.EXPERT, request, second)
    assert one == two
    assert [replace(call, started_at=first[0].started_at) for call in second] == first


async def test_answers_are_right_as_often_as_declared() -> None:
    task = lookup_task()
    found = evidence(article(task.needs_document[0]))
    right = await share_right("answer-4", CallRole.EXPERT, asked(task.question, found), task.reference)
    assert right == pytest.approx(0.92, abs=0.05)


async def test_an_answer_without_the_needed_article_is_mostly_wrong() -> None:
    task = lookup_task()
    right = await share_right("answer-1", CallRole.EXPERT, asked(task.question), task.reference)
    assert right == pytest.approx(0.99 * 0.2, abs=0.06)
    other = evidence(article("corpus/country/france"))
    wrong = await share_right("answer-1", CallRole.EXPERT, asked(task.question, other), task.reference)
    assert wrong == right


async def test_an_answer_without_the_needed_computation_is_half_as_good() -> None:
    task = computed_task()
    without = await share_right("answer-1", CallRole.EXPERT, asked(task.question), task.reference)
    assert without == pytest.approx(0.98 * 0.45, abs=0.07)
    runs = [CodeRun(task.program or "", stdout=f"{task.reference}\n")]
    with_it = await share_right("answer-1", CallRole.EXPERT, asked(task.question, evidence(runs=runs)), task.reference)
    assert with_it > 0.94
    failed = [CodeRun("print(1", stdout=f"{task.reference}\n", error="SyntaxError")]
    still = await share_right("answer-1", CallRole.EXPERT, asked(task.question, evidence(runs=failed)), task.reference)
    assert still == without


async def test_a_wrong_answer_is_one_of_the_plausible_ones() -> None:
    task = lookup_task()
    for seed in range(40):
        reply = await served("answer-math-2").reply(CallRole.EXPERT, asked(task.question, seed=seed), [])
        assert reply.text in (task.reference, *task.wrong)
        assert reply.origin is Origin.SIMULATED


async def test_a_query_writer_writes_the_search_phrase_or_a_vaguer_one() -> None:
    task = lookup_task()
    right = await share_right("search-3", CallRole.QUERY_WRITER, asked(task.question), task.search_phrase)
    assert right == pytest.approx(0.94, abs=0.05)


async def test_a_code_writer_writes_the_program_or_a_different_one() -> None:
    task = computed_task()
    texts = set()
    for seed in range(60):
        texts.add((await served("reasoner-3").reply(CallRole.CODE_WRITER, asked(task.question, seed=seed), [])).text)
    assert task.program in texts
    assert len(texts) > 1


async def test_a_code_writer_says_so_where_nothing_needs_computing() -> None:
    reply = await served("reasoner-1").reply(CallRole.CODE_WRITER, asked(lookup_task().question), [])
    assert reply.text.startswith("print(")


async def test_each_reply_bills_one_simulated_call_with_an_exact_price() -> None:
    for alias, role in (("search-1", CallRole.QUERY_WRITER), ("answer-3", CallRole.EXPERT)):
        bill = Bill()
        await served(alias).reply(role, asked(EXAMPLES[0], evidence(BRIDGE)), bill)
        (call,) = bill
        entry = POOL[alias]
        assert (call.role, call.alias, call.model, call.simulated) == (role, alias, entry.model, True)
        assert call.usage is not None
        assert entry.price is not None
        assert call.charge.status is ChargeStatus.PRICED
        assert call.charge.source == entry.price.source
        dollars = (call.usage.input_tokens or 0) * (entry.price.input_usd_per_mtok or 0) + (
            call.usage.output_tokens or 0
        ) * (entry.price.output_usd_per_mtok or 0)
        assert call.charge.usd == Decimal(dollars) / 1_000_000
        assert 0.75 * entry.latency_s <= call.latency_s <= 1.25 * entry.latency_s


async def test_evidence_in_the_context_costs_input_tokens() -> None:
    long = Document("long", "Long", "word " * 4000, "long.txt")
    short_bill = Bill()
    long_bill = Bill()
    await served("answer-2").reply(CallRole.EXPERT, asked(EXAMPLES[0]), short_bill)
    await served("answer-2").reply(CallRole.EXPERT, asked(EXAMPLES[0], evidence(long)), long_bill)
    assert short_bill[0].usage is not None
    assert long_bill[0].usage is not None
    assert (long_bill[0].usage.input_tokens or 0) - (short_bill[0].usage.input_tokens or 0) == 20_004 // 4
    assert long_bill[0].charge.usd > short_bill[0].charge.usd  # type: ignore[operator]


@pytest.mark.parametrize("left", [Remaining(usd=Decimal("0.0000001")), Remaining(tokens=10)])
async def test_a_call_that_cannot_be_paid_is_refused_before_anything_is_spent(left: Remaining) -> None:
    bill = Bill()
    with pytest.raises(CannotAfford, match="answer-1"):
        await served("answer-1").reply(CallRole.EXPERT, asked(EXAMPLES[0], left=left), bill)
    assert bill == []


async def test_a_cancelled_call_is_billed_for_what_was_read_and_for_the_time_it_took() -> None:
    bill = Bill()
    running = asyncio.create_task(served("answer-1", pace=1).reply(CallRole.EXPERT, asked(EXAMPLES[0]), bill))
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    (call,) = bill
    assert call.error == "cancelled"
    assert call.usage is not None
    assert call.usage.output_tokens == 0
    assert call.charge.usd == (call.usage.input_tokens or 0) * Decimal("1.25") / 1_000_000
    assert 0.03 < call.latency_s < 3


async def test_pace_scales_the_waiting_but_not_the_record() -> None:
    bill = Bill()
    began = time.monotonic()
    await served("search-3", pace=0.25).reply(CallRole.QUERY_WRITER, asked(EXAMPLES[0]), bill)
    assert 0.25 * bill[0].latency_s <= time.monotonic() - began + 0.01
    again = Bill()
    await served("search-3").reply(CallRole.QUERY_WRITER, asked(EXAMPLES[0]), again)
    assert again[0].latency_s == bill[0].latency_s
    with pytest.raises(ValueError, match="pace"):
        served("search-3", pace=-1)


async def test_outside_the_tasks_an_answer_is_the_sentence_that_was_found() -> None:
    reply = await served("answer-1").reply(CallRole.EXPERT, asked(STRANGE, evidence(BRIDGE)), [])
    assert reply == Reply(BRIDGE.text, Origin.EXTRACTED, "notes.md")


async def test_outside_the_tasks_the_real_reader_serves_too() -> None:
    expert = StandIn(POOL["answer-2"], extract=extract, pace=0)
    france = evidence(article("corpus/country/france"))
    reply = await expert.reply(CallRole.EXPERT, asked("What is the calling code of France?", france), [])
    assert reply.origin is Origin.EXTRACTED
    assert "+33" in reply.text


async def test_outside_the_tasks_a_code_output_is_the_answer() -> None:
    runs = [CodeRun("print(1/0)", error="ZeroDivisionError"), CodeRun("print(4)", stdout="4\n")]
    reply = await served("answer-1").reply(CallRole.EXPERT, asked("What is 2+2?", evidence(runs=runs)), [])
    assert reply == Reply("4", Origin.EXTRACTED, "code output")


async def test_with_nothing_found_a_stand_in_says_what_it_is_and_what_to_configure() -> None:
    bill = Bill()
    reply = await served("answer-1").reply(CallRole.EXPERT, asked(STRANGE), bill)
    assert reply.origin is Origin.NONE
    for word in ("stand-in", "simulated", "pool.toml", "--documents"):
        assert word in reply.text
    assert len(bill) == 1


async def test_outside_the_tasks_the_question_is_searched_for_and_code_is_arithmetic() -> None:
    query = await served("search-1").reply(CallRole.QUERY_WRITER, asked(STRANGE), [])
    assert query.text == STRANGE
    code = await served("reasoner-1").reply(CallRole.CODE_WRITER, asked("What is 17% of 2,341?"), [])
    assert "17 * 2341 / 100" in code.text
    with pytest.raises(ToolError, match="stand-in"):
        await served("reasoner-1").reply(CallRole.CODE_WRITER, asked(STRANGE), [])


def test_what_a_stand_in_is_able_to_do_depends_on_what_it_is_asked() -> None:
    expert = served("answer-1")
    roles = (CallRole.QUERY_WRITER, CallRole.CODE_WRITER, CallRole.EXPERT)
    assert [expert.able(role, asked(EXAMPLES[0])) for role in roles] == [True, True, True]
    assert [expert.able(role, asked(STRANGE)) for role in roles] == [True, False, False]
    assert [expert.able(role, asked("What is 2+2?")) for role in roles] == [True, True, False]
    assert expert.able(CallRole.EXPERT, asked(STRANGE, evidence(BRIDGE)))


async def test_stand_ins_of_other_pools_are_unpriced_or_priced_by_the_hour() -> None:
    entry = replace(POOL["answer-4"], price=None)
    bill = Bill()
    await StandIn(entry, extract=first_sentence, pace=0).reply(CallRole.EXPERT, asked(EXAMPLES[0]), bill)
    hourly = replace(entry, price=Price("our rack", usd_per_gpu_hour=Decimal(2)))
    await StandIn(hourly, extract=first_sentence, pace=0).reply(CallRole.EXPERT, asked(EXAMPLES[0]), bill)
    assert [call.charge.status for call in bill] == [ChargeStatus.UNPRICED, ChargeStatus.ESTIMATED]
    assert bill[0].charge.usd is None
    assert bill[1].charge.usd == round(Decimal(str(bill[1].latency_s)) * 2 / 3600, 9)


def test_stand_ins_come_by_alias_in_the_order_of_the_pool() -> None:
    experts = stand_ins(POOL.entries, extract=first_sentence, pace=0)
    assert list(experts) == [entry.alias for entry in POOL.entries]


async def test_a_stand_in_is_cut_off_where_its_declared_seconds_pass_the_limit() -> None:
    entry = rehearsal_pool()["answer-1"]
    bill = Bill()
    request = Request("What is 17% of 2,340?", Evidence(), left=Remaining(seconds=1.5))
    with pytest.raises(ToolError, match="time limit"):
        await StandIn(entry, extract=lambda query, documents: None, pace=0).reply(CallRole.EXPERT, request, bill)
    assert [(call.latency_s, call.usage.output_tokens if call.usage else None) for call in bill] == [(1.5, 0)]
