"""The page *Runs*: everything that was run, to be searched, compared, forked and summed up."""

from typing import Final

from webapp.pages.page import DIFFERENCE, Page
from webapp.pages.words.runs import WORDS

PAGE: Final = Page(
    "runs",
    "Runs",
    "Everything that was run: search, compare, fork.",
    WORDS,
    (
        "runs_address.js",
        "runs_filters.js",
        "runs_rows.js",
        "runs_list.js",
        "runs_figures.js",
        "runs_parts.js",
        "runs_fork.js",
        "runs_one.js",
        "runs_compare.js",
        "runs.js",
    ),
    ("runs.css", "runs_one.css"),
    ("chart.js", *DIFFERENCE),
)
