"""The table of doors and the routes of the app tell the same."""

import asyncio
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Match

from tests.webapp.access.people import town
from tests.webapp.access.routes import GRADIO, gradio_routes, own_routes, sample
from webapp.access.needs import DOORS, Door, door_of


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    async def made() -> FastAPI:
        async with town(Path(tmp_path_factory.mktemp("table")), page=True) as people:
            return people.app

    return asyncio.run(made())


def test_every_route_has_a_line_in_the_table(app: FastAPI) -> None:
    missing = [
        f"{method} {template}"
        for method, template in own_routes(app)
        if not isinstance(door_of(method, sample(template)), Door)
    ]
    assert not missing, f"say in webapp/access/needs.py who may do this: {missing}"


def test_the_door_that_is_asked_is_that_of_the_route_that_answers(app: FastAPI) -> None:
    for method, template in own_routes(app):
        if template.startswith("/assets/"):
            continue
        door = door_of(method, sample(template))
        assert isinstance(door, Door)
        assert sample(door.template) == sample(template), (method, template, door.template)
        scope = {"type": "http", "method": method, "path": sample(template), "root_path": "", "headers": []}
        first = next(one for one in iter_route_contexts(app.routes) if one.matches(scope)[0] is Match.FULL)
        assert first.path == template, f"{template} is hidden behind {first.path}"


def test_every_line_has_a_route(app: FastAPI) -> None:
    ours = {(method, sample(template)) for method, template in own_routes(app)}
    theirs = {(method, sample(template)) for method, template in gradio_routes(app)}
    for door in DOORS:
        if door.template in ("/ui", "/assets/{file}"):  # Starlette's redirect, and files named for their content.
            continue
        known = theirs if door.template.startswith(GRADIO) else ours
        path = sample(door.template).replace("run/predict", "run/sample")
        assert (door.method, path) in known, f"nothing answers {door.method} {door.template}"


def test_what_gradio_offers_besides_is_closed(app: FastAPI) -> None:
    used = {
        "GET /ui/", "GET /ui/config", "GET /ui/theme.css", "GET /ui/assets/sample", "GET /ui/static/sample",
        "GET /ui/gradio_api/app_id", "GET /ui/gradio_api/startup-events", "POST /ui/gradio_api/cancel",
        "GET /ui/manifest.json", "POST /ui/gradio_api/run/predict", "POST /ui/gradio_api/queue/join",
        "GET /ui/gradio_api/queue/data",
    }  # fmt: skip
    open_ones = {
        f"{method} {sample(template)}".replace("run/sample", "run/predict")
        for method, template in gradio_routes(app)
        if method != "HEAD" and isinstance(door_of(method, sample(template).replace("run/sample", "run/predict")), Door)
    }
    assert open_ones == used


def test_a_method_that_an_address_lacks_is_told_apart_from_nothing_there() -> None:
    assert door_of("GET", "/nothing") is None
    assert door_of("PATCH", "/api/v1/runs/r") == frozenset({"GET"})
    assert door_of("OPTIONS", "/api/v1/runs") == frozenset({"POST"})
    assert isinstance(door_of("HEAD", "/api/v1/runs/r"), Door)


@pytest.mark.parametrize(
    "path",
    ["//api/v1/runs/r", "/api/v1//runs/r", "/api/v1/runs/r/", "/api/v1/runs/../accounts", "/API/v1/accounts", "/ui//",
     "/api/v1/accounts\n", "/assets/", "/ui/gradio_api//queue/join"],
)  # fmt: skip
def test_other_spellings_of_an_address_are_no_address(path: str) -> None:
    assert not isinstance(door_of("GET", path), Door)
