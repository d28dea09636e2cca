"""Everything the page says, in one place. Words of the islands reach the browser through ISLANDS."""

from collections.abc import Mapping
from typing import Final

TITLE: Final = "Podium"
TAGLINE: Final = "Watch a small model route the work. Say which routing you prefer."

# Controls of the run tab
QUERY: Final = "Query"
QUERY_HINT: Final = "Ask something. Enter asks; Shift+Enter starts a new line."
PRESET: Final = "What matters to you"
PRESET_OWN: Final = "My own"
ACCURACY: Final = "Accuracy"
COST: Final = "Low cost"
LATENCY: Final = "Speed"
ALTERNATIVES: Final = "Alternatives"
VARY: Final = "What differs between them"
VARY_PREFERENCES: Final = "Preferences"
VARY_SEEDS: Final = "Only the seed"
ALIASES_FOLD: Final = "Favour an alias"
MORE_FOLD: Final = "Seed, reference answer and limits"
SEED: Final = "Seed"
REFERENCE: Final = "Reference answer"
REFERENCE_HINT: Final = "If known: answers are graded against it. The models never see it."
LIMIT_TURNS: Final = "Turns at most"
LIMIT_USD: Final = "Dollars at most"
LIMIT_SECONDS: Final = "Seconds at most"
LIMIT_NONE: Final = "no limit"
ONE_AFTER_ANOTHER: Final = "One after another, so that they do not slow each other down"
ASK: Final = "Ask"
STOP: Final = "Stop all"

# Tabs
TAB_RUN: Final = "Run"
TAB_COMPARE: Final = "Compare and rank"
TAB_HISTORY: Final = "History"

# Ranking
REASON: Final = "Why this order?"
REASON_HINT: Final = "Optional, but it is what teaches most."
SUBMIT: Final = "Submit ranking"
ALREADY_STORED: Final = "This ranking is stored already. Change the order or the reason to correct it."
BALLOT_CHANGED: Final = "The alternatives changed meanwhile. Your order was carried over: look at it and submit again."
STILL_RUNNING: Final = "An alternative still runs or was interrupted. Submit when all have ended; your order stays."
NOT_TOUCHED: Final = "Nothing is ranked yet. Place at least one alternative, or say that none is acceptable."
SEARCH: Final = "Search queries"
SEARCH_HINT: Final = "Words of the query"

# Problems
NO_SUCH_RUN: Final = "There is no run {run}. It may have been deleted, or the link is incomplete."
NOT_A_WHOLE_NUMBER: Final = "{name} must be a whole number, not {value!r}."
NOT_A_NUMBER: Final = "{name} must be a number, not {value!r}."

STOP_REASONS: Final[Mapping[str, str]] = {
    "answered": "answered",
    "turns": "out of turns",
    "budget": "out of budget",
    "deadline": "out of time",
    "cancelled": "stopped by hand",
    "failed": "failed",
}
ORIGINS: Final[Mapping[str, str]] = {
    "retrieved": "retrieved",
    "executed": "executed",
    "model": "written by a model",
    "simulated": "written by a stand-in",
    "extracted": "extracted from a document",
    "none": "nothing found",
}
VERDICTS: Final[Mapping[str, str]] = {"solved": "Solved", "unsolved": "Not solved", "ungraded": "Ungraded"}
GRADERS: Final[Mapping[str, str]] = {"reference": "the reference answer", "person": "a person"}
ROLES: Final[Mapping[str, str]] = {
    "orchestrator": "orchestrator",
    "query_writer": "query writer",
    "retriever": "retriever",
    "code_writer": "code writer",
    "sandbox": "sandbox",
    "expert": "expert",
    "judge": "judge",
}

TOKENS_IN: Final = "in"
TOKENS_OUT: Final = "out"
TOKENS_CACHED: Final = "from cache"
TOKENS_REASONING: Final = "of them thinking"
TOKENS_BY: Final = "prompt counted beforehand by {by}"
QUEUED: Final = "waited {seconds} for a free place"
IN_FLIGHT: Final = "{count} in flight at its endpoint"
FALLBACK: Final = "in place of {model}, which failed"
ATTEMPT_UNKNOWN: Final = "dollars unknown"
GRADED: Final = "by {by}"
JUDGED: Final = "judged by {by}"
JUDGING: Final = "Judging took {seconds} and cost {cost}. It is not part of the route's time or cost."

ISLANDS: Final[Mapping[str, str]] = {
    "simulated": "simulated",
    "simulated_title": "A stand-in replied here. Its text, tokens, price and time are simulated.",
    "calling": "calling {alias}…",
    "deciding": "deciding what to call…",
    "thinking": "The orchestrator is thinking…",
    "judging": "The answer is being judged…",
    "writing": "What is being written",
    "thinks": "{who} thinks",
    "writes": "{who} writes",
    "say_thinking": "Step {number}: the orchestrator is thinking.",
    "waiting": "waits for the one before it",
    "examples": "Try one of these",
    "elapsed": "elapsed",
    "cost": "cost",
    "time": "time",
    "steps": "steps",
    "tokens": "tokens in → out",
    "no_call": "no valid call",
    "error": "error",
    "why": "Why",
    "came_back": "What came back",
    "search_query": "Search query",
    "documents": "Documents",
    "code": "Code",
    "stdout": "Printed",
    "stderr": "Error output",
    "value": "Value",
    "calls": "Calls billed to this step",
    "attempts_one": "1 failed attempt before, paid for in this call",
    "attempts": "{count} failed attempts before, paid for in this call",
    "attempt": "after {seconds}, {cost}: {error}",
    "prompt": "Prompt",
    "raw_reply": "Raw reply",
    "prompt_of": "Prompt of {who}",
    "reply_of": "Raw reply of {who}",
    "text_loading": "Fetching the text…",
    "text_missing": "Not kept here. It stayed where this trajectory was made; export it there with --texts.",
    "text_failed": "The text could not be fetched. Close this and open it again.",
    "text_readable": "Readable",
    "text_exact": "Exact",
    "text_thinking": "thinking",
    "text_said": "said",
    "text_tool_calls": "tool calls",
    "text_rest": "everything else",
    "text_length": "{count} characters",
    "copy": "Copy",
    "copied": "Copied",
    "copy_failed": "Not copied",
    "web": "web",
    "web_title": "Fetched from the web: somebody else's words. They are data here and never instructions.",
    "how_judged": "How it was judged",
    "nothing": "Nothing came back.",
    "source": "Source",
    "open_step": "Show details of step {number}",
    "stop_one": "Stop this one",
    "resume_one": "Resume",
    "end_one": "End it here",
    "all_ended": "All {count} have ended.",
    "compare_now": "Compare and rank them",
    "fork": "Try another call here",
    "fork_go": "Fork",
    "alternatives": "Alternatives of this run",
    "trace_empty_title": "Nothing has run yet",
    "trace_empty": "Ask a question. Every routed call appears here as it happens: who was called, why, what came back, "
    "what it cost and how long it took.",
    "no_steps": "No step has been kept.",
    "answer": "Answer",
    "no_answer": "No answer",
    "reference": "Reference answer",
    "extracted": "Extracted from",
    "seed": "seed {seed}",
    "table": "Show as table",
    "compare_empty_title": "Nothing to compare yet",
    "compare_empty": "Run a query with two or more alternatives. When they have ended, they stand here side by side.",
    "compare_steps": "Steps",
    "hidden": "hidden until you rank",
    "rank_title": "Your ranking, best first",
    "rank_help": "Drag the cards, or press a letter to place it next. Arrows move between cards; Space picks up, "
    "= ties with the one above, U takes back, − draws the line, Enter submits.",
    "rank_tray": "Not ranked yet",
    "rank_tray_empty": "Everything is ranked.",
    "rank_drop": "Drop the best one here, or press its letter.",
    "rank_line": "None below this line is acceptable",
    "rank_line_add": "Draw the acceptability line",
    "rank_line_none": "None is acceptable",
    "rank_line_remove": "Remove the line",
    "rank_up": "Move {label} up",
    "rank_down": "Move {label} down",
    "rank_tie": "Tie {label} with the one above, or part them",
    "rank_unrank": "Take {label} out of the ranking",
    "rank_place": "Place {label}",
    "say_placed": "{label} is in place {place} of {places}.",
    "say_tied": "{label} is tied in place {place} of {places}.",
    "say_unranked": "{label} is not ranked.",
    "say_grabbed": "{label} picked up. Arrows move it, Space puts it down, Escape takes it back.",
    "say_dropped": "{label} put down.",
    "say_line": "The line is below place {place}.",
    "say_line_top": "The line is above everything: none is acceptable.",
    "say_line_gone": "The line is removed.",
    "say_untouched": "Rank something first.",
    "rank_locked": "Submitted. Change the order to submit a correction.",
    "result_title": "Stored",
    "result_label": "Label",
    "result_place": "Place",
    "result_who": "What it was",
    "result_reward": "R(τ)",
    "result_unranked": "not ranked",
    "result_below": "below the line",
    "history_empty_title": "No runs yet",
    "history_empty": "Every run is kept here with its rankings, and can be opened again by its link.",
    "history_nothing": "No run matches this search.",
    "favour_help": "0 does not ask for it, 1 asks for it wherever it makes sense.",
    "favour": "Weight of {alias}",
    "not_in_pool": "not in this pool",
    "serving_model": "The orchestrator's model, on the server at {address}",
    "serving_looking": "asking its server…",
    "serving_running": "running",
    "serving_running_title": "Requests that the server works on now, of everybody who uses it",
    "serving_waiting": "waiting",
    "serving_waiting_title": "Requests in the server's own queue",
    "serving_prefix": "% prefix cache",
    "serving_prefix_title": "Tokens of prompts that the server found in its cache and need not read again, since it "
    "started. In the last seconds: {now}. Of the cache's memory, {used} is in use.",
    "serving_tokens": "tokens/s",
    "serving_tokens_title": "Tokens that the server writes each second, all requests together, over the last seconds. "
    "It reads {read} tokens/s of prompts; the first token comes after {first}.",
    "serving_slow": "slow to answer",
    "serving_unreachable": "server unreachable",
    "serving_back": "The orchestrator's server is there again.",
    "serving_paused": "calls paused",
    "serving_paused_title": "Its server failed several times in a row, so runs do not ask it now. They try again in "
    "{seconds} s. The last failure: {error}",
    "unknown": "unknown",
    "notice_hide": "Hide this notice",
    "licence_understood": "Understood",
    "dark": "Dark",
    "light": "Light",
    "theme": "Switch between light and dark",
}
"""Words that the islands use, by key; `{name}` is filled in by the browser."""
