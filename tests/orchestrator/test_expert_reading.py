from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.evidence import Evidence
from orchestrator.expert_prompt import expert_messages
from orchestrator.expert_reading import answer, code, read, search_query
from orchestrator.model_call import CallRole
from orchestrator.pool import Reading
from orchestrator.tool import Request


@given(st.text(), st.sampled_from([answer, code, search_query]))
def test_any_text_can_be_read(text: str, read: Callable[[str], str]) -> None:
    assert isinstance(read(text), str)


SAID = "First ```\n40\n``` then \\boxed{41} then <answer>42</answer>\n```text\n43\n```\nI am sure."


@pytest.mark.parametrize(
    ("reading", "said", "text"),
    [
        (Reading.AUTO, SAID, "42"),
        (Reading.ANSWER, SAID, "42"),
        (Reading.BOXED, SAID, "41"),
        (Reading.FENCED, SAID, "43"),
        (Reading.WHOLE, " 44\n", "44"),
    ],
)
def test_an_answer_is_asked_for_and_read_in_the_form_that_the_pool_names(
    reading: Reading, said: str, text: str
) -> None:
    assert read(CallRole.EXPERT, said, reading) == text
    (asked,) = expert_messages(CallRole.EXPERT, Request("Why?", Evidence()), reading, None)
    wanted = {Reading.BOXED: "boxed{}", Reading.FENCED: "fenced block", Reading.WHOLE: "your whole reply"}
    assert wanted.get(reading, "<answer>") in asked["content"]


@pytest.mark.parametrize("reading", [Reading.ANSWER, Reading.BOXED, Reading.FENCED])
def test_an_answer_in_another_form_than_the_pool_names_is_none(reading: Reading) -> None:
    assert read(CallRole.EXPERT, "It is 42.", reading) == ""


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("```python\na\n```\n```\nb\n```", "b"),
        ("```text\nplan\n```\n```Python\nb```\n```json\n{}\n```", "b"),
        ("like this: ```py\nb\n``` as I said", "b"),
        ("```python\na\n```python\nb", "b"),
        ("```\n  b\n\n  c\n```", "b\n\n  c"),
        ("```json\n{}\n```", ""),
        ("no code", ""),
    ],
)
def test_code_is_the_last_block_of_python_wherever_its_fences_stand(text: str, block: str) -> None:
    assert code(text) == block
