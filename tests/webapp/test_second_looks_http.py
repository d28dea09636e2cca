"""Two phases over HTTP: what a person may see of a ballot before ranking it, after the blind ranking and at the end."""

from typing import Any

import httpx

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Observation, Origin, Outcome, Step, StopReason, Verdict
from prefs.study import TAGS
from storage.store import Store
from tests.examples import call, model_call, trajectory
from webapp.services import Services

EVERYTHING = ["identity", "cost", "latency", "preference"]
ALIASES = ("answer-math-1", "answer-2", "search-3")
MODELS = ("giant/expert-9b", "Nano-7", "cedar")


def telling(query: int, number: int) -> Any:
    """A trajectory whose every text names what a blind ballot hides."""
    names = f"{ALIASES[number]} alias {MODELS[number]} and {MODELS[number].upper()}"
    paid = model_call(
        f"0.0{number + 3}71", 41.0 + number, alias=ALIASES[number], model=MODELS[number], prompt=names, reply=names
    )
    steps = [
        Step(0, f"I take {names}.", call(ALIASES[number]), Observation(f"Seen by {names}.", Origin.MODEL), (paid,)),
        Step(1, names, None, None, (), error=f"{names} timed out after 41 s, $0.0371 spent"),
    ]
    ended = {
        "stop_reason": (StopReason.ANSWERED, StopReason.BUDGET, StopReason.DEADLINE)[number],
        "stop_detail": f"{names}: $0.0371 after 41 s",
        "answer": f"I, {names}, say 397.8 cedarwood" if number == 0 else None,
        "outcome": Outcome(Verdict.SOLVED, MODELS[number], f"as {names} said", paid),
    }
    return trajectory(
        id=f"secret-id-{query}-{number}",
        run=f"r{query}",
        query=f"query {query}",
        policy="fixed:answer-2,answer-math-1",
        preference=PreferenceVector(0.9, 0.31, 0.2, {ALIASES[number]: 0.77}),
        seed=987_600 + number,
        steps=tuple(steps),
        **ended,
    )


NAMES = (*ALIASES, "giant/expert", "nano", "cedar ", "secret-id")
HIDDEN_WORDS = (
    *NAMES, "$", "0371", "0471", "0571", " 41 s", "42 s", "43 s", "0.31", "0.77", "9876", "fixed:",
    "budget",
)  # fmt: skip


async def made(http: httpx.AsyncClient, store: Store, queries: int = 1, **body: Any) -> dict[str, Any]:
    """A study in two phases of ballots with three telling alternatives."""
    await store.add_all([telling(query, number) for query in range(queries) for number in range(3)])
    asked = {
        "name": "S",
        "runs": "all",
        "alternatives": 3,
        "hidden": EVERYTHING,
        "two_phases": True,
        "next_by": "order",
    }
    response = await http.post("/api/v1/studies", json=asked | body)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def seen(http: httpx.AsyncClient, ballot: str, annotator: str = "ann", **more: Any) -> httpx.Response:
    return await http.get(f"/api/v1/ballots/{ballot}/view", params={"annotator": annotator, **more})


async def said(http: httpx.AsyncClient, ballot: str, order: str, **more: Any) -> httpx.Response:
    body = {"groups": [[label] for label in order], "annotator": "ann", **more}
    return await http.post(f"/api/v1/ballots/{ballot}/rankings", json=body)


async def following(http: httpx.AsyncClient, study: str, annotator: str = "ann") -> str | None:
    response = await http.get(f"/api/v1/studies/{study}/next", params={"annotator": annotator})
    return None if response.status_code == 204 else response.json()["ballot"]["id"]


async def test_nothing_that_is_hidden_is_anywhere_in_the_view_until_it_may_be_seen(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store)
    ballot = await following(http, study["id"])
    assert ballot is not None
    assert (await said(http, ballot, "ABC", annotator="bob", reason="bob-says-so", phase="blind")).status_code == 201
    blind = await seen(http, ballot, study=study["id"])
    text = blind.text.lower()
    for word in (*HIDDEN_WORDS, "bob"):
        assert word.lower() not in text, word
    assert "cedarwood" in text, "a longer word is no name"
    view = blind.json()
    assert (view["phase"], view["two_phases"], view["last"]) == ("blind", True, None)
    assert view["hidden"] == sorted(EVERYTHING)
    assert [column["label"] for column in view["columns"]] == ["A", "B", "C"]
    assert {row["who"]["code"] for column in view["columns"] for row in column["rows"] if row["who"]} == {"A", "S"}
    assert (view["rank"]["groups"], view["rank"]["unranked"]) == ([], ["A", "B", "C"])
    assert (tuple(view["tags_offered"]), view["mark_kinds"]) == (TAGS, ["needless", "wrong", "good"])


async def test_the_second_look_shows_cost_and_time_and_the_blind_order_and_the_end_shows_all(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store)
    ballot = study["ballots"][0]
    first = (await said(http, ballot, "CAB", phase="blind")).json()
    assert (first["phase"], first["supersedes"]) == ("blind", None)
    response = await seen(http, ballot)
    view = response.json()
    assert (view["phase"], view["hidden"]) == ("revealed", ["identity", "preference"])
    assert "$0.0371" in response.text
    assert "41 s" in response.text
    for word in (*NAMES, "0.77", "fixed:"):
        assert word not in response.text.lower(), word
    assert view["rank"]["groups"] == [["C"], ["A"], ["B"]]
    assert all("$" in item["facts"] for item in view["rank"]["items"])
    assert view["last"]["id"] == first["id"]
    second = (await said(http, ballot, "ACB", phase="revealed")).json()
    assert (second["phase"], second["supersedes"]) == ("revealed", first["id"])
    response = await seen(http, ballot)
    assert (response.json()["hidden"], response.json()["phase"]) == ([], "revealed")
    for word in (*ALIASES, *MODELS, "secret-id", "0.77"):
        assert word in response.text
    assert [one.phase for one in services.store.rankings_of(ballot)] == ["blind", "revealed"]


async def test_the_same_order_is_confirmed_by_the_second_look_and_sent_twice_is_one(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store)
    ballot = study["ballots"][0]
    for phase in ("blind", "blind", "revealed", "revealed"):
        response = await said(http, ballot, "CAB", phase=phase)
        assert (response.status_code, response.json()["phase"]) == (201, phase)
    assert [one.phase for one in services.store.rankings_of(ballot)] == ["blind", "revealed"]
    third = await said(http, ballot, "BAC")
    assert third.json()["phase"] == "revealed"
    assert len(services.store.rankings_of(ballot)) == 3


async def test_a_blind_ranking_cannot_be_corrected_once_cost_is_known(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store)
    ballot = study["ballots"][0]
    early = await said(http, ballot, "ABC", phase="revealed")
    assert (early.status_code, "blind first" in early.json()["detail"]) == (409, True)
    assert (await said(http, ballot, "ABC", phase="blind")).status_code == 201
    late = await said(http, ballot, "BAC", phase="blind")
    assert late.status_code == 409
    assert late.json()["detail"].startswith("cost and time were shown to you after your blind ranking")


async def test_a_half_done_ballot_comes_back_first_and_counts_already(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store, queries=3)
    first, second, _ = study["ballots"]
    assert await following(http, study["id"]) == first
    await said(http, first, "ABC", phase="blind")
    assert await following(http, study["id"]) == first
    progress = (await http.get(f"/api/v1/studies/{study['id']}/progress")).json()
    assert (progress["counted"], progress["held"], progress["free"]) == (1, 0, 2)
    await said(http, first, "BAC", phase="revealed")
    assert await following(http, study["id"]) == second
    assert (await http.get(f"/api/v1/studies/{study['id']}/progress")).json()["counted"] == 1


async def test_a_half_done_ballot_of_a_closed_study_still_gets_its_second_look(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store, queries=2)
    await said(http, study["ballots"][0], "ABC", phase="blind")
    await http.post(f"/api/v1/studies/{study['id']}/close")
    assert await following(http, study["id"]) == study["ballots"][0]
    await said(http, study["ballots"][0], "ABC", phase="revealed")
    assert await following(http, study["id"]) is None


async def test_outside_two_phases_there_is_no_phase_and_everything_is_shown_after_one_ranking(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store, two_phases=False)
    ballot = study["ballots"][0]
    assert ((await seen(http, ballot)).json()["phase"], (await seen(http, ballot)).json()["hidden"]) == (
        None,
        sorted(EVERYTHING),
    )
    refused = await said(http, ballot, "ABC", phase="blind")
    assert (refused.status_code, "leave out `phase`" in refused.json()["detail"]) == (422, True)
    assert (await said(http, ballot, "ABC")).json()["phase"] is None
    assert (await seen(http, ballot)).json()["hidden"] == []
    assert (await seen(http, ballot, "bob")).json()["hidden"] == sorted(EVERYTHING)


async def test_only_what_a_study_names_is_offered_as_tags_and_its_ballots_are_its_own(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store, tags=["reads well"])
    ballot = study["ballots"][0]
    assert (await seen(http, ballot, study=study["id"])).json()["tags_offered"] == ["reads well"]
    assert (await seen(http, ballot, study="nowhere")).status_code == 404
    assert (await seen(http, "nothing")).status_code == 404
    assert (await seen(http, ballot, "a\nb")).status_code == 422


async def test_a_study_that_makes_no_sense_is_refused(http: httpx.AsyncClient, services: Services) -> None:
    await services.store.add_all([telling(0, number) for number in range(3)])
    asked = {"name": "S", "runs": "all", "alternatives": 3, "hidden": EVERYTHING, "two_phases": True}
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"hidden": ["identity"]}, "reveals cost or latency"),
        ({"gold_share": 0.2}, "gold ballots are fair only"),
        ({"tags": [" x"]}, "a tag has 1 to 60"),
        ({"tags": ["x"] * 2}, "named twice"),
        ({"tags": [f"tag {n}" for n in range(21)]}, "at most 20 tags"),
    )
    for body, why in refused:
        response = await http.post("/api/v1/studies", json=asked | body)
        assert (response.status_code, why in response.json()["detail"]) == (422, True), response.text


async def test_tags_marks_and_attention_are_kept_and_attention_alone_makes_no_other_ranking(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store)
    ballot = study["ballots"][0]
    marks = [{"label": "A", "step": 1, "kind": "wrong", "note": "not so"}, {"label": "B", "step": 0, "kind": "good"}]
    body = {"phase": "blind", "tags": ["sound route"], "marks": marks, "active_s": {"A": 12.5, "B": 3}}
    kept = (await said(http, ballot, "ABC", **body)).json()
    assert kept["tags"] == ["sound route"]
    assert kept["marks"] == [marks[0], marks[1] | {"note": ""}]
    assert kept["active_s"] == {"A": 12.5, "B": 3.0}
    again = (await said(http, ballot, "ABC", **body | {"active_s": {"A": 99}})).json()
    assert again["id"] == kept["id"]
    stored = services.store.rankings_of(ballot)
    assert len(stored) == 1
    assert stored[0].active_s == {"A": 12.5, "B": 3.0}
    view = (await seen(http, ballot)).json()
    assert view["last"]["marks"] == kept["marks"]
    other = (await said(http, ballot, "ABC", phase="revealed", tags=["too slow"])).json()
    assert other["id"] != kept["id"]


async def test_what_does_not_fit_the_ballot_is_refused_and_nothing_is_kept(
    http: httpx.AsyncClient, services: Services
) -> None:
    ballot = (await made(http, services.store))["ballots"][0]
    good = {"label": "A", "step": 0, "kind": "good"}
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"marks": [good | {"label": "Z"}]}, "not on the ballot: Z"),
        ({"marks": [good | {"step": 2}]}, "A has no step 2: its steps are 0 to 1"),
        ({"marks": [good, good | {"kind": "wrong"}]}, "step 0 of A is marked twice"),
        ({"marks": [good | {"note": "x" * 501}]}, "500"),
        ({"marks": [good | {"kind": "odd"}]}, "needless"),
        ({"active_s": {"A": -1}}, "greater than or equal to 0"),
        ({"active_s": {"Z": 1}}, "not on the ballot: Z"),
        ({"tags": ["x" * 61]}, "60"),
        ({"tags": ["x", "x"]}, "named twice"),
        ({"phase": "second"}, "blind"),
    )
    for body, why in refused:
        response = await said(http, ballot, "ABC", **body)
        assert (response.status_code, why in response.json()["detail"]) == (422, True), response.text
    assert services.store.rankings_of(ballot) == ()


async def test_the_queue_lists_a_persons_ballots_and_gives_back_what_was_put_aside(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store, queries=4, overlap=1)
    root, bodies = f"/api/v1/studies/{study['id']}", {"annotator": "ann"}
    one, two, three, four = study["ballots"]
    assert (await http.get(f"{root}/queue", params=bodies)).json() == {"ballots": []}
    await following(http, study["id"])
    await http.post(f"{root}/assignments/{one}/skip", json=bodies | {"reason": "later"})
    await following(http, study["id"])
    await http.post(f"{root}/assignments/{two}/flag", json=bodies | {"reason": "empty"})
    await following(http, study["id"])
    await said(http, three, "ABC", phase="blind")
    listed = (await http.get(f"{root}/queue", params=bodies)).json()["ballots"]
    assert [(row["ballot"], row["state"], row["phase"], row["reason"]) for row in listed] == [
        (three, "ranked", "blind", None),
        (two, "flagged", None, "empty"),
        (one, "skipped", None, "later"),
    ]
    assert listed[0]["query"] == "query 2"
    assert "gold" not in listed[0]
    taken = await http.post(f"{root}/assignments/{two}/take", json=bodies)
    assert (taken.status_code, taken.json()["state"], taken.json()["reason"]) == (200, "leased", None)
    given_back = await http.post(f"{root}/assignments/{two}/release", json=bodies)
    assert given_back.status_code == 200
    progress = (await http.get(f"{root}/progress")).json()
    assert (progress["held"], progress["counted"]) == (0, 1)
    assert await following(http, study["id"], "bob") in (two, four, one)


async def test_what_cannot_be_taken_or_released_says_why(http: httpx.AsyncClient, services: Services) -> None:
    study = await made(http, services.store, queries=2)
    root, mine, one = f"/api/v1/studies/{study['id']}", {"annotator": "ann"}, study["ballots"][0]
    assert (await http.post(f"{root}/assignments/{one}/take", json=mine)).status_code == 404
    await following(http, study["id"])
    await http.post(f"{root}/assignments/{one}/skip", json=mine)
    assert (await http.post(f"{root}/assignments/{one}/release", json=mine)).json()["state"] == "skipped"
    await said(http, one, "ABC", annotator="bob", phase="blind")
    full = await http.post(f"{root}/assignments/{one}/take", json=mine)
    assert (full.status_code, full.json()["detail"].startswith("there is no place left")) == (409, True)
    for verb in ("take", "release"):
        ranked = await http.post(f"{root}/assignments/{one}/{verb}", json={"annotator": "bob"})
        assert (ranked.status_code, "ranked already" in ranked.json()["detail"]) == (409, True)
    await following(http, study["id"])
    await http.post(f"{root}/close")
    await http.post(f"{root}/assignments/{study['ballots'][1]}/skip", json=mine)
    closed = await http.post(f"{root}/assignments/{study['ballots'][1]}/take", json=mine)
    assert (closed.status_code, "closed" in closed.json()["detail"]) == (409, True)


async def test_what_a_place_is_worth_is_told_with_intervals_or_a_reason(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store, queries=2)
    address = f"/api/v1/studies/{study['id']}/willingness"
    empty = (await http.get(address)).json()
    assert (empty["looks"], empty["each"], empty["intervals"]) == (0, [], None)
    assert empty["sentence"].startswith("Nobody has looked at a ballot again")
    await said(http, study["ballots"][0], "ABC", phase="blind")
    await said(http, study["ballots"][0], "CAB", phase="revealed")
    found = (await http.get(address)).json()
    assert (found["looks"], found["flips"]["flipped"], found["each"][0].get("annotator")) == (1, 2, None)
    assert (await http.get(address, params={"names": True})).json()["each"][0]["annotator"] == "ann"
    for name in ("usd_per_place", "seconds_per_place", "usd_per_second"):
        assert (found[name]["mean"], found[name]["low"], found[name]["high"]) == (None, None, None)
        assert "too few" in found[name]["unknown"]
    assert "unknown: too few second looks: 1," in found["sentence"]
    assert (await http.get("/api/v1/studies/none/willingness")).status_code == 404
