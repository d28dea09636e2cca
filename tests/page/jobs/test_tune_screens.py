"""The page *Tune* as it looks and feels: at rest, by touch, light and dark, and with nothing stored."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.page.jobs.tune_page import TABS, opened
from tests.page.watch import MakeContext, MakePage

pytestmark = pytest.mark.browser


def nothing(unless: Sequence[str] = ()) -> Callable[[Route], None]:
    """A route's handler: nothing is stored, or, once there is something in `unless`, a first trajectory."""
    known = {"stamp": "s", "alternatives": 0, "queries": 0, "single": 0, "called": [], "presets": {}, "aliases": []}

    def handle(route: Route) -> None:
        route.fulfill(json={**known, "state": "ready" if unless else "empty", "examples": ["a", "b"]})

    return handle


def test_nothing_moves_while_a_slider_is_dragged(page: Page, stocked: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    opened(page, stocked, "?tab=queries&against=Frugal")
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
    told = httpx.post(f"{stocked}/api/v1/tuning/winners", json={"preference": value}).json()["totals"]
    expect(page.locator("[data-tile=cost] .pd-tile-value")).to_have_text(told["words"]["cost"])
    assert Decimal(told["cost_usd"]) > 0


def test_by_touch_on_a_phone(another_context: MakeContext, stocked: str) -> None:
    page = another_context(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740}).new_page()
    opened(page, stocked, "?against=Frugal")
    slider = page.locator("#weight-latency")
    box = slider.bounding_box()
    assert box is not None
    slider.tap(position={"x": box["width"] * 0.9, "y": box["height"] / 2})
    expect(page.get_by_label("Speed, value")).not_to_have_value("0.5")
    for name, come in TABS.items():
        page.locator(f"#tab-{name}").tap()
        expect(page.locator(come).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name


def test_what_people_revealed_is_adopted_and_saved_by_touch(another_context: MakeContext, stocked: str) -> None:
    page = another_context(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740}).new_page()
    opened(page, stocked, "?tab=revealed")
    page.locator(".pd-rev-adopt").tap()
    expect(page.locator("#notices")).to_contain_text("Adopted what everybody revealed")
    page.locator("#tab-profiles").tap()
    page.locator("#panel-profiles").get_by_role("button", name="Save as profile").tap()
    dialog = page.get_by_role("dialog", name="Save as profile")
    name = dialog.get_by_label("Name", exact=True)
    name.tap()
    expect(name).to_be_focused()
    name.fill("")
    page.keyboard.type("By touch")
    dialog.locator("button[type=submit]").tap()
    expect(page.locator("#notices")).to_contain_text("Saved as By touch, version")
    expect(page.get_by_role("rowheader", name="By touch v")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_tab(
    another_page: MakePage, stocked: str, scheme: Any, artifacts: Path
) -> None:
    page = another_page(color_scheme=scheme, viewport={"width": 1280, "height": 720})
    opened(page, stocked, "?against=Frugal&answer-1=0.2")
    for name, come in TABS.items():
        page.locator(f"#tab-{name}").click()
        expect(page.locator(come).first).to_be_visible()
        page.screenshot(path=artifacts / f"tune-{name}-{scheme}.png")
        found = Axe().run(page).response["violations"]
        serious = [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], name


def test_samples_are_all_asked_before_the_page_takes_them_in(page: Page, base_url: str) -> None:
    asked: list[str] = []
    page.route("**/api/v1/tuning", nothing(unless=asked))

    def run(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "")["query"])
        route.fulfill(json={"id": f"r{len(asked)}"})

    page.route("**/api/v1/runs", run)
    page.route("**/api/v1/runs/r*", lambda route: route.fulfill(json={"ended": False}))
    page.clock.install()
    page.goto(f"{base_url}/tune")
    page.get_by_role("button", name="Run 2 sample queries now").click()
    expect(page.get_by_text("1 of 2")).to_be_visible()
    page.evaluate("window.here = true")
    for _ in range(5):
        page.clock.run_for(1_000)
        page.wait_for_timeout(50)
    assert page.evaluate("window.here")
    assert asked == ["a"]


def test_samples_that_fail_can_be_asked_again(another_context: MakeContext, base_url: str) -> None:
    page = another_context(allowed=["429"]).new_page()
    page.route("**/api/v1/tuning", nothing())
    page.route("**/api/v1/runs", lambda route: route.fulfill(status=429, json={"detail": "Too many runs at once."}))
    page.goto(f"{base_url}/tune")
    page.get_by_role("button", name="Run 2 sample queries now").click()
    expect(page.get_by_role("alert")).to_contain_text("Too many runs at once.")
    expect(page.get_by_role("button", name="Run 2 sample queries now")).to_be_enabled()


def test_an_empty_database_offers_data(page: Page, base_url: str) -> None:
    page.route("**/api/v1/tuning", nothing())
    page.goto(f"{base_url}/tune")
    expect(page.get_by_role("heading", name="Nothing is stored to choose among")).to_be_visible()
    expect(page.get_by_text("podium evaluate --policy random")).to_be_visible()
    expect(page.get_by_role("button", name="Run 2 sample queries now")).to_be_visible()
