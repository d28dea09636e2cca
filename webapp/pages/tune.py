"""The page *Tune*."""

from typing import Final

from webapp.pages.page import Page
from webapp.pages.words.tune import WORDS

PAGE: Final = Page(
    "tune", "Tune", "Which weights to ship, and what they would cost.", WORDS, ("tune.js",), ("tune.css",)
)
