"""How little phones of an audience can reach, and how often."""

from itertools import product
from typing import Any

import httpx
import pytest

from tests.webapp.audience.room import ORDER, Client, joined, kept, ranked
from webapp.audience.limits import Limit
from webapp.audience.phones import Limits
from webapp.services import Services

METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
ELSEWHERE = [
    "/",
    "/ui/",
    "/stage",
    "/join",
    "/join/",
    "/join/short",
    "/join/ABCDEFG1",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/favicon.ico",
    "/api/v1/runs",
    "/api/v1/audiences",
    "/api/v1/export/rankings",
    "/api/v1/ballots/next",
    "/assets/../api/v1/runs",
    "/join/ABCDEFGH/../../api/v1/runs",
    "/join/ABCDEFGH/events",
    "/gradio_api/info",
]


async def test_phones_reach_nothing_else(phones: Client, audience: dict[str, Any]) -> None:
    phone = phones()
    for path, method in product(ELSEWHERE, METHODS):
        response = await phone.request(method, path)
        assert response.status_code in (404, 405), (method, path)
        assert "default-src 'none'" in response.headers["content-security-policy"]
    for door in ("seat", "ranking"):
        assert (await phone.get(f"/join/{audience['code']}/{door}")).status_code == 405


async def test_wrong_codes_are_slowed_down_and_the_right_one_is_not(phones: Client, audience: dict[str, Any]) -> None:
    phone = phones()
    said = [(await phone.post("/join/ABCDEFGH/seat")).status_code for _ in range(30)]
    assert said[:20] == [404] * 20
    slowed = await phone.post("/join/ABCDEFGH/seat")
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1
    assert slowed.headers["content-type"] == "application/problem+json"
    assert (await phones().post(f"/join/{audience['code']}/seat")).status_code == 200


async def test_codes_seats_and_rankings_have_their_rates(
    http: httpx.AsyncClient, services: Services, phones: Client, audience: dict[str, Any]
) -> None:
    def limited(**changes: Limit) -> None:
        wide: dict[str, Limit] = {name: Limit(1000, 1.0) for name in Limits.__slots__}
        services.phones._limits = Limits(**(wide | changes))

    limited(attempts=Limit(2, 0.1))
    codes = [(await phones().post(f"/join/{audience['code']}/seat")).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    for name in ("joins", "joins_from"):
        limited(**{name: Limit(2, 0.1)})
        phone = phones()
        codes = [(await one.post(f"/join/{audience['code']}/seat")).status_code for one in (phone, phone, phones())]
        assert codes == [200, 200, 200]
        assert (await phones().post(f"/join/{audience['code']}/seat")).status_code == 429
        assert (await phone.post(f"/join/{audience['code']}/seat")).status_code == 200
    limited(rankings=Limit(2, 0.1))
    sent = [(await ranked(phone, audience, key=f"k{number}")).status_code for number in range(3)]
    assert sent == [201, 201, 429]
    assert len(await kept(http, audience)) == 1


async def test_a_full_room_takes_nobody_else(
    monkeypatch: pytest.MonkeyPatch, phones: Client, audience: dict[str, Any]
) -> None:
    monkeypatch.setattr("webapp.audience.phones.MOST_SEATS", 1)
    phone = phones()
    await joined(phone, audience)
    full = await phones().post(f"/join/{audience['code']}/seat")
    assert full.status_code == 409
    assert "places" in full.json()["detail"]
    await joined(phone, audience)


async def test_another_sites_page_cannot_rank(phones: Client, audience: dict[str, Any]) -> None:
    phone = phones()
    await joined(phone, audience)
    foreign = {"Origin": "http://evil.example"}
    assert (await phone.post(f"/join/{audience['code']}/ranking", json=ORDER, headers=foreign)).status_code == 403
