"""Other prices on the page *Tune*: tried, taken back, and a price book that cannot be read."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.jobs.tune_page import opened, total
from tests.page.watch import MakeContext

pytestmark = pytest.mark.browser


def test_other_prices_are_tried_and_taken_back(page: Page, stocked: str) -> None:
    opened(page, stocked, "?tab=prices")
    before = total(page)
    page.get_by_label("answer-1, price times").fill("5")
    page.keyboard.press("Tab")
    expect(page.locator(".pd-prices-found")).to_contain_text("ranked ballots")
    expect(page.locator("[data-tile=cost] .pd-tile-value")).not_to_have_text(before)
    page.get_by_role("button", name="Back to the prices paid").click()
    expect(page.locator("[data-tile=cost] .pd-tile-value")).to_have_text(before)
    page.get_by_text("Another price book").click()
    page.get_by_role("button", name="Fill in the prices of this pool").click()
    expect(page.get_by_role("textbox", name="Price book")).to_have_value(re.compile("gpt-5"))
    page.get_by_role("button", name="Apply this price book").click()
    expect(page.locator(".pd-prices-found")).to_contain_text("calls priced anew")


def test_a_price_book_that_cannot_be_read_is_told_and_stays(another_context: MakeContext, stocked: str) -> None:
    page = another_context(allowed=["422"]).new_page()
    opened(page, stocked, "?tab=prices")
    page.get_by_text("Another price book").click()
    page.get_by_role("textbox", name="Price book").fill("[[price]]\nmodel = 3")
    page.get_by_role("button", name="Apply this price book").click()
    expect(page.locator("#notices")).to_contain_text("'model' is missing")
    expect(page.get_by_role("textbox", name="Price book")).to_have_value("[[price]]\nmodel = 3")
