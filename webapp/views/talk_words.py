"""What the server says on the stage and in a leave-behind."""

from collections.abc import Mapping
from typing import Final

OTHER: Final = "other"
NO_CALL: Final = "no valid call"
VERDICTS: Final[Mapping[str, str]] = {"solved": "Solved", "unsolved": "Not solved", "ungraded": "Answered, ungraded"}
NO_ANSWER: Final = "No answer"
GRADED: Final = "graded {by}"

STRONGEST: Final = "always the strongest"
SAVED: Final = "{percent} vs {strongest}"
RECORDED: Final = "recorded: {usd}, {seconds}{verdict}"
RECORDED_VERDICTS: Final[Mapping[str, str]] = {"solved": ", solved", "unsolved": ", not solved"}
ESTIMATE: Final = "estimate: same tokens at {alias}'s price"
ESTIMATE_MANY: Final = "estimate: same tokens at the prices of {aliases}"
ESTIMATE_SHORT: Final = "estimate: same tokens, strongest prices"
ITSELF: Final = "This is always the strongest: nothing dearer is in the pool."
UNKNOWN: Final = "– vs {strongest}"

LANES_NONE: Final = "Nothing has been called yet."
LANES_ONE: Final = "One call: {who}."
LANES_FEW: Final = "{count} calls: {route}."
LANES_MANY: Final = "{count} calls to {who} aliases; most often {most} ({times} times)."
STAIRS_NONE: Final = "Nothing has been paid for yet."
STAIRS_FREE: Final = "{total} in all."
STAIRS: Final = "{total} in all; step {number} ({who}) is {share} of it."

OVERVIEW_ONE: Final = "One route: {state}."
OVERVIEW: Final = "{count} alternatives, {solved} solved it."
OVERVIEW_SOLVED: Final = "All {count} alternatives solved it."
OVERVIEW_UNGRADED: Final = "{count} alternatives; nobody has graded them."
OVERVIEW_CHEAPEST: Final = " The cheapest of them cost {usd}, {share} less than the dearest."
CHEAPEST: Final = "cheapest that solved it"
FASTEST: Final = "fastest that solved it"
