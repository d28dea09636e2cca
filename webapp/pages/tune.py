"""The page *Tune*."""

from typing import Final

from webapp.pages.page import Page
from webapp.pages.words.tune import WORDS

SCRIPTS: Final = (
    "tune_state.js",
    "tune_live.js",
    "tune_weights.js",
    "tune_flips.js",
    "tune_totals.js",
    "tune_tabs.js",
    "tune_front.js",
    "tune_queries.js",
    "tune_revealed.js",
    "tune_prices.js",
    "tune_routes.js",
    "tune_forecast.js",
    "tune_profiles.js",
    "tune_profile_dialogs.js",
    "tune.js",
)
PAGE: Final = Page(
    "tune",
    "Tune",
    "Which weights to ship, and what they would cost.",
    WORDS,
    SCRIPTS,
    ("tune.css", "tune_figures.css"),
    ("chart.js",),
)
