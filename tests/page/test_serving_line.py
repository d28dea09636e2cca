"""The line on the orchestrator's server, the licence and the notices, with a real server that tells of itself."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from tests.page.conftest import Desk, serving
from tests.page.watch import MakePage
from tests.servers.listening import listening
from tests.servers.metered import Metered

pytestmark = pytest.mark.browser
SIZES = {"wide": (1440, 900), "phone": (360, 800)}


@contextmanager
def running(metered: Metered) -> Iterator[str]:
    """The server in a thread of its own; gives its address."""
    started: list[str] = []
    ready, over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with listening(metered.handle) as there:
            started.append(there.url)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


@pytest.fixture(scope="module")
def shared() -> Metered:
    return Metered()


@pytest.fixture(scope="module")
def served_url(shared: Metered, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    with running(shared) as url, serving(folder, "--policy", f"openai:{url}/v1#orchestrator") as address:
        yield address


@pytest.fixture
def metered(shared: Metered) -> Metered:
    """The server as it is when a test begins."""
    shared.root, shared.status, shared.grows = "nvidia/Nemotron-Orchestrator-8B", 200, 1_240
    shared.running, shared.waiting, shared.waits_s = 3, 1, 0
    return shared


def line(page: Page) -> Locator:
    return page.locator("#serving .pd-server")


def test_the_line_tells_how_the_server_is_doing_and_follows_it(page: Page, served_url: str, metered: Metered) -> None:
    Desk(page, served_url).open()
    expect(line(page)).to_contain_text(re.compile(r"orchestrator\s*3 running\s*1 waiting\s*83 % prefix cache"))
    expect(line(page)).to_contain_text(re.compile(r"\d+ tokens/s"))
    expect(page.locator("#serving [data-part=prefix]")).to_have_attribute("title", re.compile(r"12|13 %"))
    before = page.locator("#serving [data-part=tokens]").bounding_box()
    metered.running = 12
    expect(line(page)).to_contain_text("12 running")
    after = page.locator("#serving [data-part=tokens]").bounding_box()
    assert after == pytest.approx(before, abs=0.1), "nothing moves"


def test_a_server_that_is_gone_is_said_and_the_line_comes_back_with_it(
    page: Page, served_url: str, metered: Metered
) -> None:
    Desk(page, served_url).open()
    expect(line(page)).to_contain_text("3 running")
    metered.status = 502
    expect(line(page)).to_contain_text("server unreachable")
    expect(line(page)).to_contain_text("HTTP 502")
    expect(page.locator("#serving [data-part=running]")).to_be_hidden()
    metered.status = 200
    expect(line(page)).to_contain_text("3 running")
    metered.waits_s = 3
    expect(line(page)).to_contain_text("slow to answer")
    expect(line(page)).to_contain_text("3 running")
    metered.waits_s = 0
    expect(line(page)).not_to_contain_text("slow to answer")
    expect(page.locator("#serving .pd-quiet")).to_have_text("The orchestrator's server is there again.")


def test_a_page_that_nobody_sees_asks_nothing(page: Page, served_url: str, metered: Metered) -> None:
    Desk(page, served_url).open()
    expect(line(page)).to_contain_text("3 running")
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'));"
    )
    page.wait_for_timeout(500)
    asked = metered.asked["/metrics"]
    page.wait_for_timeout(4_000)
    assert metered.asked["/metrics"] == asked
    page.evaluate("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'));")
    page.wait_for_timeout(1_000)
    assert metered.asked["/metrics"] == asked + 1


def test_a_server_without_metrics_and_a_policy_without_a_server_have_no_line(
    another_page: MakePage, page: Page, base_url: str, tmp_path: Path
) -> None:
    bare = Metered(status=404)
    with running(bare) as url, serving(tmp_path, "--policy", f"openai:{url}/v1#orchestrator") as address:
        other = another_page()
        with other.expect_response("**/api/v1/serving") as asked:
            Desk(other, address).open()
        assert asked.value.json()["servers"][0]["state"] == "no metrics"
        expect(line(other)).to_be_hidden()
        assert bare.asked["/metrics"] == 1
        other.close()
    with page.expect_response("**/api/v1/serving") as asked:
        Desk(page, base_url).open()
    assert asked.value.json()["servers"] == []
    expect(page.locator("#serving")).to_be_hidden()


def test_the_licence_is_shown_until_it_is_understood(page: Page, served_url: str, metered: Metered) -> None:
    Desk(page, served_url).open()
    notice = page.get_by_role("region", name="Research and development only.")
    expect(notice).to_contain_text("Nemotron-Orchestrator-8B")
    expect(notice.get_by_role("link")).to_have_attribute("href", re.compile("^https://huggingface.co/nvidia/"))
    notice.get_by_role("button", name="Understood").click()
    expect(notice).to_be_hidden()
    # Whoever has understood it is not told again, also in another tab.
    again = page.context.new_page()
    Desk(again, served_url).open()
    expect(line(again)).to_contain_text("3 running")
    expect(again.locator("#serving .pd-licence")).to_be_hidden()
    again.close()


def test_notices_appear_without_reloading_and_can_be_hidden(page: Page, served_url: str, metered: Metered) -> None:
    told: list[str] = ["pool.toml line 12: <b>'model'</b> is missing; still using the last good one"]

    def add(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "notices": told})

    desk = Desk(page, served_url)
    desk.open()
    expect(line(page)).to_contain_text("3 running")
    expect(page.locator("#serving .pd-notice")).to_have_count(0)
    page.route("**/api/v1/serving", add)
    expect(page.locator("#serving .pd-notice")).to_contain_text(told[0])
    page.get_by_role("button", name="Hide this notice").click()
    page.wait_for_timeout(3_500)
    expect(page.locator("#serving .pd-notice")).to_have_count(0)
    told.append("Found on this machine, and not used: Ollama")
    expect(page.locator("#serving .pd-notice")).to_contain_text("Ollama")
    page.unroute_all(behavior="wait")


def test_calls_that_are_paused_are_said_with_the_reason(page: Page, served_url: str, metered: Metered) -> None:
    def pause(route: Route) -> None:
        told = route.fetch().json()
        told["servers"][0]["breaker"] = {"state": "open", "wait_s": 3.2, "last_error": "HTTP 500: out of memory"}
        route.fulfill(json=told)

    page.route("**/api/v1/serving", pause)
    Desk(page, served_url).open()
    paused = page.locator("#serving").get_by_text("calls paused")
    expect(paused).to_be_visible()
    expect(paused).to_have_attribute("title", re.compile(r"again in 4 s.*HTTP 500: out of memory"))
    page.unroute_all(behavior="wait")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_line_and_the_licence_look_right(
    another_page: MakePage, served_url: str, metered: Metered, artifacts: Path, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    page = another_page(color_scheme=scheme, viewport={"width": width, "height": height})
    Desk(page, served_url).open()
    expect(page.locator("#serving .pd-licence")).to_be_visible()
    expect(line(page)).to_contain_text(re.compile(r"\d+ tokens/s"))
    page.screenshot(path=artifacts / f"serving-{size}-{scheme}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
    found = Axe().run(page, context="#serving")
    assert [violation["id"] for violation in found.response["violations"]] == []
