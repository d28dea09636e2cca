"""A page: its address, its words, and the scripts and styles that draw it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webapp.pages.words import account, shell
from webapp.ui.assets import Asset, asset, constants
from webapp.ui.stylesheet import stylesheet

_HERE: Final = Path(__file__).parent
_ISLANDS: Final = _HERE.parent / "ui" / "islands"
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
TRACE: Final = ("texts.js", "calls.js", "answer.js", "steps.js")
"""Islands that a page showing steps needs, after `core.js`."""
DIFFERENCE: Final = (*TRACE, "difference_cell.js", "difference.js")
"""Islands that a page needs which shows where alternatives part."""
RANKING: Final = ("rank_order.js", "rank_drag.js", "rank_keys.js", "rank_list.js")
"""Islands of the ranking list."""


@dataclass(frozen=True, slots=True)
class Page:
    """One document. Its script is `core.js`, `keys.js`, its islands, `page.js`, then its own files, in this order."""

    name: str
    """Also its address: `/name`."""
    title: str
    """Of the document, its heading and its place in the navigation."""
    hint: str
    """One sentence under the heading."""
    words: Mapping[str, str] = field(repr=False)
    scripts: tuple[str, ...]
    """Files in `webapp/pages/scripts`."""
    styles: tuple[str, ...] = ()
    """Files in `webapp/pages/css`, after `page.css`."""
    islands: tuple[str, ...] = ()
    """Files in `webapp/ui/islands`."""
    template: str = "page.html"
    listed: bool = True
    """Whether the navigation has it."""


@dataclass(frozen=True, slots=True)
class Built:
    """A page with its two assets, ready to be served."""

    page: Page
    script: Asset
    style: Asset

    def html(self, listed: tuple[Page, ...], root: str = "", **values: Any) -> str:
        """The document. `root` leads from its address to that of the app, such as `../`; `me` is who looks at it."""
        values.setdefault("me", None)
        return _TEMPLATES.get_template(self.page.template).render(
            page=self.page, script=self.script, style=self.style, listed=listed, root=root, said=account, **values
        )


def build(page: Page, plotly_path: str) -> Built:
    """Put the page's files together."""
    islands = [(_ISLANDS / name).read_text(encoding="utf-8") for name in ("core.js", "keys.js", *page.islands)]
    own = [(_HERE / "scripts" / name).read_text(encoding="utf-8") for name in ("page.js", *page.scripts)]
    words = json.dumps({**shell.WORDS, **page.words}, ensure_ascii=False)
    said = f"Object.assign(window.Podium.words, {words});"
    script = "\n".join((constants(plotly_path), said, *islands, *own))
    rules = [(_HERE / "css" / name).read_text(encoding="utf-8") for name in ("page.css", *page.styles)]
    return Built(
        page,
        asset(page.name, "js", "text/javascript", script.encode()),
        asset(page.name, "css", "text/css", "\n".join((stylesheet(), *rules)).encode()),
    )
