"""A browser by name: what its User-Agent header says, in words."""

import re
from typing import Final

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("HeadlessChrome", "Chrome without a screen"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Version", "Safari"),
)
"""Products and the names that people know them by; one that imitates others stands before them."""
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_words(agent: str | None) -> str:
    """Such as `Firefox 145 on Linux`; what is not known as a browser stands as it is."""
    if not agent:
        return "unknown"
    for product, name in _BROWSERS:
        found = re.search(rf"\b{product}/(\d+)", agent)
        if found is not None:
            system = next((words for sign, words in _SYSTEMS if sign in agent), None)
            return f"{name} {found[1]}" + (f" on {system}" if system else "")
    return agent
