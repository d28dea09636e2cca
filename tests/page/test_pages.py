"""How the pages look, in light and dark and at several sizes, kept as pictures; and ranking by touch."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.conftest import Desk
from tests.page.watch import LEFT, MakeContext, MakePage

QUERY = "By how many metres is Mount Kenya higher than Mount Kinabalu?"
pytestmark = pytest.mark.browser
SIZES = {"projector": (1280, 720), "desktop": (1440, 1000), "phone": (390, 844)}


@pytest.fixture(scope="module")
def run(base_url: str) -> str:
    """A run with four alternatives that has ended."""
    body = {"query": QUERY, "alternatives": 4, "vary": True, "seed": 3, "limits": {"turns": 20}}
    id = str(httpx.post(f"{base_url}/api/v1/runs", json=body).json()["id"])
    with httpx.stream("GET", f"{base_url}/api/v1/runs/{id}/events", timeout=60) as events:
        assert "event: ended" in events.read().decode()
    return id


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_shows_the_run(
    another_page: MakePage, base_url: str, run: str, artifacts: Path, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    page = another_page(allowed=LEFT, color_scheme=scheme, viewport={"width": width, "height": height})
    page.goto(f"{base_url}/ui/")
    expect(page.get_by_role("heading", name="Nothing has run yet")).to_be_visible()
    page.screenshot(path=artifacts / f"empty-{size}-{scheme}.png")
    page.goto(f"{base_url}/ui/?run={run}")
    expect(page.locator("#trace .pd-query")).to_have_text(QUERY)
    expect(page.locator("#staircase .js-plotly-plot")).to_be_visible()
    page.screenshot(path=artifacts / f"run-{size}-{scheme}.png", full_page=True)
    page.get_by_role("button", name="Compare and rank them").click()
    expect(page.locator("#rank .pd-card")).to_have_count(4)
    expect(page.locator("#tradeoff .js-plotly-plot")).to_be_visible()
    if (size, scheme) == ("desktop", "light"):
        page.screenshot(path=artifacts / "readme.png")
    page.screenshot(path=artifacts / f"compare-{size}-{scheme}.png", full_page=True)
    page.get_by_role("tab", name="History").click()
    expect(page.locator("#history")).to_contain_text(QUERY)
    page.screenshot(path=artifacts / f"history-{size}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"


def test_a_bar_of_the_timeline_selects_its_step(page: Page, desk: Desk, run: str) -> None:
    desk.open(f"?run={run}")
    expect(page.locator("#timeline .js-plotly-plot")).to_be_visible()
    page.locator("#timeline .barlayer .point").first.click(force=True)
    expect(page.locator("#trace .pd-steps [data-selected], #trace .pd-steps .pd-selected").first).to_be_visible()


def test_history_is_searched_and_a_past_run_is_opened(page: Page, desk: Desk, run: str) -> None:
    desk.open()
    page.get_by_role("tab", name="History").click()
    page.get_by_label("Search").fill("no such query at all")
    expect(page.locator("#history")).not_to_contain_text(QUERY)
    everything = page.locator("#history").get_by_role("link", name=re.compile("^Search everything"))
    expect(everything).to_have_attribute("href", "../runs?words=no+such+query+at+all")
    page.get_by_label("Search").fill("kinabalu kenya")
    expect(everything).to_have_attribute("href", "../runs?words=kinabalu+kenya")
    page.locator("#history").get_by_text(QUERY).first.click()
    expect(page.locator("#trace .pd-query")).to_have_text(QUERY)
    assert "run=" in page.url


@pytest.mark.parametrize("query", ["", "   ", "x" * 25_000])
def test_a_query_that_cannot_be_asked_is_said_and_nothing_runs(page: Page, desk: Desk, query: str) -> None:
    desk.open()
    page.get_by_label("Query").fill(query)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".toast-body")).to_be_visible()
    assert "run=" not in page.url


def test_a_link_to_a_run_that_is_not_there_says_so(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.base_url}/ui/?run=nowhere")
    expect(page.locator(".toast-body")).to_contain_text("no run", ignore_case=True)


def test_cards_are_ranked_by_touch(another_context: MakeContext, base_url: str, run: str) -> None:
    context = another_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{base_url}/ui/?run={run}")
    expect(page.locator("#trace .pd-query")).to_have_text(QUERY)
    page.get_by_role("tab", name="Compare and rank").tap()
    card = page.locator('#rank .pd-card[data-label="B"]')
    card.scroll_into_view_if_needed()
    grip, target = card.locator(".pd-grip").bounding_box(), page.locator("#rank .pd-drop-here").bounding_box()
    assert grip is not None
    assert target is not None
    finger = context.new_cdp_session(page)

    def touch(kind: str, x: float, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    goal = target["y"] + target["height"] / 2
    touch("touchStart", x, y)
    for part in range(1, 9):
        touch("touchMove", x + 20, y + (goal - y) * part / 8)
    touch("touchEnd", x, goal)
    expect(page.locator('#rank .pd-rank-list .pd-card[data-label="B"]')).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(another_page: MakePage, base_url: str, run: str, scheme: Any) -> None:
    page = another_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page.goto(f"{base_url}/ui/?run={run}")
    expect(page.locator("#staircase .js-plotly-plot")).to_be_visible()
    for tab, ready in (("Run", "#trace"), ("Compare and rank", "#rank .pd-card"), ("History", "#history .pd-run")):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(ready).first).to_be_visible()
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")] == []


def test_a_link_to_a_step_opens_that_step_of_that_alternative(page: Page, desk: Desk) -> None:
    desk.open()
    desk.ask("Which city is the capital of Australia?")
    desk.wait_until_ended()
    desk.tabs.nth(2).click()
    row = page.locator("#trace .pd-step").first
    row.locator(".pd-head").click()
    expect(row).to_have_attribute("data-selected", "")
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    expect(desk.tabs.nth(2)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#trace .pd-step").first.locator(".pd-detail")).to_be_visible()
    assert page.url == link
