"""The page's stylesheet: the tokens of the palette as CSS variables, then the files in `css/`."""

from pathlib import Path
from typing import Final, Literal

from webapp.views import palette

_FILES: Final = ("base.css", "trace.css", "calls.css", "compare.css", "difference.css", "shell.css", "serving.css")


def stylesheet() -> str:
    """All of it, variables first."""
    folder = Path(__file__).parent / "css"
    rules = [(folder / name).read_text(encoding="utf-8") for name in _FILES]
    return "\n".join(
        (
            f":root {{\n{_fixed()}\n{_colours('light')}\n}}",
            f".dark, html:has(> body.dark) {{\n{_colours('dark')}\n}}",
            *rules,
        )
    )


def _fixed() -> str:
    variables = {"sans": palette.SANS, "serif": palette.SERIF, "mono": palette.MONO, "widest": palette.WIDEST_PAGE}
    variables |= {f"size-{name}": size for name, size in palette.SIZES.items()}
    variables |= {f"space-{name}": space for name, space in palette.SPACES.items()}
    variables |= {f"radius-{name}": radius for name, radius in palette.RADII.items()}
    return "\n".join(f"  --pd-{name}: {value};" for name, value in variables.items())


def _colours(mode: Literal["light", "dark"]) -> str:
    shades = {**palette.TOKENS, **{f"a-{alias}": shade for alias, shade in palette.ALIASES.items()}}
    lines = [f"  --pd-{name}: {getattr(shade, mode)};" for name, shade in shades.items()]
    return "\n".join((f"  color-scheme: {mode};", *lines))
