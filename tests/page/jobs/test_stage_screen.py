"""The screen of a talk: it fits projector and phone, in large type, light and dark, for fingers and for everybody."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.jobs.talk_page import CUT_OFF, ELLIPSES, PROJECTOR, SMALL_TEXT, opened, violations
from tests.page.watch import MakeContext, MakePage

pytestmark = pytest.mark.browser


@pytest.fixture
def talk(page: Page, base_url: str) -> Page:
    """The bundled recording whose alternatives differ, on a projector."""
    page.set_viewport_size(PROJECTOR)
    return opened(page, f"{base_url}/stage?show=weekday")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_fits_a_projector_in_large_type_and_is_readable_by_everybody(
    another_page: MakePage, base_url: str, scheme: Any, artifacts: Path
) -> None:
    page = another_page(color_scheme=scheme, viewport=PROJECTOR)
    opened(page, f"{base_url}/stage?show=remainder&alternative=D")
    for number, key in enumerate(["End", "Home", "ArrowRight", "ArrowRight", "ArrowRight", "m", "0"]):
        page.keyboard.press(key)
        page.wait_for_timeout(100)
        assert page.evaluate("document.documentElement.scrollHeight") <= PROJECTOR["height"], key
        assert page.evaluate("document.documentElement.scrollWidth") <= PROJECTOR["width"], key
        assert page.evaluate(SMALL_TEXT) == [], key
        assert page.evaluate(CUT_OFF) == [], key
        page.screenshot(path=artifacts / f"stage-{number}-{scheme}.png")
        if key in ("End", "ArrowRight", "0"):
            assert violations(page) == [], key
    page.keyboard.press("t")
    expect(page.get_by_role("dialog")).to_contain_text("Total so far")
    expect(page.get_by_role("dialog").get_by_role("row")).to_have_count(6)
    assert violations(page) == []


def test_the_charts_say_themselves_in_a_sentence(talk: Page) -> None:
    names = [svg.get_attribute("aria-label") for svg in talk.locator(".st-figure svg").all()]
    assert names == ["2 calls: reasoner-3, then answer-2.", "$0.0033 in all; step 2 (answer-2) is 76 % of it."]


def test_bubbles_are_dollars_or_seconds(talk: Page) -> None:
    amounts = talk.locator(".st-amount")
    expect(amounts.first).to_contain_text("$")
    talk.keyboard.press("m")
    expect(amounts.first).to_contain_text("s")
    expect(amounts.first).not_to_contain_text("$")


def test_a_finger_turns_steps_and_chooses_alternatives(another_context: MakeContext, base_url: str) -> None:
    context = another_context(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 640})
    page = opened(context.new_page(), f"{base_url}/stage?show=weekday&step=start")
    finger = context.new_cdp_session(page)

    def wipe(start: int, end: int) -> None:
        for kind, x in (
            ("touchStart", start),
            ("touchMove", (start + end) // 2),
            ("touchMove", end),
            ("touchEnd", end),
        ):
            points = [] if kind == "touchEnd" else [{"x": x, "y": 60}]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    wipe(300, 60)
    expect(page.locator(".st-where")).to_have_text("Step 1 of 2")
    wipe(300, 60)
    expect(page.locator(".st-where")).to_have_text("Step 2 of 2")
    wipe(60, 300)
    expect(page.locator(".st-where")).to_have_text("Step 1 of 2")
    page.get_by_role("button", name="Show D: Fast").tap()
    expect(page.locator(".st-chip")).to_have_text("DFast")
    page.get_by_role("button", name="All alternatives").tap()
    page.locator(".st-card").nth(1).tap()
    expect(page.locator(".st-chip")).to_have_text("BFrugal")
    for selector in (".st-press", ".st-slider"):
        assert all((box := one.bounding_box()) and box["height"] >= 28 for one in page.locator(selector).all())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, "the page scrolls sideways"
    assert page.evaluate(SMALL_TEXT) == []


@pytest.mark.parametrize("view", ["", "&step=1", "&alternative=all"])
def test_a_phone_needs_no_sideways_scrolling(another_page: MakePage, base_url: str, view: str) -> None:
    page = another_page(viewport={"width": 360, "height": 640}, color_scheme="dark")
    opened(page, f"{base_url}/stage?show=mount-kenya{view}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []


def test_twelve_alternatives_fit_the_overview(page: Page, base_url: str) -> None:
    body = {"query": "Which city is the capital of Australia?", "alternatives": 12, "seed": 9}
    id = httpx.post(f"{base_url}/api/v1/runs", json=body).json()["id"]
    page.set_viewport_size(PROJECTOR)
    opened(page, f"{base_url}/stage?run={id}&alternative=all")
    expect(page.locator(".st-facts")).not_to_contain_text("still running")
    expect(page.locator(".st-card")).to_have_count(12)
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(SMALL_TEXT) == []
    assert page.evaluate("document.documentElement.scrollHeight") <= PROJECTOR["height"]


def test_buttons_fade_while_a_talk_plays_and_come_back(talk: Page) -> None:
    talk.clock.install()
    talk.keyboard.press("Home")
    talk.keyboard.press(" ")
    talk.clock.run_for(4_500)
    expect(talk.locator("body")).to_have_class("pd st-idle")
    talk.mouse.move(300, 300)
    expect(talk.locator("body")).not_to_have_class("pd st-idle")


def test_the_screen_can_be_blanked_and_details_opened(talk: Page) -> None:
    talk.keyboard.press("b")
    assert talk.evaluate("getComputedStyle(document.body, '::after').backgroundColor") == "rgb(0, 0, 0)"
    talk.keyboard.press("b")
    talk.keyboard.press("Home")
    talk.keyboard.press("ArrowRight")
    talk.keyboard.press("d")
    expect(talk.get_by_role("dialog")).to_contain_text("Calls billed to this step")
    expect(talk.get_by_role("dialog").get_by_role("button", name="Prompt")).to_have_count(0)


LONG_QUERY = (
    "A farmer has 17 sheep, 23 goats and 41 cows; all but nine of the sheep die in a winter storm, half of the goats "
    "are sold at the market, and the cows double in number. How many animals does the farmer own in the spring?"
)
ANSWERS = (
    "The capital is Reykjavik.",
    "Copenhagen, Denmark",
    "Reykjavik, the capital city of Iceland, since 17 June 1944",
    "9",
)
OPENED_BY_SCRIPT = ["st-charts"]
"""What moves because no key opened the panel."""
OPEN_PANEL = """() => {
  const panel = document.getElementById("audience"), plot = document.querySelector(".st-plot");
  panel.hidden = false;
  panel.dispatchEvent(new CustomEvent("podium:audience"));
  return [plot.querySelector("svg").getAttribute("viewBox").split(" ")[2], String(plot.clientWidth)];
}"""


@pytest.mark.parametrize("panel", [False, True], ids=["alone", "beside the audience"])
def test_nothing_that_a_talk_rests_on_is_cut(another_page: MakePage, base_url: str, panel: bool) -> None:
    page = another_page(allowed=OPENED_BY_SCRIPT, viewport=PROJECTOR)
    told = httpx.get(f"{base_url}/api/v1/showcases/remainder/talk").json()
    told["query"] = LONG_QUERY
    for one, answer in zip(told["alternatives"], ANSWERS, strict=True):
        one["answer"] = answer
        one["strongest"]["why"] = "estimate: same tokens at reasoner-1's price"
    page.route("**/talk", lambda route: route.fulfill(json=told))
    opened(page, f"{base_url}/stage?show=remainder")
    if panel:
        page.evaluate(OPEN_PANEL)
    for key in ("1", "2", "3", "4", "Home", "ArrowRight", "0"):
        page.keyboard.press(key)
        assert page.evaluate(ELLIPSES) == [], key
        assert page.evaluate(CUT_OFF) == [], key
        assert page.evaluate("document.documentElement.scrollHeight") <= PROJECTOR["height"], key


def test_a_chart_is_drawn_anew_at_once_when_the_audience_takes_its_room(another_page: MakePage, base_url: str) -> None:
    page = another_page(allowed=OPENED_BY_SCRIPT, viewport=PROJECTOR)
    talk = opened(page, f"{base_url}/stage?show=weekday")
    drawn, room = talk.evaluate(OPEN_PANEL)
    assert drawn == room


def test_no_amount_stands_over_the_sentence_above_the_chart(page: Page, base_url: str) -> None:
    page.set_viewport_size(PROJECTOR)
    opened(page, f"{base_url}/stage?show=remainder&alternative=C")
    tops = [amount.bounding_box() for amount in page.locator(".st-lanes .st-amount").all()]
    title = page.locator(".st-lanes .st-title").bounding_box()
    assert title is not None
    assert len(tops) == 3
    assert all(box is not None and box["y"] >= title["y"] + title["height"] - 5 for box in tops)
