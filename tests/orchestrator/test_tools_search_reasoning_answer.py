import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from orchestrator.bill import Bill
from orchestrator.documents.index import Index
from orchestrator.evidence import Evidence
from orchestrator.expert import Reply
from orchestrator.model_call import FREE, CallRole, Charge, ChargeStatus, ModelCall, Usage
from orchestrator.retrieval.retriever import IndexRetriever
from orchestrator.sandbox import SandboxLimits
from orchestrator.tool import Request, ToolError
from orchestrator.tools.answer import AnswerTool
from orchestrator.tools.reasoning import ReasoningTool, written_code
from orchestrator.tools.search import SearchTool, written_query
from orchestrator.trajectory import Document, Origin

ASKED = Request("What is the capital of France?", Evidence())
CORPUS = (
    Document("fr", "France", "France is a country in Europe. The capital of France is Paris.", "corpus:france"),
    Document("jp", "Japan", "Japan is a country in Asia. The capital of Japan is Tokyo.", "corpus:japan"),
)


@dataclass
class ScriptedExpert:
    """Says what it was told to say, for a cent."""

    text: str
    roles: tuple[CallRole, ...] = tuple(CallRole)
    origin: Origin = Origin.SIMULATED
    source: str | None = None
    asked_in: list[CallRole] = field(default_factory=list)

    def able(self, role: CallRole, request: Request) -> bool:
        return role in self.roles

    async def reply(self, role: CallRole, request: Request, bill: Bill) -> Reply:
        self.asked_in.append(role)
        charge = Charge(Decimal("0.01"), ChargeStatus.PRICED, "test")
        bill.append(ModelCall(role, "scripted", "script", Usage(5, 5), charge, datetime.now(UTC), 0.1, simulated=True))
        return Reply(self.text, self.origin, self.source)


@pytest.fixture
def retriever() -> Iterator[IndexRetriever]:
    index = Index.open(CORPUS)
    yield IndexRetriever(index)
    index.close()


async def test_search_bills_the_query_writer_and_the_retriever_and_returns_documents(retriever: IndexRetriever) -> None:
    bill = Bill()
    tool = SearchTool({"search-1": ScriptedExpert("I think.\n<query>capital of France</query>")}, retriever)
    observation = await tool("search-1", ASKED, bill)
    assert observation.origin is Origin.RETRIEVED
    assert observation.search_query == "capital of France"
    assert observation.documents[0].source == "corpus:france"
    assert "“capital of France”" in observation.text
    assert observation.text.startswith("Found 2 passages")
    assert "France" in observation.text
    assert [call.role for call in bill] == [CallRole.QUERY_WRITER, CallRole.RETRIEVER]
    retrieval = bill[1]
    assert (retrieval.alias, retrieval.model, retrieval.usage) == ("search-1", "SQLite FTS5", None)
    assert (retrieval.charge, retrieval.simulated, retrieval.error) == (FREE, False, None)


async def test_search_that_finds_nothing_says_so(retriever: IndexRetriever) -> None:
    bill = Bill()
    observation = await SearchTool({"search-1": ScriptedExpert("zyzzyva")}, retriever)("search-1", ASKED, bill)
    assert observation.origin is Origin.NONE
    assert observation.documents == ()
    assert observation.text == "Nothing was found for “zyzzyva”."
    assert len(bill) == 2


async def test_search_without_a_query_fails_but_keeps_its_bill(retriever: IndexRetriever) -> None:
    bill = Bill()
    with pytest.raises(ToolError, match="no search query"):
        await SearchTool({"search-1": ScriptedExpert("<query> </query>")}, retriever)("search-1", ASKED, bill)
    assert [call.role for call in bill] == [CallRole.QUERY_WRITER]


async def test_unknown_alias_is_a_tool_error(retriever: IndexRetriever) -> None:
    with pytest.raises(ToolError, match="search-9"):
        await SearchTool({"search-1": ScriptedExpert("x")}, retriever)("search-9", ASKED, [])


@pytest.mark.parametrize(
    ("reply", "query"),
    [
        ("plain words", "plain words"),
        ("<query>first</query> no, <query>second\n one</query>", "second one"),
        ("<QUERY>shouted</QUERY>", "shouted"),
        ('"quoted"', "quoted"),
        ("   ", ""),
    ],
)
def test_query_is_the_last_one_marked_or_the_whole_reply(reply: str, query: str) -> None:
    assert written_query(reply) == query


async def test_reasoning_runs_the_last_python_block() -> None:
    bill = Bill()
    expert = ScriptedExpert("First:\n```python\n1/0\n```\nBetter:\n```python\nprint('hi')\n6 * 7\n```\nDone.")
    observation = await ReasoningTool({"reasoner-1": expert})("reasoner-1", ASKED, bill)
    assert observation.origin is Origin.EXECUTED
    assert observation.code_run is not None
    assert (observation.code_run.stdout, observation.code_run.value) == ("hi\n", "42")
    assert observation.text == "hi\nValue: 42"
    assert [(call.role, call.model) for call in bill] == [
        (CallRole.CODE_WRITER, "script"),
        (CallRole.SANDBOX, "pydantic-monty"),
    ]
    assert bill[1].charge == FREE
    assert bill[1].latency_s > 0


async def test_code_that_fails_is_an_observation() -> None:
    bill = Bill()
    observation = await ReasoningTool({"reasoner-1": ScriptedExpert("1 / 0")})("reasoner-1", ASKED, bill)
    assert observation.text == "Error: ZeroDivisionError: division by zero (line 1)"
    assert bill[1].error == "ZeroDivisionError: division by zero (line 1)"


async def test_code_without_any_output_is_told_as_such() -> None:
    observation = await ReasoningTool({"reasoner-1": ScriptedExpert("x = 1")})("reasoner-1", ASKED, [])
    assert observation.text == "The code ran and printed nothing."


async def test_reply_without_code_is_a_tool_error() -> None:
    with pytest.raises(ToolError, match="no code"):
        await ReasoningTool({"reasoner-1": ScriptedExpert("```python\n\n```")})("reasoner-1", ASKED, [])


async def test_cancelled_code_stays_on_the_bill() -> None:
    bill = Bill()
    tool = ReasoningTool({"reasoner-1": ScriptedExpert("while True:\n    pass")}, SandboxLimits(seconds=30))
    task = asyncio.ensure_future(tool("reasoner-1", ASKED, bill))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [call.role for call in bill] == [CallRole.CODE_WRITER, CallRole.SANDBOX]
    assert bill[1].error == "cancelled"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("print(1)", "print(1)"),
        ("```\nprint(1)\n```", "print(1)"),
        ("```py\nprint(1)\n```\n```json\n{}\n```", "print(1)"),
        ("```python\nprint(1)", "print(1)"),
    ],
)
def test_code_is_taken_from_blocks_or_the_bare_reply(reply: str, code: str) -> None:
    assert written_code(reply) == code


async def test_answer_keeps_the_origin_and_source_of_the_reply() -> None:
    bill = Bill()
    expert = ScriptedExpert("Paris", origin=Origin.EXTRACTED, source="corpus:france")
    observation = await AnswerTool({"answer-1": expert})("answer-1", ASKED, bill)
    assert (observation.text, observation.origin, observation.source) == ("Paris", Origin.EXTRACTED, "corpus:france")
    assert expert.asked_in == [CallRole.EXPERT]
    assert len(bill) == 1


def test_tools_offer_only_the_aliases_that_are_able_in_their_role_in_order(retriever: IndexRetriever) -> None:
    experts = {
        "b": ScriptedExpert("", (CallRole.QUERY_WRITER, CallRole.EXPERT)),
        "a": ScriptedExpert("", (CallRole.CODE_WRITER,)),
        "c": ScriptedExpert("", (CallRole.QUERY_WRITER,)),
    }
    assert list(SearchTool(experts, retriever).offered(ASKED)) == ["b", "c"]
    assert list(ReasoningTool(experts).offered(ASKED)) == ["a"]
    assert list(AnswerTool(experts).offered(ASKED)) == ["b"]
