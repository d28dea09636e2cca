"""The page Runs in a browser: how it is opened, and what is in its list."""

from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

QUERIES = ("By how many metres is Mount Kenya higher than Mount Kinabalu?", "What is 17% of 2,340?")


def open_page(page: Page, address: str, search: str = "") -> None:
    page.goto(f"{address}/runs{search}")
    expect(page.locator("html[data-podium=ready]")).to_be_attached()


def rows(page: Page) -> Locator:
    return page.locator(".runs-row[data-id]")


def found(address: str, **wishes: str) -> list[dict[str, Any]]:
    """The first page of what a search finds."""
    return list(httpx.get(f"{address}/api/v1/search", params=wishes, timeout=60).raise_for_status().json()["rows"])


def first_id(address: str, words: str = "kenya") -> str:
    return str(found(address, words=words, sort="steps")[0]["id"])
