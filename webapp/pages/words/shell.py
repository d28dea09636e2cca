"""Words that every page has."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
    "loading": "Loading…",
    "retry": "Try again",
    "cancel": "Cancel",
    "undo": "Undo",
    "dark": "Dark",
    "light": "Light",
    "theme": "Switch between light and dark",
    "unreachable": "The server cannot be reached. What you did is kept in this browser; try again when it is back.",
    "table": "Show as table",
    "copy": "Copy",
    "copied": "Copied",
    "copy_failed": "Not copied",
    "simulated": "simulated",
    "simulated_title": "A stand-in replied here. Its text, tokens, price and time are simulated.",
    "unknown": "unknown",
    "logged_out": "You are not logged in any more. What you did is kept in this browser.",
    "log_in": "Log in",
}
