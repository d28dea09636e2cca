"""The page *Stage*."""

from typing import Final

from webapp.pages.page import Page
from webapp.pages.words.stage import WORDS

PAGE: Final = Page(
    "stage", "Stage", "A run as a talk: one screen, readable from the back row.", WORDS, ("stage.js",), ("stage.css",)
)
