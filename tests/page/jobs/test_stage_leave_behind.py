"""The leave-behind opened from a disk without a network, as a listener does at home."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.jobs.talk_page import READY, played_to, stop_time
from tests.page.watch import MakeContext, MakePage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("leave-behind") / "talk.html"
    path.write_bytes(httpx.get(f"{base_url}/api/v1/showcases/weekday/leave-behind").content)
    return path


def offline(another_context: MakeContext, problems: list[str], **options: Any) -> Page:
    page = another_context(offline=True, **options).new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    page.on(
        "request", lambda asked: problems.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None
    )
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_file_plays_alone_and_says_the_same_dollars(
    another_context: MakeContext, another_page: MakePage, base_url: str, file: Path, scheme: Any
) -> None:
    shown = another_page()
    shown.goto(f"{base_url}/stage?show=weekday&alternative=C")
    expect(shown.locator(READY)).to_be_attached()
    tiles = shown.locator(".st-tiles").inner_text()
    problems: list[str] = []
    page = offline(another_context, problems, color_scheme=scheme, viewport={"width": 1280, "height": 720})
    page.goto(file.as_uri())
    expect(page.locator(READY)).to_be_attached()
    page.keyboard.press("3")
    expect(page.locator(".st-dollars .st-value")).to_have_text("$0.0239")
    assert page.locator(".st-tiles").inner_text() == tiles
    stop_time(page)
    for _ in range(6):
        page.keyboard.press("+")
    page.keyboard.press(" ")
    played_to(page, 2)
    expect(page.locator(".st-where")).to_have_text("Step 2 of 3")
    played_to(page, 4)
    page.clock.run_for(2_000)  # the dollars run up
    page.clock.resume()
    expect(page.locator(".st-verdict").first).to_have_text("✓Solved")
    expect(page.locator(".st-dollars .st-value")).to_have_text("$0.0239")
    expect(page.locator(".lb-alternative")).to_have_count(4)
    page.locator(".lb-alternative .pd-head").first.click()
    expect(page.locator(".lb-alternative .pd-detail").first).to_contain_text("Calls billed to this step")
    expect(page.get_by_text("Some replies are simulated")).to_be_visible()
    expect(page.get_by_text("Nothing had to be redacted.")).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    assert problems == []


def test_a_listeners_phone_shows_it_too(another_context: MakeContext, file: Path) -> None:
    problems: list[str] = []
    page = offline(another_context, problems, viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    page.goto(file.as_uri())
    expect(page.locator(READY)).to_be_attached()
    page.get_by_role("button", name="Show D: Fast").tap()
    expect(page.locator(".st-verdict").first).to_have_text("✕Not solved")
    page.get_by_role("button", name="All alternatives").tap()
    expect(page.locator(".st-card")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert problems == []
