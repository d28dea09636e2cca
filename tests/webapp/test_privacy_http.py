"""Whoever has an account sees what is kept about it and can have it forgotten, over HTTP; nobody else can."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from prefs.ranking import Ranking
from storage.accounts import passwords
from storage.database import check
from tests.examples import NOON
from tests.kept import ended, going
from tests.webapp.access.people import PASSWORD, Town, ran, town
from tests.webapp.exported import fill
from webapp.services import Services

FORGET = "/api/v1/me/forget"


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Town]:
    passwords.set_cost(passwords.Cost(passes=1, memory_kib=8, lanes=1))
    async with town(tmp_path / "data") as found:
        yield found
    passwords.set_cost(passwords.Cost())


async def test_everybody_gets_their_own_data_and_nobody_elses(people: Town) -> None:
    await fill(people.services.store, 1, ("ann", "bob"))
    async with await people.session("ann") as ann:
        found = (await ann.get("/api/v1/me/data")).raise_for_status().json()
    assert (found["name"], found["account"]["role"]) == ("ann", "annotator")
    assert [one["annotator"] for one in found["rankings"]] == ["ann"]
    assert "sha256" not in str(found)
    assert "argon2" not in str(found)
    async with people.client() as stranger, await people.token("ann", "rank") as program:
        assert (await stranger.get("/api/v1/me/data")).status_code == 401
        assert (await program.get("/api/v1/me/data")).status_code == 403


async def test_forgetting_oneself_asks_for_the_password_and_ends_everything(people: Town) -> None:
    store = people.services.store
    await fill(store, 1, ("ann", "bob"))
    async with await people.session("ann") as ann, await people.token("ann", "rank") as program:
        body = {"name": "ann"}
        assert (await ann.post(FORGET, json=body)).status_code == 403
        assert (await ann.post(FORGET, json=body | {"password": "wrong"})).status_code == 403
        told = await ann.post(FORGET, json=body | {"password": PASSWORD, "dry_run": True})
        assert told.json()["before"]["rankings"] == 1
        assert "ann" in {one.annotator for one, _ in store.iter_ranked()}
        done = await ann.post(FORGET, json=body | {"password": PASSWORD})
        assert done.raise_for_status().json()["before"]["rankings"] == 1
        assert "podium" in done.headers["set-cookie"]
        people.forget()
        assert (await ann.get("/api/v1/me")).status_code == 401
        assert (await program.get("/api/v1/me")).status_code == 401
    assert "ann" not in {one.annotator for one, _ in store.iter_ranked()}
    assert check(people.services.settings.database) == []


async def test_only_an_admin_has_somebody_else_forgotten_and_not_the_last_admin(people: Town) -> None:
    await fill(people.services.store, 1, ("bob",))
    async with await people.session("art") as art:
        for name in ("ann", "bob", "nobody"):
            answer = await art.post(FORGET, json={"name": name, "password": PASSWORD})
            assert answer.status_code in (403, 404), answer.text
    async with await people.session("ada") as ada:
        assert (await ada.post(FORGET, json={"name": "bob"})).status_code == 403
        assert (await ada.post(FORGET, json={"name": "bob", "password": PASSWORD})).status_code == 200
        assert (await ada.post(FORGET, json={"name": "bob", "password": PASSWORD})).status_code == 404
        assert (await ada.post(FORGET, json={"name": "ada", "password": PASSWORD})).status_code == 409
        assert (await ada.post(FORGET, json={"name": "a\0b", "password": PASSWORD})).status_code == 404


async def test_runs_of_somebody_who_is_forgotten_go_where_that_is_asked_for(people: Town) -> None:
    store = people.services.store
    async with await people.session("art") as art:
        run = await ran(art, 2)
        body = {"name": "art", "password": PASSWORD, "runs": True}
        done = (await art.post(FORGET, json=body)).raise_for_status().json()
    assert (done["runs_deleted"], done["runs_kept"]) == (1, 0)
    assert store.run(run) is None
    assert check(people.services.settings.database) == []


async def test_without_accounts_whoever_is_here_may(http: httpx.AsyncClient, services: Services) -> None:
    await fill(services.store, 1, ("local", "bob"))
    assert [one["id"] for one in (await http.get("/api/v1/me/data")).json()["rankings"]] == ["k0-0"]
    done = (await http.post(FORGET, json={"name": "bob", "rankings": True})).raise_for_status().json()
    assert done["before"]["rankings"] == 1
    assert [one.annotator for one, _ in services.store.iter_ranked()] == ["local"]
    again = Ranking("k9", "b0", (("A",), ("B", "C")), NOON, annotator="bob")
    assert (await services.store.keep_ranking(again)).annotator == "bob"  # the name is free, and somebody new's


async def test_files_over_http_are_redacted_where_that_is_asked_for(
    http: httpx.AsyncClient, services: Services
) -> None:
    whole = replace(ended(going(), 1), run=None, query="ask ada@example.org with sk-proj-Zq7xW2vK9pR4tY8uB3nM6")
    await services.store.add(whole)
    plain = (await http.get("/api/v1/export/trajectories")).text
    redacted = (await http.get("/api/v1/export/trajectories", params={"redact": True})).text
    assert "ada@example.org" in plain
    assert "ask [redacted] with [redacted]" in redacted
