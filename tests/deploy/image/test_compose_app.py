"""The service `app` of compose.yaml, started with its own settings on a real PostgreSQL.

Its names `database` and `vllm` lead to this machine. No model listens there: the model's service needs a GPU.
"""

import re
import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import yaml

from tests.deploy.image.engine import ROOT, Engine, until_healthy
from tests.deploy.image.test_image import ADD, leads_to
from tests.postgres import Server, serving

APP: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["app"]
PASSWORD = secrets.token_hex()


@pytest.fixture(scope="module")
def database(engine: Engine) -> Iterator[Server]:
    """With a user and a database as the service `database` makes them, and a password that is asked for."""
    with serving() as server:
        with psycopg.connect(f"{server.url}/postgres", autocommit=True) as connection:
            connection.execute(f"create role podium login password '{PASSWORD}'")
            connection.execute("create database podium owner podium")
            rules = server.folder / "data/pg_hba.conf"
            rules.write_text(f"host all podium 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
            connection.execute("select pg_reload_conf()")
        yield server


def test_the_app_of_compose_starts_on_postgresql(engine: Engine, database: Server, check: list[str], port: int) -> None:
    given = flags({"POSTGRES_PASSWORD": PASSWORD}, database.port, port)
    made = engine.run(*ADD, flags=given, said=secrets.token_urlsafe())
    assert made.stdout.startswith("ada is an admin"), made.stderr
    with engine.started("app", *given) as beside:
        until_healthy(beside, check)
        assert leads_to(port, "/ui") == (303, "/login?next=%2Fui")
        done = beside("podium", "db", "check")
        assert done.stderr.startswith("postgresql://podium:")
        assert "nothing wrong" in done.stderr
        assert PASSWORD not in done.stderr + engine.log("app")
        assert "podium.sqlite3" not in beside("ls", "/data").stdout
        code, took_s = engine.stop("app", int(APP["stop_grace_period"].removesuffix("s")))
        assert code == 0
        assert took_s < 10
    with psycopg.connect(f"{database.url}/podium") as connection:
        assert connection.execute("select name, role from account").fetchall() == [("ada", "admin")]


def flags(environ: dict[str, str], database_port: int, port: int) -> tuple[str, ...]:
    """What compose would tell the engine, but the network: this machine's own, and free ports."""
    environment = {name: filled(value, environ) for name, value in APP["environment"].items()}
    url = environment["PODIUM_DATABASE_URL"]
    environment["PODIUM_DATABASE_URL"] = url.replace("@database:5432/", f"@database:{database_port}/")
    environment["PODIUM_PORT"] = str(port)
    assert APP["init"]
    assert APP["read_only"]
    return (
        "--init",
        "--read-only",
        *(f"--env={name}={value}" for name, value in environment.items()),
        *(f"--tmpfs={place}" for place in APP["tmpfs"]),
        *(f"--cap-drop={name}" for name in APP["cap_drop"]),
        *(f"--security-opt={option}" for option in APP["security_opt"]),
        *(f"--volume=compose-{volume}" for volume in APP["volumes"]),
        *(f"--add-host={name}:127.0.0.1" for name in APP["depends_on"]),
    )


def filled(value: str, environ: dict[str, str]) -> str:
    """`${NAME:-otherwise}` and `${NAME:?why}` as compose reads them."""

    def fill(found: re.Match[str]) -> str:
        return environ.get(found[1]) or (found[3] if found[2] == "-" else "")

    return re.sub(r"\$\{(\w+):([-?])([^}]*)\}", fill, value)
