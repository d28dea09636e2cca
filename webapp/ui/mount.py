"""The page inside the app: at `/ui`, with its assets beside it."""

from collections.abc import Sequence
from typing import Final

import gradio as gr
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from webapp.ui.assets import Asset, head
from webapp.ui.desk import Desk
from webapp.ui.page import build_page
from webapp.ui.theme import PodiumTheme

PATH: Final = "/ui"
MOST_AT_ONCE: Final = 300
"""Events at work at once over all pages; each followed run is one. Gradio's own 40 would hold the others up."""


def mount(
    app: FastAPI, desk: Desk, assets: tuple[Asset, Asset, Asset], pages: Sequence[tuple[str, str]] = ()
) -> FastAPI:
    """Serve the page of `desk` at `/ui` of `app`, where its `assets` are served already.

    The empty CORS middleware stops Gradio from answering foreign origins with credentials allowed. Run it in one
    process with `timeout_graceful_shutdown` set, as open pages hold their streams.
    """
    app.add_middleware(CORSMiddleware, allow_origins=[])
    page = build_page(desk, pages)
    page.max_threads = MOST_AT_ONCE
    page.queue(default_concurrency_limit=8, max_size=MOST_AT_ONCE, api_open=False)
    page.state_session_capacity = 1000
    gr.mount_gradio_app(
        app,
        page,
        path=PATH,
        show_error=False,
        run_history=False,
        footer_links=[],
        theme=PodiumTheme(),
        head=head(assets),
        max_file_size="1mb",
        ssr_mode=False,
    )
    return app
