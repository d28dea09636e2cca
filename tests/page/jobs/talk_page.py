"""A talk in the browser: how it is opened, and what must hold of every view of it."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

READY = "html[data-podium=ready]"
PROJECTOR: ViewportSize = {"width": 1280, "height": 720}
SMALL_TEXT = """() => {
  const small = [];
  const walker = document.createTreeWalker(document.querySelector(".st"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.getClientRects().length || node.closest("title")) continue;
    const size = parseFloat(getComputedStyle(node).fontSize);
    if (size < 18) small.push([size, walker.currentNode.data]);
  }
  return small;
}"""
CUT_OFF = """() => [...document.querySelectorAll(".st > *, .st-tile, .st-card, .st-figure")]
  .filter((node) => node.getClientRects().length)
  .filter((node) => {
    const box = node.getBoundingClientRect(), card = node.matches(".st-card");
    const beyond = box.bottom > innerHeight + 1 || box.right > innerWidth + 1;
    return beyond || (card && node.scrollHeight > node.clientHeight + 1);
  }).map((node) => node.className)"""

ELLIPSES = """() => [...document.querySelectorAll(".st *")]
  .filter((node) => node.getClientRects().length && !node.children.length)
  .filter((node) => getComputedStyle(node).overflowX === "hidden")
  .filter((node) => node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 2)
  .map((node) => [node.className, node.textContent])"""


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator(READY)).to_be_attached()
    return page


def stop_time(page: Page) -> None:
    """From here on only `played_to` and `page.clock` let time pass."""
    page.clock.install(time=0)
    page.clock.pause_at(1_000)


def played_to(page: Page, at: int) -> None:
    """Let time pass, a tenth of a second at a time, until a talk that plays is at that step or verdict."""
    stage = page.locator(".st")
    for _ in range(300):
        if stage.get_attribute("data-at") == str(at):
            page.clock.run_for(20)  # what is drawn in the next frame
            return
        page.clock.run_for(100)
    raise AssertionError(f"the talk stays at {stage.get_attribute('data-at')}")


def violations(page: Page) -> list[Any]:
    """What axe finds, with the first element of each."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
