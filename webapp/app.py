"""The web application: HTTP under `/api/v1`, the page under `/ui`, health beside them."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from storage.accounts.account import Role
from webapp.access.caller import known
from webapp.access.doors import Doors
from webapp.access.people import People
from webapp.account_pages import account as account_page
from webapp.account_pages import accounts as accounts_page
from webapp.account_pages import invitations, login, oidc
from webapp.account_pages.pages import build_pages, first_place, install_pages
from webapp.api import (
    accounts,
    audiences,
    ballots,
    difference,
    export,
    preferences,
    privacy,
    problems,
    processes,
    profiles,
    rewards,
    runs,
    search,
    serving,
    single,
    spending,
    studies,
    talks,
    texts,
    trajectories,
    tuning,
)
from webapp.api.ascii_json import AsciiJSON
from webapp.guard import Guard
from webapp.oidc.client import OidcClient
from webapp.operations.counted import Counted
from webapp.operations.metrics import CONTENT_TYPE
from webapp.pages import mount as pages
from webapp.phone_app import install_phones
from webapp.pressure import Pressure
from webapp.services import Services
from webapp.ui.assets import install_assets, install_icon, page_assets


def create_app(services: Services, *, page: bool = True) -> FastAPI:
    """The application over these services; `page=False` leaves Gradio out."""
    # FastAPI's own documentation pages load scripts from elsewhere; the description itself stays at /openapi.json.
    summary = "Watch queries being routed, and rank the routings."
    app = problems.Described(
        title="Podium", version="1", summary=summary, docs_url=None, redoc_url=None, default_response_class=AsciiJSON
    )
    problems.install(app)
    app.state.services = services
    for part in (
        runs,
        trajectories,
        difference,
        texts,
        ballots,
        studies,
        audiences,
        talks,
        preferences,
        rewards,
        export,
        serving,
        spending,
        search,
        single,
        tuning,
        profiles,
        accounts,
        privacy,
        processes,
    ):
        app.include_router(part.routes, prefix="/api/v1")
    _add_health(app, services)
    install_phones(app)
    _add_access(app)
    if page:
        from webapp.front_desk import FrontDesk  # noqa: PLC0415 - Gradio takes seconds to load
        from webapp.ui.mount import mount  # noqa: PLC0415

        assets = page_assets()
        install_assets(app, assets)
        install_icon(app)
        pages.mount(app, assets[2])
        mount(app, FrontDesk(services), assets, pages.listed())

        @app.get("/", include_in_schema=False)
        async def home(request: Request) -> RedirectResponse:
            me = known(request)
            return RedirectResponse("/ui/" if me is None else first_place(pages.LISTED, me))

    app.add_middleware(Pressure)
    app.add_middleware(Doors, people=app.state.people, page_refusal=app.state.account_pages.refusal)
    app.add_middleware(Guard, names=services.settings.names)
    app.add_middleware(Counted, metrics=services.metrics)
    return app


def _add_access(app: FastAPI) -> None:
    """The pages of accounts, and who finds out who asks."""
    services: Services = app.state.services
    settings = services.settings
    app.state.people = People(services.store, alone=settings.loopback, anyone=settings.allow_anyone)
    install_pages(app, build_pages(pages.LISTED))
    app.state.oidc = None if settings.oidc is None else OidcClient(settings.oidc)
    for part in (login, oidc, invitations, account_page, accounts_page):
        app.include_router(part.routes)


def _add_health(app: FastAPI, services: Services) -> None:
    @app.get("/healthz", tags=["health"])
    async def alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"], response_model=None, responses={503: {"description": "Not ready."}})
    async def ready(request: Request) -> Any:
        """The database answers and takes writes, its disk has space, and policy and pool are in place."""
        # What runs here is nothing for strangers; where, nothing for anybody but admins.
        asking = known(request)
        admin = asking is not None and asking.role is Role.ADMIN
        status, body = await services.readiness.answer(detail=asking is not None, admin=admin)
        return JSONResponse(body, status_code=status)

    @app.get("/metrics", tags=["health"], response_class=Response)
    def metrics() -> Response:
        """Counts since this process started, in Prometheus's text format."""
        return Response(services.metrics.text(), media_type=CONTENT_TYPE)
