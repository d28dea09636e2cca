"""What phones of an audience can reach: the page, its two files and its two doors, and nothing else."""

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from prefs.audience import is_code
from webapp.api import join, problems
from webapp.audience.phones import Refused
from webapp.guard import Guard
from webapp.pages.join import POLICY, JoinPage, build_join
from webapp.services import Services
from webapp.ui.assets import install_assets

MOST_BODY_BYTES: Final = 4_000
_HEADERS: Final = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY}


def install_phones(app: FastAPI) -> None:
    """Add the page and the doors to an app that has services."""
    page = build_join()
    install_assets(app, (page.script, page.style))
    app.add_api_route("/join/{code}", _document(page), methods=["GET"], include_in_schema=False)
    app.include_router(join.routes)
    app.add_exception_handler(Refused, join.refused)


def create_phone_app(services: Services) -> ASGIApp:
    """An application of only that, for a listener that a whole room may reach."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    problems.install(app)
    app.state.services = services
    install_phones(app)
    return Guard(app, policy=POLICY, most_body_bytes=MOST_BODY_BYTES)


def _document(page: JoinPage) -> Callable[[str], Response]:
    def document(code: str) -> Response:
        """The same for every code; whether there is such an audience, its doors tell."""
        if not is_code(code):
            raise HTTPException(404, "An audience has a code of eight letters and digits. Look at the screen again.")
        if code != code.upper():
            return RedirectResponse(code.upper(), 308)
        return HTMLResponse(page.html, headers=_HEADERS)

    return document
