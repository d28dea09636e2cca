"""Every route of the app, Gradio's beside our own, as somebody outside could name it."""

import re
from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

GRADIO = "/ui"


def own_routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and template of each route of ours, in the order in which they are tried."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            assert route.original_route.path == GRADIO, "only Gradio is mounted"
            continue
        for method in sorted(route.methods or ()):
            if method not in ("HEAD", "OPTIONS"):
                yield method, str(route.path)


def gradio_routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """The same of what is mounted at `/ui`."""
    mounted = next(one for one in app.routes if isinstance(one, Mount))
    for route in iter_route_contexts(mounted.app.routes):  # type: ignore[attr-defined]
        for method in sorted(route.methods or ()):
            if method != "OPTIONS":
                yield method, f"{GRADIO}{route.path}"


def sample(template: str) -> str:
    """A path that the template matches."""
    return re.sub(r"\{\w+(:\w+)?\}", "sample", template)
