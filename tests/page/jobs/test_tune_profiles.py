"""Profiles on the page *Tune*: saved, exported, deleted, compared and imported."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.jobs.keyboard import tab_to
from tests.page.jobs.tune_page import opened, total
from tests.page.watch import MakeContext

pytestmark = pytest.mark.browser


def test_the_whole_job_is_done_by_pressing_keys_alone(page: Page, stocked: str) -> None:
    opened(page, stocked)
    tab_to(page, page.get_by_role("slider", name="Low cost"))
    before = total(page)
    page.keyboard.press("End")
    expect(page.get_by_label("Low cost, value")).to_have_value("1")
    expect(page.locator("[data-tile=cost] .pd-tile-value")).not_to_have_text(before)
    told = httpx.post(
        f"{stocked}/api/v1/tuning/winners", json={"preference": {"accuracy": 1, "cost": 1, "latency": 0.5}}
    )
    expect(page.locator("[data-tile=cost] .pd-tile-value")).to_have_text(told.json()["totals"]["words"]["cost"])
    page.keyboard.press("c")
    expect(page.locator("[data-tile=changed] .pd-kicker")).to_contain_text("1 / 1 / 0.5", ignore_case=True)
    page.keyboard.press("a")
    expect(page.locator("#notices")).to_contain_text("Adopted what everybody revealed")
    expect(page.locator("[data-tile=changed] .pd-tile-value")).to_contain_text(re.compile(r"\d+ of 40"))
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Save as profile")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Ours")
    page.keyboard.press("Tab")
    page.keyboard.type("what people like")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("Saved as Ours, version 1.")
    expect(page.locator("#tune-setting")).to_have_value("profile:Ours@1")
    page.keyboard.press("8")
    expect(page.get_by_role("tab", name="Profiles")).to_be_focused()
    export = page.get_by_role("link", name="Save Ours as a YAML file")
    tab_to(page, export)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    text = Path(download.value.path()).read_text("utf-8")
    assert 'name: "Ours"' in text
    assert 'why: "what people like"' in text
    tab_to(page, page.get_by_role("button", name="Delete: Ours"))
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("Ours was deleted with 1 versions.")
    tab_to(page, page.get_by_role("button", name="Undo").last)
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="Ours v1")).to_be_visible()


def test_two_settings_are_compared_and_a_late_reply_does_not_replace_a_newer_one(page: Page, stocked: str) -> None:
    opened(page, stocked, "?tab=profiles")
    two = page.get_by_role("group", name="Compare two")
    two.get_by_label("To").select_option("Balanced")
    expect(two).to_contain_text("Both have the same weights.")
    late: list[Route] = []
    page.route(
        "**/api/v1/tuning/winners",
        lambda route: (
            late.append(route) if not late and '"against":{' in (route.request.post_data or "") else route.fallback()
        ),
    )
    two.get_by_label("To").select_option("Fast")
    page.wait_for_timeout(300)
    assert len(late) == 1
    two.get_by_label("To").select_option("Frugal")
    expect(two.get_by_role("columnheader", name="Frugal")).to_be_visible()
    with page.expect_response(lambda reply: reply.request == late[0].request):
        late[0].continue_()
    page.wait_for_timeout(300)
    expect(two.get_by_role("columnheader", name="Frugal")).to_be_visible()
    expect(two.get_by_role("row", name=re.compile("Low cost"))).to_contain_text("≠")


def test_a_profile_is_imported_and_what_cannot_be_read_stays_to_be_mended(
    another_context: MakeContext, stocked: str
) -> None:
    preference = {"accuracy": 0.9, "cost": 0.2, "latency": 0.1}
    httpx.post(f"{stocked}/api/v1/profiles", json={"name": "Sent", "preference": preference}).raise_for_status()
    sent = httpx.get(f"{stocked}/api/v1/profiles/Sent", params={"version": 1, "format": "yaml"}).text
    page = another_context(allowed=["422"]).new_page()
    opened(page, stocked, "?tab=profiles")
    page.get_by_role("button", name="Import…").click()
    dialog = page.get_by_role("dialog", name="Import a profile")
    text = dialog.get_by_label("Profile", exact=True)
    expect(text).to_be_focused()
    page.keyboard.type("name: [")
    dialog.get_by_role("button", name="Import").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    expect(text).to_have_value("name: [")
    text.fill(sent.replace("Sent", "Theirs"))
    dialog.get_by_role("button", name="Import").click()
    expect(page.locator("#notices")).to_contain_text("Saved as Theirs, version 1.")
    page.get_by_role("button", name="Use: Theirs").click()
    expect(page.get_by_label("Low cost, value")).to_have_value("0.2")
