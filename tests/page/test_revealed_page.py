"""What rankings reveal, on the page: after each ranking, beside it and on a tab of its own."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import Desk

pytestmark = pytest.mark.browser


def test_a_ranking_is_taken_in_and_what_rankings_reveal_is_shown(page: Page, desk: Desk) -> None:
    desk.open()
    desk.ask("What is 17% of 2,340?")
    desk.wait_until_ended()
    page.get_by_role("tab", name="Compare and rank").click()
    expect(page.locator("#rank .pd-card")).to_have_count(4)
    for label in "ABCD":
        page.locator("#rank .pd-card").first.focus()
        page.keyboard.press(label.lower())
    page.get_by_role("button", name="Submit ranking").click()
    expect(page.locator("#revealed-line")).to_contain_text(re.compile(r"\d+ rankings?: "))
    page.get_by_role("tab", name="What rankings reveal").click()
    expect(page.locator("#revealed .js-plotly-plot")).to_be_visible()
    expect(page.locator("#revealed-note")).to_contain_text("Plackett–Luce")
    page.locator("#revealed").get_by_text("Show as table").click()
    expect(page.locator("#revealed table")).to_contain_text("Low cost")


def test_no_tab_is_wider_than_a_phone(page: Page, desk: Desk) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    desk.open()
    for name in ("Run", "Compare and rank", "What rankings reveal", "History"):
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
