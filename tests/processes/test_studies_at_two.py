"""A study whose people are spread over two processes: each ballot is ranked as often as asked for, not oftener."""

import asyncio
from collections import Counter

from storage.store import Store
from storage.studies import Studies
from tests.processes.conftest import Server
from tests.studies import kept

PEOPLE = 12
BALLOTS, OVERLAP = 8, 3


async def to_the_end(server: Server, person: str) -> list[str]:
    """Rank whatever comes until nothing does."""
    seen: list[str] = []
    while True:
        given = await server.http.get("/studies/s1/next", params={"annotator": person})
        if given.status_code == 204:
            return seen
        assert given.status_code == 200, given.text
        ballot = given.json()["ballot"]["id"]
        body = {"groups": [["A"], ["B"]], "annotator": person}
        ranked = await server.http.post(f"/ballots/{ballot}/rankings", json=body)
        assert ranked.status_code == 201, ranked.text
        seen.append(ballot)


async def test_the_overlap_of_a_study_holds_over_two_processes(servers: tuple[Server, ...], database: str) -> None:
    with Store.open(database) as store:
        await kept(store, BALLOTS, overlap=OVERLAP, next_by="random", lease_s=600.0)
        people = [f"person-{number}" for number in range(PEOPLE)]
        seen = await asyncio.gather(
            *(to_the_end(servers[number % len(servers)], person) for number, person in enumerate(people))
        )
        assert Counter(ballot for mine in seen for ballot in mine) == {f"b{n}": OVERLAP for n in range(BALLOTS)}
        assert store.count_rankings() == BALLOTS * OVERLAP
        assert Studies(store).find("s1") is not None
