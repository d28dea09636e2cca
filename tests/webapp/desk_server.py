"""The desk over canned trajectories, at an address of this machine, and a browser to look at it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.browser import FLAGS, chromium
from tests.webapp.fake_desk import FakeDesk
from webapp.access.user import KEY, SINGLE
from webapp.ui.assets import install_assets, install_icon, page_assets
from webapp.ui.mount import mount


class Alone:
    """Everybody is the one user, as where nobody has an account."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[KEY] = SINGLE
        await self._app(scope, receive, send)


@contextmanager
def desk_at(desk: FakeDesk) -> Iterator[str]:
    """Serves the desk from a thread; gives its address."""
    app, assets = FastAPI(), page_assets()
    app.add_middleware(Alone)
    install_assets(app, assets)
    install_icon(app)
    config = uvicorn.Config(
        mount(app, desk, assets), host="127.0.0.1", port=0, log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@contextmanager
def browser_here() -> Iterator[Browser]:
    """Chromium, closed with all of Playwright: an event loop of its own would stop later tests from having one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        browser.close()
