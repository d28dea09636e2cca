"""Every page beside the desk: one frame, one navigation, no error, nothing that axe finds serious."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from webapp.pages.mount import PAGES

pytestmark = pytest.mark.browser
NAMES = [page.name for page in PAGES]


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_with_its_place_in_the_navigation(page: Page, base_url: str, name: str) -> None:
    page.goto(f"{base_url}/{name}")
    expect(page.locator("html[data-podium=ready]")).to_be_attached()
    if page.locator("nav.pd-nav").count():  # The stage has none when it shows a run.
        expect(page.locator("nav.pd-nav [aria-current=page]")).to_have_count(1)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_pages_are_reached_from_the_desk_and_back(page: Page, base_url: str) -> None:
    page.goto(f"{base_url}/ui/")
    expect(page.locator("html[data-podium=ready]")).to_be_attached()
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
    page.get_by_role("link", name="Run", exact=True).click()
    expect(page.get_by_label("Query")).to_be_visible()


def test_the_look_that_was_chosen_on_one_page_holds_on_the_next(page: Page, base_url: str) -> None:
    page.goto(f"{base_url}/runs")
    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.evaluate("document.body.classList.contains('dark')")
    page.goto(f"{base_url}/rank")
    assert page.evaluate("document.body.classList.contains('dark')") is dark
    page.get_by_role("button", name="Switch between light and dark").click()


def test_question_mark_lists_the_keys_and_escape_closes_the_list(page: Page, base_url: str) -> None:
    page.goto(f"{base_url}/runs")
    expect(page.locator("html[data-podium=ready]")).to_be_attached()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys of this page")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_desk_lists_its_keys_too_but_not_while_somebody_types(page: Page, base_url: str) -> None:
    page.goto(f"{base_url}/ui/")
    expect(page.locator("html[data-podium=ready]")).to_be_attached()
    page.get_by_label("Query").press("?")
    expect(page.get_by_label("Query")).to_have_value("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("tab", name="History").focus()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys of this page")
    expect(keys).to_contain_text("submits the ranking")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("tab", name="History")).to_be_focused()
    page.get_by_role("button", name="? Keys").click()
    expect(keys).to_be_visible()
    assert serious(page) == []
