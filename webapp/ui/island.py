"""Islands: Gradio HTML components with a fixed template, drawn by our own scripts from plain JSON.

Data never enters a template, where Gradio would evaluate it; the scripts write it with `textContent`.
"""

from collections.abc import Sequence
from typing import Any

import gradio as gr


def trace_island(**options: Any) -> gr.HTML:
    """The live trace of a run view. Events: `stepselected`, `stopalternative`, `resumealternative`, `forkstep`,
    `comparenow`.
    """
    events = ("stepselected", "stopalternative", "resumealternative", "forkstep", "comparenow")
    return _island("trace", "trace", events, **options)


def chart_island(**options: Any) -> gr.HTML:
    """A chart; its value is the JSON text of `packed_charts`. Event: `pointclick`."""
    return _island("chart", "chart", ("pointclick",), **options)


def rank_island(**options: Any) -> gr.HTML:
    """The ranking list of a ballot view. Events: `ranked` after each move, `submitted` on Enter."""
    return _island("rankList", "rank", ("ranked", "submitted"), **options)


def comparison_island(**options: Any) -> gr.HTML:
    """Alternatives side by side, from a comparison view."""
    return _island("comparison", "comparison", (), **options)


def result_island(**options: Any) -> gr.HTML:
    """What a submitted ranking stored, from a result view."""
    return _island("result", "result", (), **options)


def history_island(**options: Any) -> gr.HTML:
    """Past runs, from a history view. Event: `opened`."""
    return _island("history", "history", ("opened",), **options)


def masthead_island(**options: Any) -> gr.HTML:
    """Name, policy in words and the switch between light and dark."""
    return _island("masthead", "masthead", (), **options)


def serving_island(**options: Any) -> gr.HTML:
    """How the orchestrator's server is doing, notices and the licence; the browser asks the HTTP interface itself."""
    return _island("serving", "serving", (), **options)


def examples_island(**options: Any) -> gr.HTML:
    """Example queries to click. Event: `chosen`."""
    return _island("examples", "examples", ("chosen",), **options)


def favour_island(**options: Any) -> gr.HTML:
    """A weight for each alias. Event: `favoured`."""
    return _island("favour", "favour", ("favoured",), **options)


def _island(function: str, name: str, events: Sequence[str], **options: Any) -> gr.HTML:
    """Gradio finds an island's events as quoted words in its script, and may run it before ours has loaded."""
    quoted = ", ".join(f"'{event}'" for event in events)
    start = f"Podium.{function}({{ element, props, watch, trigger, events: [{quoted}] }})"
    return gr.HTML(
        html_template=f'<div class="pd pd-{name}-frame"><div class="pd-{name}"></div></div>',
        js_on_load=f"const start = () => {start};\n"
        "if (window.Podium?.history) start();\n"
        'else document.addEventListener("podium:ready", start, { once: true });',
        apply_default_css=False,
        **options,
    )
