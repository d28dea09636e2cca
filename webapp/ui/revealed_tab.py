"""The tab that shows what all rankings so far reveal: weights with intervals, beside what was stated."""

from collections.abc import Iterable
from typing import Any

import gradio as gr

from webapp.access.events import may
from webapp.access.needs import LOOKERS
from webapp.charts import weights
from webapp.revealed import Standing
from webapp.ui import island
from webapp.ui.desk import Desk
from webapp.ui.packing import packed_chart
from webapp.ui.quiet import QUIET, problem
from webapp.views import words


class RevealedTab:
    """Components and events of the tab."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.note = gr.Markdown(words.REVEALED_NONE, elem_id="revealed-note")
        self.chart = island.chart_island(value="[]", elem_id="revealed")

    def wire(self, tab: gr.Tab, submitted: Iterable[Any], line: gr.Markdown) -> None:
        """Fill it when the tab opens, and it and the line beside the ranking after each ranking."""
        tab.select(may(LOOKERS, self._show), None, [self.note, self.chart], **QUIET)
        for one in submitted:
            one.success(may(LOOKERS, self._show_all), None, [self.note, self.chart, line], **QUIET)

    async def _show(self) -> tuple[str, str]:
        return (await self._show_all())[:2]

    async def _show_all(self) -> tuple[str, str, str]:
        with problem():
            standing = await self._desk.revealed()
        said = weights.summary(standing.weights, standing.rankings) if standing.weights else ""
        return note(standing), drawn(standing), said


def note(standing: Standing) -> str:
    """How many rankings count, what was left out, and how fresh it is. Plain words, nothing that a person wrote."""
    if standing.fit is None:
        return words.REVEALED_NONE
    told = words.REVEALED_NOTE
    if standing.fit.unidentified:
        names = ", ".join(words.WEIGHTS.get(name, name).lower() for name in standing.fit.unidentified)
        told += " " + words.REVEALED_UNTOLD.format(names=names)
    if standing.left_out:
        told += " " + words.REVEALED_LEFT_OUT.format(count=standing.left_out)
    if standing.updated_s is not None:
        told += " " + words.REVEALED_UPDATED.format(milliseconds=max(1, round(standing.updated_s * 1000)))
    return told


def drawn(standing: Standing) -> str:
    """The value of a chart island."""
    if not standing.weights:
        return "[]"
    chart = weights.chart(standing.weights, standing.stated_weights, standing.rankings)
    return f"[{packed_chart('revealed', chart)}]"
