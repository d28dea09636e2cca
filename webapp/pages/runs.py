"""The page *Runs*."""

from typing import Final

from webapp.pages.page import Page
from webapp.pages.words.runs import WORDS

PAGE: Final = Page(
    "runs", "Runs", "Everything that was run: search, compare, fork.", WORDS, ("runs.js",), ("runs.css",)
)
