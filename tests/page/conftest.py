"""A real server, a real Chromium, and promises that every context keeps: `tests.page.watch` says which."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import FLAGS, chromium
from tests.page.watch import MakeContext, MakePage, Watch

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
    """The context of `page`, watched."""
    watch = Watch(context)
    yield context
    watch.listen()
    watch.check()


@pytest.fixture
def another_context(browser: Browser) -> Iterator[MakeContext]:
    """Makes watched contexts: `another_context(allowed=["404"], **options)`, options as of `Browser.new_context`."""
    watches: list[Watch] = []

    def make(allowed: Sequence[str] = (), **options: Any) -> BrowserContext:
        watches.append(Watch(browser.new_context(**options), allowed))
        return watches[-1].context

    yield make
    for watch in watches:
        watch.listen()
        watch.context.unroute_all(behavior="ignoreErrors")
        watch.context.close()
    for watch in watches:
        watch.check()


@pytest.fixture
def another_page(another_context: MakeContext) -> MakePage:
    """Makes pages that are watched, each in a context of its own."""
    return lambda **options: another_context(**options).new_page()


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
