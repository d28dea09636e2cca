"""What a phone of an audience does: it joins, ranks, counts once, and may change its mind."""

import asyncio
import threading
from dataclasses import replace
from typing import Any, ClassVar

import httpx

from orchestrator.trajectory import StopReason, Trajectory
from tests.webapp.audience.room import ORDER, Client, ended, joined, keep, kept, ranked
from webapp.redaction import Redacted, Redaction
from webapp.services import Services

NO_ORDERS: list[tuple[Any, int]] = [
    ({"groups": []}, 422),
    ({"groups": [[]]}, 422),
    ({"groups": [["A"], ["B"]]}, 422),
    ({"groups": [["A"], ["A"], ["B"], ["C"], ["D"]]}, 422),
    ({"groups": [["Z"], ["A", "B", "C", "D"]]}, 422),
    ({"groups": "ABCD"}, 422),
    ({**ORDER, "annotator": "ann"}, 422),
    ({"groups": [["A" * 5_000]]}, 413),
]


async def test_a_phone_joins_ranks_and_is_told_its_number(
    http: httpx.AsyncClient, phones: Client, audience: dict[str, Any]
) -> None:
    phone = phones()
    shown = await joined(phone, audience)
    assert [one["label"] for one in shown["items"]] == audience["labels"] == ["A", "B", "C", "D"]
    assert {one["answer"] for one in shown["items"]} == {f"answer {number}" for number in range(4)}
    assert all(one["cost"] and one["seconds"] for one in shown["items"])
    assert (shown["groups"], shown["number"]) == (None, None)
    answer = await ranked(phone, audience)
    assert (answer.status_code, answer.json()) == (201, {"number": 1, "groups": ORDER["groups"]})
    assert (await joined(phone, audience))["groups"] == ORDER["groups"]
    stage = (await http.get(f"/api/v1/audiences/{audience['id']}")).json()
    assert (stage["joined"], stage["ranked"]) == (1, 1)
    assert [one["first"] for one in stage["alternatives"]] == [0, 1, 0, 0]
    assert stage["weights"]["accuracy"]["mean"] is None
    assert "not told yet" in stage["weights"]["accuracy"]["words"]


class Watched(Redaction):
    """Writes down what it is given, and where."""

    given: ClassVar[list[tuple[threading.Thread, Trajectory]]] = []

    def trajectory(self, trajectory: Trajectory) -> Redacted[Trajectory]:
        self.given.append((threading.current_thread(), trajectory))
        return super().trajectory(trajectory)


async def test_a_room_that_joins_at_once_has_its_ballot_made_once_beside_the_loop_and_of_answers_alone(
    services: Services, phones: Client, audience: dict[str, Any]
) -> None:
    services.phones._redaction, given = Watched(), Watched.given
    given.clear()
    shown = await asyncio.gather(*(joined(phones(), audience) for _ in range(5)))
    assert all(one["items"] == shown[0]["items"] for one in shown)
    assert len(given) == len(audience["labels"])
    assert threading.main_thread() not in {thread for thread, _ in given}
    assert {step.thought for _, one in given for step in one.steps} == {""}


async def test_a_phone_counts_once_however_often_it_sends(
    http: httpx.AsyncClient, phones: Client, audience: dict[str, Any]
) -> None:
    phone = phones()
    await joined(phone, audience)
    again = await asyncio.gather(*(ranked(phone, audience, key="one") for _ in range(3)))
    assert [one.json()["number"] for one in again] == [1, 1, 1]
    other_key = await ranked(phone, audience, key="two")
    assert other_key.json()["number"] == 1
    [only] = await kept(http, audience)
    assert only["groups"] == ORDER["groups"]


async def test_a_change_of_mind_takes_the_place_of_the_first_ranking(
    http: httpx.AsyncClient, phones: Client, audience: dict[str, Any]
) -> None:
    phone, other = phones(), phones()
    for one in (phone, other):
        await joined(one, audience)
        await ranked(one, audience)
    changed = await ranked(phone, audience, {"groups": [["D"], ["A", "B", "C"]]}, "two")
    assert changed.json()["number"] == 1
    rankings = await kept(http, audience)
    assert len(rankings) == 3
    assert sum(one["supersedes"] is not None for one in rankings) == 1
    stage = (await http.get(f"/api/v1/audiences/{audience['id']}")).json()
    assert (stage["ranked"], stage["rankings"]) == (2, 3)
    assert [one["first"] for one in stage["alternatives"]] == [0, 0.5, 0, 0.5]


async def test_the_same_cookie_is_the_same_phone_and_no_cookie_another_one(
    http: httpx.AsyncClient, phones: Client, audience: dict[str, Any]
) -> None:
    phone, copy, other = phones(), phones(), phones()
    await joined(phone, audience)
    copy.cookies = phone.cookies
    await joined(copy, audience)
    await joined(other, audience)
    await ranked(phone, audience)
    assert (await ranked(copy, audience, {"groups": [["A"], ["B", "C", "D"]]}, "two")).json()["number"] == 1
    assert (await ranked(other, audience)).json()["number"] == 2
    assert (await http.get(f"/api/v1/audiences/{audience['id']}")).json()["joined"] == 2
    stranger = phones()
    assert (await ranked(stranger, audience)).status_code == 401
    stranger.cookies.set("podium-seat", "guessed")
    assert (await ranked(stranger, audience)).status_code == 401


async def test_the_cookie_is_of_this_audience_and_no_script_reads_it(phones: Client, audience: dict[str, Any]) -> None:
    response = await phones().post(f"/join/{audience['code']}/seat")
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert f"path=/join/{audience['code'].lower()}" in cookie
    assert "secure" not in cookie
    assert response.headers["cache-control"] == "no-store"


async def test_what_is_no_order_is_refused_and_nothing_is_kept(
    http: httpx.AsyncClient, services: Services, phones: Client, audience: dict[str, Any]
) -> None:
    phone = phones()
    await joined(phone, audience)
    for body, status in NO_ORDERS:
        response = await ranked(phone, audience, body)
        assert response.status_code == status, body
        assert response.headers["content-type"] == "application/problem+json"
    assert services.store.count_rankings() == 0


async def test_what_is_hidden_is_on_no_phone(http: httpx.AsyncClient, phones: Client, run: str) -> None:
    made = (await http.post("/api/v1/audiences", json={"run": run, "hidden": ["cost", "latency"]})).json()
    shown = await joined(phones(), made)
    assert {one["cost"] for one in shown["items"]} == {one["seconds"] for one in shown["items"]} == {None}


async def test_why_an_alternative_without_an_answer_stopped_tells_nothing_that_is_hidden(
    http: httpx.AsyncClient, services: Services, phones: Client
) -> None:
    spent = replace(ended(1), answer=None, stop_reason=StopReason.BUDGET, stop_detail="$0.02 of $0.02 are spent")
    await keep(services, ended(0), spent)
    for hidden, told in (([], "$0.02"), (["cost"], "stopped at a limit after 1 step")):
        made = (await http.post("/api/v1/audiences", json={"run": "r1", "hidden": hidden})).json()
        shown = await joined(phones(), made)
        answers = {one["answer"] for one in shown["items"]} - {"answer 0"}
        assert told in answers.pop()
        await http.post(f"/api/v1/audiences/{made['id']}/close")


async def test_answers_name_nobody_where_identity_is_hidden(
    http: httpx.AsyncClient, services: Services, phones: Client
) -> None:
    await keep(
        services, *(replace(ended(number), answer=f"{number}: gpt-5 says so to answer-1") for number in range(2))
    )
    made = (await http.post("/api/v1/audiences", json={"run": "r1", "hidden": ["identity"]})).json()
    shown = await joined(phones(), made)
    assert sorted(one["answer"] for one in shown["items"]) == [f"{n}: [hidden] says so to [hidden]" for n in range(2)]


async def test_secrets_are_struck_out_on_phones_as_they_are_on_the_stage(
    http: httpx.AsyncClient, services: Services, phones: Client
) -> None:
    secret, query = "sk-canary-0123456789abcdef", "Is ada@example.org's password=tulip42 safe?"
    many = [replace(ended(number), query=query, answer=f"{number}: {secret}") for number in range(2)]
    await keep(services, *many)
    opened = (await http.post("/api/v1/audiences", json={"run": "r1"})).json()
    shown = await joined(phones(), opened)
    assert shown["query"] == "Is [redacted]'s password=[redacted] safe?"
    assert [one["answer"] for one in shown["items"]] == ["0: [redacted]", "1: [redacted]"]


async def test_a_fork_on_the_stage_does_not_end_what_phones_rank(
    http: httpx.AsyncClient, services: Services, phones: Client, audience: dict[str, Any]
) -> None:
    phone = phones()
    await joined(phone, audience)
    await services.store.add(replace(ended(3), id="t5"))
    assert len((await http.get("/api/v1/runs/r1")).json()["trajectories"]) == 5
    assert (await ranked(phone, audience)).status_code == 201


async def test_phones_are_served_by_the_app_itself_where_there_is_no_other_listener(
    http: httpx.AsyncClient, audience: dict[str, Any]
) -> None:
    assert audience["join_url"] == f"http://127.0.0.1/join/{audience['code']}"
    assert (await http.get(f"/join/{audience['code']}")).status_code == 200
    await joined(http, audience)
    assert (await ranked(http, audience)).json()["number"] == 1


async def test_the_page_of_a_phone_is_small_and_the_same_for_every_code(
    phones: Client, audience: dict[str, Any]
) -> None:
    phone = phones()
    page = await phone.get(f"/join/{audience['code']}")
    assert page.text == (await phone.get("/join/ABCDEFGH")).text
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assets = [part.split('"')[0] for part in page.text.split("../assets/")[1:]]
    assert len(assets) == 2
    packed = len(page.content)
    for name in assets:
        async with phone.stream("GET", f"/assets/{name}", headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            packed += int(answer.headers["content-length"])
    assert packed < 12_000
    lower = await phone.get(f"/join/{audience['code'].lower()}")
    assert (lower.status_code, lower.headers["location"]) == (308, audience["code"])
