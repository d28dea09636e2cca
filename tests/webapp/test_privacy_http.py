"""Whoever has an account sees what is kept about it and can have it forgotten, over HTTP; nobody else can."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from prefs.ranking import Ranking
from storage.accounts import passwords
from storage.accounts.accounts import Accounts
from storage.database import check
from storage.privacy.forgetting import LATE
from storage.process_tables import CANCEL_WISH
from storage.spending.rules import Payer
from storage.store import Store
from storage.trajectories import State
from tests.examples import NOON
from tests.kept import ended, going, run
from tests.webapp.access.people import PASSWORD, Town, ran, town
from tests.webapp.exported import fill
from webapp.access.people import FRESH_S
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
            assert answer.status_code == 403, answer.text  # known or not
    async with await people.session("ada") as ada:
        assert (await ada.post(FORGET, json={"name": "bob"})).status_code == 403
        assert (await ada.post(FORGET, json={"name": "bob", "password": PASSWORD})).status_code == 200
        assert (await ada.post(FORGET, json={"name": "bob", "password": PASSWORD})).status_code == 404
        assert (await ada.post(FORGET, json={"name": "ada", "password": PASSWORD})).status_code == 409
        assert (await ada.post(FORGET, json={"name": "a\0b", "password": PASSWORD})).status_code == 404


async def test_whoever_may_not_be_forgotten_keeps_runs_that_go_on(people: Town) -> None:
    store = people.services.store
    await store.begin(run(id="r9"), [going(9, "r9")], Payer("ada"))
    async with await people.session("ada") as ada:
        assert (await ada.post(FORGET, json={"name": "ada", "password": PASSWORD})).status_code == 409
    assert store.state("t9") is State.RUNNING
    assert store.rows(select(CANCEL_WISH)) == []


async def test_a_process_that_does_not_answer_keeps_nobody_from_being_forgotten(
    people: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.elsewhere.ANSWER_S", 0.1)
    store, url = people.services.store, people.services.settings.database
    with Store.open(url) as other:
        await other.come()
        await other.begin(run(id="r9"), [going(9, "r9")], Payer("art"))
        async with await people.session("art") as art:
            done = (await art.post(FORGET, json={"name": "art", "password": PASSWORD, "runs": True})).raise_for_status()
        assert (done.json()["runs_deleted"], done.json()["runs_kept"]) == (0, 1)
        assert store.rows(select(CANCEL_WISH.c.trajectory_id)) == [("t9",)]
    assert Accounts(store).by_name("art") is None
    assert check(url) == []


async def test_runs_of_somebody_who_is_forgotten_go_where_that_is_asked_for(people: Town) -> None:
    store = people.services.store
    async with await people.session("art") as art:
        asked = await ran(art, 2)
        body = {"name": "art", "password": PASSWORD, "runs": True}
        done = (await art.post(FORGET, json=body)).raise_for_status().json()
    assert (done["runs_deleted"], done["runs_kept"]) == (1, 0)
    assert store.run(asked) is None
    assert check(people.services.settings.database) == []


def test_forgetting_waits_longer_than_a_server_believes_what_it_knows() -> None:
    assert timedelta(seconds=FRESH_S) < LATE


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
