"""A talk whose server stumbles, the keys of the panel beside it, and dialogs that the back row can read."""

from itertools import count
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.jobs.talk_page import PROJECTOR, SMALL_TEXT, opened
from tests.page.watch import MakePage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def audience(base_url: str, run: str) -> dict[str, Any]:
    made: dict[str, Any] = httpx.post(f"{base_url}/api/v1/audiences", json={"run": run}).raise_for_status().json()
    return made


@pytest.fixture
def tab(another_page: MakePage) -> Page:
    """A projector's page whose console may tell of requests that failed."""
    # The panel widens once the server has told of the audience, and grows by a line while its stream is lost.
    return another_page(allowed=["Failed to load resource", "pd-aud-wide", "pd-aud-grid"], viewport=PROJECTOR)


def busy(route: Route) -> None:
    route.fulfill(status=503, json={"detail": "The database is busy."}, content_type="application/problem+json")


def test_space_and_digits_belong_to_the_panel_that_has_the_focus(tab: Page, base_url: str) -> None:
    body = {"query": "What is 17% of 2,340?", "alternatives": 2, "seed": 5}
    id = httpx.post(f"{base_url}/api/v1/runs", json=body).json()["id"]
    opened(tab, f"{base_url}/stage?run={id}&audience=1&step=start")
    talk, box = tab.locator(".st"), tab.get_by_label("Hide cost and seconds on phones")
    shown = talk.get_attribute("data-alternative")
    box.focus()
    tab.keyboard.press(" ")
    expect(box).to_be_checked()
    expect(talk).to_have_attribute("data-playing", "false")
    tab.get_by_label("Open for").focus()
    tab.keyboard.press("2")
    tab.wait_for_timeout(200)
    assert talk.get_attribute("data-alternative") == shown
    expect(talk).to_have_attribute("data-at", "0")


def test_one_poll_that_fails_does_not_end_a_running_talk(tab: Page, base_url: str, run: str) -> None:
    told = httpx.get(f"{base_url}/api/v1/runs/{run}/talk").json()
    polls = count()

    def stumble(route: Route) -> None:
        number = next(polls)
        if number == 1:
            busy(route)
        else:
            route.fulfill(json=told | {"ended": number > 1})

    tab.route("**/talk", stumble)
    opened(tab, f"{base_url}/stage?run={run}")
    expect(tab.locator(".st-facts")).to_contain_text("still running")
    expect(tab.locator(".st-facts")).not_to_contain_text("still running", timeout=10_000)
    expect(tab.locator(".pd-notice")).to_have_count(0)
    assert next(polls) == 3


def test_a_run_that_is_gone_is_told_once(tab: Page, base_url: str, run: str) -> None:
    told = httpx.get(f"{base_url}/api/v1/runs/{run}/talk").json()
    polls = count()

    def vanish(route: Route) -> None:
        if next(polls):
            route.fulfill(status=404, json={"detail": "there is no run"}, content_type="application/problem+json")
        else:
            route.fulfill(json=told | {"ended": False})

    tab.route("**/talk", vanish)
    opened(tab, f"{base_url}/stage?run={run}")
    expect(tab.locator(".pd-notice")).to_contain_text("there is no run")
    tab.wait_for_timeout(2_000)
    assert next(polls) == 2


def test_a_panel_that_was_not_filled_is_filled_the_next_time(
    tab: Page, base_url: str, run: str, audience: dict[str, Any]
) -> None:
    tab.route("**/audiences?*", busy)
    opened(tab, f"{base_url}/stage?run={run}&audience=1")
    expect(tab.get_by_role("alert")).to_contain_text("The database is busy.")
    tab.unroute("**/audiences?*")
    tab.keyboard.press("a")
    tab.keyboard.press("a")
    expect(tab.locator("#audience .pd-aud-url b")).to_have_text(audience["code"])


def test_a_stream_that_was_refused_is_followed_again(
    tab: Page, base_url: str, run: str, audience: dict[str, Any]
) -> None:
    tab.route("**/audiences/*/events", busy)
    opened(tab, f"{base_url}/stage?run={run}&audience=1")
    state = tab.locator("#audience .pd-aud-state")
    expect(state).to_contain_text("trying again")
    tab.unroute("**/audiences/*/events")
    expect(state).to_contain_text("left", timeout=15_000)
    assert audience["code"] in tab.locator("#audience .pd-aud-url").inner_text()


def test_an_audience_that_could_not_be_closed_is_not_called_closed(
    tab: Page, base_url: str, run: str, audience: dict[str, Any]
) -> None:
    tab.route("**/audiences/*/close", busy)
    opened(tab, f"{base_url}/stage?run={run}&audience=1")
    tab.get_by_role("button", name="End now").click()
    expect(tab.get_by_role("alert")).to_contain_text("The database is busy.")
    expect(tab.locator("#audience .pd-aud-state")).to_contain_text("left")
    assert tab.get_by_text("The audience is closed").count() == 0, audience["id"]


@pytest.mark.parametrize("key", ["t", "d", "?"])
def test_dialogs_of_a_talk_are_in_large_type(tab: Page, base_url: str, key: str) -> None:
    opened(tab, f"{base_url}/stage?show=remainder&alternative=C&step=1")
    tab.keyboard.press(key)
    expect(tab.get_by_role("dialog")).to_be_visible()
    assert tab.evaluate(SMALL_TEXT.replace(".st", ".pd-dialog")) == []


def test_notices_of_a_talk_are_in_large_type(tab: Page, base_url: str) -> None:
    opened(tab, f"{base_url}/stage?show=remainder")
    tab.keyboard.press("a")
    expect(tab.locator(".pd-notice")).to_be_visible()
    assert tab.evaluate(SMALL_TEXT.replace(".st", ".pd-notices")) == []
