"""The report in a real browser without a network: every chart is drawn, in both looks, and everybody can read it."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.browser import FLAGS, chromium
from webapp.cli import main

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_chart_is_drawn_offline_in_both_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: str) -> None:
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    file = tmp_path / "report.html"
    asked = ("--policy", "random", "--policy", "fixed:answer-2", "--limit", "12", "--report", str(file), "--json")
    assert main(("evaluate", *asked)) == 0
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        context = browser.new_context(offline=True, color_scheme=look)  # type: ignore[arg-type]
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
        page.on("request", lambda asked: problems.append(asked.url) if asked.url.startswith("http") else None)
        page.goto(file.as_uri())
        page.wait_for_function("document.querySelectorAll('.plot .main-svg').length >= 6")
        assert page.locator("#shares .bars path").count() > 6
        assert page.locator("#frontier .scatterlayer .points path").count() == 2
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.get_by_role("button").click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != background
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()
        browser.close()
    assert problems == []
