"""The page *Rank*."""

from typing import Final

from webapp.pages.page import DIFFERENCE, RANKING, Page
from webapp.pages.words.rank import WORDS

_SCRIPTS: Final = (
    "rank_server.js",
    "rank_outbox.js",
    "rank_time.js",
    "rank_evidence.js",
    "rank_opinion.js",
    "rank_frame.js",
    "rank_queue.js",
    "rank_drawer.js",
    "rank_bound.js",
    "rank_ballot.js",
    "rank_form.js",
    "rank_studies.js",
    "rank.js",
)
PAGE: Final = Page(
    "rank",
    "Rank",
    "Put the alternatives in order, best first. Everything has a key.",
    WORDS,
    _SCRIPTS,
    ("rank.css", "rank_studies.css"),
    (*DIFFERENCE, *RANKING),
)
