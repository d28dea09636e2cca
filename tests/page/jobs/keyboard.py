"""A hand on the keyboard."""

from playwright.sync_api import Locator, Page


def tab_to(page: Page, there: Locator, most: int = 60) -> None:
    """Press Tab until it has the focus."""
    for _ in range(most):
        if there.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{there} cannot be reached by keyboard")
