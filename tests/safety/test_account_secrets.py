"""Passwords, sessions, tokens and invitations: their secrets are told once, and stand nowhere after that."""

import logging
from pathlib import Path

import httpx
import pytest

from storage.accounts.account import Role
from storage.accounts.invitations import Invitations
from storage.accounts.sessions import Sessions
from storage.accounts.tokens import SCOPES, Tokens
from storage.database import open_engine
from tests.accounts import actor, admin
from tests.servers.leaks import leaked, texts_of_database
from webapp.access.people import COOKIE
from webapp.app import create_app
from webapp.services import open_services
from webapp.settings import Settings

PASSWORD = "Vq8-tulip-Zr3-anchor-Kx7"


async def test_secrets_of_accounts_are_in_no_reply_log_export_or_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("tests.accounts.SECRET", PASSWORD)
    said: dict[str, str] = {}
    async with open_services(Settings(data_dir=tmp_path / "data", pace=0.0, policy="random")) as services:
        ada = await admin(services.store)
        session, _ = await Sessions(services.store).begin(ada, "192.0.2.1", "a browser")
        token, _ = await Tokens(services.store).make(ada, "a program", sorted(SCOPES)[:1], actor(ada))
        invitation, _ = await Invitations(services.store).make(Role.VIEWER, actor(ada), name="Vic")
        secrets = (PASSWORD, session, token, invitation)
        app = create_app(services, page=False)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", cookies={COOKIE: session}
        ) as http:
            paths = [path for path, how in app.openapi()["paths"].items() if "get" in how and "{" not in path]
            for path in [*paths, "/openapi.json", "/metrics", "/api/v1/export/rankings", "/nope"]:
                reply = await http.get(path)
                said[path] = f"{reply.headers} {reply.text}"
            wrong = {"name": "Ada", "password": PASSWORD[:-1] + "x"}
            for path in ("/login", "/api/v1/login", "/api/v1/session"):
                said[f"POST {path}"] = (await http.post(path, json=wrong)).text
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            for name in ("Authorization", "X-Api-Key"):
                reply = await http.get("/api/v1/runs", headers={name: f"Bearer {token}x"})
                said[f"as a wrong {name}"] = reply.text
        assert sum('"' in one for one in said.values()) > 10
        for where, text in texts_of_database(tmp_path / "data" / "podium.sqlite3"):
            said[where] = said.get(where, "") + (text if isinstance(text, str) else text.decode("utf-8", "replace"))
    said["log"] = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    found = {where: around for where, text in said.items() if (around := leaked(text, *secrets)) is not None}
    assert found == {}
    assert leaked(f"x {session}", *secrets)


def test_what_a_statement_was_given_is_in_no_error_of_the_database(tmp_path: Path) -> None:
    engines = [open_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}"), open_engine("postgresql://podium@127.0.0.1:1/x")]
    assert [engine.hide_parameters for engine in engines] == [True, True]
    for engine in engines:
        engine.dispose()
