"""Whatever the description of the HTTP interface allows, and much that it does not: no 5xx, no undeclared answer.

PODIUM_API_EXAMPLES requests for each operation; with 25 and more it is the long form, which also asks on PostgreSQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from fastapi import FastAPI

from tests.postgres import address, serving
from tests.webapp.openapi_asking import LONG, faults
from tests.webapp.outside_server import Outside, keep_something, listening, outside
from webapp.settings import Settings

DATABASES: Final = ("sqlite", "postgresql") if LONG else ("sqlite",)


@pytest.fixture(scope="module", params=DATABASES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with _database(request.param) as url:
        folder = tmp_path_factory.mktemp("data")
        with outside(Settings(data_dir=folder, pace=0.0, policy="random", database_url=url)) as found:
            yield found


@contextmanager
def _database(kind: str) -> Iterator[str | None]:
    if kind == "sqlite":
        yield None
    elif named := address():
        yield f"{named}/postgres"
    else:
        with serving() as postgres:
            yield f"{postgres.url}/postgres"


@pytest.fixture(scope="module")
def known(server: Outside) -> dict[str, list[str]]:
    with server.client() as http:
        return keep_something(http)


def test_no_operation_fails_or_answers_what_it_does_not_declare(server: Outside, known: dict[str, list[str]]) -> None:
    wrong = faults(server.openapi, server.url, known)
    with server.client() as http:
        assert http.get("/readyz").status_code == 200
    assert not wrong, "\n\n".join(f"{name}\n{said}" for name, said in wrong.items())


def test_a_server_that_fails_is_found_out() -> None:
    app, told = FastAPI(), []

    @app.get("/answer/{number}")
    def answer(number: int) -> dict[str, str]:
        told.append(number)
        raise RuntimeError("a fault")

    with listening(app) as url:
        assert "Server error" in faults(app.openapi(), url, {"number": ["1"]})["GET /answer/{number} positive"]
    assert told
