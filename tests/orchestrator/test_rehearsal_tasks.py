import json
import math
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_monty import CollectStreams, Monty

from orchestrator.documents.index import Index
from orchestrator.grade import grade
from orchestrator.rehearsal.corpus import article, articles
from orchestrator.rehearsal.fact_table import facts, grouped
from orchestrator.rehearsal.tasks import DOMAINS, EXAMPLES, Task, all_tasks, find
from orchestrator.trajectory import Verdict

TASKS = all_tasks()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Monty]:
    with Monty() as pool:
        yield pool


def printed(sandbox: Monty, program: str) -> str:
    output = CollectStreams()
    with sandbox.checkout() as session:
        session.feed_run(program, print_callback=output)
    return "".join(text for _, text in output.output).strip()


def of(prefix: str) -> list[Task]:
    found = [task for task in TASKS if task.id.startswith(prefix)]
    assert found, prefix
    return found


def test_there_are_enough_tasks_in_each_domain_difficulty_and_split() -> None:
    assert len(TASKS) >= 900
    domains = Counter(task.domain for task in TASKS)
    assert set(domains) == set(DOMAINS)
    assert min(domains.values()) >= 100
    assert {task.difficulty for task in TASKS} == {1, 2, 3}
    splits = Counter(task.split for task in TASKS)
    assert splits["train"] / len(TASKS) == pytest.approx(0.7, abs=0.05)
    assert splits["dev"] / len(TASKS) == pytest.approx(0.1, abs=0.04)
    assert splits["test"] / len(TASKS) == pytest.approx(0.2, abs=0.05)
    assert {(task.domain, task.split) for task in TASKS} == set(product(DOMAINS, ("train", "dev", "test")))


def test_no_question_is_asked_twice() -> None:
    assert len({task.id for task in TASKS}) == len(TASKS)
    assert all(find(task.question) is task for task in TASKS)


def test_tasks_are_the_same_in_every_process() -> None:
    code = (
        "import json; from orchestrator.rehearsal.tasks import all_tasks; "
        "print(json.dumps([repr(task) for task in all_tasks()]))"
    )
    seen = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": "7"}
    )
    assert json.loads(seen.stdout) == [repr(task) for task in TASKS]


def test_examples_are_tasks_one_of_each_domain() -> None:
    found = [find(question) for question in EXAMPLES]
    assert EXAMPLES[0] == "What is 17% of 2,340?"
    assert found[0] is not None
    assert found[0].reference == "397.8"
    assert [task.domain for task in found if task] == list(DOMAINS)


@pytest.mark.parametrize(
    "question",
    ["what is 17% of 2340", "  What  is 17% of 2,340 ?", "WHAT IS 17% OF 2,340?!", "What is 17% of 2 340?"],
)
def test_a_task_is_found_however_it_is_typed(question: str) -> None:
    task = find(question)
    assert task is not None
    assert task.reference == "397.8"


@given(st.text(max_size=60))
def test_other_text_is_no_task(text: str) -> None:
    task = find(text)
    assert task is None or len(text) > 10


@pytest.mark.parametrize("question", ["", "What is 17% of 2,341?", "What is the capital of Atlantis?"])
def test_questions_outside_the_rehearsal_are_not_found(question: str) -> None:
    assert find(question) is None


def test_every_program_prints_its_reference_in_the_sandbox(sandbox: Monty) -> None:
    programs = [task for task in TASKS if task.program is not None]
    assert len(programs) > 600
    assert [t.id for t in programs if printed(sandbox, t.program or "") != t.reference] == []


def test_references_are_graded_solved_and_wrong_answers_unsolved() -> None:
    for task in TASKS:
        assert grade(task.reference, task.reference).verdict is Verdict.SOLVED, task
        for wrong in task.wrong:
            assert grade(wrong, task.reference).verdict is Verdict.UNSOLVED, (task, wrong)
        assert 2 <= len(task.wrong) <= 4


def test_needed_articles_exist_and_hold_the_reference_of_a_lookup() -> None:
    for task in TASKS:
        texts = [article(identifier).text for identifier in task.needs_document]
        if task.domain == "lookup":
            assert len(texts) == 1
            assert grouped(task.reference).casefold() in texts[0].casefold(), task


def test_needed_articles_hold_the_numbers_that_a_two_hop_program_uses() -> None:
    for task in of("two_hop/heights") + of("two_hop/births") + of("two_hop/lengths") + of("two_hop/areas"):
        numbers = re.findall(r"\d+", task.program or "")
        assert len(numbers) == len(task.needs_document) == 2
        texts = [article(identifier).text for identifier in task.needs_document]
        assert all(any(grouped(number) in text for text in texts) for number in numbers), task


def test_search_phrases_find_the_needed_articles_in_the_real_index() -> None:
    index = Index.open(articles())
    for task in TASKS:
        sources = {document.source for document in index.search(task.search_phrase)} if task.needs_document else set()
        assert {article(identifier).source for identifier in task.needs_document} <= sources, task


def test_percentages_and_equations_hold() -> None:
    for task in of("arithmetic/percent"):
        p, n = map(int, task.id.rsplit("/", 1)[1].split("-"))
        assert Fraction(task.reference) == Fraction(p, 100) * n
    for task in of("arithmetic/linear"):
        a, b, c = map(int, re.findall(r"-?\d+", task.question))
        assert a * int(task.reference) + b == c
    for task in of("arithmetic/quadratic"):
        b, c = (int(number) for number in re.findall(r"\((-?\d+)\)", task.question))
        x = int(task.reference)
        assert x * x - b * x + c == 0
        assert x > b - x
    for task in of("arithmetic/lcm"):
        a, b = (int(number.replace(",", "")) for number in re.findall(r"[\d,]+", task.question))
        assert int(task.reference) == math.lcm(a, b)


MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def days_named(text: str) -> list[date]:
    found = re.findall(rf"(\d+) ({'|'.join(MONTHS)}) (\d{{4}})", text)
    return [date(int(year), MONTHS.index(month) + 1, int(day)) for day, month, year in found]


def test_calendar_answers_agree_with_the_standard_library() -> None:
    for task in of("dates_units/weekday"):
        (day,) = days_named(task.question)
        assert f"{day:%A}" == task.reference
    for task in of("dates_units/days-between"):
        first, last = days_named(task.question)
        assert (last - first).days == int(task.reference)
    for task in of("dates_units/date-after"):
        (first,) = days_named(task.question)
        days = int(re.search(r"is (\d+) days", task.question)[1])  # type: ignore[index]
        assert (date.fromisoformat(task.reference) - first).days == days


def test_conversions_use_the_factor_of_their_article() -> None:
    factor = {unit["plural"]: Fraction(unit["factor"]) for unit in facts("units")}
    for task in of("dates_units/conversion"):
        count, plural = re.search(r"(\d+) (.+?)(?: to .*|\?)$", task.question).groups()  # type: ignore[union-attr]
        assert Fraction(task.reference) == int(count) * factor[plural]


def race_holds(sentence: str, place: dict[str, int]) -> bool:
    if found := re.fullmatch(r"(\w+) finished before (\w+)", sentence):
        return place[found[1]] < place[found[2]]
    if found := re.fullmatch(r"(\w+) finished directly after (\w+)", sentence):
        return place[found[1]] - place[found[2]] == 1
    found = re.fullmatch(r"(\w+) did not finish in place (\d)", sentence)
    assert found is not None, sentence
    return place[found[1]] != int(found[2])


def test_races_have_exactly_one_order_and_no_spare_clue() -> None:
    for task in of("reasoning/race"):
        opening, *clues, asked = task.question.rstrip("?").split(". ")
        names = opening.removesuffix(" ran a race without ties").split(", ")
        orders = [dict(zip(names, order, strict=True)) for order in permutations(range(1, len(names) + 1))]
        fitting = [order for order in orders if all(race_holds(clue, order) for clue in clues)]
        assert len(fitting) == 1
        assert fitting[0][task.reference] == int(asked[-1])
        for spare in clues:
            rest = [clue for clue in clues if clue != spare]
            assert sum(all(race_holds(clue, order) for clue in rest) for order in orders) > 1


def island_holds(said: str, knights: set[str], names: list[str]) -> bool:
    if found := re.fullmatch(r"(\w+) is a (knight|knave)\.", said):
        return (found[1] in knights) == (found[2] == "knight")
    if found := re.fullmatch(r"(\w+) and (\w+) are of the same kind\.", said):
        return (found[1] in knights) == (found[2] in knights)
    if found := re.fullmatch(r"(\w+) or (\w+) is a knave\.", said):
        return not {found[1], found[2]} <= knights
    found = re.fullmatch(r"Exactly (\d) of us (?:is a knight|are knights)\.", said)
    assert found is not None, said
    return len(knights) == int(found[1])


def test_islands_have_exactly_one_reading() -> None:
    for task in of("reasoning/knights"):
        said = dict(re.findall(r'(\w+) says: "([^"]+)"', task.question))
        names = list(said)
        worlds = [
            {name for name, bit in zip(names, bits, strict=True) if bit} for bits in product((0, 1), repeat=len(names))
        ]
        fitting = [w for w in worlds if all(island_holds(said[n], w, names) == (n in w) for n in names)]
        assert len(fitting) == 1
        assert ", ".join(sorted(fitting[0])) == task.reference


def test_pets_have_exactly_one_owner_each() -> None:
    for task in of("reasoning/pets"):
        opening, *clues, asked = task.question.rstrip("?").split(". ")
        owners, pets = opening.split(" own one pet each: a ")
        names, animals = owners.split(", "), pets.split(", a ")
        worlds = [dict(zip(names, order, strict=True)) for order in permutations(animals)]

        def holds(clue: str, world: dict[str, str]) -> bool:
            if found := re.fullmatch(r"(\w+) does not own the (\w+)", clue):
                return world[found[1]] != found[2]
            found = re.fullmatch(r"Either (\w+) or (\w+) owns the (\w+)", clue)
            assert found is not None, clue
            return found[3] in (world[found[1]], world[found[2]])

        fitting = [world for world in worlds if all(holds(clue, world) for clue in clues)]
        assert len(fitting) == 1
        assert fitting[0][asked.split()[-2]] == task.reference


def test_counts_agree_with_going_through_all() -> None:
    for task in of("reasoning/anagram"):
        word = task.id.rsplit("/", 1)[1]
        fitting = {order for order in permutations(word) if not re.search(r"(.)\1", "".join(order))}
        assert len(fitting) == int(task.reference)
    for task in of("reasoning/binary-row"):
        length, run = map(int, task.id.rsplit("/", 1)[1].split("-"))
        rows = (format(number, f"0{length}b") for number in range(2**length))
        assert sum("1" * run not in row for row in rows) == int(task.reference)
    for task in of("reasoning/digit-sum"):
        target = int(task.id.rsplit("/", 1)[1])
        triples = (d for d in permutations(range(10), 3) if d[0] and sum(d) == target)
        assert sum(1 for _ in triples) == int(task.reference)


def test_a_task_without_wrong_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two wrong answers"):
        Task("x/y", "lookup", 1, "Which?", "this", ("this", "that"), "which")
    with pytest.raises(ValueError, match="needs a program"):
        Task("x/y", "lookup", 1, "Which?", "this", ("those", "that"), "which", needs_program=True)
