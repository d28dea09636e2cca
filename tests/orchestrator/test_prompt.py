import json
import time
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.evidence import Evidence
from orchestrator.policy import Turn
from orchestrator.pool import Pool, PoolEntry, Price
from orchestrator.preference import PreferenceVector
from orchestrator.profile import Cut, PromptProfile, profile, profiles
from orchestrator.prompt import Caps, context, messages, offered, prompt_of, rendered, tools
from orchestrator.tokenizer import Estimate, estimated_tokens
from orchestrator.trajectory import CodeRun, Document, Observation, Origin

NO_WISH = PreferenceVector(0, 0, 0)
SYSTEM = {"role": "system", "content": "You are good at using tools."}


def document(text: str, score: float | None = None, title: str = "") -> Document:
    return Document(text, title, text, "somewhere", score)


def evidence(*searches: list[Document], runs: tuple[CodeRun, ...] = ()) -> Evidence:
    gathered = Evidence()
    for found in searches:
        gathered.add(Observation("", Origin.RETRIEVED, tuple(found)))
    for run in runs:
        gathered.add(Observation("", Origin.EXECUTED, code_run=run))
    return gathered


def turn(gathered: Evidence, preference: PreferenceVector = NO_WISH) -> Turn:
    return Turn(0, "Why?", preference, gathered, ("answer-1",), 1)


def user(gathered: Evidence, preference: PreferenceVector = NO_WISH) -> str:
    system, said = messages(turn(gathered, preference))
    assert system == SYSTEM
    assert said["role"] == "user"
    return said["content"]


def test_the_first_turn_has_an_empty_context() -> None:
    expected = "Problem: Why?\n\n\npython code and execution outputs:\n\n\nChoose an appropriate tool."
    assert user(evidence()) == expected


def test_documents_stand_best_last() -> None:
    gathered = evidence([document("best", 2.0), document("good", 1.0)])
    assert user(gathered) == (
        "Problem: Why?\n\nDocuments:\nDoc 1: good\n\nDoc 2: best\n\n"
        "\npython code and execution outputs:\n\n\nChoose an appropriate tool."
    )


def test_a_later_search_stands_behind_an_earlier_one() -> None:
    gathered = evidence(
        [document("a best", 2.0), document("a good", 1.0)], [document("b best", 9.0), document("b good", 3.0)]
    )
    assert context(gathered).startswith(
        "Documents:\nDoc 1: a good\n\nDoc 2: a best\n\nDoc 3: b good\n\nDoc 4: b best\n\n"
    )


def test_code_and_its_output_stand_in_fences() -> None:
    gathered = evidence(
        runs=(CodeRun("print(1)", stdout="1\n"), CodeRun("1/0", error="ZeroDivisionError"), CodeRun("x = 2"))
    )
    assert user(gathered) == (
        "Problem: Why?\n\n\npython code and execution outputs:\n"
        "```python\nprint(1)\n```\n\n```output\n1\n\n```\n\n"
        "```python\n1/0\n```\n\n```output\nZeroDivisionError\n```\n\n"
        "```python\nx = 2\n```\n\n```output\n(no output)\n```\n\n"
        "\n\nChoose an appropriate tool."
    )


def test_documents_and_code_stand_together_and_the_title_is_told_once() -> None:
    gathered = evidence(
        [document("It is wet.", title="Water"), document("Air is not.", title="Air")],
        runs=(CodeRun("6*7", value="42"),),
    )
    assert user(gathered) == (
        "Problem: Why?\n\nDocuments:\nDoc 1: Air is not.\n\nDoc 2: Water\nIt is wet.\n\n"
        "\npython code and execution outputs:\n```python\n6*7\n```\n\n```output\n42\n```\n\n"
        "\n\nChoose an appropriate tool."
    )


def test_the_preference_instruction_is_appended_to_the_problem() -> None:
    said = user(evidence(), PreferenceVector(1, 0, 0))
    assert said.startswith("Problem: Why?\n\nI care a great deal about a correct answer.\n\n")


def test_what_does_not_fit_is_left_out_from_the_front() -> None:
    caps = Caps(document_characters=30, code_tokens=100, total_tokens=60)
    gathered = evidence([document(f"{number} {'x' * 50}", 9.0 - number) for number in range(6)])
    text = context(gathered, caps)
    assert text.startswith("Documents:\nDoc 3: 3 ")
    assert "Doc 6: 0 xxx" in text
    assert "x" * 30 not in text


def test_the_tail_of_a_giant_output_is_kept() -> None:
    text = context(evidence(runs=(CodeRun("go()", stdout="a" * 500_000 + "the end"),)), Caps(code_tokens=200))
    assert "the end\n```" in text
    assert text.startswith("\npython code and execution outputs:\n```\naaa")
    assert estimated_tokens(text) < 250


@given(st.lists(st.text(max_size=300), max_size=12), st.lists(st.text(max_size=300), max_size=6), st.integers(50, 500))
def test_a_context_never_exceeds_its_cap(texts: list[str], outputs: list[str], total: int) -> None:
    gathered = evidence([document(text) for text in texts], runs=tuple(CodeRun("x", stdout=text) for text in outputs))
    caps = Caps(document_characters=100, code_tokens=total // 2, total_tokens=total)
    assert estimated_tokens(context(gathered, caps)) <= total + 20


def entry(alias: str, price: Price | None) -> PoolEntry:
    return PoolEntry(alias, "m", f"what {alias} is good at.", 9.0, price)


def test_the_tools_carry_one_argument_and_the_price_table() -> None:
    price = Price("s", None, Decimal("1.250"), Decimal(10))
    pool = Pool(
        "p", (entry("search-1", price), entry("answer-1", price), entry("answer-2", None), entry("answer-3", price))
    )
    described = tools(pool, ("answer-2", "answer-1", "search-1"))
    assert [tool["function"]["name"] for tool in described] == ["answer", "search"]
    assert json.loads(json.dumps(described)) == described
    parameters = described[0]["function"]["parameters"]
    assert list(parameters) == ["properties", "required", "title", "type"]
    assert parameters["required"] == ["model"]
    assert list(parameters["properties"]) == ["model"]
    assert parameters["properties"]["model"]["description"] == (
        "The model that answers. Choices: ['answer-1', 'answer-2']. "
        "answer-1: what answer-1 is good at. answer-2: what answer-2 is good at.\n"
        "Model | price per million input tokens | price per million output tokens | average latency\n"
        "answer-1 | $1.25 | $10 | 9s\n"
        "answer-2 | unknown | unknown | 9s"
    )


def test_the_tools_stand_in_the_order_that_the_released_model_was_shown() -> None:
    pool = Pool("p", (entry("search-1", None), entry("reasoner-2", None), entry("answer-1", None)))
    described = tools(pool, ("search-1", "reasoner-2", "answer-1"))
    assert [tool["function"]["name"] for tool in described] == ["enhance_reasoning", "answer", "search"]
    assert [list(tool) for tool in described] == [["type", "function"]] * 3
    assert list(described[0]["function"]) == ["name", "description", "parameters"]
    assert list(described[0]["function"]["parameters"]["properties"]["model"]) == ["description", "type"]


@pytest.mark.parametrize("name", profiles())
async def test_what_a_person_is_shown_is_what_is_sent(name: str) -> None:
    pool = Pool("p", (entry("answer-1", None), entry("search-1", None)))
    asked = replace(turn(evidence([document("One.")]), PreferenceVector(1, 0, 0)), offered=("answer-1", "search-1"))
    chosen = profile(name)
    shown = await rendered(chosen, asked, pool, Estimate())
    assert json.loads(json.dumps(shown)) == {
        "messages": (await prompt_of(asked, chosen, Estimate())).messages,
        "tools": tools(pool, ("answer-1", "search-1")),
    }
    assert "Why?\n\nI care a great deal about a correct answer." in shown["messages"][1]["content"]


def test_a_profile_of_one_search_offers_none_once_there_is_a_document() -> None:
    once = replace(profile(), one_search=True)
    before = replace(turn(evidence()), offered=("search-1", "answer-1"))
    after = replace(before, evidence=evidence([document("One.")]))
    assert [offered(asked, once) for asked in (before, after)] == [("search-1", "answer-1"), ["answer-1"]]
    assert offered(after, profile()) == ("search-1", "answer-1")
    only_search = replace(after, offered=("search-1",))
    assert offered(only_search, once) == ("search-1",)


def beginning(asked: Turn, chosen: PromptProfile, user: str) -> str:
    """A user's message up to the last document: what a server may have kept from the turn before."""
    last = asked.evidence.searches[-1][0].text
    return user[: user.index(last) + len(last)]


@pytest.mark.parametrize("name", [name for name, each in profiles().items() if each.stable])
async def test_the_prompt_up_to_earlier_documents_is_the_beginning_of_the_next_one(name: str) -> None:
    chosen = profile(name)
    found = [
        [document(f"{turn} {rank} {'words ' * 20}", 9.0 - rank, "Title") for rank in range(4)] for turn in range(8)
    ]
    kept = ""
    for turns in range(1, len(found) + 1):
        asked = turn(evidence(*found[:turns], runs=(CodeRun("print(1)", "1\n"),)), PreferenceVector(1, 1, 1))
        user = (await prompt_of(asked, chosen, Estimate())).messages[1]["content"]
        assert user.startswith(kept)
        kept = beginning(asked, chosen, user)


def test_only_the_training_layout_moves_earlier_documents() -> None:
    assert [name for name, each in profiles().items() if not each.stable] == ["train"]


@pytest.mark.parametrize("name", profiles())
@given(st.lists(st.lists(st.text(min_size=1, max_size=300), max_size=4), max_size=4), st.text(max_size=900))
async def test_an_evidence_of_any_kind_is_kept_within_its_cap(name: str, found: list[list[str]], out: str) -> None:
    chosen = replace(profile(name), total_tokens=300, code_tokens=100)
    gathered = evidence(
        *([document(text) for text in texts] for texts in found), runs=(CodeRun("x", out), CodeRun("y"))
    )
    prompt = await prompt_of(turn(gathered), chosen, Estimate())
    assert prompt.tokens <= 300 + 50
    assert estimated_tokens(prompt.messages[1]["content"]) <= prompt.tokens + 20


async def test_whole_documents_are_left_out_where_blocks_are_kept() -> None:
    clean = replace(profile("clean"), total_tokens=200)
    assert clean.cut is Cut.BLOCKS
    gathered = evidence([document(f"{number} {'x' * 150} end", 9.0 - number) for number in range(6)])
    user = (await prompt_of(turn(gathered), clean, Estimate())).messages[1]["content"]
    assert user.startswith("Problem: Why?\n\nDocuments:\nDoc 4: 2 xxx")
    assert user.count("end\n\n") == user.count("Doc ") == 3


@pytest.mark.parametrize("length", [500, 4_000])
def test_a_prompt_costs_what_it_keeps_and_not_what_was_gathered(length: int) -> None:
    def seconds(turns: int) -> float:
        found = [[document(f"{n} {m} {'y' * length}", 5.0 - m) for m in range(5)] for n in range(turns)]
        full = evidence(*found)
        begun = time.process_time()
        for _ in range(100):
            messages(turn(full))
        return time.process_time() - begun

    # Both are full prompts; ten times as much evidence may not cost twice as much.
    full = 40 if length == 500 else 10
    assert min(seconds(10 * full) for _ in range(5)) < 2 * min(seconds(full) for _ in range(5))
