"""What comes out of the box: the bundled orchestrator routes by what the person asks for, and says what it learned."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.page.conftest import Desk, serving

QUESTION = (
    'In how many different ways can the letters of "pepper" be arranged '
    "so that no two equal letters stand side by side?"
)
"""Held out and hard: a program is needed, and the dearest writer of programs is worth its price to some people only."""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own_pool_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a real expert, whose policy nobody names."""
    folder = tmp_path_factory.mktemp("own-pool")
    pool = folder / "pool.toml"
    pool.write_text(
        'name = "mine"\n[alias.answer-1]\nmodel = "m"\nbase_url = "http://127.0.0.1:9/v1"\n'
        'description = "Answers."\nlatency_s = 3\nself_hosted = true\n'
    )
    with serving(folder, "--pool", str(pool)) as address:
        yield address


def choose(page: Page, group: str, name: str) -> None:
    """Press one of a row of choices."""
    page.locator(f"#{group} input[value='{name}']").check()


def routed(desk: Desk, preset: str) -> list[str]:
    """The aliases that the page shows, in order, once the question was asked under this preset."""
    desk.open()
    choose(desk.page, "preset", preset)
    choose(desk.page, "alternatives", "1")
    desk.ask(QUESTION)
    desk.wait_until_ended(1)
    return desk.page.locator("#trace .pd-step[data-step] .pd-name > b").all_inner_texts()


def known_usd(desk: Desk) -> float:
    """What the shown run cost, as its record says."""
    (trajectory,) = httpx.get(f"{desk.base_url}/api/v1/runs/{desk.run}").json()["trajectories"]
    assert (trajectory["policy"], trajectory["stop_reason"]) == ("embedded", "answered")
    return float(trajectory["cost_usd"])


def test_the_same_query_takes_another_route_at_frugal_than_at_accuracy_first(
    page: Page, desk: Desk, artifacts: Path
) -> None:
    frugal = routed(desk, "Frugal")
    page.screenshot(path=artifacts / "route-frugal.png", full_page=True)
    cheap = known_usd(desk)
    accurate = routed(desk, "Accuracy first")
    page.screenshot(path=artifacts / "route-accuracy-first.png", full_page=True)
    dear = known_usd(desk)
    assert accurate[0] == "reasoner-1", accurate
    assert "reasoner-1" not in frugal, frugal
    assert cheap < dear


def test_each_step_says_what_the_orchestrator_weighed(page: Page, desk: Desk) -> None:
    aliases = routed(desk, "Frugal")
    thoughts = page.locator("#trace .pd-step[data-step] .pd-head .pd-why")
    expect(thoughts).to_have_count(len(aliases))
    for alias, thought in zip(aliases, thoughts.all_inner_texts(), strict=True):
        assert re.search(f"Accuracy matters .*, cost a great deal, speed .*: {alias}$", thought), thought


def test_the_head_names_the_bundled_orchestrator_and_nothing_has_to_be_noticed(page: Page, desk: Desk) -> None:
    desk.open()
    expect(page.locator(".pd-policy")).to_contain_text(
        re.compile(r"the bundled small orchestrator \(\d\.\d million parameters\), trained in the rehearsal world\.")
    )
    expect(page.locator("#serving .pd-notice")).to_have_count(0)


def notice(page: Page) -> Locator:
    return page.locator("#serving .pd-notice")


def test_beside_a_real_expert_the_page_names_the_orchestrator_for_real_work(
    page: Page, own_pool_url: str, artifacts: Path
) -> None:
    desk = Desk(page, own_pool_url)
    desk.open()
    expect(notice(page)).to_contain_text("learned in the rehearsal world")
    expect(notice(page)).to_contain_text("Nemotron-Orchestrator-8B")
    expect(notice(page)).to_contain_text("make vllm")
    page.screenshot(path=artifacts / "bundled-notice.png")
    assert [found["id"] for found in Axe().run(page, context="#serving").response["violations"]] == []
    page.get_by_role("button", name="Hide this notice").click()
    expect(notice(page)).to_have_count(0)
