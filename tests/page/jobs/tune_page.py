"""The page *Tune* in a browser: how it is opened and what shows that a tab has come."""

from playwright.sync_api import Page, expect

TABS = {
    "front": "#panel-front .js-plotly-plot",
    "queries": ".pd-q-table tbody tr",
    "thresholds": "#panel-thresholds tbody tr",
    "revealed": ".pd-rev",
    "prices": ".pd-prices-found > *",
    "routes": "#panel-routes .js-plotly-plot",
    "forecast": "#panel-forecast tbody tr",
    "profiles": ".pd-two-found tbody tr",
}
"""Each tab with what is there when its content is."""


def opened(page: Page, base: str, query: str = "") -> None:
    page.goto(f"{base}/tune{query}")
    expect(page.locator("html[data-podium=ready]")).to_be_attached()
    expect(page.locator("[data-tile=cost] .pd-tile-value")).to_contain_text("$")


def total(page: Page) -> str:
    return page.locator("[data-tile=cost] .pd-tile-value").inner_text()
