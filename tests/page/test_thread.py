"""The whole thread in a browser: ask, watch, stop one, compare, rank, export."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

QUERY = "By how many metres is Mount Kenya higher than Mount Kinabalu?"
pytestmark = pytest.mark.browser


def cards(page: Page) -> Any:
    return page.locator("#rank .pd-card")


def said(record: dict[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in ("groups", "unranked", "acceptable", "reason")}


def test_ask_watch_stop_compare_and_rank_with_the_mouse(page: Page, desk: Any) -> None:
    desk.open()
    desk.ask(QUERY)
    expect(desk.tabs).to_have_count(4)
    expect(page.locator("#trace .pd-steps > li").first).to_be_visible()
    desk.wait_until_ended()
    expect(page.locator("#trace .pd-answer-slot")).to_contain_text("Answer", ignore_case=True)
    page.get_by_role("tab", name="Compare and rank").click()
    expect(cards(page)).to_have_count(4)

    page.get_by_role("button", name="Submit ranking").click()
    expect(page.get_by_text("Rank at least one", exact=False).or_(page.locator(".toast-body"))).to_be_visible()
    assert desk.rankings() == []

    drag(page, "C", "list")
    drag(page, "A", "below")
    drag(page, "D", "below")
    page.get_by_label("Why this order?").fill("C shows its work")
    page.get_by_role("button", name="Submit ranking").click()
    expect(page.locator("#result")).to_contain_text("R")
    (record,) = desk.rankings()
    assert said(record) == {
        "groups": [["C"], ["A"], ["D"]],
        "unranked": ["B"],
        "acceptable": None,
        "reason": "C shows its work",
    }

    page.get_by_role("button", name="Submit ranking").click()
    page.wait_for_timeout(500)
    assert len(desk.rankings()) == 1


def drag(page: Page, label: str, where: str) -> None:
    """Drag a card into the empty list, or below its last group."""
    card = page.locator(f'#rank .pd-card[data-label="{label}"]')
    start = card.bounding_box()
    target = page.locator("#rank .pd-rank-list > li").last.bounding_box()
    assert start is not None
    assert target is not None
    page.mouse.move(start["x"] + 60, start["y"] + start["height"] / 2)
    page.mouse.down()
    inside = target["y"] + target["height"] * (0.5 if where == "list" else 0.95)
    page.mouse.move(target["x"] + 80, inside - 8, steps=6)
    page.mouse.move(target["x"] + 80, inside, steps=3)
    page.mouse.up()
    expect(page.locator(f'#rank .pd-rank-list .pd-card[data-label="{label}"]')).to_be_visible()


def test_the_whole_thread_by_keyboard_alone(page: Page, desk: Any) -> None:
    desk.open()
    page.get_by_label("Query").focus()
    page.keyboard.type(QUERY)
    page.keyboard.press("Enter")
    desk.wait_until_ended()
    tab_to(page, "Compare and rank")
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(4)
    tab_into_rank(page)
    for key in ("B", "D", "A", "=", "-"):
        page.keyboard.press(key)
    page.keyboard.press("C")
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("R")
    (record,) = desk.rankings()
    assert said(record) == {"groups": [["B"], ["A", "D"], ["C"]], "unranked": [], "acceptable": 2, "reason": None}


def tab_to(page: Page, name: str) -> None:
    """Press Shift+Tab until the tab of that name has the focus."""
    for _ in range(80):
        if (
            page.evaluate("document.activeElement.getAttribute('role') === 'tab' && document.activeElement.innerText")
            == name
        ):
            return
        page.keyboard.press("Shift+Tab")
    raise AssertionError(f"the tab {name} cannot be reached by keyboard")


def tab_into_rank(page: Page) -> None:
    """Press Tab until a card of the ranking list has the focus."""
    for _ in range(80):
        if page.evaluate("document.activeElement.matches('#rank .pd-card')"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("no card can be reached by keyboard")


def test_a_ballot_that_changed_meanwhile_is_said_on_the_page(page: Page, desk: Any) -> None:
    desk.open()
    desk.ask(QUERY)
    desk.wait_until_ended()
    page.get_by_role("tab", name="Compare and rank").click()
    expect(cards(page)).to_have_count(4)
    api = f"{desk.base_url}/api/v1"
    first = httpx.get(f"{api}/runs/{desk.run}").json()["trajectories"][0]["id"]
    shown = httpx.get(f"{api}/runs/{desk.run}/ballot").json()["alternatives"]
    kept = [alternative["trajectory"] for alternative in shown if alternative["label"] in "AB"]
    fork = {"step": 0, "call": {"tool": "answer", "model": "answer-3"}}
    assert httpx.post(f"{api}/trajectories/{first}/fork", json=fork).status_code == 201
    for _ in range(600):
        if httpx.get(f"{api}/runs/{desk.run}").json()["ended"]:
            break
        page.wait_for_timeout(100)
    tab_into_rank(page)
    for key in ("A", "B", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".toast-body")).to_contain_text("Your order was carried over")
    expect(cards(page)).to_have_count(5)
    expect(page.locator("#rank .pd-rank-list .pd-card")).to_have_count(2)
    assert desk.rankings() == []
    page.get_by_role("button", name="Submit ranking").click()
    expect(page.locator("#result")).to_contain_text("R")
    (record,) = desk.rankings()
    assert [record["trajectories"][label] for (label,) in record["groups"]] == kept


def test_a_reason_can_be_corrected_without_touching_the_order(page: Page, desk: Any) -> None:
    desk.open()
    desk.ask(QUERY)
    desk.wait_until_ended()
    page.get_by_role("tab", name="Compare and rank").click()
    expect(cards(page)).to_have_count(4)
    tab_into_rank(page)
    page.keyboard.press("B")
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("R")
    page.get_by_role("button", name="Submit ranking").click()
    expect(page.locator(".toast-body")).to_contain_text("stored already")
    page.get_by_label("Why this order?").fill("B is short")
    page.get_by_role("button", name="Submit ranking").click()
    expect(page.locator("#result")).to_contain_text("B is short")
    assert [(record["groups"], record["reason"]) for record in desk.rankings()] == [
        ([["B"]], None),
        ([["B"]], "B is short"),
    ]
