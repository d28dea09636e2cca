"""The page *Rank* while the server stumbles: a second look that does not come, quick keys, what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.conftest import serving
from tests.page.jobs.rank_world import Ranker, make_study, rankings, seed
from tests.page.watch import MakePage

pytestmark = pytest.mark.browser
BLIND = {"two_phases": True, "hidden": ["cost"]}
OUTBOX = "JSON.parse(localStorage.getItem('podium:rank-outbox') || '[]').map((item) => item.ballot)"


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("hiccups")
    seed(folder, 4)
    with serving(folder) as address:
        yield address


@pytest.fixture
def tab(another_page: MakePage) -> Iterator[Page]:
    """A page whose console may tell of requests that failed."""
    page = another_page(allowed=["Failed to load resource"], viewport={"width": 1280, "height": 900})
    yield page
    page.unroute_all(behavior="wait")


def refuse(status: int, detail: str) -> Any:
    """A route's handler: the server answers with this problem."""
    return lambda route: route.fulfill(status=status, json={"detail": detail}, content_type="application/problem+json")


def after(milliseconds: int) -> Any:
    """A route's handler: the server answers, but late."""

    def late(route: Route) -> None:
        route.request.frame.page.wait_for_timeout(milliseconds)
        route.continue_()

    return late


def test_a_second_look_that_does_not_come_says_so_and_can_be_tried_again(tab: Page, base_url: str) -> None:
    ann = Ranker(tab, base_url, "stalled")
    ann.open(make_study(base_url, **BLIND))
    expect(ann.query).to_be_visible()
    ann.wait_for_next()
    ballot = ann.ballot
    tab.route("**/view?*", refuse(503, "The database is busy; try again."))
    ann.press("1", "2", "3", "Enter")
    expect(tab.locator(".pd-r-body")).to_contain_text("The database is busy; try again.")
    tab.unroute("**/view?*")
    tab.get_by_role("button", name="Try again").click()
    expect(tab.locator(".pd-r-phase")).to_contain_text("Now with cost and time")
    assert ann.ballot == ballot
    ann.press("2", "ArrowUp")
    ann.submit()
    assert ann.kept(ballot, "revealed", supersedes=True)["groups"][0] == ["B"]


def test_a_blind_ranking_left_by_undo_comes_back_as_its_second_look(tab: Page, base_url: str) -> None:
    ann = Ranker(tab, base_url, "leaver")
    ann.open(make_study(base_url, **BLIND))
    ann.press("1", "2", "3", "Enter")
    expect(tab.locator(".pd-r-phase")).to_contain_text("Now with cost and time")
    first = ann.submit()
    tab.route("**/rankings", after(700))
    second = ann.ballot
    ann.press("1", "2", "3", "Enter", "z")
    tab.wait_for_function("first => location.search.includes(first)", arg=first)
    tab.wait_for_timeout(1_000)
    ann.press("Enter")
    tab.wait_for_function("second => location.search.includes(second)", arg=second)
    expect(tab.locator(".pd-r-phase")).to_contain_text("Now with cost and time")
    ann.submit()
    assert ann.kept(second, "revealed", supersedes=True)["groups"][0] == ["A"]
    expect(tab.get_by_role("alert")).to_have_count(0)


def test_two_quick_undos_take_one_submission_back(tab: Page, base_url: str) -> None:
    ann = Ranker(tab, base_url, "twitchy")
    ann.open(make_study(base_url))
    tab.route("**/rankings", refuse(503, "The database is busy; try again."))
    for _ in range(2):
        ann.press("1", "2", "3")
        last = ann.submit()
    expect(tab.locator(".pd-r-wait")).to_contain_text("2 rankings wait in this browser")
    before = tab.evaluate(OUTBOX)
    tab.route("**/view?*", after(300))
    ann.press("z", "z")
    tab.wait_for_function("last => location.search.includes(last)", arg=last)
    tab.wait_for_timeout(800)
    assert ann.ballot == last
    assert tab.evaluate(OUTBOX) == before[:1], "the other one still waits"


def left(base_url: str, page: Page, ballot: str) -> None:
    """Open the landing with a submission in the outbox that another page left."""
    body = {"groups": [["A"]], "annotator": "gone"}
    item = {"key": "k1", "annotator": "gone", "study": None, "ballot": ballot, "body": body, "draft": "draft:x"}
    page.goto(f"{base_url}/rank")
    page.evaluate("text => localStorage.setItem('podium:rank-outbox', text)", json.dumps([item]))
    page.reload()
    expect(page.locator("html[data-podium=ready]")).to_be_attached()


def test_the_landing_tells_of_a_ranking_that_the_server_would_not_have(tab: Page, base_url: str) -> None:
    left(base_url, tab, "no-such-ballot")
    expect(tab.get_by_role("alert")).to_contain_text("Your ranking was not taken: ")
    assert tab.evaluate(OUTBOX) == []


@pytest.mark.parametrize("status", [401, 403, 408, 429])
def test_an_answer_that_may_change_discards_nothing(tab: Page, base_url: str, status: int) -> None:
    tab.route("**/rankings", refuse(status, "Not now."))
    with tab.expect_response("**/rankings"):
        left(base_url, tab, "a-ballot")
    tab.wait_for_timeout(200)
    assert tab.evaluate(OUTBOX) == ["a-ballot"]
    assert not any(one["ballot"] == "a-ballot" for one in rankings(base_url))
