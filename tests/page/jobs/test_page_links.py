"""The navigation takes along the run that is shown, and the alternative and step where the other page knows them."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import serving
from tests.page.jobs.rank_world import seed
from tests.page.watch import LEFT, MakePage

pytestmark = pytest.mark.browser
ONE = {"run": ["r000"], "alternative": ["r000-t2"], "step": ["1"]}


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("links")
    seed(folder, 1)
    with serving(folder) as address:
        yield address


def followed(page: Page, name: str) -> tuple[str, dict[str, list[str]]]:
    """Path and query of the page behind a link of the navigation."""
    page.locator(".pd-nav").get_by_role("link", name=name, exact=True).click()
    expect(page.locator("html[data-podium=ready]")).to_be_attached()
    parts = urlsplit(page.url)
    return parts.path, parse_qs(parts.query)


def test_from_the_desk_to_runs_and_back_the_same_step_is_shown(another_page: MakePage, base_url: str) -> None:
    page = another_page(allowed=LEFT)
    page.goto(f"{base_url}/ui/?run=r000&alternative=r000-t2&step=1")
    expect(page.locator("#trace .pd-query")).to_be_visible()
    assert followed(page, "Runs") == ("/runs", {"trajectory": ["r000-t2"], "step": ["1"]})
    expect(page.locator(".runs-tools")).to_be_visible()
    assert followed(page, "Run") == ("/ui/", ONE)
    expect(page.locator("#trace .pd-query")).to_be_visible()
    path, asked = followed(page, "Stage")
    assert (path, asked["run"], asked["alternative"]) == ("/stage", ["r000"], ["r000-t2"])
    expect(page.locator(".st-where")).to_have_text("Step 2 of 4")


def test_without_a_run_the_links_lead_to_the_pages_themselves(page: Page, base_url: str) -> None:
    page.goto(f"{base_url}/runs?words=Question")
    expect(page.locator("html[data-podium=ready]")).to_be_attached()
    assert followed(page, "Rank") == ("/rank", {})
    assert followed(page, "Stage") == ("/stage", {})
