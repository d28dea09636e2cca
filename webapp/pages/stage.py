"""The page *Stage*: a run as a talk."""

from typing import Final

from webapp.pages.page import TRACE, Page
from webapp.pages.words.audience import WORDS as AUDIENCE
from webapp.pages.words.stage import WORDS

TALK_SCRIPTS: Final = (
    "stage_state.js",
    "stage_lanes.js",
    "stage_stairs.js",
    "stage_tiles.js",
    "stage_overview.js",
    "stage_controls.js",
    "stage_talk.js",
)
"""What draws a talk, here and in a leave-behind."""
TALK_STYLES: Final = ("stage.css", "stage_charts.css", "stage_landing.css")
"""And how it looks."""

PAGE: Final = Page(
    "stage",
    "Stage",
    "A run as a talk: one screen, readable from the back row.",
    {**WORDS, **AUDIENCE},
    (*TALK_SCRIPTS, "stage_landing.js", "audience_charts.js", "audience.js", "stage.js"),
    (*TALK_STYLES, "audience.css"),
    TRACE,
    template="stage.html",
)
