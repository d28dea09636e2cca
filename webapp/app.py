"""The web application: HTTP under `/api/v1`, the page under `/ui`, health beside them."""

from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, RedirectResponse, Response

from storage.errors import StoreError
from webapp.api import (
    audiences,
    ballots,
    difference,
    export,
    preferences,
    problems,
    profiles,
    rewards,
    runs,
    search,
    serving,
    single,
    studies,
    talks,
    texts,
    trajectories,
    tuning,
)
from webapp.api.ascii_json import AsciiJSON
from webapp.guard import Guard
from webapp.operations.counted import Counted
from webapp.operations.metrics import CONTENT_TYPE
from webapp.pages import mount as pages
from webapp.phone_app import install_phones
from webapp.services import Services
from webapp.ui.assets import install_assets, install_icon, page_assets


def create_app(services: Services, *, page: bool = True) -> FastAPI:
    """The application over these services; `page=False` leaves Gradio out."""
    # FastAPI's own documentation pages load scripts from elsewhere; the description itself stays at /openapi.json.
    summary = "Watch queries being routed, and rank the routings."
    app = FastAPI(
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
        search,
        single,
        tuning,
        profiles,
    ):
        app.include_router(part.routes, prefix="/api/v1")
    _add_health(app, services)
    install_phones(app)
    if page:
        from webapp.front_desk import FrontDesk  # noqa: PLC0415 - Gradio takes seconds to load
        from webapp.ui.mount import mount  # noqa: PLC0415

        assets = page_assets()
        install_assets(app, assets)
        install_icon(app)
        pages.mount(app, assets[2])
        app = mount(app, FrontDesk(services), assets, pages.listed())

        @app.get("/", include_in_schema=False)
        async def home() -> RedirectResponse:
            return RedirectResponse("/ui/")

    app.add_middleware(Guard, names=services.settings.names)
    app.add_middleware(Counted, metrics=services.metrics)
    return app


def _add_health(app: FastAPI, services: Services) -> None:
    @app.get("/healthz", tags=["health"])
    async def alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"], response_model=None)
    def ready() -> Any:
        """The database answers and the policy and pool are in place."""
        try:
            services.store.runs(limit=1)
        except StoreError as error:
            return JSONResponse({"status": "not ready", "detail": str(error)}, status_code=503)
        return {"status": "ready", "policy": services.policy, "pool": services.pool.name}

    @app.get("/metrics", tags=["health"], response_class=Response)
    def metrics() -> Response:
        """Counts since this process started, in Prometheus's text format."""
        return Response(services.metrics.text(), media_type=CONTENT_TYPE)
