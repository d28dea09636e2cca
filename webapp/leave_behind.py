"""What listeners take home: one HTML file of a run with the stage's own scripts, which asks for nothing."""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webapp.pages import stage
from webapp.pages.words import shell
from webapp.pages.words.stage import WORDS
from webapp.ui.stylesheet import stylesheet
from webapp.views import island_words, palette

_HERE: Final = Path(__file__).parent
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(_HERE / "pages" / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_ENTRY: Final = "leave_behind.js"


def leave_behind(talk: Mapping[str, Any]) -> str:
    """The page of a talk (`webapp.talks`), which is redacted already."""
    return _TEMPLATES.get_template("leave_behind.html").render(
        title=talk["query"][:120], style=_style(), script=_script(), hash=_digest(_script()), talk=_embedded(talk)
    )


@cache
def _script() -> str:
    """The islands and the page's own files, with the words they use; no chart library is needed."""
    said = {**island_words.ISLANDS, **shell.WORDS, **WORDS}
    known = {"words": said, "aliases": list(palette.ALIASES)}
    islands = [
        (_HERE / "ui" / "islands" / name).read_text("utf-8") for name in ("core.js", "keys.js", *stage.PAGE.islands)
    ]
    names = ("page.js", *stage.TALK_SCRIPTS, _ENTRY)
    own = [(_HERE / "pages" / "scripts" / name).read_text("utf-8") for name in names]
    constants = f"window.Podium = {json.dumps(known, ensure_ascii=False)};"
    return "\n".join((constants, *islands, *own)).replace("</", "<\\/")


@cache
def _style() -> str:
    names = ("page.css", *stage.TALK_STYLES)
    return "\n".join((stylesheet(), *((_HERE / "pages" / "css" / name).read_text("utf-8") for name in names)))


def _digest(script: str) -> str:
    """How a Content-Security-Policy names the one script that may run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _embedded(talk: Mapping[str, Any]) -> str:
    """JSON that cannot end the script element that it stands in."""
    return json.dumps(talk).replace("<", "\\u003c")
