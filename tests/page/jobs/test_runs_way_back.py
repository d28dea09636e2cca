"""The page Runs between its views: the way back, where the focus is, replies that come late, and keys that scroll."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.jobs.keyboard import tab_to
from tests.page.jobs.runs_page import first_id, open_page, rows

pytestmark = pytest.mark.browser


def held(page: Page, where: str | re.Pattern[str]) -> list[Route]:
    """Requests that are not answered until the test does so."""
    late: list[Route] = []

    def keep(route: Route) -> None:
        late.append(route)

    page.route(where, keep)
    return late


def test_the_way_back_leads_to_the_row_once_and_never_into_a_word_that_is_typed(page: Page, stocked: str) -> None:
    open_page(page, stocked)
    expect(rows(page)).to_have_count(50)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".runs-one .pd-query")).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows(page).nth(1).locator(".runs-query")).to_be_focused()
    search = page.get_by_role("searchbox")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("how", delay=300)
    expect(page).to_have_url(re.compile("words=how$"))
    expect(search).to_be_focused()
    expect(search).to_have_value("how")


def test_a_page_that_is_not_there_takes_no_focus(page: Page, stocked: str) -> None:
    open_page(page, stocked)
    expect(rows(page)).to_have_count(50)
    page.keyboard.press("p")
    page.keyboard.press("/")
    with page.expect_response(re.compile("/search.*words=how")):
        page.keyboard.type("how")
    expect(rows(page)).not_to_have_count(50)
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows(page).first.locator(".runs-query")).to_be_focused()


@pytest.mark.parametrize("way", ["Escape", "link"])
def test_what_was_chosen_and_the_pages_before_outlive_a_look_at_one(page: Page, stocked: str, way: str) -> None:
    open_page(page, stocked)
    expect(rows(page)).to_have_count(50)
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("after="))
    expect(page.get_by_role("button", name="Previous")).to_be_enabled()
    expect(rows(page).first.locator(".runs-query")).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".runs-one .pd-query")).to_be_visible()
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("link", name="All trajectories").click()
    expect(page.get_by_text("1 chosen")).to_be_visible()
    expect(page).to_have_url(re.compile("selected="))
    expect(rows(page).first.get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="Previous").click()
    expect(page).not_to_have_url(re.compile("after="))


def test_a_late_reply_to_a_search_that_was_taken_back_is_not_shown(page: Page, stocked: str) -> None:
    open_page(page, stocked)
    expect(rows(page)).to_have_count(50)
    late = held(page, re.compile(r"/api/v1/search\?.*words=zzz"))
    page.keyboard.press("/")
    page.keyboard.type("zzz")
    expect(page).to_have_url(re.compile("words=zzz"))
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    expect(page).not_to_have_url(re.compile("words="))
    assert len(late) == 1
    late[0].fulfill(json={"rows": [], "next": None})
    page.wait_for_timeout(300)
    expect(rows(page)).to_have_count(50)
    expect(page.locator(".runs-list .runs-told")).to_contain_text("160 trajectories")
    expect(page.locator(".runs-rows[data-stale]")).to_have_count(0)


def test_late_figures_do_not_replace_those_that_are_asked_for(page: Page, stocked: str) -> None:
    open_page(page, stocked, "?view=figures")
    heading = page.get_by_role("heading", name=re.compile("^Cost of a call, by alias"))
    expect(heading).to_be_visible()
    late = held(page, re.compile("/search/figures.*metric=latency"))
    page.get_by_role("button", name="Latency").click()
    page.wait_for_timeout(200)
    page.get_by_role("button", name="Cost").click()
    assert len(late) == 1
    late[0].continue_()
    page.wait_for_timeout(500)
    expect(heading).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^Latency"))).to_have_count(0)


def test_one_that_comes_after_it_was_left_stays_away(page: Page, stocked: str) -> None:
    open_page(page, stocked)
    expect(rows(page)).to_have_count(50)
    late = held(page, "**/api/v1/trajectories/*/view")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".runs-one .runs-loading")).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows(page).first.locator(".runs-query")).to_be_focused()
    assert len(late) == 1
    late[0].continue_()
    page.wait_for_timeout(400)
    expect(page).to_have_title("Runs · Podium")
    expect(page.locator(".runs-one > *")).to_have_count(0)


def test_arrows_scroll_a_long_text_that_has_the_focus(page: Page, stocked: str) -> None:
    def long(route: Route) -> None:
        view = route.fetch().json()
        view["trajectory"]["rows"][0]["detail"]["text"] = "A line of a long text.\n" * 200
        route.fulfill(json=view)

    page.route("**/api/v1/trajectories/*/view", long)
    open_page(page, stocked, f"?trajectory={first_id(stocked, '')}")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    text = page.locator(".pd-long")
    expect(text).to_have_attribute("tabindex", "0")
    tab_to(page, text)
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => document.querySelector('.pd-long').scrollTop > 0")
    expect(text).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".runs-steps .pd-head:focus")).to_have_count(1)
