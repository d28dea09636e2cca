"""The pages inside the app, each at its own address beside `/ui`."""

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from webapp.access.caller import known
from webapp.access.needs import opens
from webapp.pages import rank, runs, stage, tune
from webapp.pages.page import Built, Page, build
from webapp.ui.assets import Asset, install_assets

PAGES: Final[tuple[Page, ...]] = (rank.PAGE, stage.PAGE, tune.PAGE, runs.PAGE)
LISTED: Final[tuple[Page, ...]] = tuple(page for page in PAGES if page.listed)
"""Those in the navigation."""
_FRESH: Final = {"Cache-Control": "private, no-cache"}


def listed() -> tuple[tuple[str, str], ...]:
    """Address and title of each page in the navigation."""
    return tuple((page.name, page.title) for page in LISTED)


def mount(app: FastAPI, charts: Asset) -> None:
    """Serve all pages; `charts` is plotly.js, which they load when they draw the first chart."""
    for page in PAGES:
        built = build(page, charts.path)
        install_assets(app, (built.script, built.style))
        app.add_api_route(f"/{page.name}", _document(built), methods=["GET"], include_in_schema=False)


def _document(built: Built) -> Callable[[Request], HTMLResponse]:
    def document(request: Request) -> HTMLResponse:
        me = known(request)
        listed = tuple(page for page in LISTED if opens(me, f"/{page.name}"))
        return HTMLResponse(built.html(listed, me=me), headers=_FRESH)

    return document
