"""The step-by-step difference in a real browser: by keyboard, on a phone, in the dark, blind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from orchestrator.alternatives import Run
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Trajectory
from tests.webapp.canned import MODELS, QUESTION, answered, made_step
from tests.webapp.desk_server import browser_here, desk_at
from tests.webapp.fake_desk import Canned, FakeDesk
from webapp.views import words

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),  # Gradio 6.31 on pandas 3.1
]
START = "search-1 search-2 reasoner-1"
FOUR = (f"{START} answer-1", f"{START} answer-1", f"{START} reasoner-2 answer-3", "search-1 search-2 answer-1")


def add(desk: FakeDesk, run: str, routes: tuple[str, ...]) -> None:
    """A run that has ended, with these routes."""
    now = datetime.now(UTC)
    whole = [
        replace(
            Trajectory(f"{run}-{n}", QUESTION, PreferenceVector(), "random", desk.pool.name, n, now, run=run),
            **answered([made_step(at, alias) for at, alias in enumerate(one.split())], text=f"Route {n}."),  # type: ignore[arg-type]
        )
        for n, one in enumerate(routes)
    ]
    desk.runs[run] = Canned(Run(run, QUESTION, now), whole, now, 0.0)


@pytest.fixture(scope="module")
def desk() -> FakeDesk:
    made = FakeDesk(pace_s=0)
    add(made, "four", FOUR)
    aliases = list(MODELS)[:6]
    add(
        made,
        "long",
        tuple(" ".join([*(aliases[(n * k + k // 3) % 6] for k in range(49)), "answer-1"]) for n in range(6)),
    )
    return made


@pytest.fixture(scope="module")
def address(desk: FakeDesk) -> Iterator[str]:
    with desk_at(desk) as served:
        yield served


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser_here() as browser:
        yield browser


@pytest.fixture
def open_page(chrome: Browser, address: str) -> Iterator[Any]:
    """Opens the difference of a run; its page fails on console errors."""
    problems: list[str] = []
    pages: list[Page] = []

    def opened(run: str, width: int = 1280, scheme: Any = "light") -> Page:
        page = chrome.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        pages.append(page)
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: problems.append(str(e)))
        page.goto(f"{address}/ui/?run={run}")
        expect(page.locator("#trace .pd-query")).to_be_visible(timeout=30_000)
        page.get_by_role("tab", name=words.TAB_COMPARE, exact=True).click()
        expect(page.locator(".pd-diff-table")).to_be_visible(timeout=20_000)
        return page

    yield opened
    for page in pages:
        page.close()
    assert problems == []


def lines(page: Page) -> Locator:
    return page.locator(".pd-diff-table tbody tr:visible")


def test_steps_are_walked_and_opened_by_keyboard(open_page: Any) -> None:
    page = open_page("four")
    expect(page.locator(".pd-diff-said p")).to_have_count(3)
    expect(page.locator(".pd-diff-parting")).to_contain_text("Here they part")
    table = page.get_by_role("grid", name="Step by step")
    first = table.locator("tbody [tabindex='0']")
    expect(first).to_have_count(1)
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    detail = page.locator(".pd-diff-step")
    expect(detail).to_have_count(1)
    expect(detail).to_contain_text("year of discovery of Neptune and of Pluto")
    expect(detail.get_by_role("button", name="Prompt of orchestrator, Orchestrator-8B")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(detail).to_have_count(2)
    boxes = [one.bounding_box() for one in detail.all()]
    assert boxes[0]["y"] == boxes[1]["y"], "what is open of one row stands side by side"
    detail.nth(1).locator(".pd-head").focus()
    page.keyboard.press("Escape")
    expect(table.locator("td[data-label='B'][aria-expanded='true']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(detail).to_have_count(1)
    page.keyboard.press("Control+End")
    expect(lines(page).last.locator("td").last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator("tr:last-child .pd-diff-step")).to_have_count(4)
    assert "step=" in page.url


def test_long_alternatives_fold_and_keep_their_heads(open_page: Any) -> None:
    page = open_page("long")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    scroll = page.locator(".pd-diff-scroll")
    scroll.evaluate("e => { e.scrollTop = 900; e.scrollLeft = 300; }")
    box, top = scroll.bounding_box(), page.locator(".pd-diff-top").first.bounding_box()
    side = lines(page).nth(12).locator(".pd-diff-row").bounding_box()
    assert box is not None
    assert top is not None
    assert side is not None
    assert abs(top["y"] - box["y"]) <= 2, "the labels stay"
    assert abs(side["x"] - box["x"]) <= 2, "the numbers of the rows stay"
    took = page.evaluate(
        """() => {
        const shown = [...document.querySelectorAll("td[data-index]")].filter((e) => e.offsetParent);
        return shown.slice(30, 35).map((e) => {
          const at = performance.now();
          e.click();
          document.body.offsetHeight;
          return performance.now() - at;
        }); }"""
    )
    assert min(took) < 200, f"opening a step took {took} ms"


def test_same_steps_are_one_line_until_somebody_unfolds_them(open_page: Any, desk: FakeDesk) -> None:
    add(desk, "alike", (f"{START} answer-1", f"{START} answer-1"))
    page = open_page("alike")
    expect(lines(page)).to_have_count(1)
    expect(lines(page)).to_contain_text("4 same steps")
    page.locator(".pd-diff-fold .pd-diff-row").click()
    expect(lines(page)).to_have_count(5)
    expect(page.locator(".pd-diff-parting")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_difference_fits_a_small_phone_and_reads_well(open_page: Any, scheme: str) -> None:
    page = open_page("four", 360, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    cell = page.locator("td[data-index]:visible").first
    expect(cell.locator(".pd-diff-label")).to_have_text("A")
    cell.click()
    expect(page.locator(".pd-diff-step")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page, context=".pd-diff").response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found if v["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_difference(open_page: Any, scheme: str) -> None:
    page = open_page("four", 1280, scheme)
    page.locator("td[data-index]:visible").first.click()
    found = Axe().run(page, context=".pd-diff").response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found if v["impact"] in ("serious", "critical")] == []


def test_blind_alternatives_show_their_tools_only(open_page: Any, desk: FakeDesk) -> None:
    desk.hidden = ("identity", "cost", "latency", "preference")
    try:
        text = open_page("four").locator(".pd-diff").inner_text()
    finally:
        desk.hidden = ()
    assert "enhance_reasoning" in text
    for name in (*MODELS, *MODELS.values(), "$"):
        assert name not in text
