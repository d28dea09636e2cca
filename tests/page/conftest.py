"""A real server, a real Chromium, and two promises held in every test: no console error, no request elsewhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Route, expect

from tests.browser import FLAGS, chromium

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "test-artifacts"
PACE = "0.4"
expect.set_options(timeout=30_000)


@contextmanager
def serving(data_dir: Path, *flags: str, pace: str = PACE) -> Iterator[str]:
    """`podium serve` on a free port; gives its address."""
    environment = {**os.environ, "PODIUM_DATA_DIR": str(data_dir), "PODIUM_PACE": pace}
    command = [sys.executable, "-m", "webapp", "serve", "--port", "0", *flags]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert "Podium is at " in line, "the server did not start"
            yield line.split("Podium is at ")[1].strip().removesuffix("/ui")
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("podium")) as address:
        yield address


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = chromium()
    named = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **named, "args": list(FLAGS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}}


@pytest.fixture
def context(context: BrowserContext) -> Iterator[BrowserContext]:
    """A context that stops and reports every request that would leave this machine."""
    elsewhere: list[str] = []

    def watch(route: Route, request: Request) -> None:
        if urlsplit(request.url).hostname in ("127.0.0.1", "localhost", None):
            route.continue_()
        else:
            elsewhere.append(request.url)
            route.abort()

    context.route("**/*", watch)
    yield context
    assert elsewhere == []


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page whose console must stay free of errors."""
    errors: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} {message.location}")

    page.on("console", hear)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where screenshots are kept."""
    folder = ARTIFACTS / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Desk:
    """What a person does on the page."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url

    def open(self, query: str = "") -> None:
        self.page.goto(f"{self.base_url}/ui/{query}")
        expect(self.page.locator("html[data-podium=ready]")).to_be_attached()
        shown = self.page.locator("#trace .pd-query")
        expect(self.page.get_by_role("heading", name="Nothing has run yet").or_(shown)).to_be_visible()

    @property
    def strip(self) -> Any:
        return self.page.locator("#trace .pd-strip")

    @property
    def tabs(self) -> Any:
        return self.page.locator("#trace .pd-tab")

    def ask(self, query: str) -> None:
        self.page.get_by_label("Query").fill(query)
        self.page.get_by_role("button", name="Ask", exact=True).click()
        expect(self.page.locator("#trace .pd-query")).to_have_text(query)

    def wait_until_ended(self, alternatives: int = 4) -> None:
        """Until the page shows an end for each alternative."""
        expect(self.page.locator("#trace .pd-tab .pd-tone:not([data-tone='running'])")).to_have_count(alternatives)

    @property
    def run(self) -> str:
        """The run that the page's address names."""
        return parse_qs(urlsplit(self.page.url).query)["run"][0]

    def rankings(self) -> list[dict[str, Any]]:
        """The exported rankings of this run's ballot, oldest first."""
        api = f"{self.base_url}/api/v1"
        ballot = httpx.get(f"{api}/runs/{self.run}/ballot").json()["id"]
        lines = httpx.get(f"{api}/export/rankings").text.splitlines()
        return [record for record in map(_parsed, lines) if record["ballot"] == ballot]


def _parsed(line: str) -> dict[str, Any]:
    import json  # noqa: PLC0415

    return dict(json.loads(line))


@pytest.fixture
def desk(page: Page, base_url: str) -> Desk:
    return Desk(page, base_url)
