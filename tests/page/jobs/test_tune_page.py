"""The page *Tune*: weights are set, totals read, revealed weights adopted, profiles saved; by keyboard and by touch."""

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from bench.stored import fill, rank
from storage.store import Store
from tests.page.conftest import serving

pytestmark = pytest.mark.browser
PEOPLE = [("ann", 2.0, 0.5), ("bo", 0.4, 2.0)]
TABS = ("front", "queries", "thresholds", "revealed", "prices", "routes", "forecast", "profiles")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with forty queries of four alternatives, twelve of them ranked by two people."""
    folder: Path = tmp_path_factory.mktemp("tune")

    async def filled() -> None:
        async with Store.open(f"sqlite:///{folder / 'podium.sqlite3'}") as store:
            await fill(store, 40)
            await rank(store, 12, PEOPLE)

    with ThreadPoolExecutor(1) as beside:  # this thread has the loop of the browser
        beside.submit(asyncio.run, filled()).result()
    with serving(folder) as address:
        yield address


def opened(page: Page, base: str, query: str = "") -> None:
    page.goto(f"{base}/tune{query}")
    expect(page.locator("html[data-podium=ready]")).to_be_attached()
    expect(page.locator("[data-tile=cost] .pd-tile-value")).to_contain_text("$")


def total(page: Page) -> str:
    return page.locator("[data-tile=cost] .pd-tile-value").inner_text()


def test_the_whole_job_by_keyboard_only(page: Page, tuned: str) -> None:
    opened(page, tuned)
    cost = page.get_by_role("slider", name="Low cost")
    cost.focus()
    before = total(page)
    page.keyboard.press("End")
    expect(page.get_by_label("Low cost, value")).to_have_value("1")
    expect(page.locator("[data-tile=cost] .pd-tile-value")).not_to_have_text(before)
    told = httpx.post(f"{tuned}/api/v1/tuning/winners", json={"preference": {"accuracy": 1, "cost": 1, "latency": 0.5}})
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
    page.get_by_role("tab", name="Front").focus()
    page.keyboard.press("8")
    expect(page.get_by_role("tab", name="Profiles")).to_be_focused()
    export = page.get_by_role("link", name="Save Ours as a YAML file")
    export.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    text = Path(download.value.path()).read_text("utf-8")
    assert 'name: "Ours"' in text
    assert 'why: "what people like"' in text
    page.get_by_role("button", name="Delete: Ours").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("Ours was deleted with 1 versions.")
    page.get_by_role("button", name="Undo").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="Ours v1")).to_be_visible()


def test_a_reload_keeps_everything(page: Page, tuned: str) -> None:
    opened(
        page,
        tuned,
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


def test_a_jump_goes_to_the_other_side_of_the_next_flip_and_back(page: Page, tuned: str) -> None:
    opened(page, tuned)
    p = {"accuracy": 1, "cost": 0.5, "latency": 0.5}
    found = httpx.post(f"{tuned}/api/v1/tuning/flips", json={"preference": p}).json()["weights"]["cost"]
    above = min(at for at, _ in found["marks"] if at > 0.5)
    expect(page.locator("#still-cost")).to_contain_text("Nothing changes between")
    page.get_by_role("slider", name="Low cost").focus()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(r"cost=0\.\d+"))
    there = page.evaluate("() => window.Podium.tune.weight('cost')")
    assert above < there < above + 2e-6
    before, after = (
        httpx.post(f"{tuned}/api/v1/tuning/winners", json={"preference": {**p, "cost": weight}, "against": p}).json()
        for weight in (above - 1e-6, there)
    )
    assert before["against"]["changed"] == 0
    assert after["against"]["changed"] > 0
    page.keyboard.press("p")
    assert above - 2e-6 < page.evaluate("() => window.Podium.tune.weight('cost')") < above


def test_the_front_moves_with_the_slider_and_leads_to_cheaper_and_quicker_settings(page: Page, tuned: str) -> None:
    opened(page, tuned, "?against=Fast")
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


def test_the_way_back_leads_to_the_whole_setting_before(page: Page, tuned: str) -> None:
    opened(page, tuned, "?tab=forecast&against=Fast")
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


def test_a_link_that_compares_with_a_deleted_profile_says_so(page: Page, tuned: str) -> None:
    page.route("**/api/v1/profiles/Gone", lambda route: route.fulfill(json={"versions": []}))
    opened(page, tuned, "?against=profile:Gone@4")
    expect(page.get_by_role("alert")).to_contain_text("“Gone@4”, which is not here any more")


def test_rows_lead_to_records_and_are_filtered_by_what_changed(page: Page, tuned: str) -> None:
    opened(page, tuned, "?tab=queries&against=Fast&cost=1&latency=0")
    rows = page.locator(".pd-q-table tbody tr")
    expect(rows).to_have_count(25)
    page.get_by_role("button", name="Next page").click()
    expect(rows).to_have_count(15)
    page.get_by_label("Show", exact=True).select_option("changed")
    expect(page.locator(".pd-q-table tbody tr[data-changed]").first).to_be_visible()
    shown = page.locator(".pd-q-pager").inner_text()
    changed = page.locator("[data-tile=changed] .pd-tile-value").inner_text().split(" ")[0]
    assert shown.endswith(f"of {changed}")
    link = rows.first.get_by_role("link").get_attribute("href")
    assert link is not None
    assert httpx.get(f"{tuned}/{link.removeprefix('../').lstrip('/')}").status_code == 200
    page.get_by_label("Search queries").fill("no such words at all")
    expect(page.get_by_text("No query matches")).to_be_visible()


def test_other_prices_are_tried_and_taken_back(page: Page, tuned: str) -> None:
    opened(page, tuned, "?tab=prices")
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


def test_a_price_book_that_cannot_be_read_is_told_and_stays(browser: Browser, tuned: str) -> None:
    page = browser.new_page()
    opened(page, tuned, "?tab=prices")
    page.get_by_text("Another price book").click()
    page.get_by_role("textbox", name="Price book").fill("[[price]]\nmodel = 3")
    page.get_by_role("button", name="Apply this price book").click()
    expect(page.locator("#notices")).to_contain_text("'model' is missing")
    expect(page.get_by_role("textbox", name="Price book")).to_have_value("[[price]]\nmodel = 3")
    page.close()


def test_nothing_moves_while_a_slider_is_dragged(page: Page, tuned: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    opened(page, tuned, "?tab=queries&against=Frugal")
    expect(page.locator("#still-cost")).to_contain_text("Nothing changes")
    page.wait_for_timeout(500)
    page.evaluate(
        "() => { window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach((one) => "
        "{ window.shift += one.value; })).observe({type: 'layout-shift'}); }"
    )
    box = page.locator("#weight-cost").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 14, y)
    page.mouse.down()
    for step in range(25):
        page.mouse.move(box["x"] + 14 + step * 12, y)
        page.wait_for_timeout(16)
    page.mouse.up()
    page.wait_for_timeout(800)
    assert page.evaluate("() => window.shift") < 0.05
    value = page.evaluate("() => window.Podium.tune.setting")
    told = httpx.post(f"{tuned}/api/v1/tuning/winners", json={"preference": value}).json()["totals"]
    expect(page.locator("[data-tile=cost] .pd-tile-value")).to_have_text(told["words"]["cost"])
    assert Decimal(told["cost_usd"]) > 0


def test_by_touch_on_a_phone(browser: Browser, tuned: str) -> None:
    context = browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740})
    page = context.new_page()
    opened(page, tuned, "?against=Frugal")
    slider = page.locator("#weight-latency")
    box = slider.bounding_box()
    assert box is not None
    slider.tap(position={"x": box["width"] * 0.9, "y": box["height"] / 2})
    expect(page.get_by_label("Speed, value")).not_to_have_value("0.5")
    for name in TABS:
        page.locator(f"#tab-{name}").tap()
        expect(page.locator(f"#panel-{name}")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_tab(browser: Browser, tuned: str, scheme: Any, artifacts: Path) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 720})
    opened(page, tuned, "?against=Frugal&answer-1=0.2")
    for name in TABS:
        page.locator(f"#tab-{name}").click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=artifacts / f"tune-{name}-{scheme}.png")
        found = Axe().run(page).response["violations"]
        serious = [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], name
    page.close()


def test_an_empty_database_offers_data(page: Page, base_url: str) -> None:
    def none(route: Any) -> None:
        known = {"state": "empty", "stamp": "s", "alternatives": 0, "queries": 0, "single": 0, "called": []}
        route.fulfill(body=json.dumps({**known, "presets": {}, "aliases": [], "examples": ["a", "b"]}))

    page.route("**/api/v1/tuning", none)
    page.goto(f"{base_url}/tune")
    expect(page.get_by_role("heading", name="Nothing is stored to choose among")).to_be_visible()
    expect(page.get_by_text("podium evaluate --policy random")).to_be_visible()
    expect(page.get_by_role("button", name="Run 2 sample queries now")).to_be_visible()
