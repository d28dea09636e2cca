"""Everything the page says, in one place; `island_words` has what the browser fills in."""

from collections.abc import Mapping
from typing import Final

TITLE: Final = "Podium"

# Controls of the run tab
QUERY: Final = "Query"
LOOKING: Final = (
    "You look on here as a viewer. What others ask for is under History and on the page Runs, talks are on Stage. "
    "To ask yourself, have an admin make you an author."
)
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
TAB_REVEALED: Final = "What rankings reveal"

# Revealed weights
REVEALED_TITLE: Final = "What the rankings weigh"
REVEALED_AXIS: Final = "weight, the greatest is 1"
REVEALED: Final = "revealed by rankings"
STATED: Final = "stated by the sliders"
REVEALED_NONE: Final = (
    "Nothing has been ranked yet. Rank a few ballots: what your orders say of accuracy, cost and speed appears here, "
    "with intervals that narrow."
)
REVEALED_NOTE: Final = (
    "The weights P under which the orders that people gave are most likely (Plackett–Luce with ties; 95 % intervals)."
)
REVEALED_UNTOLD: Final = (
    "Nothing can be said of {names}: no ballot had alternatives that differ in it, or nobody graded them."
)
REVEALED_LEFT_OUT: Final = "{count} rankings are left out: a price on their ballot is unknown, or they place nothing."
REVEALED_UPDATED: Final = "The last ranking was taken in within {milliseconds} ms."
WEIGHTS: Final[Mapping[str, str]] = {"accuracy": "Accuracy", "cost": "Low cost", "latency": "Speed"}

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
STOPPED_AT_A_LIMIT: Final = "stopped at a limit"
STEP_FAILED: Final = "This step failed; the reason is told once you have ranked."
HIDDEN_NAME: Final = "[hidden]"
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
