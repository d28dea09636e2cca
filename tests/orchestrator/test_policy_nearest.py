import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.bill import Bill
from orchestrator.chat import ChatClients
from orchestrator.evidence import Evidence
from orchestrator.policies.nearest import NearestPolicy, nearest
from orchestrator.policies.spec import BadSpec, parse_spec
from orchestrator.policy import Turn
from orchestrator.pool import TOOL_OF, Pool, PoolEntry
from orchestrator.preference import PRESETS, PreferenceVector
from orchestrator.rehearsal.corpus import article
from orchestrator.rehearsal.tasks import Task, all_tasks
from orchestrator.trajectory import CodeRun

ALIASES = tuple(TOOL_OF)
POOL = Pool("p", tuple(PoolEntry(alias, "m", "d", 1.0) for alias in ALIASES))
TRAIN = tuple(task for task in all_tasks() if task.split == "train")


def first(*, documents: bool, program: bool) -> Task:
    """A training task with these needs."""
    return next(task for task in TRAIN if (bool(task.needs_document), task.needs_program) == (documents, program))


def turn(
    task: Task,
    *,
    documents: bool = False,
    ran: bool = False,
    offered: tuple[str, ...] = ALIASES,
    preference: str = "Balanced",
) -> Turn:
    evidence = Evidence()
    if documents:
        evidence.searches.append([article(identifier) for identifier in task.needs_document])
    if ran:
        evidence.code_runs.append(CodeRun("print(1)", "1\n"))
    return Turn(0, task.question, PRESETS[preference], evidence, offered, seed=1)


async def chosen(asked: Turn) -> str:
    decision = await NearestPolicy().decide(asked, Bill())
    assert decision.call is not None
    return decision.call.model


def test_a_training_question_is_nearest_to_itself_or_to_one_of_the_same_words() -> None:
    for task in TRAIN[::20]:
        near = nearest(task.question)
        assert near is not None
        assert sorted(near.question.casefold().split()) == sorted(task.question.casefold().split())


def test_questions_of_the_other_splits_are_never_the_nearest() -> None:
    for task in all_tasks()[::15]:
        near = nearest(task.question)
        assert near is None or near.split == "train"


def test_a_question_without_a_known_word_has_no_nearest() -> None:
    assert nearest("xyzzy qwrtz") is None
    assert nearest("") is None


async def test_it_searches_then_computes_then_answers_as_the_nearest_question_needs() -> None:
    both = first(documents=True, program=True)
    assert await chosen(turn(both)) == "search-2"
    assert await chosen(turn(both, documents=True)) == "reasoner-2"
    assert await chosen(turn(both, documents=True, ran=True)) == "answer-2"
    assert await chosen(turn(first(documents=True, program=False), documents=True)) == "answer-2"
    assert await chosen(turn(first(documents=False, program=True))) == "reasoner-2"
    assert await chosen(turn(first(documents=False, program=False))) == "answer-2"


async def test_where_the_middle_alias_is_missing_it_takes_the_first_of_the_tool_and_else_an_answer() -> None:
    both = first(documents=True, program=True)
    assert await chosen(turn(both, offered=("search-1", "search-3", "answer-2"))) == "search-1"
    assert await chosen(turn(both, offered=("search-3", "answer-2"))) == "search-3"
    assert await chosen(turn(both, offered=("reasoner-1", "answer-3", "answer-4"))) == "answer-3"
    assert await chosen(turn(both, documents=True, ran=True, offered=("search-3", "reasoner-1"))) == "search-3"


async def test_a_question_of_unknown_words_is_answered_at_once() -> None:
    asked = Turn(0, "xyzzy", PreferenceVector(), Evidence(), ALIASES, seed=1)
    decision = await NearestPolicy().decide(asked, Bill())
    assert decision.call is not None
    assert decision.call.model == "answer-2"
    assert decision.thought == "No training question shares a word with this one. Answer now."


async def test_the_thought_says_which_question_was_nearest_and_what_it_needs() -> None:
    task = first(documents=True, program=True)
    decision = await NearestPolicy().decide(turn(task), bill := Bill())
    near = nearest(task.question)
    assert near is not None
    assert decision.thought == (
        f"The nearest training question is “{near.question}”; it needs documents and a program. Search now."
    )
    assert bill == []


@given(
    st.sampled_from(TRAIN),
    st.sampled_from(sorted(PRESETS)),
    st.lists(st.sampled_from(ALIASES), min_size=1, unique=True),
)
async def test_it_never_calls_what_is_not_on_offer_and_never_minds_the_preference(
    task: Task, preset: str, offered: list[str]
) -> None:
    here = tuple(alias for alias in ALIASES if alias in offered)
    picked = await chosen(turn(task, offered=here, preference=preset))
    assert picked in here
    assert picked == await chosen(turn(task, offered=here))


def test_it_is_asked_for_by_name_and_takes_no_argument() -> None:
    clients = ChatClients(httpx.MockTransport(lambda request: httpx.Response(500)))
    assert parse_spec("nearest", POOL, clients).spec == "nearest"
    assert parse_spec(" nearest ", POOL, clients).spec == "nearest"
    with pytest.raises(BadSpec, match="nearest \\(by rule"):
        parse_spec("nearest:search-1", POOL, clients)
