"""What the page Runs gives away, and where it stands: links and commands, days of the viewer, errors, touch."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.page.jobs.runs_page import first_id, found, open_page, rows
from tests.page.watch import MakeContext

pytestmark = pytest.mark.browser
PASTED = "navigator.clipboard.readText()"


def test_a_link_and_commands_are_copied_by_a_key_and_by_buttons(page: Page, runs_url: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    id = first_id(runs_url)
    open_page(page, runs_url, f"?trajectory={id}")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("step=0"))
    page.keyboard.press("l")
    expect(page.locator("#notices")).to_contain_text("The link is copied.")
    link = page.evaluate(PASTED)
    assert link == f"{runs_url}/runs?trajectory={id}&step=0"
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.locator("#notices")).to_contain_text("The curl command is copied.")
    assert page.evaluate(PASTED).startswith("curl -sS -X POST")
    page.get_by_role("button", name="Copy as podium ask").click()
    expect(page.locator("#notices")).to_contain_text("The command is copied.")
    assert page.evaluate(PASTED).startswith("podium ask")
    page.goto(link)
    expect(page.locator(".runs-steps .pd-head").first).to_have_attribute("aria-expanded", "true")


def test_a_link_to_a_comparison_is_copied_where_there_is_no_clipboard_to_write_to(page: Page, runs_url: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'));")
    ids = ",".join(row["id"] for row in found(runs_url)[:2])
    open_page(page, runs_url, f"?compare={ids}")
    button = page.get_by_role("button", name="Copy link")
    button.click()
    expect(page.locator("#notices")).to_contain_text("The link is copied.")
    expect(button).to_be_focused()
    assert page.evaluate(PASTED) == f"{runs_url}/runs?compare={ids}"


def test_what_cannot_be_copied_at_all_is_shown_selected(page: Page, runs_url: str) -> None:
    page.add_init_script(
        "navigator.clipboard.writeText = () => Promise.reject(new Error('no')); document.execCommand = () => false;"
    )
    ids = ",".join(row["id"] for row in found(runs_url)[:2])
    open_page(page, runs_url, f"?compare={ids}")
    page.get_by_role("button", name="Copy link").click()
    shown = page.get_by_role("dialog", name="Not copied").get_by_role("textbox")
    expect(shown).to_have_value(f"{runs_url}/runs?compare={ids}")
    assert page.evaluate("() => getSelection().toString()") == f"{runs_url}/runs?compare={ids}"


def test_days_and_times_are_those_of_whoever_looks(another_context: MakeContext, stocked: str) -> None:
    page = another_context(timezone_id="Pacific/Auckland", locale="en-GB").new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/search?" in request.url else None)
    open_page(page, stocked, "?since=2026-05-04&until=2026-05-04")
    time = rows(page).first.locator("time")
    expect(time).to_have_text(re.compile("4 May 2026.* 12:0"))
    expect(time).to_have_attribute("title", re.compile("4 May 2026.*(NZST|GMT\\+12)"))
    wish = parse_qs(urlsplit(asked[0]).query)
    assert (wish["since"], wish["until"]) == (["2026-05-03T12:00:00.000Z"], ["2026-05-04T12:00:00.000Z"])
    open_page(page, stocked, "?since=2026-04-05&until=2026-04-05")  # summer time ends: a day of 25 hours
    expect(page.get_by_text("Nothing matches all of these filters")).to_be_visible()
    wish = parse_qs(urlsplit(asked[-1]).query)
    assert (wish["since"], wish["until"]) == (["2026-04-04T11:00:00.000Z"], ["2026-04-05T12:00:00.000Z"])


def test_an_error_in_a_dialog_is_told_in_front_of_it(another_context: MakeContext, runs_url: str) -> None:
    page = another_context(allowed=["429"]).new_page()
    page.route("**/fork", lambda route: route.fulfill(status=429, json={"detail": "Too many runs at once."}))
    open_page(page, runs_url, f"?trajectory={first_id(runs_url)}")
    page.get_by_role("button", name="Fork…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio").nth(2).check()
    go = dialog.get_by_role("button", name=re.compile("Fork with"))
    go.click()
    told = dialog.get_by_role("alert")
    expect(told).to_contain_text("Too many runs at once.")
    told.get_by_role("button", name="Close").click()
    expect(told).to_have_count(0)
    go.click()
    expect(told).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#notices").get_by_role("alert")).to_contain_text("Too many runs at once.")


def test_a_run_is_opened_and_forked_by_touch(another_context: MakeContext, runs_url: str) -> None:
    size: Any = {"width": 360, "height": 740}
    page = another_context(has_touch=True, is_mobile=True, viewport=size).new_page()
    open_page(page, runs_url, "?words=kenya&stop=answered")
    rows(page).first.locator(".runs-query").tap()
    expect(page.locator(".runs-one .pd-query")).to_be_visible()
    page.get_by_role("button", name="Fork…").tap()
    dialog = page.get_by_role("dialog")
    dialog.locator(".runs-offer").nth(1).tap()
    dialog.get_by_role("button", name=re.compile("Fork with")).tap()
    expect(dialog).to_contain_text("Extra cost really spent", timeout=60_000)
    dialog.get_by_role("link", name="Open the fork").tap()
    expect(page.locator(".runs-forked")).to_contain_text("Extra cost really spent")
