"""The history tab: past runs and rankings, with search."""

from typing import Any, cast

import gradio as gr

from webapp.access.events import may
from webapp.access.needs import LOOKERS
from webapp.ui import island
from webapp.ui.desk import Desk
from webapp.ui.packing import sendable
from webapp.ui.quiet import QUIET, problem, token_of
from webapp.views import words
from webapp.views.history import history_view


class HistoryTab:
    """Components and events of the history tab."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.search = gr.Textbox(
            label=words.SEARCH, placeholder=words.SEARCH_HINT, lines=1, max_lines=1, elem_id="search"
        )
        self.list = island.history_island(value=None, elem_id="history")

    def wire(self, tabs: gr.Tabs, tab: gr.Tab, token: gr.Textbox, following: Any) -> None:
        """Fill the list when the tab opens or the search changes; open a run in the run tab."""
        rows = may(LOOKERS, self._rows)
        tab.select(rows, self.search, self.list, **QUIET)
        self.search.change(rows, self.search, self.list, trigger_mode="always_last", **QUIET)
        self.list.opened(may(LOOKERS, self._open), None, [token, tabs], cancels=[following], **QUIET)

    async def _rows(self, search: str) -> dict[str, Any]:
        with problem():
            found = await self._desk.history(search or "")
            return cast(dict[str, Any], sendable(history_view(found, search or "")))

    async def _open(self, event: gr.EventData) -> tuple[str, Any]:
        return token_of(str(event.run)), gr.update(selected="run")
