"""The page *Rank* as it looks and feels: studies and their form, small screens and touch, light and dark, axe."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.conftest import serving
from tests.page.jobs.rank_world import Ranker, make_study, progress, seed
from tests.page.watch import MakeContext, MakePage

pytestmark = pytest.mark.browser
GUIDELINES = "Read the answers first.\n\nPrefer the one you would send to a customer."
SIZES = {"laptop": (1280, 720), "phone": (360, 640)}


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("ranked-screens")
    seed(folder, 6)
    with serving(folder) as address:
        make_study(address, name="Shown", guidelines=GUIDELINES, hidden=["identity"], overlap=3)
        yield address


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_studies_and_a_ballot_look_right(
    another_page: MakePage, base_url: str, artifacts: Path, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    page = another_page(color_scheme=scheme, viewport={"width": width, "height": height})
    ann = Ranker(page, base_url, f"looks-{scheme}-{size}")
    for place, study in (("studies", None), ("ballot", make_study(base_url, guidelines=GUIDELINES))):
        ann.open(study)
        expect(page.locator(".pd-r-study, .pd-r-answers").first).to_be_visible()
        page.wait_for_timeout(300)
        page.screenshot(path=artifacts / f"rank-{place}-{size}-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")] == []


def test_a_ballot_is_ranked_by_touch_on_a_phone(another_context: MakeContext, base_url: str) -> None:
    context = another_context(has_touch=True, viewport={"width": 360, "height": 640})
    ann = Ranker(context.new_page(), base_url, "thumb")
    ann.open(make_study(base_url))
    ballot = ann.ballot
    dock = ann.page.get_by_role("toolbar", name="Your ranking")
    for label in "CAB":
        dock.get_by_role("button", name=f"Place {label}").tap()
    assert ann.page.evaluate("scrollY") == 0, "the evidence stays in view"
    expect(dock).to_contain_text("C > A > B > D")
    dock.get_by_role("button", name="C > A > B > D").tap()
    drag_by_touch(ann, "D")
    dock.get_by_role("button", name="Submit").tap()
    ann.page.wait_for_function("before => !location.search.includes(before)", arg=ballot)
    assert ann.kept(ballot)["groups"] == [["D"], ["C"], ["A"], ["B"]]


def drag_by_touch(ann: Ranker, label: str) -> None:
    """Drag a card above the first one, and hold it still before letting go: what is thrown eats the next tap."""
    grip = ann.page.locator(f'.pd-card[data-label="{label}"] .pd-grip')
    expect(grip).to_be_in_viewport()
    first = ann.page.locator(".pd-group").first
    first.scroll_into_view_if_needed()
    target = None
    for _ in range(20):  # The page scrolls to the list.
        before, target = target, first.bounding_box()
        if before == target:
            break
        ann.page.wait_for_timeout(400)
    start = grip.bounding_box()
    assert start is not None
    assert target is not None
    finger = ann.page.context.new_cdp_session(ann.page)
    x, y, goal = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2, target["y"] + 4
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for part in range(1, 9):
        at = {"x": x + 8, "y": y + (goal - y) * part / 8}
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
        ann.page.wait_for_timeout(16)
    ann.page.wait_for_timeout(400)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(ann.page.locator(".pd-group .pd-card").first).to_have_attribute("data-label", label)


def test_a_study_is_made_in_the_form_and_closed(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "maker")
    ann.open()
    page.get_by_role("button", name="New study").click()
    form = page.get_by_role("dialog")
    form.get_by_label("People for each").fill("2")
    form.get_by_label("Name").fill("Made here")
    form.get_by_label("Two looks").check()
    form.get_by_role("button", name="Make the study").click()
    card = page.locator(".pd-r-study", has_text="Made here")
    expect(card).to_contain_text("all 0 of 12")
    for words in ("6 ballots of 4", "2 rankings of each", "hides cost", "hides time", "two looks"):
        expect(card).to_contain_text(words)
    card.get_by_role("button", name="Close study").click()
    page.get_by_role("button", name="Close it").click()
    page.get_by_text("Closed studies").click()
    expect(page.locator("details .pd-r-study", has_text="Made here")).to_contain_text("closed")


WRONG = (
    ("Name", "", "the name of a study must have 1 to 200 characters"),
    ("People for each", "0", "overlap must be from 1 to 1,000"),
    ("Gold ballots, %", "150", "gold_share must be from 0 to 1"),
    ("Lease, minutes", "0", "lease_s must be from 1"),
)


def test_what_is_wrong_in_the_form_is_said_at_its_field(another_page: MakePage, base_url: str) -> None:
    page = another_page(allowed=["status of 4"])
    Ranker(page, base_url, "maker").open()
    page.get_by_role("button", name="New study").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Guidelines").fill(GUIDELINES)
    for label, value, said in WRONG:
        field = form.locator("label.pd-field", has_text=label).first
        before = field.locator("input").input_value()
        form.get_by_label("Name").fill("A name")
        field.locator("input").fill(value)
        form.get_by_role("button", name="Make the study").click()
        expect(field.get_by_role("alert")).to_contain_text(said)
        field.locator("input").fill(before)
    expect(form.get_by_label("Guidelines")).to_have_value(GUIDELINES)


def test_somebody_says_their_name_and_it_is_kept(page: Page, base_url: str) -> None:
    study = make_study(base_url)
    page.goto(f"{base_url}/rank")
    field = page.get_by_label("You rank as")
    expect(field).to_have_value("local")
    field.fill("zoe")
    field.press("Tab")
    page.goto(f"{base_url}/rank?study={study}")
    expect(page.locator("h1.pd-query")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator(".pd-r-last")).to_contain_text("Submitted A")
    expect(page.locator(".pd-r-meters")).to_contain_text(re.compile(r"you 1 of 6"))
    assert progress(base_url, study, "zoe")["own"][0]["ranked"] == 1
    page.goto(f"{base_url}/rank")
    expect(page.get_by_label("You rank as")).to_have_value("zoe")


def test_all_keys_are_listed(page: Page, base_url: str) -> None:
    ann = Ranker(page, base_url, "reader")
    ann.open(make_study(base_url))
    ann.press("?")
    listed = page.get_by_role("dialog", name="Keys of this page")
    for words in ("Place that alternative next", "acceptability line", "Take back the last", "Mark the step as wrong"):
        expect(listed).to_contain_text(words)
