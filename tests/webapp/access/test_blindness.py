"""Who ranks blind sees what the view of a ballot given to him or her shows, and nothing else of what was run."""

from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from storage.accounts.account import Role
from tests.webapp.access.people import Town, ran

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True)
class Asked:
    """A study of two ballots, and what was run for it."""

    study: str
    runs: tuple[str, str]
    trajectories: frozenset[str]
    ballots: tuple[str, ...]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asked(people: Town) -> Asked:
    async with await people.session("art") as author:
        runs = (await ran(author), await ran(author))
        new = {"name": "Blind", "runs": list(runs), "alternatives": 3, "overlap": 2, "gold_share": 0, "seed": 7}
        study = (await author.post("/api/v1/studies", json=new)).raise_for_status().json()
        ids = {one["id"] for run in runs for one in (await author.get(f"/api/v1/runs/{run}")).json()["trajectories"]}
        return Asked(study["id"], runs, frozenset(ids), tuple(study["ballots"]))


async def given(annotator: httpx.AsyncClient, asked: Asked) -> str:
    """The ballot that the annotator gets."""
    reply = (await annotator.get(f"/api/v1/studies/{asked.study}/next")).raise_for_status().json()
    assert all(one["trajectory"] is None for one in reply["ballot"]["alternatives"])
    assert reply["ballot"].get("run") is None
    return str(reply["ballot"]["id"])


async def test_an_annotator_reads_nothing_of_runs_and_trajectories(people: Town, asked: Asked) -> None:
    one, run = next(iter(asked.trajectories)), asked.runs[0]
    paths = [
        f"/runs/{run}", f"/runs/{run}/ballot", f"/runs/{run}/events", f"/runs/{run}/talk", f"/runs/{run}/leave-behind",
        f"/trajectories/{one}", f"/trajectories/{one}/view", f"/trajectories/{one}/spent", "/search", "/search/records",
        "/search/count", f"/difference?trajectories={one}", f"/comparison?trajectories={one}", "/export/trajectories",
        "/export/rankings", "/ballots/next", f"/ballots/{asked.ballots[0]}", "/preferences/now", "/tuning",
        "/texts/sha256-x", "/audiences", f"/studies/{asked.study}/flags", f"/studies/{asked.study}/willingness",
    ]  # fmt: skip
    async with await people.session("ann") as annotator:
        codes = {path: (await annotator.get(f"/api/v1{path}")).status_code for path in paths}
    assert set(codes.values()) == {403}, codes


async def test_an_annotator_sees_and_ranks_only_what_was_given(people: Town, asked: Asked) -> None:
    async with await people.session(await people.newcomer(Role.ANNOTATOR)) as annotator:
        mine = await given(annotator, asked)
        other = next(ballot for ballot in asked.ballots if ballot != mine)
        view = await annotator.get(f"/api/v1/ballots/{mine}/view", params={"study": asked.study})
        assert view.status_code == 200
        assert (await annotator.get(f"/api/v1/ballots/{other}/view")).status_code == 403
        groups = {"groups": [["A"], ["B"], ["C"]]}
        assert (await annotator.post(f"/api/v1/ballots/{other}/rankings", json=groups)).status_code == 403
        kept = await annotator.post(f"/api/v1/ballots/{mine}/rankings", json=groups)
        assert kept.status_code == 201
        after = await annotator.get(f"/api/v1/ballots/{mine}/view", params={"study": asked.study})
        for told in (view, kept, after):
            assert not [id for id in (*asked.trajectories, *asked.runs) if id in told.text]


async def test_an_annotator_ranks_in_his_or_her_own_name(people: Town, asked: Asked) -> None:
    name = await people.newcomer(Role.ANNOTATOR)
    async with await people.session(name) as annotator, await people.session("ada") as admin:
        mine, groups = await given(annotator, asked), [["A"], ["B"], ["C"]]
        for where in (f"/ballots/{mine}/view", f"/studies/{asked.study}/next", f"/studies/{asked.study}/queue"):
            assert (await annotator.get(f"/api/v1{where}", params={"annotator": "somebody"})).status_code == 403
            assert (await annotator.get(f"/api/v1{where}", params={"annotator": name})).status_code == 200
        for what in ("skip", "release", "take"):
            path = f"/api/v1/studies/{asked.study}/assignments/{mine}/{what}"
            assert (await annotator.post(path, json={"annotator": "somebody"})).status_code == 403
        await annotator.get(f"/api/v1/studies/{asked.study}/next")
        posted = {"groups": groups, "annotator": "somebody"}
        assert (await annotator.post(f"/api/v1/ballots/{mine}/rankings", json=posted)).status_code == 403
        kept = await annotator.post(f"/api/v1/ballots/{mine}/rankings", json={"groups": groups})
        assert kept.json()["annotator"] == name
        entered = await admin.post(f"/api/v1/ballots/{mine}/rankings", json=posted)
        assert (entered.status_code, entered.json()["annotator"]) == (201, "somebody")


async def test_an_author_does_not_rank_for_others(people: Town, asked: Asked) -> None:
    async with await people.session("art") as author:
        posted = {"groups": [["A"], ["B"], ["C"]], "annotator": "somebody"}
        refused = await author.post(f"/api/v1/ballots/{asked.ballots[0]}/rankings", json=posted)
        assert refused.status_code == 403
        kept = await author.post(f"/api/v1/ballots/{asked.ballots[0]}/rankings", json={"groups": posted["groups"]})
        assert kept.json()["annotator"] == "art"


async def test_gold_ballots_cannot_be_counted_out_of_studies_and_progress(people: Town, asked: Asked) -> None:
    telling = ("gold", "seed", 'ballots": [', "random_share", "annotators", "flagged", 'extra":')
    async with await people.session("ann") as annotator, await people.session("art") as author:
        for path in ("/api/v1/studies", f"/api/v1/studies/{asked.study}"):
            told = (await annotator.get(path)).text
            assert not [word for word in telling if word in told]
            assert "gold_share" in (await author.get(path)).text
        progress = (await annotator.get(f"/api/v1/studies/{asked.study}/progress")).json()
        assert set(progress) == {"ballots", "wanted", "counted", "held", "free", "own"}
        assert [one["annotator"] for one in progress["own"]] == ["ann"]
        assert "gold" in (await author.get(f"/api/v1/studies/{asked.study}/progress")).json()
        mine = await annotator.get(f"/api/v1/studies/{asked.study}/next")
        assert "gold" not in mine.text


async def test_a_viewer_sees_runs_and_ranks_nothing(people: Town, asked: Asked) -> None:
    async with await people.session("vic") as viewer:
        assert (await viewer.get(f"/api/v1/runs/{asked.runs[0]}")).status_code == 200
        posted = await viewer.post(f"/api/v1/ballots/{asked.ballots[0]}/rankings", json={"groups": [["A"]]})
        assert posted.status_code == 403
        assert (await viewer.post("/api/v1/runs", json={"query": "x"})).status_code == 403
        assert (await viewer.post(f"/api/v1/runs/{asked.runs[0]}/cancel")).status_code == 403
