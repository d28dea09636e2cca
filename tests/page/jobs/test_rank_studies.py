"""The studies of the page *Rank*: what a new one hides, and what second looks say on the card."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from prefs.study import TAGS
from tests.page.conftest import serving
from tests.page.jobs.rank_world import PATIENCE_S, Ranker, make_study, seed
from tests.page.watch import MakePage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("studies")
    seed(folder, 2)
    with serving(folder) as address:
        yield address


def look_twice(base_url: str, study: str) -> None:
    """Somebody ranks the first ballot blind, and turns two pairs round at the second look."""
    api = f"{base_url}/api/v1"
    ballot = httpx.get(f"{api}/studies/{study}", timeout=PATIENCE_S).json()["ballots"][0]
    for phase, order in (("blind", "ABCD"), ("revealed", "CABD")):
        body = {"groups": [[label] for label in order], "annotator": "ann", "phase": phase}
        sent = httpx.post(f"{api}/ballots/{ballot}/rankings", json=body, timeout=PATIENCE_S)
        assert sent.status_code == 201, sent.text


def test_what_two_looks_say_is_on_the_card_of_their_study_alone(page: Page, base_url: str) -> None:
    looked = make_study(base_url, name="Looked", two_phases=True, hidden=["cost", "latency"])
    make_study(base_url, name="Not yet", two_phases=True, hidden=["cost", "latency"])
    make_study(base_url, name="One look")
    look_twice(base_url, looked)
    Ranker(page, base_url, "maker").open()
    card = page.locator(".pd-r-study", has=page.get_by_role("heading", name="Looked"))
    expect(card.locator(".pd-r-turned")).to_contain_text("people turned 2 of 6 pairs round")
    expect(page.locator(".pd-r-turned")).to_have_count(1)


def test_a_new_study_hides_names_and_scores_until_somebody_says_otherwise(page: Page, base_url: str) -> None:
    Ranker(page, base_url, "maker").open()
    page.get_by_role("button", name="New study").click()
    form = page.get_by_role("dialog")
    for words, ticked in (("who was called", True), ("whether it was solved", True), ("cost", False), ("time", False)):
        expect(form.get_by_label(words, exact=True)).to_be_checked(checked=ticked)
    expect(form.get_by_label("Categories of reasons")).to_have_value("\n".join(TAGS))
    form.get_by_label("who was called").uncheck()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New study").click()
    expect(form.get_by_label("who was called")).not_to_be_checked()


def unlucky(route: Route) -> None:
    if route.request.method == "GET":
        route.continue_()
    else:
        route.fulfill(status=422, json={"detail": "Zeroes are not lucky.", "where": "body.lease_s"})


def test_what_is_wrong_is_said_at_the_field_that_the_server_names(another_page: MakePage, base_url: str) -> None:
    page = another_page(allowed=["status of 4"])
    page.route("**/studies", unlucky)
    Ranker(page, base_url, "maker").open()
    page.get_by_role("button", name="New study").click()
    form = page.get_by_role("dialog")
    form.get_by_role("button", name="Make the study").click()
    expect(form.locator("[data-field=lease]")).to_contain_text("Zeroes are not lucky.")
    expect(form.get_by_label("Lease, minutes")).to_be_focused()
