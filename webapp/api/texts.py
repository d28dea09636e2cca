"""Long texts over HTTP: rendered prompts and raw replies, by the addresses that records name."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from orchestrator.kept_text import is_address
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.live_runs import NotFound

routes = APIRouter(tags=["texts"], responses=ERRORS)

FOREVER = "private, max-age=31536000, immutable"
"""An address tells its text apart from any other, so what was read once never changes."""


@routes.get("/texts/{address}", response_class=PlainTextResponse)
def text(address: str, here: Here) -> PlainTextResponse:
    """The text at an address, as it was sent or received; halves of surrogate pairs are shown as question marks."""
    found = here.store.text(address) if is_address(address) else None
    if found is None:
        raise NotFound(f"there is no text {address[:80]} here; it may have stayed where the trajectory was made")
    return PlainTextResponse(found.encode(errors="replace"), headers={"Cache-Control": FOREVER})
