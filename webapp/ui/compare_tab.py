"""The compare tab: alternatives side by side, the ranking list, and what a ranking stored."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot
from prefs.ranking import Ranking
from webapp.access.events import may, user_of
from webapp.access.needs import AUTHORS, LOOKERS
from webapp.charts import tradeoff
from webapp.ui import island
from webapp.ui.desk import Desk
from webapp.ui.packing import packed_chart, sendable
from webapp.ui.quiet import QUIET, problem, run_of
from webapp.views import words
from webapp.views.comparison import ballot_view, comparison_view, result_view
from webapp.views.placement import carried, placement, restated


class CompareTab:
    """Components and events of the compare tab."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        with gr.Row(equal_height=False):
            with gr.Column(scale=9, min_width=340):
                self.comparison = island.comparison_island(value=None, elem_id="comparison")
                self.scatter = island.chart_island(value="[]", elem_id="tradeoff")
            with gr.Column(scale=5, min_width=320, visible=False, elem_id="ranking") as self.panel:
                self.rank = island.rank_island(value=None, elem_id="rank")
                self.reason = gr.Textbox(
                    label=words.REASON, placeholder=words.REASON_HINT, lines=2, max_length=5_000, elem_id="reason"
                )
                self.submit = gr.Button(words.SUBMIT, variant="primary", elem_id="submit-ranking")
                self.result = island.result_island(value=None, elem_id="result")
                self.revealed = gr.Markdown("", elem_id="revealed-line")
                """What all rankings reveal, once this one is among them."""
        self._shown = [self.comparison, self.scatter, self.rank, self.result, self.panel]

    def wire(self, token: gr.Textbox, following: Any) -> Any:
        """Show the ballot of the run in `token` at once and again when following it has ended.

        Gives the events of a submitted ranking.
        """
        show, submit = may(LOOKERS, self._show), may(AUTHORS, self._submit)
        token.change(show, token, [*self._shown, self.reason], **QUIET)
        following.then(show, token, [*self._shown, self.reason], **QUIET)
        return [
            sent(submit, [token, self.rank, self.reason], self._shown, trigger_mode="once", **QUIET)
            for sent in (self.submit.click, self.rank.submitted)
        ]

    async def _show(self, request: gr.Request, token: str) -> tuple[Any, ...]:
        run, user = run_of(token), user_of(request)
        try:
            found = await self._desk.ballot_of(run) if run else None
        except LookupError:
            found = None
        if found is None:
            return None, "[]", None, None, gr.update(visible=False), ""
        rankings = await self._desk.rankings_of(found.id, None if user.single else user.name)
        last = rankings[-1] if rankings else None
        reason = "" if last is None else last.reason or ""
        *views, panel = await self._views(run, found, last)
        return *views, panel if user.role in AUTHORS else gr.update(visible=False), reason

    async def _submit(self, request: gr.Request, token: str, value: Any, reason: str | None) -> tuple[Any, ...]:
        run, said, user = run_of(token), (reason or "").strip() or None, user_of(request)
        with problem(run):
            found = await self._desk.ballot_of(run)
            if found is None:
                raise ValueError(words.STILL_RUNNING)
            if isinstance(value, dict) and value.get("ballot") != found.id:
                return await self._carry_over(run, value, found)
            rankings = await self._desk.rankings_of(found.id, None if user.single else user.name)
            again = restated(value, rankings[-1], said) if rankings else None
            stored = await self._desk.submit_ranking(again or placement(value), said, user.name)
            return await self._views(run, found, stored)

    async def _carry_over(self, run: str, value: Any, found: Ballot) -> tuple[Any, ...]:
        """The new ballot with the order that was about to be submitted for the old one."""
        draft = carried(value, self._desk.ballot(str(value.get("ballot"))), found)
        gr.Warning(words.BALLOT_CHANGED, title=words.TITLE)
        comparison, scatter, rank, result, panel = await self._views(run, found, None)
        return comparison, scatter, sendable(rank | draft), result, panel

    async def _views(self, run: str, ballot: Ballot, last: Ranking | None) -> tuple[Any, ...]:
        """Values of the comparison, the scatter, the ranking list, the result and the panel."""
        by_id = {trajectory.id: trajectory for trajectory in self._desk.snapshot(run).trajectories}
        result = None
        if last is not None:
            result = result_view(last, ballot, by_id, await self._desk.rewards(run), self._desk.pool)
        return (
            sendable(comparison_view(ballot, by_id, self._desk.pool, ranked=last is not None)),
            _scatter(ballot, by_id, ranked=last is not None),
            sendable(ballot_view(ballot, by_id, last)),
            sendable(result),
            gr.update(visible=True),
        )


def _scatter(ballot: Ballot, by_id: Mapping[str, Trajectory], *, ranked: bool) -> str:
    """The scatter of cost, time and verdict, unless the ballot hides one of them until it is ranked."""
    if not ranked and {"cost", "latency", "outcome"} & set(ballot.hidden):
        return "[]"
    labelled = [(alternative.label, by_id[alternative.trajectory]) for alternative in ballot.alternatives]
    return f"[{packed_chart(ballot.id, tradeoff.chart(labelled))}]"
