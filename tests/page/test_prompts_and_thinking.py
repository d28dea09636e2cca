"""A model that routes over HTTP: its thinking while it thinks, and afterwards exactly what it was asked."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.conftest import Desk, serving
from tests.page.slow_model import THOUGHT, SlowModel, slow_model
from tests.page.watch import MakePage

QUERY = "By how many metres is Mount Kenya higher than Mount Kinabalu?"
NAME = "Nemotron-Orchestrator-8B"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def model() -> Iterator[SlowModel]:
    with slow_model() as started:
        yield started


@pytest.fixture(scope="module")
def routed_url(model: SlowModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose policy is that model."""
    policy = f"openai:{model.url}#{NAME}"
    with serving(tmp_path_factory.mktemp("routed"), "--policy", policy, pace="0.1") as address:
        yield address


def started(url: str, model: SlowModel) -> str:
    """A run with one alternative that has just begun."""
    model.bodies.clear()
    return str(httpx.post(f"{url}/api/v1/runs", json={"query": QUERY}).json()["id"])


@pytest.fixture(scope="module")
def ended(routed_url: str, model: SlowModel) -> tuple[str, list[str]]:
    """A run that has ended, and the requests that the model was sent."""
    run = started(routed_url, model)
    with httpx.stream("GET", f"{routed_url}/api/v1/runs/{run}/events", timeout=120) as events:
        assert "event: ended" in events.read().decode()
    return run, list(model.bodies)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_thinking_appears_live_before_its_step_is_kept(
    another_page: MakePage, routed_url: str, model: SlowModel, artifacts: Path, scheme: Any, width: int
) -> None:
    page = another_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto(f"{routed_url}/ui/")
    desk = Desk(page, routed_url)
    model.bodies.clear()
    page.get_by_label("Query").fill(QUERY)
    page.locator("#alternatives label").first.click()
    page.get_by_role("button", name="Ask", exact=True).click()
    box = page.locator("#trace .pd-writing")
    expect(box).to_contain_text("The heights of both mountains have to be looked up <b>first</b>; ${1+1} {{value}}")
    expect(page.locator("#trace .pd-live")).to_contain_text("The orchestrator is thinking")
    expect(page.locator("#trace .pd-step[data-step]")).to_have_count(0)
    kept = httpx.get(f"{routed_url}/api/v1/runs/{desk.run}").json()["trajectories"][0]
    assert kept["steps"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#trace").screenshot(path=artifacts / f"thinking-{width}-{scheme}.png")
    first = page.locator("#trace .pd-step[data-step='0']")
    expect(first.locator(".pd-why").first).to_contain_text("The heights of both mountains")
    desk.wait_until_ended(1)
    done = httpx.get(f"{routed_url}/api/v1/runs/{desk.run}").json()["trajectories"][0]
    assert [step["thought"].split() for step in done["steps"]] == [THOUGHT.split()] * 2


def test_the_prompt_opens_by_keyboard_and_is_exactly_what_was_sent(
    page: Page, routed_url: str, ended: tuple[str, list[str]]
) -> None:
    run, bodies = ended
    Desk(page, routed_url).open(f"?run={run}")
    step = page.locator("#trace .pd-step[data-step='0']")
    _press(page, "Show details of step 1")
    _press(page, f"Prompt of orchestrator, {NAME}")
    panel = step.get_by_role("region", name=f"Prompt of orchestrator, {NAME}")
    expect(panel.locator(".pd-parts")).to_contain_text(QUERY)
    panel.get_by_role("button", name="Exact").press("Enter")
    assert json.loads(panel.locator("pre").text_content() or "") == json.loads(bodies[0])
    _press(page, f"Raw reply of orchestrator, {NAME}")
    reply = step.get_by_role("region", name=f"Raw reply of orchestrator, {NAME}")
    expect(reply).to_contain_text("is no sum of theirs")
    expect(reply).to_contain_text("search-1")
    expect(step).to_contain_text("2,431 in (1,920 from cache), 86 out")


def test_the_kept_prompt_is_byte_for_byte_the_request(routed_url: str, ended: tuple[str, list[str]]) -> None:
    run, bodies = ended
    api = f"{routed_url}/api/v1"
    trajectory = httpx.get(f"{api}/runs/{run}").json()["trajectories"][0]
    calls = [call for step in trajectory["steps"] for call in step["calls"] if call["role"] == "orchestrator"]
    sent = [httpx.get(f"{api}/texts/{call['prompt']}").text for call in calls]
    assert [json.loads(text) for text in sent] == [json.loads(body) for body in bodies]
    whole = httpx.get(f"{api}/trajectories/{trajectory['id']}?texts=true").json()
    inlined = [call for step in whole["steps"] for call in step["calls"] if call["role"] == "orchestrator"]
    assert [call["prompt"] for call in inlined] == sent


def test_the_stream_tells_the_thinking_before_the_step_and_never_numbers_it(routed_url: str, model: SlowModel) -> None:
    run = started(routed_url, model)
    with httpx.stream("GET", f"{routed_url}/api/v1/runs/{run}/events", timeout=120) as events:
        blocks = events.read().decode().strip().split("\n\n")
    names = [re.search(r"^event: (\w+)", block, re.MULTILINE) for block in blocks]
    order = [found[1] for found in names if found is not None]
    assert order.index("writing") < order.index("step")
    written = [block for block in blocks if "event: writing" in block]
    assert not any(block.startswith("id:") for block in written)
    texts = [json.loads(block.split("data: ", 1)[1])["thinking"] for block in written]
    assert len(texts) > 10
    assert texts[0] != texts[1]
    assert texts[1].startswith(texts[0])


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_open_texts_look_right(
    another_page: MakePage, routed_url: str, ended: tuple[str, list[str]], artifacts: Path, scheme: Any, width: int
) -> None:
    page = another_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto(f"{routed_url}/ui/?run={ended[0]}")
    page.get_by_role("button", name="Show details of step 1").click()
    for name in ("Prompt", "Raw reply"):
        page.get_by_role("button", name=f"{name} of orchestrator, {NAME}").click()
    expect(page.locator(".pd-paper:visible")).to_have_count(2)
    page.evaluate("document.querySelector('#trace .pd-steps').style.maxHeight = 'none'")
    page.locator("#trace").screenshot(path=artifacts / f"texts-{width}-{scheme}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, context="#trace").response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def _press(page: Page, name: str) -> None:
    """Tab to the button of that name and press Enter."""
    for _ in range(150):
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == name:
            page.keyboard.press("Enter")
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached by keyboard")
