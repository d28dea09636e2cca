"""Audience mode in a real browser: phones rank, the stage shows it, and nothing is counted twice."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.page.conftest import serving
from tests.page.jobs.talk_page import SMALL_TEXT
from tests.page.watch import MakeContext, MakePage
from tests.webapp.audience.crowd import Counted, crowd

pytestmark = pytest.mark.browser
QUERY = "By how many metres is Mount Kenya higher than Mount Kinabalu?"
PHONES = 60
WIDENS = ["pd-aud-wide"]
"""The panel of an address with `audience=1` is a column until the server has told of the audience, then the screen."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a second listener for phones."""
    flags = ("--audience", "127.0.0.1:0", "--policy", "random")
    with serving(tmp_path_factory.mktemp("audience"), *flags, pace="0") as address:
        yield address


def opened(served: str, seed: int) -> dict[str, Any]:
    """An audience for a run of its own."""
    api = f"{served}/api/v1"
    body = {"query": QUERY, "alternatives": 4, "vary": True, "seed": seed}
    run = httpx.post(f"{api}/runs", json=body).json()["id"]
    with httpx.stream("GET", f"{api}/runs/{run}/events", timeout=60) as events:
        assert "event: ended" in events.read().decode()
    made: dict[str, Any] = httpx.post(f"{api}/audiences", json={"run": run}).json()
    return made


@pytest.fixture(scope="module")
def audience(served: str) -> dict[str, Any]:
    return opened(served, 3)


def kept(served: str, audience: dict[str, Any]) -> list[dict[str, Any]]:
    """Exported rankings of the audience's ballot that are not superseded."""
    lines = [json.loads(line) for line in httpx.get(f"{served}/api/v1/export/rankings").text.splitlines()]
    replaced = {one["supersedes"] for one in lines}
    return [one for one in lines if one["ballot"] == audience["ballot"] and one["id"] not in replaced]


def test_sixty_phones_rank_and_the_stage_shows_each_once(another_page: MakePage, served: str) -> None:
    page = another_page(allowed=WIDENS)
    audience = opened(served, 4)
    page.goto(f"{served}/stage?run={audience['run']}&audience=1")
    panel = page.locator("#audience .pd-aud-panel")
    expect(panel).to_be_visible()
    said: list[Counted] = []
    room = threading.Thread(target=lambda: said.extend(asyncio.run(crowd(audience["join_url"], PHONES, 6.0))))
    room.start()
    expect(panel).to_have_attribute("data-ranked", str(PHONES))
    room.join(60)
    assert sorted(one.number for one in said) == list(range(1, PHONES + 1))
    exported = kept(served, audience)
    assert len({one["annotator"] for one in exported}) == len(exported) == PHONES
    assert Counter(json.dumps(one["groups"]) for one in exported) == Counter(json.dumps(one.groups) for one in said)
    shown = httpx.get(f"{served}/api/v1/audiences/{audience['id']}").json()
    assert (shown["joined"], shown["ranked"]) == (PHONES, PHONES)
    firsts = page.locator("#audience .pd-aud-figure")
    for place, one in enumerate(shown["alternatives"]):
        expect(firsts.nth(place)).to_contain_text(one["first_words"])
    expect(page.locator("#audience .pd-aud-band").first).to_be_attached()


def test_the_panel_is_readable_from_the_back_row(another_page: MakePage, served: str, audience: dict[str, Any]) -> None:
    page = another_page(allowed=WIDENS, viewport={"width": 1280, "height": 720})
    page.goto(f"{served}/stage?run={audience['run']}&audience=1")
    panel = page.locator("#audience .pd-aud-panel")
    for _ in range(2):  # the whole screen, then beside the talk
        expect(panel.locator(".pd-aud-untold").first).to_contain_text("not told yet")
        assert page.evaluate(SMALL_TEXT.replace(".st", "#audience")) == []
        assert page.evaluate(
            "(() => { const a = document.querySelector('#audience'); return a.scrollWidth <= a.clientWidth; })()"
        )
        panel.get_by_role("button").last.click()


def test_a_stream_that_comes_back_hears_only_what_is_new(served: str, audience: dict[str, Any]) -> None:
    events = f"{served}/api/v1/audiences/{audience['id']}/events"
    with httpx.stream("GET", events) as stream:
        lines = stream.iter_lines()
        last = next(line for line in lines if line.startswith("id: ")).removeprefix("id: ")
        assert next(lines) == "event: standing"
    with httpx.stream("GET", events, headers={"Last-Event-ID": last}, timeout=10) as stream:
        httpx.post(f"{audience['join_url']}/seat")
        again = next(line for line in stream.iter_lines() if line.startswith("data: "))
    assert json.loads(again.removeprefix("data: "))["joined"] == int(last.split(".")[0]) + 1


def test_the_second_listener_serves_phones_and_nothing_else(served: str, audience: dict[str, Any]) -> None:
    parts = urlsplit(audience["join_url"])
    assert parts.port != urlsplit(served).port
    for path in ("/", "/ui/", "/api/v1/runs", f"/api/v1/audiences/{audience['id']}", "/openapi.json", "/stage"):
        assert httpx.get(f"{parts.scheme}://{parts.netloc}{path}").status_code == 404


def phone(another_context: MakeContext, **more: Any) -> BrowserContext:
    return another_context(viewport={"width": 360, "height": 640}, has_touch=True, **more)


def ready(page: Page, url: str) -> Page:
    page.goto(url)
    expect(page.locator("html[data-podium=ready]")).to_be_attached()
    return page


def place(page: Page, label: str) -> None:
    page.locator(".place", has=page.locator(".label", has_text=label)).tap()


def test_a_person_ranks_by_touch_changes_her_mind_and_comes_back(
    another_context: MakeContext, served: str, audience: dict[str, Any]
) -> None:
    context = phone(another_context)
    page = ready(context.new_page(), audience["join_url"])
    expect(page.locator("h1")).to_have_text(QUERY)
    expect(page.locator("#send")).to_be_disabled()
    for label in ("B", "D", "B", "B"):
        place(page, label)
    expect(page.locator("#said")).to_have_text("D, then B, then A and C together")
    page.locator("#send").tap()
    expect(page.locator("#said")).to_contain_text("you are number ")
    page.locator(".place").first.tap(force=True)
    expect(page.locator("#said")).to_contain_text("you are number ")
    tab = ready(context.new_page(), audience["join_url"])
    expect(tab.locator("#said")).to_contain_text("you are number ")
    page.locator("#send").tap()
    place(page, "B")
    place(page, "A")
    expect(page.locator("#said")).to_have_text("D, then A, then B and C together")
    page.get_by_role("button", name="Send the new order").tap()
    expect(page.locator("#said")).to_contain_text("you are number ")
    expect(tab.get_by_role("button", name="A, 2nd.")).to_be_attached()
    mine = [one for one in kept(served, audience) if one["groups"] == [["D"], ["A"], ["B", "C"]]]
    assert len(mine) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_keyboard_ranks_too(another_context: MakeContext, audience: dict[str, Any]) -> None:
    page = ready(another_context().new_page(), audience["join_url"])
    page.keyboard.press("c")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("C, then D, then A and B together")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_have_text("C, then D, then A, then B")
    expect(page.get_by_role("button", name="B, 4th. Place it 4th.")).to_be_attached()


def test_an_order_survives_the_network_and_a_reload_and_goes_out_once(
    another_context: MakeContext, served: str, audience: dict[str, Any]
) -> None:
    context = phone(another_context, allowed=["ERR_INTERNET_DISCONNECTED"])
    page = ready(context.new_page(), audience["join_url"])
    for label in ("C", "B", "A"):
        place(page, label)
    context.set_offline(True)
    page.locator("#send").tap()
    expect(page.locator("#said")).to_contain_text("Your order is kept")
    context.set_offline(False)
    ready(page, audience["join_url"])
    expect(page.locator("#said")).to_contain_text("you are number ")
    assert len([one for one in kept(served, audience) if one["groups"] == [["C"], ["B"], ["A"], ["D"]]]) == 1


def test_a_wrong_code_asks_for_the_right_one(another_context: MakeContext, audience: dict[str, Any]) -> None:
    page = phone(another_context, allowed=["404"]).new_page()
    page.goto(audience["join_url"][:-8] + "ABCDEFGH")
    expect(page.locator("h1")).to_contain_text("No audience has the code ABCDEFGH")
    page.get_by_label("Code on the screen").fill(audience["code"].lower())
    page.get_by_role("button", name="Go").tap()
    expect(page.locator(".card")).to_have_count(4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_phone_and_nothing_jumps(
    another_context: MakeContext, audience: dict[str, Any], scheme: Any
) -> None:
    context = phone(another_context, color_scheme=scheme)
    page = context.new_page()
    page.add_init_script(
        "window.jumped = 0; new PerformanceObserver((list) => list.getEntries().forEach((one) => {"
        "window.jumped += one.value; })).observe({ type: 'layout-shift', buffered: true });"
    )
    ready(page, audience["join_url"])
    for label in ("A", "B"):
        place(page, label)
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in Axe().run(page).response["violations"]] == []
    page.locator("#send").tap()
    expect(page.locator("#said")).to_contain_text("you are number ")
    assert page.evaluate("window.jumped") < 0.005


def test_the_speaker_opens_ends_and_reopens_an_audience(another_page: MakePage, served: str) -> None:
    page = another_page(allowed=WIDENS)
    made = opened(served, 6)
    httpx.post(f"{served}/api/v1/audiences/{made['id']}/close")
    page.goto(f"{served}/stage?run={made['run']}&audience=1")
    panel = page.locator("#audience")
    expect(panel.locator(".pd-aud-state")).to_have_text("over")
    panel.get_by_role("button", name="New audience").click()
    panel.get_by_role("button", name="Open to the audience").click()
    expect(panel.locator(".pd-aud-url b")).not_to_have_text(made["code"])
    expect(panel.locator(".pd-aud-state")).to_contain_text("left")
    expect(panel.get_by_role("img", name="QR code")).to_be_visible()
    panel.get_by_role("button", name="End now").click()
    expect(panel.locator(".pd-aud-state")).to_have_text("over")
    page.get_by_role("button", name="Undo").click()
    expect(panel.locator(".pd-aud-state")).to_contain_text("left")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")] == []
