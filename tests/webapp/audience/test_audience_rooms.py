"""What a server has in mind of audiences: not all that there ever were, and always those that somebody follows."""

import threading
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from tests.webapp.audience.room import Client, joined, ranked
from webapp.api import audiences
from webapp.audience import hosting
from webapp.audience.reach import Reach, reach
from webapp.services import Services
from webapp.settings import Settings


async def opened(http: httpx.AsyncClient, run: str) -> dict[str, Any]:
    found: dict[str, Any] = (await http.post("/api/v1/audiences", json={"run": run})).json()
    return found


async def looked(http: httpx.AsyncClient, audience: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get(f"/api/v1/audiences/{audience['id']}")).json()
    return found


async def test_a_room_that_was_forgotten_is_as_it_was_and_one_that_is_followed_stays(
    http: httpx.AsyncClient,
    services: Services,
    audience: dict[str, Any],
    phones: Client,
    run: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hosting, "MOST_ROOMS", 1)
    phone = phones()
    await joined(phone, audience)
    assert (await ranked(phone, audience)).status_code == 201
    before = await looked(http, audience)
    await http.post(f"/api/v1/audiences/{audience['id']}/close")
    other = await opened(http, run)
    assert other["id"] != audience["id"]
    assert list(services.hosting._rooms) == [other["id"]]
    again = await looked(http, audience)
    assert (again["ranked"], again["weights"], again["alternatives"]) == (
        1,
        before["weights"],
        before["alternatives"],
    )
    async with aclosing(services.hosting.follow(other["id"])) as follow:
        assert (await anext(follow)).ranked == 0
        await looked(http, audience)
        assert other["id"] in services.hosting._rooms
    assert services.hosting._bells == {}


async def test_a_list_of_audiences_is_made_beside_the_loop_and_looks_once_where_phones_find_this_machine(
    http: httpx.AsyncClient, audience: dict[str, Any], run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def counted(settings: Settings, own: str) -> Reach:
        asked.append(threading.current_thread())
        return reach(settings, own)

    await http.post(f"/api/v1/audiences/{audience['id']}/close")
    other = await opened(http, run)
    monkeypatch.setattr(audiences, "reach", counted)
    listed = (await http.get("/api/v1/audiences")).json()["audiences"]
    assert [one["id"] for one in listed] == [other["id"], audience["id"]]
    assert (len(asked), threading.main_thread() in asked) == (1, False)
