"""The page: masthead and four tabs over one desk."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import gradio as gr

from webapp.access.events import may, needs_of, user_of
from webapp.access.needs import LOOKERS, opens
from webapp.access.user import SessionUser
from webapp.ui import island
from webapp.ui.compare_tab import CompareTab
from webapp.ui.desk import Desk
from webapp.ui.history_tab import HistoryTab
from webapp.ui.quiet import QUIET, token_of
from webapp.ui.revealed_tab import RevealedTab
from webapp.ui.run_tab import RunTab
from webapp.views import words

READY = "() => { document.documentElement.dataset.podium = 'ready'; }"
"""Runs once the page listens: before that a click is lost, so whoever drives the page by program waits for it."""


def build_page(desk: Desk, pages: Sequence[tuple[str, str]] = ()) -> gr.Blocks:
    """The whole page, with links to other `pages` (address, title).

    It keeps nothing of its own: which run it shows stands in the link (`?run=…`).
    """
    links = [list(page) for page in pages]
    masthead = {"title": words.TITLE, "pages": links, "policy": desk.policy_words}
    page: gr.Blocks
    with gr.Blocks(title=words.TITLE, analytics_enabled=False, fill_width=True) as page:
        top = island.masthead_island(value=masthead, elem_id="masthead")
        island.serving_island(value=desk.serving, elem_id="serving")
        with gr.Tabs(selected="run", elem_id="tabs") as tabs:
            with gr.Tab(words.TAB_RUN, id="run"):
                run = RunTab(desk)
            with gr.Tab(words.TAB_COMPARE, id="compare"):
                compare = CompareTab(desk)
            with gr.Tab(words.TAB_REVEALED, id="revealed") as revealed_tab:
                revealed = RevealedTab(desk)
            with gr.Tab(words.TAB_HISTORY, id="history") as history_tab:
                history = HistoryTab(desk)
        revealed.wire(revealed_tab, compare.wire(run.token, run.following), compare.revealed)
        run.trace.comparenow(may(LOOKERS, _to_compare), None, tabs, queue=False, **QUIET)
        history.wire(tabs, history_tab, run.token, run.following)
        page.load(may(LOOKERS, _linked), None, run.token, **QUIET)
        page.load(may(LOOKERS, _greeting(masthead)), None, top, queue=False, **QUIET)
        page.load(None, None, None, js=READY, **QUIET)
    needs_of(page)
    return page


def _greeting(masthead: dict[str, Any]) -> Callable[[gr.Request], Awaitable[dict[str, Any]]]:
    async def greet(request: gr.Request) -> dict[str, Any]:
        """The masthead with who looks at the page, and only those other pages that open to him or her."""
        user = user_of(request)
        pages = [entry for entry in masthead["pages"] if opens(user, f"/{entry[0]}")]
        return {**masthead, "pages": pages, "user": shown(user)}

    return greet


def shown(user: SessionUser) -> dict[str, Any]:
    """Somebody as the masthead names him or her."""
    return {"name": None if user.single else user.name, "role": str(user.role)}


def _to_compare() -> Any:
    return gr.update(selected="compare")


async def _linked(request: gr.Request) -> Any:
    """The run that the page's link names, to be followed. Without one nothing changes: a run may have begun already."""
    named = request.query_params.get("run", "")
    return token_of(str(named)[:64]) if named else gr.skip()
