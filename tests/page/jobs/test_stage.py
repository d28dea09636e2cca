"""A talk as a speaker gives it: by keyboard, from the desk or the landing, with nothing asked for while it plays."""

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.jobs.talk_page import PROJECTOR, READY, opened, played_to, stop_time, violations
from tests.page.watch import MakePage

pytestmark = pytest.mark.browser


@pytest.fixture
def talk(page: Page, base_url: str) -> Page:
    """The bundled recording whose alternatives differ, on a projector."""
    page.set_viewport_size(PROJECTOR)
    return opened(page, f"{base_url}/stage?show=weekday")


def test_a_whole_talk_is_given_by_keyboard_alone(page: Page, base_url: str) -> None:
    opened(page, f"{base_url}/stage")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="What remainder does")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".st-verdict")).to_have_text("✕Not solved")
    expect(page.locator(".st-dollars")).to_contain_text("−43 % vs always the strongest")
    expect(page.locator(".st-dollars")).to_contain_text("recorded: $0.0368")
    page.keyboard.press("2")
    expect(page.locator(".st-verdict")).to_have_text("✓Solved")
    expect(page.locator(".st-answer")).to_contain_text("459")
    page.keyboard.press("Home")
    expect(page.locator(".st-dollars .st-value")).to_have_text("$0")
    expect(page.locator(".st-bubble")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageDown")
    expect(page.locator(".st-where")).to_have_text("Step 2 of 4")
    expect(page.locator(".st-bubble")).to_have_count(2)
    expect(page.locator(".st-now")).to_contain_text("calls reasoner-3")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".st-where")).to_have_text("Step 1 of 4")
    page.keyboard.press("Shift+Digit3")
    expect(page.locator(".st-where")).to_have_text("Step 3 of 4")
    page.keyboard.press("End")
    page.keyboard.press("0")
    expect(page.locator(".st-card")).to_have_count(4)
    expect(page.locator(".st-sentence")).to_contain_text("4 alternatives, 2 solved it")
    page.keyboard.press("3")
    expect(page.locator(".st-chip")).to_have_text("CAccuracy first")


def test_playing_counts_dollars_and_asks_for_nothing(talk: Page, base_url: str) -> None:
    runs = httpx.get(f"{base_url}/api/v1/talks").json()["runs"]
    expect(talk.locator(".st-figure svg")).to_have_count(2)
    asked: list[str] = []
    talk.on("request", lambda request: asked.append(request.url))
    stop_time(talk)
    for _ in range(6):
        talk.keyboard.press("+")
    talk.keyboard.press(" ")
    expect(talk.locator(".st")).to_have_attribute("data-playing", "true")
    expect(talk.locator(".st-where")).to_have_text("Question")
    played_to(talk, 1)
    expect(talk.locator(".st-where")).to_have_text("Step 1 of 2")
    expect(talk.locator(".st-now")).to_contain_text("calls reasoner-3")
    expect(talk.locator(".st-dollars")).to_contain_text("so far")
    played_to(talk, 3)
    expect(talk.locator(".st-verdict")).to_have_text("✓Solved")
    talk.clock.run_for(2_000)  # the dollars run up
    expect(talk.locator(".st-dollars .st-value")).to_have_text("$0.0033")
    expect(talk.locator(".st")).to_have_attribute("data-playing", "false")
    assert asked == []
    assert httpx.get(f"{base_url}/api/v1/talks").json()["runs"] == runs


def test_a_pause_holds_the_step_and_goes_on_from_there(talk: Page) -> None:
    stop_time(talk)
    talk.keyboard.press("Home")
    talk.keyboard.press(" ")
    talk.keyboard.press("ArrowRight")
    talk.keyboard.press(" ")
    expect(talk.locator(".st")).to_have_attribute("data-playing", "false")
    talk.clock.run_for(60_000)
    expect(talk.locator(".st-where")).to_have_text("Step 1 of 2")
    talk.keyboard.press(" ")
    played_to(talk, 2)
    expect(talk.locator(".st-where")).to_have_text("Step 2 of 2")


def test_a_reload_on_stage_goes_on_where_it_was(talk: Page) -> None:
    talk.keyboard.press("4")
    talk.keyboard.press("Home")
    talk.keyboard.press("ArrowRight")
    talk.keyboard.press("ArrowRight")
    assert "step=1" in talk.url
    talk.reload()
    expect(talk.locator(".st-chip")).to_have_text("DFast")
    expect(talk.locator(".st-where")).to_have_text("Step 2 of 3")
    talk.keyboard.press("Home")
    talk.reload()
    expect(talk.locator(".st-where")).to_have_text("Question")
    talk.keyboard.press("o")
    talk.reload()
    expect(talk.locator(".st-card")).to_have_count(4)


def test_a_run_that_goes_on_is_followed_to_its_end_and_then_left_alone(page: Page, base_url: str) -> None:
    body = {"query": "By how many metres is Mount Kenya higher than Mount Kinabalu?", "alternatives": 2, "seed": 5}
    id = httpx.post(f"{base_url}/api/v1/runs", json=body).json()["id"]
    opened(page, f"{base_url}/stage?run={id}")
    expect(page.locator(".st-verdict")).to_have_text("✓Solved")
    expect(page.locator(".st-facts")).not_to_contain_text("still running")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2_000)
    assert asked == []


def test_a_talk_before_the_first_step_is_drawn_empty_and_then_goes_on(page: Page, base_url: str, run: str) -> None:
    asked: list[str] = []

    def not_begun(route: Route) -> None:
        """The first reply is that of a run of which nothing has happened yet."""
        talk = route.fetch().json()
        if not asked:
            talk |= {"ended": False, "lanes": []}
            talk["alternatives"] = [one | {"steps": []} for one in talk["alternatives"]]
        asked.append(route.request.url)
        route.fulfill(json=talk)

    page.route("**/api/v1/runs/*/talk", not_begun)
    opened(page, f"{base_url}/stage?run={run}")
    expect(page.locator(".st-bubble")).not_to_have_count(0)
    assert len(asked) == 2


def test_one_link_leads_from_the_desk_to_the_stage(page: Page, base_url: str, run: str) -> None:
    page.goto(f"{base_url}/ui/?run={run}")
    page.locator("#trace").get_by_role("link", name="Show on stage").click()
    expect(page.locator(".st-query")).to_have_text("Which city is the capital of Australia?")
    assert f"run={run}" in page.url
    page.goto(f"{base_url}/ui/")
    expect(page.locator(READY)).to_be_attached()
    page.get_by_role("tab", name="History").click()
    row = page.locator("#history li").filter(has=page.locator(f"a[href='?run={run}']"))
    row.get_by_role("link", name="Show on stage").click()
    expect(page.locator(".st-query")).to_have_text("Which city is the capital of Australia?")


def test_the_landing_finds_runs_and_recordings_by_their_words(page: Page, base_url: str, run: str) -> None:
    opened(page, f"{base_url}/stage")
    expect(page.locator(".st-pick").first).to_contain_text("Mount Kenya")
    page.keyboard.press("/")
    page.keyboard.type("capital australia")
    expect(page.locator(".st-pick").first).to_contain_text("capital of Australia")
    assert "search=capital" in page.url
    page.get_by_label("Search queries").fill("no such words")
    expect(page.get_by_text("No run matches this search.")).to_be_visible()
    assert violations(page) == []


def test_a_run_that_is_not_there_says_so_and_leads_back(another_page: MakePage, base_url: str) -> None:
    page = another_page(allowed=["404", "pd-main"])  # the bar of pages comes back above it
    opened(page, f"{base_url}/stage?run=nowhere")
    expect(page.get_by_text("there is no run nowhere")).to_be_visible()
    expect(page.get_by_role("link", name="Stage")).to_be_visible()


def test_the_audience_panel_is_filled_when_it_is_first_opened(page: Page, base_url: str, run: str) -> None:
    opened(page, f"{base_url}/stage?run={run}")
    page.evaluate("() => { Podium.audience = (node, run) => { node.textContent = `room of ${run}`; }; }")
    expect(page.locator("#audience")).to_be_hidden()
    page.keyboard.press("a")
    expect(page.locator("#audience")).to_have_text(f"room of {run}")
    assert "audience=1" in page.url
    page.keyboard.press("a")
    expect(page.locator("#audience")).to_be_hidden()
    opened(page, f"{base_url}/stage?show=weekday")
    page.keyboard.press("a")
    expect(page.get_by_text("A recording has no ballot")).to_be_visible()
