"""What somebody reads before ranking on the page *Rank*: guidelines and steps; and a draft when the browser dies."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Error, Locator, Page, expect

from orchestrator.alternatives import Run
from orchestrator.model_call import CallRole
from orchestrator.trajectory import CodeRun, Observation, Origin, Step, Trajectory
from tests.examples import call, document, model_call
from tests.page.conftest import serving
from tests.page.jobs.rank_world import Ranker, alternative, make_study, seed

pytestmark = pytest.mark.browser
GUIDELINES = "Read the answers first.\n\nPrefer the one you would send to a customer."
PROMPT = "Which tool answers this best?"
REPLY = "Two pages should say it."
REASON = "half a rea"


def evident(run: Run, number: int) -> Trajectory:
    """An alternative whose steps have everything: prompt and raw reply, documents, code and output."""
    request = json.dumps({"model": "m", "messages": [{"role": "user", "content": PROMPT}]})
    reply = json.dumps({"role": "assistant", "content": REPLY})
    asked = model_call(role=CallRole.ORCHESTRATOR, alias=None, model="m", prompt=request, reply=reply)
    code = CodeRun(f"print({number} * 6)", stdout=f"{number * 6}\n", value=str(number * 6))
    found = (
        (f"search-{1 + number % 2}", Observation("found", Origin.RETRIEVED, (document(number),), "harbour toll")),
        (f"reasoner-{1 + number % 2}", Observation(str(number * 6), Origin.EXECUTED, code_run=code)),
        (f"answer-{number}", Observation(f"It is {number}", Origin.MODEL)),
    )
    steps = (
        Step(at, f"I ask {alias}.", call(alias), seen, (asked, model_call(f"0.0{number}", alias=alias)))
        for at, (alias, seen) in enumerate(found)
    )
    return replace(alternative(run, number), steps=tuple(steps))


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("evidence")
    seed(folder, 2, make=evident)
    with serving(folder) as address:
        yield address


def opened(ann: Ranker, down: int) -> Locator:
    """The step of the first alternative that the keyboard opens, so many rows below the first."""
    ann.press("j", *["ArrowDown"] * down, "Enter")
    step = ann.page.locator(".pd-diff-step[data-label='A']").nth(down)
    expect(step).to_be_visible()
    return step


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until it has the focus, which is then to be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            assert target.evaluate("node => node.matches(':focus-visible')")
            return
    raise AssertionError(f"{target} cannot be reached by keyboard")


def test_a_step_opens_by_key_to_documents_code_output_and_prompts(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "reads-all")
    ann.open(make_study(base_url))
    searched = opened(ann, 0)
    expect(searched).to_contain_text("harbour toll")
    expect(searched.locator(".pd-docs")).to_contain_text("Passage number")
    for button, text in (("Prompt of orchestrator", PROMPT), ("Raw reply of orchestrator", REPLY)):
        tab_to(page, searched.get_by_role("button", name=button))
        page.keyboard.press("Enter")
        expect(searched.get_by_role("region", name=button)).to_contain_text(text)
    page.keyboard.press("Escape")
    computed = opened(ann, 1)
    expect(computed).to_contain_text(" * 6)")
    expect(computed.get_by_text("Printed")).to_be_visible()
    assert ann.cards() == [], "reading ranks nothing"


def test_a_blind_step_opens_to_the_same_evidence_without_names_and_prompts(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "reads-blind")
    ann.open(make_study(base_url, hidden=["identity", "cost", "latency", "outcome"]))
    ann.press("j")
    expect(page.get_by_role("rowheader", name="3 rows")).to_be_focused()  # blind all go the same way
    ann.press("Enter", "ArrowDown", "Enter", "ArrowDown", "Enter")
    searched, computed = (page.locator(".pd-diff-detail").nth(row).locator(".pd-diff-step") for row in (0, 1))
    expect(searched).to_have_count(4)
    expect(searched.first.locator(".pd-docs")).to_contain_text("Passage number")
    expect(computed.first).to_contain_text(" * 6)")
    expect(computed.first.get_by_text("Printed")).to_be_visible()
    expect(page.get_by_role("button", name="Prompt of")).to_have_count(0)
    expect(page.get_by_role("button", name="Raw reply of")).to_have_count(0)
    markup = page.locator(".pd-r-body").inner_html().lower()
    for word in ("search-1", "search-2", "reasoner-", "answer-", PROMPT.lower(), REPLY.lower(), "$"):
        assert word not in markup, word


def test_the_key_i_shows_the_guidelines_and_escape_goes_back_to_the_ballot(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "guided")
    ann.open(make_study(base_url, guidelines=GUIDELINES))
    ann.press("2", "i")
    shown = page.get_by_role("dialog", name="Guidelines")
    expect(shown).to_contain_text("Prefer the one you would send to a customer.")
    ann.press("1")
    ann.press("Escape")
    expect(shown).to_have_count(0)
    assert ann.cards() == ["B"], "what is read ranks nothing"
    ann.press("1")
    assert ann.cards() == ["B", "A"], "and what was placed stays"
    ann.open(make_study(base_url))
    ann.press("i")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_study_is_reached_from_the_landing_by_tab_and_enter(page: Page, base_url: str) -> None:
    study = make_study(base_url, name="Reached by Tab")
    ann = Ranker(page, base_url, "tabs")
    ann.open()
    tab_to(page, page.get_by_role("link", name="Rank: Reached by Tab"))
    page.keyboard.press("Enter")
    expect(ann.query).to_be_visible()
    assert f"study={study}" in page.url
    tab_to(page, page.get_by_role("link", name="Studies"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="Rank: Everything not ranked yet"))
    page.keyboard.press("Enter")
    expect(ann.query).to_be_visible()
    assert "study=" not in page.url


def kill(profile: Path) -> None:
    """End the browser of that profile without warning; the lock of a profile names its process."""
    os.kill(int((profile / "SingletonLock").readlink().name.rpartition("-")[2]), signal.SIGKILL)


def wait_until_written(page: Page, profile: Path, text: str) -> None:
    """Until the browser has put what the page keeps on the disk, which it does some seconds late."""
    forms = (text.encode("latin-1"), text.encode("utf-16-le"))
    for _ in range(300):
        kept = b"".join(file.read_bytes() for file in profile.glob("**/Local Storage/leveldb/*.log"))
        if any(form in kept for form in forms):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the browser never kept {text}")


def test_a_draft_outlives_a_browser_that_is_killed(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], base_url: str, tmp_path: Path
) -> None:
    def launched() -> BrowserContext:
        return browser_type.launch_persistent_context(tmp_path, **browser_type_launch_args)

    study = make_study(base_url)
    before = launched()
    ann = Ranker(before.new_page(), base_url, "crashed")
    ann.open(study)
    ann.press("2", "1", "=", "r")
    ann.page.keyboard.type(REASON)
    ballot = ann.ballot
    wait_until_written(ann.page, tmp_path, REASON)
    kill(tmp_path)
    with suppress(Error):
        before.close()
    after = launched()
    again = Ranker(after.new_page(), base_url, "crashed")
    again.open(study)
    expect(again.said).to_contain_text("draft")
    assert (again.ballot, again.cards()) == (ballot, ["A", "B"])
    expect(again.page.get_by_label("Why this order?")).to_have_value(REASON)
    after.close()
