import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_monty import CollectStreams, Monty

from orchestrator.rehearsal.calculation import program_for


def result(question: str) -> str:
    program = program_for(question)
    assert program is not None
    output = CollectStreams()
    with Monty() as pool, pool.checkout() as session:
        session.feed_run(program, print_callback=output)
    return "".join(text for _, text in output.output).strip()


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is 17% of 2,341?", "397.97"),
        ("What is 2+2?", "4"),
        ("Calculate (3 + 4) * 5 / 2.", "17.5"),
        ("What is the square root of 144?", "12"),
        ("What's the square root of (16 + 9) times 2?", "10"),
        ("What is 2 to the power of 100?", "1267650600228229401496703205376"),
        ("What is 2^10?", "1024"),
        ("How much is 7 divided by 2?", "3.5"),
        ("Please tell me, what is 10 plus 5 minus 3?", "12"),
        ("12 × 12 ÷ 6", "24"),
        ("What is 5 percent of 40 + 3?", "5"),
        ("what is -3 + 4", "1"),
        ("What is 0.1 + 0.2?", "0.3"),
        ("What is the cube root of 27?", "3"),
        ("What is 1,000,000 * 3?", "3000000"),
    ],
)
def test_plain_arithmetic_is_recognised_and_computed(question: str, expected: str) -> None:
    assert result(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "Who was Napoleon?",
        "What is 5?",
        "What happened on 2024-01-15?",
        "When did the 1939-1945 war end?",
        "How much is 3 dollars + 4 dollars?",
        "Call 555-123-4567",
        "2^10^10",
        "What is 3 ** 99999?",
        "What is 2 (3)?",
        "What is __import__('os') + 1?",
        "What is 1 + " + "1 + " * 200 + "1?",
        "((((((",
        "",
    ],
)
def test_everything_else_is_left_alone(question: str) -> None:
    assert program_for(question) is None


@given(st.text(max_size=80))
def test_any_text_is_either_recognised_or_left_alone(text: str) -> None:
    program = program_for(text)
    assert program is None or program.startswith("x = ")


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_thousands_separators_do_not_change_the_program(n: int, p: int) -> None:
    assert program_for(f"What is {p}% of {n:,}?") == program_for(f"What is {p}% of {n}?")
    assert program_for(f"What is {n:,} + {p:,}?") == program_for(f"{n} + {p}")
