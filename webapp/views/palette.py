"""The look as data: colours for light and dark, type, spacing. The stylesheet, the Gradio theme and Plotly read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ORCHESTRATOR: Final = "orchestrator"


@dataclass(frozen=True, slots=True)
class Shade:
    """One colour, as it is on the light and on the dark page."""

    light: str
    dark: str


TOKENS: Final[Mapping[str, Shade]] = {
    "paper": Shade("#f6f3ec", "#131315"),
    "surface": Shade("#fffdf9", "#1b1b1f"),
    "raised": Shade("#f0ece2", "#26262b"),
    "ink": Shade("#1e1c19", "#eeebe4"),
    "ink-2": Shade("#59544b", "#b0aba0"),
    "line": Shade("#ddd6c8", "#36353b"),
    "line-2": Shade("#8a8375", "#7f7b74"),
    "accent": Shade("#155a48", "#74d0b2"),
    "accent-2": Shade("#0e4335", "#93dec5"),
    "on-accent": Shade("#ffffff", "#0c1f19"),
    "accent-soft": Shade("#e0ece5", "#1a332b"),
    "good": Shade("#17614a", "#74d0b2"),
    "bad": Shade("#9f2a1e", "#ff9d8e"),
    "bad-soft": Shade("#f8e4df", "#3b1f1b"),
    "sim": Shade("#6a5718", "#e2cd8b"),
    "sim-soft": Shade("#f3ead0", "#302a19"),
    "on-colour": Shade("#ffffff", "#131315"),
}
"""Roles of the page. `on-colour` is text on a filled badge."""

ALIASES: Final[Mapping[str, Shade]] = {
    ORCHESTRATOR: Shade("#5a564f", "#b8b3a8"),
    "search-1": Shade("#0b4778", "#9ac8ee"),
    "search-2": Shade("#1a69a8", "#62a9e0"),
    "search-3": Shade("#1b7584", "#74cbd6"),
    "reasoner-1": Shade("#6b4300", "#f1d08a"),
    "reasoner-2": Shade("#8f5d00", "#dfae52"),
    "reasoner-3": Shade("#9a4716", "#eb9f6d"),
    "answer-1": Shade("#571a69", "#e4bdf2"),
    "answer-2": Shade("#7b2f93", "#cf97e6"),
    "answer-3": Shade("#a03593", "#f09be0"),
    "answer-4": Shade("#a23462", "#f2a1c0"),
    "answer-math-1": Shade("#41338c", "#b9b1fa"),
    "answer-math-2": Shade("#6350bd", "#9488f0"),
}
"""One colour for each alias, in the hues of its tool: blues search, ochres reason, plums answer."""

SANS: Final = (
    "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', sans-serif"
)
SERIF: Final = (
    "'Iowan Old Style', 'Palatino Linotype', Palatino, Charter, 'Source Serif 4', Georgia, 'Liberation Serif', serif"
)
MONO: Final = "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'Liberation Mono', monospace"

SIZES: Final[Mapping[str, str]] = {
    "xs": "0.75rem",
    "s": "0.8125rem",
    "m": "0.9375rem",
    "l": "1.125rem",
    "xl": "1.4rem",
    "xxl": "1.85rem",
}
SPACES: Final[Mapping[str, str]] = {"1": "4px", "2": "8px", "3": "12px", "4": "16px", "5": "24px", "6": "36px"}
RADII: Final[Mapping[str, str]] = {"s": "4px", "m": "8px", "l": "12px"}
WIDEST_PAGE: Final = "1560px"


def alias_colour(alias: str) -> Shade:
    """The colour of that alias; the orchestrator's for a name outside the twelve."""
    return ALIASES.get(alias, ALIASES[ORCHESTRATOR])


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` as WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb` colours as WCAG 2 defines it, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
