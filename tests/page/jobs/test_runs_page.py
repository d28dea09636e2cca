"""The page Runs: found, opened, compared, forked and downloaded by keyboard alone; by touch; narrow, dark and light."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.jobs.runs_page import QUERIES, first_id, found, open_page, rows
from tests.page.watch import MakeContext, MakePage

pytestmark = pytest.mark.browser


def test_runs_are_found_and_compared_by_keyboard(page: Page, runs_url: str) -> None:
    open_page(page, runs_url)
    expect(rows(page)).to_have_count(8)
    page.keyboard.press("/")
    page.keyboard.type("kenya")
    expect(rows(page)).to_have_count(4)
    expect(page.get_by_text("4 trajectories")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.keyboard.press("c")
    totals = page.get_by_role("table", name="Totals side by side")
    expect(totals).to_contain_text(re.compile("more|less|the same"))
    expect(page.locator(".pd-diff-table")).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(4)


def test_a_run_is_opened_forked_and_downloaded_by_keyboard(page: Page, runs_url: str, tmp_path: Path) -> None:
    open_page(page, runs_url, "?words=kenya&stop=answered")
    expect(rows(page)).not_to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".runs-one .pd-query")).to_have_text(QUERIES[0])
    page.keyboard.press("j")
    page.keyboard.press("f")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Choose an alias")
    page.keyboard.press("ArrowDown")
    expect(dialog).to_contain_text(re.compile("Extra cost to the end|What follows it is unknown"))
    expect(dialog).to_contain_text("Rests on")
    go = dialog.get_by_role("button", name=re.compile("Fork with"))
    expect(go).to_be_enabled()
    for _ in range(6):
        page.keyboard.press("Tab")
        if go.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Extra cost really spent", timeout=60_000)
    expect(dialog).to_contain_text("Estimated before")
    expect(dialog.get_by_role("link", name="Open the fork")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".runs-forked")).to_contain_text("Extra cost really spent")
    expect(page.get_by_role("region", name="Forks")).to_contain_text("another call at step 1")
    with page.expect_download() as download:
        page.keyboard.press("d")
    file = tmp_path / "record.json"
    download.value.save_as(file)
    assert json.loads(file.read_text())["fork"]["step"] == 0


def test_the_address_holds_everything_and_the_way_back_works(page: Page, runs_url: str) -> None:
    open_page(page, runs_url, "?words=kenya&sort=cost&order=asc")
    expect(rows(page).first).to_be_visible()
    page.locator("select[name=priced]").select_option("yes")
    expect(page).to_have_url(re.compile("priced=true"))
    expect(page.get_by_role("button", name="Take back: every price known: yes")).to_be_visible()
    priced = found(runs_url, words="kenya", sort="cost", order="asc", priced="true")
    assert priced
    assert all(row["cost_usd"] is not None and row["unpriced_calls"] == 0 for row in priced)
    for at, row in enumerate(priced):
        expect(rows(page).nth(at)).to_have_attribute("data-id", row["id"])
    costs = [float(text.removeprefix("$")) for text in page.locator(".runs-facts .pd-number").all_inner_texts()[::3]]
    assert len(costs) == len(priced)
    assert costs == sorted(costs)
    page.locator(".runs-query").first.click()
    expect(page.locator(".runs-one .pd-query")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("sort=cost&order=asc&priced=true"))
    expect(page.get_by_role("searchbox")).to_have_value("kenya")
    page.reload()
    expect(page.locator("select[name=priced]")).to_have_value("true")
    expect(rows(page)).to_have_count(len(priced))
    page.get_by_role("button", name="Clear all filters").click()
    expect(page.get_by_role("searchbox")).to_have_value("")
    assert len(found(runs_url)) >= len(priced) + 4
    expect(rows(page)).to_have_count(len(found(runs_url)))
    page.keyboard.press("g")
    expect(page.locator(".runs-charts .js-plotly-plot").first).to_be_visible()
    page.get_by_role("button", name="Latency").click()
    expect(page).to_have_url(re.compile("view=figures.*metric=latency"))
    expect(page.get_by_role("heading", name="Latency of a call, by alias (simulated)")).to_be_visible()


def test_nothing_found_says_what_to_do(page: Page, runs_url: str) -> None:
    open_page(page, runs_url, "?words=zyxw")
    expect(page.get_by_text("Nothing matches all of these filters")).to_be_visible()
    page.locator(".runs-empty").get_by_role("button", name="Clear all filters").click()
    expect(rows(page).first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    another_page: MakePage, runs_url: str, artifacts: Path, scheme: Any
) -> None:
    id = first_id(runs_url)
    two = ",".join(one["id"] for one in httpx.get(f"{runs_url}/api/v1/search?size=3", timeout=60).json()["rows"])
    views = {
        "list": ("", ".runs-row[data-id]"),
        "figures": ("?view=figures", ".runs-charts .js-plotly-plot"),
        "one": (f"?trajectory={id}&step=0", ".runs-right .js-plotly-plot"),
        "compare": (f"?compare={two}", ".pd-diff-table"),
    }
    # The chart beside a step that the address opens moves by 0.06.
    page = another_page(allowed=["pd-chart-frame"], color_scheme=scheme, viewport={"width": 1280, "height": 720})
    for name, (search, ready) in views.items():
        page.set_viewport_size({"width": 1280, "height": 720})
        open_page(page, runs_url, search)
        expect(page.locator(ready).first).to_be_visible()
        page.screenshot(path=artifacts / f"runs-{name}-{scheme}.png")
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")] == []
        page.set_viewport_size({"width": 360, "height": 640})
        page.wait_for_timeout(300)
        page.screenshot(path=artifacts / f"runs-{name}-{scheme}-360.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, f"{name} scrolls sideways"
    page.set_viewport_size({"width": 1280, "height": 720})
    open_page(page, runs_url, f"?trajectory={id}")
    page.get_by_role("button", name="Fork…").click()
    page.get_by_role("dialog").get_by_role("radio").nth(2).check()
    expect(page.get_by_role("dialog")).to_contain_text("Rests on")
    page.screenshot(path=artifacts / f"runs-fork-{scheme}.png")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("size", [(1280, 720), (360, 640)])
def test_the_fork_dialog_fits_and_its_button_is_in_sight(
    another_page: MakePage, runs_url: str, size: tuple[int, int]
) -> None:
    page = another_page(viewport={"width": size[0], "height": size[1]})
    open_page(page, runs_url, f"?trajectory={first_id(runs_url)}")
    page.get_by_role("button", name="Fork…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio").nth(2).check()
    expect(dialog).to_contain_text("Rests on")
    expect(dialog.get_by_role("button", name=re.compile("Fork with"))).to_be_in_viewport(ratio=1)
    edge = dialog.evaluate("node => node.getBoundingClientRect().right")
    assert all(offer["x"] + offer["width"] <= edge for offer in map(bounds, dialog.locator(".runs-offer").all()))


def bounds(offer: Any) -> dict[str, float]:
    found: dict[str, float] | None = offer.bounding_box()
    assert found is not None
    return found


def test_rows_are_chosen_and_compared_by_touch_and_nothing_jumps(another_context: MakeContext, runs_url: str) -> None:
    context = another_context(has_touch=True, viewport={"width": 360, "height": 640})
    page = context.new_page()
    open_page(page, runs_url)
    expect(rows(page).first).to_be_visible()
    for at in (0, 1):
        page.locator(".runs-pick").nth(at).tap()
    page.get_by_role("button", name="Compare").tap()
    expect(page.get_by_role("table", name="Totals side by side")).to_be_visible()
