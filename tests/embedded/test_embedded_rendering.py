"""A request as the bundled model reads it, which is as it was trained on. These tests need the template, no model."""

import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.embedded.checkpoint import TEMPLATE
from orchestrator.embedded.damage import BadCheckpoint
from orchestrator.embedded.rendering import Template, messages_of
from orchestrator.embedded.vocabulary import CODE, DOCUMENTS, END_OF_TURN, THINK, TURN
from orchestrator.evidence import Evidence
from orchestrator.policy import Turn
from orchestrator.pool import Pool, PoolEntry, Price
from orchestrator.preference import PreferenceVector, instruction
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.tasks import all_tasks
from orchestrator.tool_text import tools
from orchestrator.training.drawing import draw_situation
from orchestrator.training.request import PROBLEM_CHARACTERS, WISH_CHARACTERS, table
from orchestrator.training.situation import Situation
from orchestrator.training.views import seen_words
from orchestrator.trajectory import CodeRun, Document
from tests.embedded.asked import ALIASES, POOL, turns

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "orchestrator" / "embedded" / TEMPLATE
QUERY = "By how many metres is Mount Kenya higher than Mount Kinabalu?"
BALANCED = PreferenceVector()
WISH = instruction(BALANCED)


@pytest.fixture(scope="module")
def template() -> Template:
    return Template(SOURCE.read_text("utf-8"))


def turn(
    evidence: Evidence | None = None, query: str = QUERY, preference: PreferenceVector = BALANCED, *offered: str
) -> Turn:
    return Turn(0, query, preference, evidence or Evidence(), offered or ALIASES, 1)


async def told(template: Template, turn: Turn, wish: str = WISH, pool: Pool = POOL) -> str:
    return template.text(await messages_of(turn, wish), tools(pool, turn.offered))


async def test_the_request_reads_as_it_did(template: Template) -> None:
    documents = [
        Document("a", "Mount Kenya", "Mount Kenya\nThe second-highest mountain of Africa, 5,199 metres.", "corpus"),
        Document("b", "Lake Turkana", "A lake in the north of Kenya.", "corpus"),
    ]
    runs = [CodeRun("print(1 / 0)", error="ZeroDivisionError: division by zero"), CodeRun("print(1104)", "1104\n")]
    situations = (
        turn(),
        turn(Evidence(searches=[documents])),
        turn(Evidence(searches=[documents], code_runs=runs[:1])),
        turn(Evidence(code_runs=runs)),
    )
    written = [f"{await told(template, situation)}\n" for situation in situations]
    assert "".join(written) == (HERE / "golden" / "requests.txt").read_text("utf-8")


@given(st.integers(0, 10**6))
@settings(max_examples=60)
async def test_what_is_sent_is_what_was_trained_on(template: Template, seed: int) -> None:
    dice = random.Random(seed)
    situation = draw_situation(all_tasks(), dice)
    documents = tuple(dice.sample(articles(), dice.choice((0, 1, 8, 9, 16, 17))))
    runs = dice.choice(((), (CodeRun("x", error="NameError: x"),), (CodeRun("print(7)", "7\n"),), (CodeRun("1"),)))
    task, code = situation.task, (0 if not runs else 2 if runs[0].stdout else 1)
    evidence = Evidence(searches=[list(documents)] if documents else [], code_runs=list(runs))
    asked = Turn(0, task.question, situation.preference, evidence, situation.offered, 1)
    sent = await told(template, asked, situation.instruction, pool_of(situation))
    assert sent == (
        f"{table(situation)}<problem>{task.question[:PROBLEM_CHARACTERS]}"
        f"<wish>{situation.instruction[:WISH_CHARACTERS]}{''.join(seen_words(task.question, documents))}"
        f"{CODE[code]}{END_OF_TURN}{TURN}{THINK}"
    )


def pool_of(situation: Situation) -> Pool:
    """The pool that a situation tells of."""
    entries = []
    for alias in situation.offered:
        rate = situation.prices[alias]
        dollars = (Decimal(repr(price)) for price in (rate.input_usd_per_mtok, rate.output_usd_per_mtok))
        entries.append(PoolEntry(alias, "m", "Some model.", rate.latency_s, Price("test", None, *dollars)))
    return Pool("drawn", tuple(entries))


@given(
    st.text(max_size=400),
    st.text(max_size=500),
    st.lists(st.text(max_size=200), max_size=3),
    st.lists(st.text(max_size=80), max_size=2),
)
async def test_whatever_is_asked_found_and_printed_can_be_told(
    template: Template, query: str, wish: str, found: list[str], printed: list[str]
) -> None:
    documents = [Document(str(place), "t", text, "s") for place, text in enumerate(found)]
    evidence = Evidence(searches=[documents] if documents else [], code_runs=[CodeRun("x", text) for text in printed])
    text = await told(template, turn(evidence, query), wish)
    assert text.startswith(TURN)
    assert text.endswith(f"{END_OF_TURN}{TURN}{THINK}")
    assert any(word in text for word in CODE)
    assert any(word in text for word in DOCUMENTS)


@pytest.mark.parametrize("runs", [0, 4])
async def test_much_evidence_takes_nothing_from_the_problem_and_the_wish(template: Template, runs: int) -> None:
    documents = [Document(str(place), f"Title {place}", f"{place} is a number. " * 400, "s") for place in range(60)]
    evidence = Evidence([documents], [CodeRun("print('x' * 20_000)", f"{'x' * 20_000}\n")] * runs)
    text = await told(template, turn(evidence))
    assert f"<problem>{QUERY}<wish>{WISH}{DOCUMENTS[2 if runs else 3]}<names" in text
    assert CODE[2 if runs else 0] in text


async def test_only_aliases_on_offer_are_told_with_prices_below_the_dearest_of_them(template: Template) -> None:
    text = await told(template, turn(None, QUERY, BALANCED, "answer-2", "search-1"))
    before = text.partition("<problem>")[0]
    assert before == "<|im_start|><answer-2$5><answer-2~0><search-1$0><search-1~1>"


async def test_an_alias_without_a_known_price_is_told_as_such(template: Template) -> None:
    pool = Pool("unpriced", (PoolEntry("answer-1", "m", "A model.", 3.0), *POOL.entries[1:2]))
    text = await told(template, Turn(0, QUERY, BALANCED, Evidence(), [e.alias for e in pool.entries], 1), WISH, pool)
    assert "<answer-1$?>" in text


async def test_without_a_wish_the_problem_stands_alone(template: Template) -> None:
    assert f"<problem>{QUERY}<wish><docs0>" in await told(template, turn(), "")


async def test_another_wording_stands_where_the_preference_stood(template: Template) -> None:
    first = await told(template, turn(), "Money is tight this month.")
    assert "<wish>Money is tight this month.<docs0>" in first
    assert first.replace("Money is tight this month.", WISH) == await told(template, turn())


def test_the_two_hundred_requests_differ_and_are_the_same_each_time() -> None:
    first = turns()
    assert [(t.query, t.preference, t.offered) for t in first] == [(t.query, t.preference, t.offered) for t in turns()]
    assert len({t.query for t in first}) > 100
    assert len({tuple(t.offered) for t in first}) > 50
    assert (
        {bool(t.evidence.documents) for t in first} == {len(t.evidence.code_runs) > 0 for t in first} == {True, False}
    )


@pytest.mark.parametrize("source", ["{% for %}", "{{ messages[0].content.nothing.more }}", "{{ ''.__class__.mro() }}"])
def test_a_template_that_cannot_be_run_is_named(source: str) -> None:
    with pytest.raises(BadCheckpoint, match="its chat template"):
        Template(source).text([{"role": "user", "content": "x"}], [])
