"""A person at a browser: logs in by keyboard, ranks a ballot as an annotator, sees only what is for annotators."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from storage.accounts.account import Role
from tests.page.watch import Watch
from tests.webapp.access.oidc_server import login_served
from tests.webapp.access.people import PASSWORD, Town, ran, town
from tests.webapp.desk_server import browser_here
from webapp.oidc.provider import Provider

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),  # Gradio 6.31 on pandas 3.1
]


@contextmanager
def served(folder: Path, oidc: Provider | None = None) -> Iterator[tuple[str, str]]:
    """Serves a town with a study from a thread; gives its address and the id of the study."""
    told: list[tuple[str, str]] = []
    ready, stop = threading.Event(), threading.Event()

    async def study_of(people: Town) -> str:
        async with await people.session("art") as author:
            run = await ran(author)
            made = await author.post("/api/v1/studies", json={"name": "Routes", "runs": [run], "alternatives": 3})
            return str(made.raise_for_status().json()["id"])

    async def serve() -> None:
        async with town(folder, page=True, oidc=oidc) as people:
            study = await study_of(people)
            server = uvicorn.Server(uvicorn.Config(people.app, port=0, log_config=None, timeout_graceful_shutdown=1))
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.02)
            port = server.servers[0].sockets[0].getsockname()[1]
            told.append((f"http://127.0.0.1:{port}", study))
            ready.set()
            await asyncio.to_thread(stop.wait)
            server.should_exit = True
            await serving

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(120)
    yield told[0]
    stop.set()
    thread.join(30)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with served(Path(tmp_path_factory.mktemp("browser"))) as found:
        yield found


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser_here() as found:
        yield found


def log_in(page: Page, name: str) -> None:
    """By keyboard alone: the name has the focus."""
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


def test_an_annotator_logs_in_ranks_and_logs_out(place: tuple[str, str], chrome: Browser) -> None:
    url, study = place
    context = chrome.new_context()
    watch = Watch(context, allowed=("401", "403"))
    page = context.new_page()
    page.goto(f"{url}/rank?study={study}")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    log_in(page, "ann")
    expect(page.locator("h1.pd-query")).to_be_visible(timeout=20_000)
    for key in ("2", "1", "3"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is left for you")).to_be_visible(timeout=20_000)
    page.goto(f"{url}/")
    expect(page).to_have_url(f"{url}/rank")
    nav = page.get_by_role("navigation", name="Pages")
    expect(nav.get_by_role("link")).to_have_text(["Rank"])
    expect(page.get_by_text("ann", exact=True).first).to_be_visible()
    expect(page.locator(".pd-r-you input")).to_have_count(0)
    expect(page.get_by_text("you 1 of 1")).to_be_visible()
    page.goto(f"{url}/runs")
    expect(page.get_by_role("heading", name="Not for you")).to_be_visible()
    page.locator(".pd-who").click()
    page.get_by_role("button", name="Log out", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto(f"{url}/rank")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    watch.listen()
    watch.check()


def test_the_desk_says_who_is_there_and_leads_to_the_login_once_the_session_ends(
    place: tuple[str, str], chrome: Browser
) -> None:
    url, _ = place
    context = chrome.new_context()
    page = context.new_page()
    page.goto(f"{url}/ui/")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    log_in(page, "vic")
    expect(page.locator(".pd-masthead .pd-who")).to_have_text("vic", timeout=30_000)
    expect(page.locator("#ask")).to_be_hidden()
    expect(page.locator(".pd-masthead .pd-nav a")).to_have_text(["Run", "Stage", "Tune", "Runs"])
    context.clear_cookies()
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_text("Your session has ended")).to_be_visible(timeout=20_000)


def test_a_viewer_is_told_where_to_look_and_finds_nothing_to_ask_or_keep(
    place: tuple[str, str], chrome: Browser
) -> None:
    url, _ = place
    page = chrome.new_context().new_page()
    page.goto(f"{url}/ui/")
    log_in(page, "vic")
    expect(page.get_by_text("You look on here as a viewer")).to_be_visible(timeout=30_000)
    for hidden in ("#query", "#ask", "#accuracy"):
        expect(page.locator(hidden)).to_be_hidden()
    page.goto(f"{url}/tune")
    expect(page.get_by_role("heading", name="Tune")).to_be_visible()
    expect(page.locator("#tune-save")).to_be_hidden()


def test_somebody_comes_back_from_the_login_of_another_site_to_the_page_that_was_wanted(
    tmp_path: Path, chrome: Browser
) -> None:
    with login_served() as login:
        login.url = login.url.replace("127.0.0.1", "localhost")  # to a browser, that is another site
        login.person = {"sub": "nell", "preferred_username": "nell"}
        with served(tmp_path / "data", login.provider(newcomers=Role.VIEWER)) as (url, _):
            page = chrome.new_context().new_page()
            page.goto(f"{url}/account")
            page.get_by_role("link", name="Log in with localhost").press("Enter")
            expect(page).to_have_url(f"{url}/account")
            expect(page.get_by_role("heading", name="nell")).to_be_visible()
            page.get_by_text("Forget me…").click()
            page.get_by_label("Your name, to be sure").fill("nell")
            page.get_by_role("button", name="Forget me for good").press("Enter")
            expect(page.get_by_text("You are forgotten here")).to_be_visible()
