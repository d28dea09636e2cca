"""Ballots ranked one after the other on the page *Rank*: by key, in two looks, skipped, flagged, taken back, marked."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import serving
from tests.page.jobs.rank_world import Ranker, make_study, progress, rankings, seed

pytestmark = pytest.mark.browser
BALLOTS = 20


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("ranked")
    seed(folder, BALLOTS)
    with serving(folder) as address:
        yield address


def test_twenty_ballots_are_ranked_with_the_keyboard_alone(page: Page, base_url: str) -> None:
    study = make_study(base_url)
    ann = Ranker(page, base_url, "twenty")
    ann.open(study)
    done = []
    for _ in range(BALLOTS - 1):
        ann.press("3", "1", "2")
        assert ann.cards() == ["C", "A", "B", "D"], "the last one is placed by itself"
        done.append(ann.submit())
    ann.press("4", "2", "1", "3")
    done.append(ann.ballot)
    ann.press("Enter")
    expect(page.get_by_role("heading", name="Nothing is left for you")).to_be_visible()
    assert len(set(done)) == BALLOTS, "no ballot came twice"
    assert ann.kept(done[0])["groups"] == [["C"], ["A"], ["B"], ["D"]]
    assert ann.kept(done[-1])["groups"] == [["D"], ["B"], ["A"], ["C"]]
    assert progress(base_url, study)["counted"] == BALLOTS


def test_the_next_ballot_is_on_screen_before_the_server_has_the_last(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "quick")
    ann.open(make_study(base_url))
    ann.wait_for_next()
    before = ann.query.inner_text()
    ann.press("1", "2", "3")
    shown = """() => {
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
        return document.querySelector("h1.pd-query").textContent;
    }"""
    assert page.evaluate(shown) != before, "in the very moment of Enter"


def test_ties_the_line_letters_and_moves_by_key(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "keys")
    ann.open(make_study(base_url))
    ann.press("b", "2", "d", "=", "-")
    assert ann.cards(".pd-group:first-child") == ["B", "D"]
    ann.press("1", "ArrowUp")
    assert ann.cards() == ["B", "D", "A", "C"], "up past the line"
    ann.press("3", "u")
    assert ann.cards(".pd-tray") == ["C"]
    ballot = ann.submit()
    last = ann.kept(ballot)
    assert (last["groups"], last["unranked"], last["acceptable"]) == ([["B", "D"], ["A"]], ["C"], 2)


def test_an_order_that_nobody_touched_cannot_be_submitted(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "idle")
    ann.open(make_study(base_url))
    ballot = ann.ballot
    ann.press("Enter")
    expect(ann.said).to_contain_text("Nothing is ranked yet")
    assert ann.ballot == ballot
    ann.press("0")
    ann.submit()
    assert ann.kept(ballot)["acceptable"] == 0


def test_a_reason_categories_marks_and_attention_are_kept(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "reasons")
    ann.open(make_study(base_url, tags=["sound", "poor sources"]))
    page.locator('[data-column="B"]').hover()
    page.wait_for_timeout(700)
    ann.press("j", "w", "ArrowRight", "g", "2", "Shift+Digit2", "r")
    page.keyboard.type("C is sound; f and s are letters here")
    ann.press("Escape", "3", "1")
    last = ann.kept(ann.submit())
    assert last["reason"] == "C is sound; f and s are letters here"
    assert last["tags"] == ["poor sources"]
    assert [(mark["step"], mark["kind"]) for mark in last["marks"]] == [(0, "wrong"), (0, "good")]
    assert last["active_s"]["B"] >= 0.5
    assert set(last["active_s"]) <= set("ABCD")


def test_a_draft_outlives_a_reload(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "drafter")
    ann.open(make_study(base_url))
    ann.press("2", "1", "=", "j", "n", "r")
    page.keyboard.type("half a rea")
    ballot = ann.ballot
    page.reload()
    expect(ann.said).to_contain_text("draft")
    assert ann.ballot == ballot
    assert ann.cards() == ["A", "B"]
    expect(page.get_by_label("Why this order?")).to_have_value("half a rea")
    expect(page.locator(".pd-r-cellmark")).to_contain_text("needless")
    ann.press("3", "4")
    ann.submit()
    assert ann.kept(ballot)["groups"] == [["A", "B"], ["C"], ["D"]]


def test_the_last_submission_is_taken_back_and_corrected(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "undoer")
    ann.open(make_study(base_url))
    ann.press("1", "2", "3")
    first = ann.submit()
    second = ann.ballot
    expect(ann.said).to_contain_text("A: ")
    ann.press("3", "z")
    page.wait_for_function("ballot => location.search.includes(ballot)", arg=first)
    expect(page.locator(".pd-r-phase")).to_contain_text("You ranked this one")
    assert ann.cards() == ["A", "B", "C", "D"]
    ann.press("4", "ArrowUp", "ArrowUp", "ArrowUp")
    ann.submit()
    assert ann.ballot == second, "what was under way comes next"
    assert ann.cards() == ["C"], "with its draft"
    assert ann.kept(first, supersedes=True)["groups"] == [["D"], ["A"], ["B"], ["C"]]
    assert len([one for one in rankings(base_url) if one["ballot"] == first]) == 2


def test_a_ballot_is_skipped_and_another_one_flagged(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "skipper")
    study = make_study(base_url)
    ann.open(study)
    skipped = ann.ballot
    ann.press("s")
    page.wait_for_function("ballot => !location.search.includes(ballot)", arg=skipped)
    flagged = ann.ballot
    ann.press("f")
    page.get_by_label("What is wrong with it?").fill("It is cut off")
    ann.press("Enter")
    page.wait_for_function("ballot => !location.search.includes(ballot)", arg=flagged)
    flags = httpx.get(f"{base_url}/api/v1/studies/{study}/flags").json()["flags"]
    assert [(one["ballot"], one["reason"]) for one in flags] == [(flagged, "It is cut off")]
    ann.press("l")
    page.get_by_role("dialog").get_by_role("button", name="Question number").filter(has_text="skipped").click()
    page.wait_for_function("ballot => location.search.includes(ballot)", arg=skipped)
    ann.press("1", "2", "3")
    ann.submit()
    assert ann.kept(skipped)["groups"][0] == ["A"]
    own = progress(base_url, study, "skipper")["own"][0]
    assert (own["ranked"], own["flagged"], own["skipped"]) == (1, 1, 0)


def test_a_ballot_in_two_looks_shows_cost_and_time_after_the_first(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "twice")
    ann.open(make_study(base_url, two_phases=True, hidden=["cost", "latency"]))
    expect(page.locator(".pd-r-answers")).not_to_contain_text("$")
    ballot = ann.ballot
    ann.press("1", "2", "3", "Enter")
    expect(page.locator(".pd-r-phase")).to_contain_text("Now with cost and time")
    expect(page.locator(".pd-r-answers")).to_contain_text("$")
    assert ann.ballot == ballot
    assert ann.cards() == ["A", "B", "C", "D"], "as it was submitted"
    assert ann.kept(ballot, "blind")["groups"] == [["A"], ["B"], ["C"], ["D"]]
    ann.press("2", "ArrowUp")
    ann.submit()
    expect(ann.said).to_contain_text("1 pair changed with cost and time: B > A")
    assert ann.kept(ballot, "revealed", supersedes=True)["groups"][0] == ["B"]
    other = ann.ballot
    ann.press("1", "2", "3", "Enter")
    expect(page.locator(".pd-r-phase")).to_contain_text("Now with cost and time")
    ann.submit()
    expect(ann.said).to_contain_text("No pair changed")
    assert ann.kept(other, "revealed", supersedes=True)["groups"][0] == ["A"]


def test_everything_that_is_not_ranked_is_ranked_without_a_study(page: Page, base_url: str) -> None:
    make_study(base_url)
    ann = Ranker(page, base_url, "alone")
    ann.open()
    page.get_by_role("link", name="Everything not ranked yet").click()
    expect(ann.query).to_be_visible()
    first = ann.ballot
    ann.press("1", "2", "3")
    ann.submit()
    second = ann.ballot
    ann.press("s")
    page.wait_for_function("ballot => !location.search.includes(ballot)", arg=second)
    assert ann.kept(first)["annotator"] == "alone"
    ann.press("z")
    page.wait_for_function("ballot => location.search.includes(ballot)", arg=second)
