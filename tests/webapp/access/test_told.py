"""Where the database is, and what its driver says, is told to admins and the log, and to nobody else."""

import logging
import sqlite3
from typing import Any

import httpx
import pytest

from storage.accounts.throttle import LoginThrottle
from storage.errors import StoreConflict, StoreError, translated
from storage.store import Store
from tests.webapp.access.people import PASSWORD, Town
from webapp.access.user import told

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLACE = "/srv/secret/podium.db"
LOG_IN = {"name": "ann", "password": PASSWORD}


def full(*_: Any, **__: Any) -> None:
    error = sqlite3.OperationalError("database or disk is full, at page 17")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise translated(error, PLACE)


async def test_a_stranger_hears_of_a_full_disk_and_not_where_it_is(
    people: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(LoginThrottle, "attempt", full)
    async with people.client() as stranger:
        reply = await stranger.post("/login", data=LOG_IN)
    assert reply.status_code == 503
    assert "the disk is full" in reply.text
    assert hides(reply)
    assert PLACE in caplog.text
    assert "page 17" in caplog.text


async def test_somebody_with_an_account_hears_what_is_wrong_and_an_admin_where(
    people: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await people.session("vic") as viewer, await people.session("ada") as admin:
        for browser in (viewer, admin):
            assert (await browser.get("/api/v1/me")).status_code == 200
        monkeypatch.setattr(type(people.services.runs), "snapshot", full)
        monkeypatch.setattr(Store, "read", full)
        people.services.readiness._looked_at = float("-inf")
        found, seen = await viewer.get("/api/v1/runs/r1"), await admin.get("/api/v1/runs/r1")
        ready, looked = await viewer.get("/readyz"), await admin.get("/readyz")
    people.services.readiness._looked_at = float("-inf")
    assert (found.status_code, seen.status_code, ready.status_code) == (503, 503, 503)
    assert "the disk is full" in found.json()["detail"]
    assert hides(found)
    assert PLACE in seen.json()["detail"]
    assert ready.json()["parts"]["database"] == "not in order; an admin sees why"
    assert hides(ready)
    assert PLACE in looked.json()["detail"]


def hides(reply: httpx.Response) -> bool:
    return PLACE not in reply.text and "page 17" not in reply.text


async def test_what_people_did_is_told_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    assert told(StoreConflict("this name is taken"), None) == "this name is taken"
    assert told(StoreError("it cannot be done twice"), None) == "it cannot be done twice"
    assert not caplog.records


async def test_a_rule_of_the_database_names_no_table() -> None:
    error = translated(sqlite3.IntegrityError("UNIQUE constraint failed: run.id"), PLACE)
    assert isinstance(error, StoreConflict)
    assert told(error, None) == "the database refused"
