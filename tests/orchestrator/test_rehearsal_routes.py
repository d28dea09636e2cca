"""Routes through the rehearsal world, with real search and real code, without waiting."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from pydantic_monty import CollectStreams, Monty, MontyError

from orchestrator.bill import Bill
from orchestrator.documents.index import Index
from orchestrator.evidence import Evidence
from orchestrator.extract import extract
from orchestrator.grade import grade
from orchestrator.model_call import CallRole, known_dollars
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.stand_in import stand_ins
from orchestrator.rehearsal.tasks import Task, all_tasks
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.tool import Request
from orchestrator.trajectory import CodeRun, Verdict

EXPERTS = stand_ins(rehearsal_pool().entries, extract=extract, pace=0)
TEST_TASKS = [task for task in all_tasks() if task.split == "test"]


@dataclass(frozen=True, slots=True)
class Ride:
    task: Task
    solved: bool
    usd: Decimal
    seconds: float
    answer: str


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Index, Monty]]:
    index = Index.open(articles())
    with Monty() as sandbox:
        yield index, sandbox
    index.close()


def run_code(sandbox: Monty, program: str) -> CodeRun:
    output = CollectStreams()
    error = None
    try:
        with sandbox.checkout() as session:
            session.feed_run(program, print_callback=output)
    except MontyError as failure:
        error = str(failure)
    return CodeRun(program, stdout="".join(text for _, text in output.output), error=error)


async def ride(task: Task, route: tuple[str, str, str], world: tuple[Index, Monty], seed: int) -> Ride:
    index, sandbox = world
    searcher, reasoner, answerer = route
    gathered = Evidence()
    bill = Bill()
    request = Request(task.question, gathered, seed)
    if task.needs_document:
        query = await EXPERTS[searcher].reply(CallRole.QUERY_WRITER, request, bill)
        gathered.searches.append(list(index.search(query.text)))
    if task.needs_program:
        code = await EXPERTS[reasoner].reply(CallRole.CODE_WRITER, request, bill)
        gathered.code_runs.append(run_code(sandbox, code.text))
    answer = await EXPERTS[answerer].reply(CallRole.EXPERT, request, bill)
    solved = grade(answer.text, task.reference).verdict is Verdict.SOLVED
    return Ride(task, solved, known_dollars(bill), sum(call.latency_s for call in bill), answer.text)


async def rides(route: tuple[str, str, str], world: tuple[Index, Monty], seed: int = 1) -> list[Ride]:
    return [await ride(task, route, world, seed) for task in TEST_TASKS]


def solved(found: list[Ride], domain: str | None = None, difficulty: int | None = None) -> float:
    chosen = [
        one.solved for one in found if domain in (None, one.task.domain) and difficulty in (None, one.task.difficulty)
    ]
    return sum(chosen) / len(chosen)


STRONGEST = ("search-1", "reasoner-1", "answer-1")
CHEAP = ("search-3", "reasoner-3", "answer-4")


async def test_the_strongest_route_solves_most_and_the_cheap_one_fails_at_hard_reasoning(
    world: tuple[Index, Monty],
) -> None:
    strong, cheap = await rides(STRONGEST, world), await rides(CHEAP, world)
    assert solved(strong) > 0.85
    assert solved(strong, "reasoning", 3) > 0.75
    assert solved(cheap, "reasoning", 3) < 0.3
    assert solved(cheap, "lookup", 1) > 0.7
    assert sum(one.usd for one in strong) > 5 * sum(one.usd for one in cheap)
    assert sum(one.seconds for one in strong) > 3 * sum(one.seconds for one in cheap)


async def test_a_route_that_fits_the_task_beats_one_route_for_all(world: tuple[Index, Monty]) -> None:
    easy = {"arithmetic": "answer-math-2", "lookup": "answer-3"}
    fitted = []
    for task in TEST_TASKS:
        answerer = easy.get(task.domain, "answer-2") if task.difficulty == 1 else "answer-2"
        answerer = "answer-1" if task.domain == "reasoning" else answerer
        fitted.append(await ride(task, ("search-2", "reasoner-2", answerer), world, 1))
    strong, cheap = await rides(STRONGEST, world), await rides(CHEAP, world)
    assert solved(cheap) + 0.1 < solved(fitted) < solved(strong)
    assert 2 * sum(one.usd for one in fitted) < sum(one.usd for one in strong)


async def test_rides_repeat_exactly_and_differ_between_seeds(world: tuple[Index, Monty]) -> None:
    once, again = await rides(CHEAP, world), await rides(CHEAP, world)
    assert once == again
    other = await rides(CHEAP, world, seed=2)
    assert [one.answer for one in once] != [one.answer for one in other]
