"""The page over a fake desk in a real browser."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from orchestrator.kept_text import KeptText
from orchestrator.preference import PreferenceVector
from tests.webapp.canned import made_step
from tests.webapp.desk_server import browser_here, desk_at
from tests.webapp.fake_desk import QUESTION, FakeDesk
from webapp.asking import DEFAULT_LIMITS, varied
from webapp.views import words

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),  # Gradio 6.31 on pandas 3.1
]


@dataclass(slots=True)
class Served:
    """The page at an address of this machine, and the desk behind it."""

    url: str
    desk: FakeDesk
    problems: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    desk = FakeDesk(pace_s=0.6)
    with desk_at(desk) as url:
        yield Served(url, desk)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser_here() as browser:
        yield browser


@pytest.fixture
def tab(chrome: Browser, served: Served) -> Iterator[Page]:
    """An empty tab that fails its test on a console error, an exception or a request to anywhere else."""
    context = chrome.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on(
        "request", lambda r: problems.append(r.url) if not r.url.startswith((served.url, "data:", "blob:")) else None
    )
    yield page
    context.close()
    assert problems == []


def open_ballot(page: Page, served: Served, alternatives: int = 4) -> str:
    """A finished run with that many alternatives, opened by its link at the ranking list."""
    run = served.desk.add(QUESTION, varied(PreferenceVector(), alternatives, ()))
    page.goto(f"{served.url}/ui/?run={run}")
    expect(page.locator(".pd-answer").first).to_be_visible(timeout=20_000)
    page.get_by_role("tab", name=words.TAB_COMPARE, exact=True).click()
    expect(page.locator(".pd-tray .pd-card")).to_have_count(alternatives)
    return run


def order(page: Page) -> str:
    """The order on screen, such as `B > A = C | line | D`."""
    parts = []
    for node in page.locator(".pd-rank-list > li").all():
        labels = node.locator(".pd-label").all_inner_texts()
        parts.append(
            " = ".join(labels) if labels else "line" if "pd-line" in (node.get_attribute("class") or "") else ""
        )
    return " > ".join(part for part in parts if part)


def test_a_query_is_watched_live_until_its_answer(tab: Page, served: Served) -> None:
    tab.goto(f"{served.url}/ui/")
    tab.get_by_label(words.QUERY, exact=True).fill(QUESTION)
    tab.get_by_label(words.QUERY, exact=True).press("Enter")
    expect(tab.locator(".pd-live")).to_be_visible(timeout=20_000)
    expect(tab.locator(".pd-tab")).to_have_count(4)
    expect(tab.locator("#stop")).to_be_visible()
    expect(tab.locator(".pd-answer-text")).to_contain_text("84 years", timeout=20_000)
    expect(tab.locator(".pd-steps > .pd-step")).to_have_count(3)
    expect(tab.locator("#stop")).to_be_hidden(timeout=20_000)
    assert "run=" in tab.url
    assert served.desk.asked[-1].query == QUESTION
    assert len(served.desk.asked[-1].preferences) == 4
    assert served.desk.asked[-1].limits == DEFAULT_LIMITS


def test_a_bar_opens_its_step_in_the_trace(tab: Page, served: Served) -> None:
    run = served.desk.add(QUESTION, [PreferenceVector()])
    tab.goto(f"{served.url}/ui/?run={run}")
    bars = tab.locator("#timeline .barlayer .point")
    expect(bars).to_have_count(8, timeout=20_000)
    bars.nth(4).click(force=True)
    step = tab.locator('.pd-step[data-step="1"]')
    expect(step.get_by_role("button").first).to_have_attribute("aria-expanded", "true")
    expect(step.locator(".pd-pre").first).to_contain_text("gap = 1930 - 1846")


def test_text_from_models_is_shown_and_never_run(tab: Page, served: Served) -> None:
    run = served.desk.add("<img src=x onerror=alert(1)> ${7*6} {{value}}", [PreferenceVector()])
    tab.goto(f"{served.url}/ui/?run={run}")
    expect(tab.locator(".pd-query").first).to_have_text("<img src=x onerror=alert(1)> ${7*6} {{value}}", timeout=20_000)
    tab.locator(".pd-step .pd-head").first.click()
    expect(tab.locator(".pd-docs")).to_contain_text("<script>alert(1)</script> ${1+1} {{value}}")


def test_ranking_by_keyboard_alone(tab: Page, served: Served) -> None:
    run = open_ballot(tab, served)
    for key in "bacd":
        tab.keyboard.press(key)
    assert order(tab) == "B > A > C > D"
    tab.keyboard.press("=")
    assert order(tab) == "B > A > C = D"
    tab.keyboard.press("u")
    assert order(tab) == "B > A > C"
    tab.keyboard.press("c")
    for key in (" ", "ArrowUp", " "):
        tab.keyboard.press(key)
    assert order(tab) == "B > C > A"
    tab.keyboard.press("b")
    tab.keyboard.press("-")
    assert order(tab) == "B > line > C > A"
    tab.keyboard.press("Enter")
    expect(tab.locator(".pd-result h3")).to_have_text(
        "✓ Stored: B > C > A; not ranked: D; acceptable: B", timeout=20_000
    )
    stored = served.desk.rankings[run]
    assert [(r.groups, r.unranked, r.acceptable) for r in stored] == [((("B",), ("C",), ("A",)), ("D",), 1)]


def test_ranking_by_mouse_with_a_tie_and_a_reason(tab: Page, served: Served) -> None:
    run = open_ballot(tab, served)
    card = tab.locator(".pd-tray .pd-card")
    place = tab.locator(".pd-rank-list")
    card.filter(has_text="It is 13.6.").drag_to(place)
    first = tab.locator(".pd-group").first
    size = first.bounding_box()
    assert size is not None
    label = card.first.locator(".pd-label").inner_text()
    card.first.drag_to(first, target_position={"x": size["width"] / 2, "y": 2})
    assert order(tab).startswith(f"{label} > ")
    tied = card.first.locator(".pd-label").inner_text()
    card.first.drag_to(first, target_position={"x": size["width"] / 2, "y": size["height"] / 2})
    assert order(tab).split(" > ")[0] == " = ".join(sorted((label, tied)))
    tab.get_by_label(words.REASON, exact=True).fill("Short and right.")
    tab.get_by_role("button", name=words.SUBMIT, exact=True).click()
    expect(tab.locator(".pd-reason")).to_have_text("Short and right.", timeout=20_000)
    assert served.desk.rankings[run][0].reason == "Short and right."


def test_an_untouched_order_cannot_be_submitted(tab: Page, served: Served) -> None:
    run = open_ballot(tab, served)
    tab.get_by_role("button", name=words.SUBMIT, exact=True).click()
    expect(tab.get_by_text(words.NOT_TOUCHED)).to_be_visible()
    assert run not in served.desk.rankings


def test_a_draft_survives_a_reload(tab: Page, served: Served) -> None:
    open_ballot(tab, served)
    tab.keyboard.press("c")
    tab.keyboard.press("a")
    assert order(tab) == "C > A"
    tab.reload()
    expect(tab.locator("html[data-podium=ready]")).to_be_attached(timeout=20_000)
    expect(tab.locator(".pd-answer").first).to_be_visible(timeout=20_000)
    tab.get_by_role("tab", name=words.TAB_COMPARE, exact=True).click()
    expect(tab.locator(".pd-tray .pd-card")).to_have_count(2)
    assert order(tab) == "C > A"


def test_history_finds_and_opens_a_run(tab: Page, served: Served) -> None:
    served.desk.add("Which metal melts in the hand?", [PreferenceVector()])
    tab.goto(f"{served.url}/ui/")
    tab.get_by_role("tab", name=words.TAB_HISTORY, exact=True).click()
    tab.get_by_label(words.SEARCH, exact=True).fill("metal hand")
    expect(tab.locator(".pd-run")).to_have_count(1, timeout=20_000)
    tab.locator(".pd-run").click()
    expect(tab.locator("#trace .pd-query")).to_have_text("Which metal melts in the hand?", timeout=20_000)


def test_an_unknown_link_says_that_there_is_no_such_run(tab: Page, served: Served) -> None:
    tab.goto(f"{served.url}/ui/?run=nothing")
    expect(tab.get_by_text("There is no run nothing.")).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(tab: Page, served: Served, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    open_ballot(tab, served)
    for name in (words.TAB_RUN, words.TAB_COMPARE, words.TAB_HISTORY):
        tab.get_by_role("tab", name=name, exact=True).click()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the button of that name has the focus."""
    for _ in range(120):
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached by keyboard")


def test_thinking_grows_in_the_live_row_until_its_step_is_kept(
    tab: Page, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.desk, "pace_s", 6.0)
    tab.goto(f"{served.url}/ui/")
    tab.get_by_label(words.QUERY, exact=True).fill(QUESTION)
    tab.get_by_label(words.QUERY, exact=True).press("Enter")
    box = tab.locator(".pd-writing")
    expect(tab.locator(".pd-live")).to_contain_text("The orchestrator is thinking", timeout=20_000)
    expect(box).to_contain_text("The two years have to be looked up")
    expect(box).to_contain_text("<b>Think</b> of ${1+1}")
    before, height = box.inner_text(), box.bounding_box()
    expect(tab.locator(".pd-live")).to_contain_text("calling search-1")
    assert height is not None
    assert len(box.inner_text()) > len(before)
    expect(box).to_contain_text("search-1, expert writes", ignore_case=True)
    after = box.bounding_box()
    assert after is not None
    assert after["height"] == height["height"], "the box has one height"
    assert box.evaluate("e => e.scrollTop + e.clientHeight >= e.scrollHeight - 24"), "it follows the end"
    assert box.get_attribute("aria-live") == "off"
    expect(tab.locator("#trace .pd-quiet[role=status]")).to_have_text("Step 1: the orchestrator is thinking.")
    expect(tab.locator(".pd-step[data-step='0'] .pd-why").first).to_contain_text("The two years")
    expect(box).not_to_contain_text("The two years")


def test_whoever_scrolls_up_in_the_growing_text_is_left_there(tab: Page, served: Served) -> None:
    run = served.desk.add(QUESTION, [PreferenceVector()], pace_s=6.0)
    tab.goto(f"{served.url}/ui/?run={run}")
    box = tab.locator(".pd-writing")
    expect(box).to_contain_text("Think", timeout=20_000)
    tab.wait_for_function("(() => { const e = document.querySelector('.pd-writing'); return e.scrollTop > 40; })()")
    box.evaluate("e => { e.scrollTop = 0; }")
    before = box.inner_text()
    tab.wait_for_function("before => document.querySelector('.pd-writing').innerText.length > before", arg=len(before))
    assert box.evaluate("e => e.scrollTop") == 0


def test_the_stop_button_keeps_its_focus_while_text_streams_in(tab: Page, served: Served) -> None:
    run = served.desk.add(QUESTION, [PreferenceVector()], pace_s=6.0)
    tab.goto(f"{served.url}/ui/?run={run}")
    stop = tab.get_by_role("button", name="Stop this one")
    expect(tab.locator(".pd-writing")).to_be_visible(timeout=20_000)
    stop.focus()
    length = len(tab.locator(".pd-writing").inner_text())
    tab.wait_for_function("n => document.querySelector('.pd-writing').innerText.length > n + 60", arg=length)
    expect(stop).to_be_focused()


def test_a_prompt_opens_by_keyboard_and_shows_the_exact_request(tab: Page, served: Served) -> None:
    run = served.desk.add(QUESTION, [PreferenceVector()])
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.goto(f"{served.url}/ui/?run={run}")
    expect(tab.locator(".pd-answer").first).to_be_visible(timeout=20_000)
    tab_to(tab, "Show details of step 1")
    tab.keyboard.press("Enter")
    tab_to(tab, "Prompt of orchestrator, Orchestrator-8B")
    tab.keyboard.press("Enter")
    panel = tab.get_by_role("region", name="Prompt of orchestrator, Orchestrator-8B")
    expect(panel.locator(".pd-parts")).to_contain_text("Documents:\nNeptune was seen in 1846.")
    expect(panel.locator(".pd-parts")).to_contain_text("<b>Call exactly one.</b> ${1+1} {{value}}")
    sent = served.desk.runs[run].whole[0].steps[0].calls[0].prompt
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert panel.locator("pre").text_content() == sent
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Copied")).to_be_focused()
    assert tab.evaluate("navigator.clipboard.readText()") == sent


def test_a_text_that_is_not_here_says_so(chrome: Browser, served: Served) -> None:
    missing = KeptText.of("never came along").address
    step = made_step(0, "answer-1")
    step = replace(step, calls=(replace(step.calls[0], prompt=missing), *step.calls[1:]))
    run = served.desk.add(QUESTION, [PreferenceVector()])
    served.desk.runs[run].whole[0] = replace(served.desk.runs[run].whole[0], steps=(step,))
    page = chrome.new_page()
    page.goto(f"{served.url}/ui/?run={run}")
    page.locator(".pd-step .pd-head").first.click(timeout=20_000)
    page.get_by_role("button", name="Prompt of orchestrator, Orchestrator-8B").click()
    expect(page.locator(".pd-missing")).to_contain_text("Not kept here")
    page.close()


def test_failed_attempts_a_fallback_and_the_judge_are_shown(tab: Page, served: Served) -> None:
    run = served.desk.add(QUESTION, varied(PreferenceVector(), 2, ()))
    tab.goto(f"{served.url}/ui/?run={run}")
    tab.locator(".pd-tab").nth(1).click(timeout=20_000)
    expect(tab.locator(".pd-verdict")).to_contain_text("judged by gpt-5-mini")
    expect(tab.locator(".pd-judged")).to_contain_text("17% of 84 is 14.28")
    tab.locator(".pd-judging summary").click()
    expect(tab.locator(".pd-judging")).to_contain_text("It is not part of the route's time or cost.")
    tab.locator(".pd-step .pd-head").nth(1).click()
    step = tab.locator(".pd-step").nth(1)
    expect(step).to_contain_text("in place of qwen2.5-math-7b, which failed")
    step.locator(".pd-attempts summary").click()
    expect(step).to_contain_text("after 0.3 s, $0.00012: 429 Too Many Requests")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_prompt_fits_a_small_phone_and_reads_well(chrome: Browser, served: Served, scheme: Any) -> None:
    run = served.desk.add(QUESTION, varied(PreferenceVector(), 2, ()))
    page = chrome.new_page(color_scheme=scheme, viewport={"width": 360, "height": 780})
    page.goto(f"{served.url}/ui/?run={run}")
    page.locator(".pd-step .pd-head").first.click(timeout=20_000)
    for name in ("Prompt", "Raw reply"):
        page.get_by_role("button", name=f"{name} of orchestrator, Orchestrator-8B").first.click()
    expect(page.locator(".pd-paper:visible")).to_have_count(2)
    page.get_by_role("button", name="Exact").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page, context="#trace").response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    page.close()
