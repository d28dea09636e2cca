"""The page that a phone in the audience sees: one document for every code, a style and a script of its own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webapp.pages.words import join
from webapp.ui.assets import Asset, asset
from webapp.views import palette

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: its own script and style, its own doors, and nothing else."""
_HERE: Final = Path(__file__).parent
_SCRIPTS: Final = ("join_order.js", "join_doors.js", "join.js")


@dataclass(frozen=True, slots=True)
class JoinPage:
    """The document and what it loads."""

    html: str
    script: Asset
    style: Asset


def build_join() -> JoinPage:
    """Put the page's files together."""
    words = f"window.Join = {{ words: {json.dumps(dict(join.WORDS), ensure_ascii=False)} }};"
    files = [(_HERE / "scripts" / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    script = asset("join", "js", "text/javascript", "\n".join((words, *files)).encode())
    rules = (_HERE / "css" / "join.css").read_text(encoding="utf-8")
    style = asset("join", "css", "text/css", "\n".join((_variables(), rules)).encode())
    templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    html = templates.get_template("join.html").render(
        title=join.TITLE, words=join.WORDS, no_script=join.NO_SCRIPT, script=script, style=style
    )
    return JoinPage(html, script, style)


def _variables() -> str:
    """The palette's colours, light or dark as the phone is."""
    fonts = f"--pd-sans: {palette.SANS}; --pd-serif: {palette.SERIF};"
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {_colours('dark')} }} }}"
    return f":root {{ {fonts} {_colours('light')} }}\n{dark}"


def _colours(mode: Literal["light", "dark"]) -> str:
    return " ".join(f"--pd-{name}: {getattr(shade, mode)};" for name, shade in palette.TOKENS.items())
