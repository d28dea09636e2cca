"""The run tab: what to ask on the left, the live trace and its charts on the right."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import gradio as gr

from orchestrator.preference import PRESETS, preset
from orchestrator.trajectory import ToolCall
from webapp.access.events import may
from webapp.access.needs import AUTHORS, LOOKERS
from webapp.access.payer import payer_of
from webapp.asking import DEFAULT_LIMITS
from webapp.charts import staircase, timeline
from webapp.live_run import RunSnapshot
from webapp.ui import form, island
from webapp.ui.desk import Desk
from webapp.ui.packing import RememberedCharts, RememberedRows, sendable
from webapp.ui.quiet import QUIET, problem, run_of, token_of
from webapp.views import aliases, words
from webapp.views.trace import run_view


class RunTab:
    """Components and events of the run tab. `token` names the run that is followed; a new token follows anew."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.token = gr.Textbox("", visible="hidden", elem_id="token", label="run")
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=300, elem_classes="pd-controls"):
                gr.Markdown(words.LOOKING, elem_classes="pd-looking")
                self._question()
                self._wishes()
                self._folds()
            with gr.Column(scale=10, min_width=340):
                self.trace = island.trace_island(value=None, elem_id="trace")
                with gr.Row(equal_height=False):
                    with gr.Column(scale=3, min_width=320):
                        self.timeline = island.chart_island(value="[]", elem_id="timeline")
                    with gr.Column(scale=2, min_width=300):
                        self.staircase = island.chart_island(value="[]", elem_id="staircase")
        self._wire()

    def _question(self) -> None:
        self.query = gr.Textbox(
            label=words.QUERY, placeholder=words.QUERY_HINT, lines=1, max_lines=8, elem_id="query", autofocus=True
        )
        with gr.Row():
            self.ask = gr.Button(words.ASK, variant="primary", elem_id="ask", scale=3, min_width=120)
            self.stop = gr.Button(words.STOP, variant="stop", elem_id="stop", scale=2, min_width=90, visible=False)
        self.examples = island.examples_island(value=list(self._desk.examples), elem_id="examples")

    def _wishes(self) -> None:
        balanced = PRESETS["Balanced"]
        self.preset = gr.Radio(
            [*PRESETS, words.PRESET_OWN], value="Balanced", label=words.PRESET, elem_id="preset", elem_classes="pd-seg"
        )
        options: dict[str, Any] = {"minimum": 0, "maximum": 1, "step": 0.05, "buttons": [], "elem_classes": "pd-slide"}
        self.accuracy = gr.Slider(value=balanced.accuracy, label=words.ACCURACY, elem_id="accuracy", **options)
        self.cost = gr.Slider(value=balanced.cost, label=words.COST, elem_id="cost", **options)
        self.latency = gr.Slider(value=balanced.latency, label=words.LATENCY, elem_id="latency", **options)
        self.count = gr.Radio(
            [1, 2, 3, 4, 5, 6], value=4, label=words.ALTERNATIVES, elem_id="alternatives", elem_classes="pd-seg"
        )
        self.vary = gr.Radio(
            [words.VARY_PREFERENCES, words.VARY_SEEDS],
            value=words.VARY_PREFERENCES,
            label=words.VARY,
            elem_id="vary",
            elem_classes="pd-seg",
        )

    def _folds(self) -> None:
        pool = self._desk.pool
        known = [aliases.who(entry.alias, pool) for entry in pool.entries]
        with gr.Accordion(words.ALIASES_FOLD, open=False, elem_id="favour-fold"):
            self.favour = island.favour_island(value={"aliases": known, "weights": {}}, elem_id="favour")
        with gr.Accordion(words.MORE_FOLD, open=False, elem_id="more-fold"):
            self.seed = gr.Textbox("0", label=words.SEED, max_lines=1, elem_id="seed")
            self.reference = gr.Textbox(label=words.REFERENCE, info=words.REFERENCE_HINT, elem_id="reference")
            with gr.Row():
                self.turns = _limit(words.LIMIT_TURNS, "limit-turns", str(DEFAULT_LIMITS.turns))
                self.usd = _limit(words.LIMIT_USD, "limit-usd", "")
                self.seconds = _limit(words.LIMIT_SECONDS, "limit-seconds", "")
            self.one_by_one = gr.Checkbox(False, label=words.ONE_AFTER_ANOTHER, elem_id="one-after-another")

    def _wire(self) -> None:
        self.following = self.token.change(
            may(LOOKERS, self._follow),
            self.token,
            [self.trace, self.timeline, self.staircase, self.stop],
            concurrency_limit=None,
            **QUIET,
        )
        form_inputs = [
            self.query, self.accuracy, self.cost, self.latency, self.favour, self.count, self.vary,
            self.seed, self.reference, self.turns, self.usd, self.seconds, self.one_by_one,
        ]  # fmt: skip
        gr.on(
            [self.ask.click, self.query.submit],
            may(AUTHORS, self._ask),
            form_inputs,
            self.token,
            cancels=[self.following],
            **QUIET,
        )
        self.stop.click(may(AUTHORS, self._stop), self.token, None, queue=False, **QUIET)
        self.trace.stopalternative(may(AUTHORS, self._stop_one), None, self.token, queue=False, **QUIET)
        resume, fork = may(AUTHORS, self._resume), may(AUTHORS, self._fork)
        self.trace.resumealternative(resume, None, self.token, cancels=[self.following], **QUIET)
        self.trace.forkstep(fork, None, self.token, cancels=[self.following], **QUIET)
        self.examples.chosen(may(LOOKERS, _chosen), None, self.query, queue=False, **QUIET)
        sliders = [self.accuracy, self.cost, self.latency]
        chosen = may(LOOKERS, self._preset)
        self.preset.input(chosen, [self.preset, self.favour], [*sliders, self.favour], queue=False, **QUIET)
        own = f"() => {words.PRESET_OWN!r}"
        for slider in sliders:
            slider.input(None, None, self.preset, js=own, **QUIET)
        self.favour.favoured(None, None, self.preset, js=own, **QUIET)

    async def _ask(
        self, request: gr.Request, query: Any, accuracy: Any, cost: Any, latency: Any, favoured: Any, *rest: Any
    ) -> str:
        count, vary, seed, reference, turns, usd, seconds, one_by_one = rest
        with problem():
            mine = form.preference(accuracy, cost, latency, favoured)
            wanted = form.preferences(mine, count, vary, self._desk.pool.local_aliases)
            stops = form.limits(turns, usd, seconds)
            asking = form.asking(query, wanted, stops, seed=seed, reference=reference, one_by_one=one_by_one)
            paid = replace(asking, payer=payer_of(request.request))
            return token_of(await self._desk.ask(paid))

    async def _follow(self, token: str) -> AsyncIterator[tuple[Any, ...]]:
        run = run_of(token)
        if not run:
            yield None, "[]", "[]", gr.skip()
            return
        rows = RememberedRows(self._desk.pool)
        times, dollars = RememberedCharts(timeline.chart), RememberedCharts(staircase.chart)
        steps, running = -1, None
        with problem(run):
            async for snapshot in self._desk.follow(run):
                view = sendable(run_view(snapshot, self._desk.pool, datetime.now(UTC), rows))
                drawn: tuple[Any, Any] = (gr.skip(), gr.skip())
                if _steps(snapshot) != steps:
                    steps = _steps(snapshot)
                    drawn = times(snapshot.trajectories), dollars(snapshot.trajectories)
                changed = running is not (not snapshot.ended)
                running = not snapshot.ended
                yield view, *drawn, gr.update(visible=running) if changed else gr.skip()

    async def _stop(self, token: str) -> None:
        with problem():
            if run := run_of(token):
                await self._desk.stop(run)

    async def _stop_one(self, event: gr.EventData) -> Any:
        """Stop one; where nothing of the run runs, nobody follows it, so it is followed anew."""
        with problem():
            followed = not self._desk.snapshot(str(event.run)).ended
            await self._desk.stop(str(event.run), str(event.alternative))
            return gr.skip() if followed else token_of(str(event.run))

    async def _resume(self, request: gr.Request, event: gr.EventData) -> str:
        with problem():
            payer = payer_of(request.request)
            return token_of(await self._desk.resume(str(event.alternative), payer))

    async def _fork(self, request: gr.Request, event: gr.EventData) -> str:
        with problem():
            alias = self._desk.pool[str(event.alias)]
            call = ToolCall(alias.tool, alias.alias)
            payer = payer_of(request.request)
            return token_of(await self._desk.fork(str(event.alternative), int(event.step), call, payer))

    def _preset(self, name: str, favoured: Any) -> tuple[Any, ...]:
        if name not in PRESETS:
            return (gr.skip(),) * 4
        chosen = preset(name, self._desk.pool.local_aliases)
        return chosen.accuracy, chosen.cost, chosen.latency, {**favoured, "weights": dict(chosen.tools)}


def _limit(label: str, elem_id: str, value: str) -> gr.Textbox:
    """A text box: Gradio's number box turns an empty limit into 0."""
    return gr.Textbox(value, label=label, placeholder=words.LIMIT_NONE, max_lines=1, min_width=90, elem_id=elem_id)


def _steps(snapshot: RunSnapshot) -> int:
    return sum(len(trajectory.steps) for trajectory in snapshot.trajectories)


def _chosen(event: gr.EventData) -> str:
    """The example query that was clicked."""
    return str(event.text)
