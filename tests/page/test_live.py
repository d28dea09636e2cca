"""A run that takes its time: watched, stopped, left and found again."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import Desk, serving
from tests.page.watch import MakePage

QUERY = "By how many metres is Mount Kenya higher than Mount Kinabalu?"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def slow_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose route takes about twenty seconds."""
    route = "fixed:search-1,reasoner-1,answer-1"
    with serving(tmp_path_factory.mktemp("slow"), "--policy", route, pace="3") as address:
        yield address


def test_a_run_is_watched_live_and_one_alternative_is_stopped(page: Page, slow_url: str) -> None:
    desk = Desk(page, slow_url)
    desk.open()
    desk.ask(QUERY)
    expect(page.locator("#trace")).to_contain_text("calling search-1", ignore_case=True)
    expect(page.locator("#trace .pd-steps > li").first).to_contain_text("Found 8 passages")
    page.get_by_role("button", name=re.compile("Stop this", re.IGNORECASE)).click()
    expect(page.locator("#trace .pd-state")).to_contain_text("stopped", ignore_case=True)
    states = httpx.get(f"{slow_url}/api/v1/runs/{desk.run}").json()["trajectories"]
    assert [t["stop_reason"] for t in states] == ["cancelled", None, None, None]
    page.get_by_role("button", name="Stop all").click()
    desk.wait_until_ended()
    states = httpx.get(f"{slow_url}/api/v1/runs/{desk.run}").json()["trajectories"]
    assert [t["stop_reason"] for t in states] == ["cancelled"] * 4
    page.get_by_role("tab", name="Compare and rank").click()
    expect(page.locator("#rank .pd-card")).to_have_count(4)


def test_closing_the_tab_neither_kills_nor_orphans_the_run(another_page: MakePage, slow_url: str) -> None:
    page = another_page()
    desk = Desk(page, slow_url)
    desk.open()
    desk.ask(QUERY)
    expect(page.locator("#trace .pd-steps > li").first).to_be_visible()
    link = page.url
    page.close()
    again = another_page()
    again.goto(link)
    desk = Desk(again, slow_url)
    expect(again.locator("#trace .pd-query")).to_have_text(QUERY)
    desk.wait_until_ended()
    expect(again.locator("#trace .pd-state")).to_contain_text("answered", ignore_case=True)


def test_a_run_that_a_crash_interrupted_is_resumed_on_the_page(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data_dir = tmp_path_factory.mktemp("crash")
    route = ("--policy", "fixed:search-1,reasoner-1,answer-1")
    with serving(data_dir, *route, pace="1.5") as address:
        run = httpx.post(f"{address}/api/v1/runs", json={"query": QUERY}).json()["id"]
        with httpx.stream("GET", f"{address}/api/v1/runs/{run}/events", timeout=30) as events:
            next(line for line in events.iter_lines() if line == "event: step")
    with serving(data_dir, *route, pace="0.1") as address:
        kept = httpx.get(f"{address}/api/v1/runs/{run}").json()["trajectories"][0]
        assert kept["state"] == "interrupted"
        page.goto(f"{address}/ui/?run={run}")
        page.get_by_role("button", name=re.compile("Resume", re.IGNORECASE)).click()
        expect(page.locator("#trace .pd-state")).to_contain_text("answered", ignore_case=True)
        done = httpx.get(f"{address}/api/v1/runs/{run}").json()["trajectories"][0]
        assert done["stop_reason"] == "answered"
        assert done["steps"][: len(kept["steps"])] == kept["steps"]
        page.close()


def test_a_fork_at_a_step_joins_the_run_as_another_alternative(page: Page, desk: Desk) -> None:
    desk.open()
    desk.ask(QUERY)
    desk.wait_until_ended()
    before = httpx.get(f"{desk.base_url}/api/v1/runs/{desk.run}").json()["trajectories"][0]
    page.get_by_role("button", name="Show details of step 1").click()
    page.get_by_label("Try another call here").select_option("answer-math-2")
    page.get_by_role("button", name="Fork", exact=True).click()
    desk.wait_until_ended(5)
    forked = httpx.get(f"{desk.base_url}/api/v1/runs/{desk.run}").json()["trajectories"][-1]
    assert forked["fork"] == {"trajectory": before["id"], "step": 0}
    assert forked["steps"][0]["call"] == {"tool": "answer", "model": "answer-math-2"}
    page.get_by_role("tab", name="Compare and rank").click()
    expect(page.locator("#rank .pd-card")).to_have_count(5)
