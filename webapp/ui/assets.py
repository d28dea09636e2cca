"""Scripts and styles of the page, served from this process under names that change with their content."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import plotly
from fastapi import FastAPI, Request, Response

from webapp.charts.template import template
from webapp.ui.stylesheet import stylesheet
from webapp.views import island_words, palette

_SCRIPTS: Final = (
    "core.js",
    "keys.js",
    "texts.js",
    "calls.js",
    "answer.js",
    "steps.js",
    "live.js",
    "trace.js",
    "chart.js",
    "rank_order.js",
    "rank_drag.js",
    "rank_keys.js",
    "rank_list.js",
    "difference_cell.js",
    "difference.js",
    "comparison.js",
    "serving.js",
    "small.js",
)
_READY: Final = 'document.dispatchEvent(new CustomEvent("podium:ready"));'
_AGAIN: Final = """<script>
(() => {
  const ask = window.fetch;
  window.fetch = async (...asked) => {
    const reply = await ask(...asked);
    if (reply.status === 401 && String(asked[0]?.url ?? asked[0]).includes("/gradio_api/")) {
      const next = encodeURIComponent("/ui/" + location.search);
      location.assign(`../login?expired=true&next=${next}`);
    }
    return reply;
  };
})();
</script>"""
"""Whose session has ended is led to the login; Gradio would only say "Error"."""
_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file under its final name."""

    name: str
    media_type: str
    body: bytes
    packed: bytes
    """The body, gzipped."""

    @property
    def path(self) -> str:
        """Where it is served, beside `/ui`."""
        return f"/assets/{self.name}"


def asset(stem: str, ending: str, media_type: str, body: bytes) -> Asset:
    """The file with a digest of its content in its name."""
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(f"{stem}-{digest}.{ending}", media_type, body, gzip.compress(body, 6, mtime=0))


def script(plotly_path: str) -> Asset:
    """All islands in one script, after the words, colours and looks they use; charts load plotly.js themselves."""
    folder = Path(__file__).parent / "islands"
    files = [(folder / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return asset("islands", "js", "text/javascript", "\n".join((constants(plotly_path), *files, _READY)).encode())


def styles() -> Asset:
    """The page's stylesheet."""
    return asset("podium", "css", "text/css", stylesheet().encode())


def plotly_script() -> Asset:
    """The plotly.js that belongs to the installed plotly."""
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return asset("plotly", "js", "text/javascript", source.read_bytes())


def page_assets() -> tuple[Asset, Asset, Asset]:
    """Styles, islands and plotly.js."""
    charts = plotly_script()
    return styles(), script(charts.path), charts


def head(assets: tuple[Asset, Asset, Asset]) -> str:
    """Tags that load styles and islands, relative to the page so that a path prefix does no harm."""
    look, islands, _ = assets
    return f'{_AGAIN}\n<link rel="stylesheet" href="..{look.path}">\n<script src="..{islands.path}"></script>'


def install_assets(app: FastAPI, assets: tuple[Asset, ...]) -> None:
    """Serve the assets, cacheable for ever because a new content gets a new name."""
    for one in assets:
        app.add_api_route(one.path, _route(one), methods=["GET"], include_in_schema=False)


def install_icon(app: FastAPI) -> None:
    """Serve the mark that browsers show beside the title."""
    mark = (Path(__file__).parent / "mark.svg").read_bytes()
    icon = Asset("favicon.ico", "image/svg+xml", mark, gzip.compress(mark, mtime=0))
    app.add_api_route("/favicon.ico", _route(icon), methods=["GET"], include_in_schema=False)


def _route(one: Asset) -> Any:
    async def serve(request: Request) -> Response:
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(one.packed, media_type=one.media_type, headers={**_FOREVER, "Content-Encoding": "gzip"})
        return Response(one.body, media_type=one.media_type, headers=_FOREVER)

    return serve


def constants(plotly_path: str) -> str:
    """What the scripts know of the palette and the words."""
    shades = (*palette.ALIASES.values(), *palette.TOKENS.values())
    known = {
        "plotlyPath": plotly_path,
        "words": dict(island_words.ISLANDS),
        "aliases": list(palette.ALIASES),
        "darkOf": {shade.light: shade.dark for shade in shades},
        "templates": {"light": template("light").to_plotly_json(), "dark": template("dark").to_plotly_json()},
    }
    return f"window.Podium = Object.assign(window.Podium || {{}}, {json.dumps(known, ensure_ascii=False)});"
