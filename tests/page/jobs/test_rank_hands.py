"""What hands do on the page *Rank* without meaning to: a key that is held, a form that is closed, another tab."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.page.conftest import serving
from tests.page.jobs.rank_world import Ranker, make_study, progress, seed

pytestmark = pytest.mark.browser
HIDDEN = ["identity", "cost", "latency", "outcome"]


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("hands")
    seed(folder, 4)
    with serving(folder) as address:
        yield address


def ready(page: Page, base_url: str, name: str, **study: object) -> tuple[Ranker, str]:
    """Somebody before the first ballot of a study, with the next one fetched."""
    made = make_study(base_url, **study)
    one = Ranker(page, base_url, name)
    one.open(made)
    expect(one.query).to_be_visible()
    one.wait_for_next()
    return one, made


def test_a_skip_that_is_slow_does_not_bring_the_same_ballot_back(page: Page, base_url: str) -> None:
    ann, _ = ready(page, base_url, "slow")
    for _ in range(3):
        ann.press("1", "2", "3")
        submitted = ann.submit()
    ann.kept(submitted)

    def late(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/skip", late)
    ann.press("s")
    expect(page.get_by_role("heading", name="Nothing is left for you")).to_be_visible()


def test_a_key_that_is_held_skips_one_ballot(page: Page, base_url: str) -> None:
    ann, study = ready(page, base_url, "held")
    first = ann.ballot
    page.keyboard.down("s")
    expect(ann.said).to_contain_text("Skipped")
    page.wait_for_function("first => !location.href.includes(first)", arg=first)
    before = ann.ballot
    page.keyboard.down("s")
    page.keyboard.down("s")
    page.keyboard.up("s")
    page.wait_for_timeout(500)
    assert ann.ballot == before
    assert progress(base_url, study)["skipped"] == 1


def test_tab_goes_on_at_the_next_query_after_a_submission(page: Page, base_url: str) -> None:
    ann, _ = ready(page, base_url, "tabs")
    ann.press("1", "2", "3")
    ann.submit()
    expect(ann.query).to_be_focused()
    ann.press("1")
    assert ann.cards() == ["A"], "keys mean the same there"


def test_a_name_given_in_another_tab_does_not_rank_here(page: Page, base_url: str, context: BrowserContext) -> None:
    ann, _ = ready(page, base_url, "ann-of-this-tab")
    page.evaluate("localStorage.setItem('podium:annotator', JSON.stringify('bob-of-another'))")
    ann.press("1", "2", "3")
    before = ann.submit()
    assert ann.kept(before)["annotator"] == "ann-of-this-tab"


def test_the_form_keeps_what_was_ticked_when_it_is_closed_or_the_page_reloads(page: Page, base_url: str) -> None:
    page.goto(f"{base_url}/rank")
    page.get_by_role("button", name="New study").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("who was called").check()
    dialog.get_by_label("whether it was solved").check()
    page.keyboard.press("Escape")
    page.reload()
    page.get_by_role("button", name="New study").click()
    expect(dialog.get_by_label("whether it was solved")).to_be_checked()
    expect(dialog.get_by_label("who was called")).to_be_checked()
    expect(dialog.get_by_label("cost", exact=True)).not_to_be_checked()
    dialog.get_by_label("Name").fill("Without verdicts")
    dialog.get_by_role("button", name="Make the study").click()
    expect(page.get_by_text("hides whether it was solved")).to_be_visible()


def test_a_blind_ballot_shows_no_verdict_in_words_marks_or_tooltips(page: Page, base_url: str) -> None:
    ann, _ = ready(page, base_url, "unswayed", hidden=HIDDEN)
    expect(page.locator(".pd-r-answer")).to_have_count(4)
    markup = page.locator(".pd-r-body").inner_html().lower()
    for word in ("solved", "reference", "data-verdict", "answer-1", "undefined", "$"):
        assert word not in markup, word
    ann.press("1", "2", "3")
    ann.submit()
    expect(ann.said).to_contain_text("A > B > C > D")
    page.get_by_role("button", name="What they were").click()
    expect(page.get_by_role("dialog").get_by_text("Solved").first).to_be_visible()


def test_a_blind_ranking_on_its_way_cannot_be_changed_or_sent_twice(page: Page, base_url: str) -> None:
    ann, _ = ready(page, base_url, "hasty", hidden=["cost"], two_phases=True)

    def late(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/rankings", late)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/rankings") else None)
    ann.press("1", "2", "3", "Enter", "ArrowUp", "Shift+1", "Enter")
    expect(page.locator(".pd-r-phase")).to_contain_text("Now with cost and time")
    assert ann.cards() == ["A", "B", "C", "D"]
    assert len(sent) == 1
    page.unroute("**/rankings")
    ann.press("Enter")
    expect(ann.said).to_contain_text("No pair changed")
