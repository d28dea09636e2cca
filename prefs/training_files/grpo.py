"""Rows for reinforcement learning: ToolOrchestra's data.jsonl, and prompts for TRL's GRPOTrainer."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from prefs.training_files.chat import prompt
from prefs.training_files.choices import choices, choices_row, preference_row
from prefs.training_files.judged import Judged, Row, Tally
from prefs.training_files.options import FileOptions
from prefs.training_files.queries import Asked, Quote, asked, pref_vec, quotes, quotes_json
from prefs.training_files.request import BARE, Tools, offered_tools, request, sent_tools, with_tools

NO_REFERENCE = "a query without a reference answer: ToolOrchestra's trainer could not tell right from wrong"
NO_TOOLS = "a query whose record holds no tools: name the pool"


def reference_rows(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Row]:
    """`index`, `category`, `problem`, `answer`, `tools`, `model_mapping`, `tool_pricing`, `pref_vec`.

    `problem` is the query with the preference instruction below it, the only place where ToolOrchestra's prompts could
    tell P. The prices of `tool_pricing` are dollars per token although their keys say per million: so ToolOrchestra
    reads them. A model with an unknown price is left out of it.
    """
    for one in asked(judged, options, tally):
        tools = sent_tools([one.trajectory]) or offered_tools(options.pool)
        if one.trajectory.reference is None:
            tally.skip(NO_REFERENCE)
        elif tools is None:
            tally.skip(NO_TOOLS)
        else:
            tally.rows += 1
            yield _reference_row(one, tools, quotes(one.trajectory, options.pool))


def prompt_rows(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Row]:
    """`prompt` of the first turn, tools inside its system message, and the columns that reward functions are given.

    `query`, `reference`, `group`, `ballot`, and as JSON texts `preference`, `choices` (what each first call led to, for
    `prefs.reward_functions.trl_reward`), `tools` and `quotes`. GRPOTrainer shows the model no tools of a row, so they
    stand in the prompt as Qwen3's chat template writes them.
    """
    for one in asked(judged, options, tally):
        tally.rows += 1
        yield prompt_row(one, options)


def prompt_row(one: Asked, options: FileOptions) -> Row:
    """The row of a prompt."""
    trajectory = one.trajectory
    if one.preference != trajectory.preference:
        trajectory = replace(trajectory, preference=one.preference, steps=())  # what was sent told another P
    first = request(trajectory, 0, options)
    tools = sent_tools([one.trajectory]) or first.tools or BARE
    return {
        "prompt": with_tools(first.messages, tools),
        "query": one.trajectory.query,
        "reference": one.trajectory.reference,
        "preference": json.dumps(preference_row(one.preference)),
        "choices": json.dumps(choices_row(choices(one.judged))),
        "tools": json.dumps(tools, ensure_ascii=False),
        "quotes": quotes_json(quotes(one.trajectory, options.pool)),
        "group": one.index,
        "ballot": one.judged.judgement.ballot,
    }


def _reference_row(one: Asked, tools: Tools, quoted: Mapping[str, Quote]) -> Row:
    return {
        "index": f"podium____{one.index}",
        "category": "qa",
        "problem": prompt(replace(one.trajectory, preference=one.preference))[-1]["content"],
        "answer": one.trajectory.reference,
        "tools": tools,
        "model_mapping": {alias: quote.model for alias, quote in quoted.items() if quote.model is not None},
        "tool_pricing": _pricing(quoted),
        "pref_vec": pref_vec(one.preference),
    }


def _pricing(quoted: Mapping[str, Quote]) -> dict[str, Any]:
    return {
        quote.model: {
            "input_tokens_per_million": float(quote.input_usd_per_mtok / 1_000_000),
            "output_tokens_per_million": float(quote.output_usd_per_mtok / 1_000_000),
        }
        for quote in quoted.values()
        if quote.model is not None and quote.input_usd_per_mtok is not None and quote.output_usd_per_mtok is not None
    }
