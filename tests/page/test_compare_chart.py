"""The chart beside the alternatives shows these alternatives, also after another run was compared before."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import Desk

pytestmark = pytest.mark.browser


def drawn(page: Page) -> dict[str, float]:
    """Label to the dollars at which its marker stands."""
    [series] = page.evaluate("document.querySelector('#tradeoff .js-plotly-plot').data.map(s => [s.text, s.y])")
    texts, dollars = series
    return {text.strip("<b>/?"): usd for text, usd in zip(texts, dollars, strict=True)}


def kept(desk: Desk) -> dict[str, float]:
    """The same from the records."""
    api = f"{desk.base_url}/api/v1"
    ballot: dict[str, Any] = httpx.get(f"{api}/runs/{desk.run}/ballot").json()
    return {
        one["label"]: float(httpx.get(f"{api}/trajectories/{one['trajectory']}").json()["cost_usd"])
        for one in ballot["alternatives"]
    }


def expect_what_is_kept(desk: Desk) -> None:
    desk.page.get_by_role("tab", name="Compare and rank").click()
    expect(desk.page.locator("#tradeoff .js-plotly-plot")).to_be_visible()
    desk.page.wait_for_function(
        "usd => Math.max(...document.querySelector('#tradeoff .js-plotly-plot').data[0].y) === usd",
        arg=max(kept(desk).values()),
    )
    assert drawn(desk.page) == kept(desk)


def test_chart_of_a_second_run_is_drawn_anew(page: Page, desk: Desk) -> None:
    desk.open()
    desk.ask("What is 17% of 2,340?")
    desk.wait_until_ended()
    expect_what_is_kept(desk)

    second = "Which city is the capital of Australia?"
    page.get_by_role("tab", name="Run", exact=True).click()
    desk.ask(second)
    desk.wait_until_ended()
    expect(page.locator("#comparison")).to_contain_text(second)  # Told while its tab is closed.
    expect_what_is_kept(desk)
