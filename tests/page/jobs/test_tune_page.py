"""The page *Tune*: weights move what is chosen, and the address has the whole setting."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.jobs.tune_page import opened, total

pytestmark = pytest.mark.browser


def test_a_reload_keeps_everything(page: Page, stocked: str) -> None:
    opened(
        page,
        stocked,
        "?cost=0.3&latency=0.8&answer-1=0.25&against=Frugal&prices=answer-1*2&ungraded=left-out&tab=forecast&day=1234",
    )
    expect(page.get_by_label("Queries a day")).to_have_value("1234")
    page.get_by_label("Low cost, value").fill("0.7")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(r"cost=0\.7(&|$)"))
    expect(page.locator(".pd-tune-here")).to_contain_text("1,234 queries a day")
    text = total(page)
    page.reload()
    expect(page.locator("[data-tile=cost] .pd-tile-value")).to_have_text(text)
    expect(page.get_by_label("Low cost, value")).to_have_value("0.7")
    expect(page.get_by_label("Speed, value")).to_have_value("0.8")
    expect(page.get_by_label("answer-1, value")).to_have_value("0.25")
    expect(page.locator("#tune-against")).to_have_value("Frugal")
    expect(page.get_by_text("Under other prices: answer-1 × 2")).to_be_visible()
    expect(page.locator("#tune-ungraded")).to_have_value("left out")
    expect(page.get_by_role("tab", name="Forecast")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("Queries a day")).to_have_value("1234")


def test_a_jump_goes_to_the_other_side_of_the_next_flip_and_back(page: Page, stocked: str) -> None:
    opened(page, stocked)
    p = {"accuracy": 1, "cost": 0.5, "latency": 0.5}
    found = httpx.post(f"{stocked}/api/v1/tuning/flips", json={"preference": p}).json()["weights"]["cost"]
    above = min(at for at, _ in found["marks"] if at > 0.5)
    expect(page.locator("#still-cost")).to_contain_text("Nothing changes between")
    page.get_by_role("slider", name="Low cost").focus()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(r"cost=0\.\d+"))
    there = page.evaluate("() => window.Podium.tune.weight('cost')")
    assert above < there < above + 2e-6
    before, after = (
        httpx.post(f"{stocked}/api/v1/tuning/winners", json={"preference": {**p, "cost": weight}, "against": p}).json()
        for weight in (above - 1e-6, there)
    )
    assert before["against"]["changed"] == 0
    assert after["against"]["changed"] > 0
    page.keyboard.press("p")
    assert above - 2e-6 < page.evaluate("() => window.Podium.tune.weight('cost')") < above


def test_the_front_moves_with_the_slider_and_leads_to_cheaper_and_quicker_settings(page: Page, stocked: str) -> None:
    opened(page, stocked, "?against=Fast")
    expect(page.locator("#panel-front .js-plotly-plot")).to_be_visible()
    at = "() => document.querySelector('#panel-front .pd-plot').data.slice(3).map((one) => [[...one.x], [...one.y]])"
    page.wait_for_function("() => document.querySelector('#panel-front .pd-plot').data[5].x.length === 1")
    line, compared, chosen = page.evaluate(at)
    assert len(line[0]) == 2
    assert len(compared[0]) == 1
    page.get_by_role("slider", name="Low cost").focus()
    page.keyboard.press("Home")
    page.wait_for_function(f"() => ({at})()[2][0][0] !== {chosen[0][0]}")
    page.get_by_role("button", name="‹ Cheaper").click()
    expect(page.locator("#notices")).to_contain_text("Weights set to the front")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Low cost, value")).to_have_value("0")


def test_the_way_back_leads_to_the_whole_setting_before(page: Page, stocked: str) -> None:
    opened(page, stocked, "?tab=forecast&against=Fast")
    expect(page.locator(".pd-heading")).to_contain_text("SIMULATED", ignore_case=True)
    page.locator("#tune-setting").select_option("Frugal")
    expect(page).to_have_url(re.compile("cost=1"))
    page.locator("#tune-against").select_option("Balanced")
    page.locator("#tab-routes").click()
    expect(page).to_have_url(re.compile("tab=routes.*against=Balanced"))
    page.go_back()
    expect(page.locator("#tune-setting")).to_have_value("Balanced")
    expect(page.locator("#tune-against")).to_have_value("Fast")
    expect(page.get_by_role("tab", name="Forecast")).to_have_attribute("aria-selected", "true")
    expect(page.locator("[data-tile=changed] .pd-kicker")).to_contain_text("Fast", ignore_case=True)
    assert "against=Fast" in page.url


def test_a_link_that_compares_with_a_deleted_profile_says_so(page: Page, stocked: str) -> None:
    page.route("**/api/v1/profiles/Gone", lambda route: route.fulfill(json={"versions": []}))
    opened(page, stocked, "?against=profile:Gone@4")
    expect(page.get_by_role("alert")).to_contain_text("“Gone@4”, which is not here any more")


def test_rows_lead_to_records_and_are_filtered_by_what_changed(page: Page, stocked: str) -> None:
    opened(page, stocked, "?tab=queries&against=Fast&cost=1&latency=0")
    rows = page.locator(".pd-q-table tbody tr")
    expect(rows).to_have_count(25)
    page.get_by_role("button", name="Next page").click()
    expect(rows).to_have_count(15)
    page.get_by_label("Show", exact=True).select_option("changed")
    expect(page.locator(".pd-q-table tbody tr[data-changed]").first).to_be_visible()
    changed = page.locator("[data-tile=changed] .pd-tile-value").inner_text().split(" ")[0]
    expect(page.locator(".pd-q-pager")).to_have_text(re.compile(f"of {changed}$"))
    link = rows.first.get_by_role("link").get_attribute("href")
    assert link is not None
    assert httpx.get(f"{stocked}/{link.removeprefix('../').lstrip('/')}").status_code == 200
    page.get_by_label("Search queries").fill("no such words at all")
    expect(page.get_by_text("No query matches")).to_be_visible()
