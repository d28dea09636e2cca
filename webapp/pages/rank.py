"""The page *Rank*."""

from typing import Final

from webapp.pages.page import Page
from webapp.pages.words.rank import WORDS

PAGE: Final = Page("rank", "Rank", "Compare what was done, say what you prefer.", WORDS, ("rank.js",), ("rank.css",))
