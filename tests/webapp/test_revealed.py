"""P as the page shows it: taken in ranking by ranking, and equal to the fit of all of them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Step, Trajectory
from prefs.ballot import ballot
from prefs.fit.preference import fit
from prefs.ranking import Ranking
from storage.privacy.forgetting import Forgetting, Wish
from storage.store import Store
from tests.accounts import CONSOLE
from tests.examples import NOON, call, model_call, trajectory
from webapp.cli import main
from webapp.learned import learned, stated_aliases
from webapp.revealed import Revealed

BALLOTS = 24


def ended(query: int, number: int, preference: PreferenceVector | None = None) -> Trajectory:
    usd = f"0.0{1 + (query * 5 + number * 3) % 7}"
    step = Step(0, "", call("answer-1"), None, (model_call(usd, latency_s=1.0 + (query + 2 * number) % 5),))
    asked = preference or PreferenceVector()
    return trajectory(id=f"{query}-{number}", query=f"query {query}", steps=(step,), preference=asked)


async def shown(store: Store, query: int, preference: PreferenceVector | None = None) -> str:
    """A ballot of three alternatives; gives its id."""
    several = [ended(query, number, preference) for number in range(3)]
    await store.add_all(several)
    made = ballot(f"b{query}", [one.id for one in several], query=f"query {query}", run=None, seed=query, made_at=NOON)
    await store.keep_ballot(made)
    return made.id


async def said(store: Store, ballot_id: str, id: str, order: Sequence[str], annotator: str = "ann") -> Ranking:
    groups = tuple((label,) for label in order)
    return await store.keep_ranking(Ranking(id, ballot_id, groups, datetime.now(UTC), annotator=annotator))


def cheapest_first(store: Store, ballot_id: str) -> list[str]:
    found = store.ballot(ballot_id)
    assert found is not None
    usd = {one.label: store.trajectory(one.trajectory).cost_usd for one in found.alternatives}  # type: ignore[union-attr]
    return sorted(usd, key=lambda label: usd[label])


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(f"sqlite:///{tmp_path / 'podium.sqlite3'}") as opened:
        yield opened


async def ranked(store: Store, count: int = BALLOTS, revealed: Revealed | None = None) -> list[Ranking]:
    kept = []
    for number in range(count):
        one = await shown(store, number)
        kept.append(await said(store, one, f"r{number}", cheapest_first(store, one)))
        if revealed is not None:
            revealed.hear(kept[-1])
            await revealed.standing()
    return kept


async def test_nothing_is_revealed_before_the_first_ranking(store: Store):
    standing = await Revealed(store).standing()
    assert (standing.fit, standing.rankings, dict(standing.weights)) == (None, 0, {})


async def test_each_ranking_is_taken_in_and_the_whole_equals_the_fit_of_all(store: Store):
    revealed = Revealed(store)
    await revealed.standing()
    await ranked(store, revealed=revealed)
    standing = await revealed.standing()
    await revealed.aclose()
    assert standing.rankings == BALLOTS
    assert standing.updated_s is not None
    whole = fit(list(store.iter_judgements()), aliases=())
    for name, one in whole.weights.items():
        assert standing.weights[name].mean == pytest.approx(one.mean, abs=1e-6)
    assert standing.weights["cost"].mean == 1.0
    assert standing.stated == PreferenceVector()


async def test_a_correction_takes_the_place_of_what_it_corrects(store: Store):
    revealed = Revealed(store)
    await ranked(store)
    before = await revealed.standing()
    corrected = await said(store, "b0", "again", cheapest_first(store, "b0")[::-1])
    assert corrected.supersedes == "r0"
    revealed.hear(corrected)
    after = await revealed.standing()
    assert after.rankings == before.rankings
    assert after.fit != before.fit
    await revealed.aclose()


async def test_rankings_that_came_in_beside_it_are_read(store: Store):
    revealed = Revealed(store)
    await ranked(store, 4)
    assert (await revealed.standing()).rankings == 4
    await said(store, await shown(store, 90), "elsewhere", "ABC")
    assert (await revealed.standing()).rankings == 5


async def test_the_same_ranking_sent_twice_counts_once(store: Store):
    revealed = Revealed(store)
    rankings = await ranked(store, 4)
    await revealed.standing()
    revealed.hear(rankings[0])
    assert (await revealed.standing()).rankings == 4
    await revealed.aclose()


async def taken_in(revealed: Revealed, rankings: int) -> None:
    """Wait until so many are known, without looking."""
    async with asyncio.timeout(30):
        while revealed.known != rankings:  # noqa: ASYNC110 - it offers no event
            await asyncio.sleep(0.01)


async def test_what_many_say_is_taken_in_together_before_anybody_looks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.revealed.SHORTEST_REST_S", 0.2)
    reads: list[int] = []
    read = store.iter_judgements
    monkeypatch.setattr(store, "iter_judgements", lambda: reads.append(1) or read())
    revealed = Revealed(store)
    for ranking in await ranked(store):
        revealed.hear(ranking)
    await taken_in(revealed, BALLOTS)
    for number in range(5):
        revealed.hear(await said(store, await shown(store, 50 + number), f"more {number}", "ABC"))
    await taken_in(revealed, BALLOTS + 5)
    assert len(reads) == 1, "later ones are added to what was read"
    standing = await revealed.standing()
    assert (standing.rankings, len(reads)) == (BALLOTS + 5, 1)
    whole = fit(list(store.iter_judgements()), aliases=())
    for name, one in whole.weights.items():
        assert standing.weights[name].mean == pytest.approx(one.mean, abs=1e-6)
    await revealed.aclose()


async def test_a_correction_that_is_heard_before_what_it_corrects_is_read(store: Store) -> None:
    revealed = Revealed(store)
    await ranked(store, 4)
    await revealed.standing()
    first = await said(store, await shown(store, 90), "first", "ABC")
    second = await said(store, "b90", "second", "CBA")
    revealed.hear(second)
    revealed.hear(first)
    standing = await revealed.standing()
    assert standing.rankings == 5
    whole = fit(list(store.iter_judgements()), aliases=())
    for name, one in whole.weights.items():
        assert standing.weights[name].mean == pytest.approx(one.mean, abs=1e-6)
    await revealed.aclose()


async def test_a_ranking_that_was_forgotten_no_longer_counts_although_another_one_came(store: Store) -> None:
    revealed = Revealed(store)
    await ranked(store, 4)
    await said(store, await shown(store, 90), "gone", "ABC", annotator="bob")
    assert (await revealed.standing()).rankings == 5
    await Forgetting(store).forget(Wish("bob", rankings=True), CONSOLE)
    await said(store, await shown(store, 91), "new", "CBA")
    standing = await revealed.standing()
    whole = fit(list(store.iter_judgements()), aliases=())
    assert standing.rankings == 5
    for name, one in whole.weights.items():
        assert standing.weights[name].mean == pytest.approx(one.mean, abs=1e-6)


async def test_an_alias_that_somebody_favours_gets_a_weight(store: Store):
    revealed = Revealed(store)
    await ranked(store, 4)
    assert "answer-1" not in (await revealed.standing()).weights
    one = await shown(store, 50, PreferenceVector(tools={"answer-1": 0.5}))
    revealed.hear(await said(store, one, "favoured", "ABC"))
    standing = await revealed.standing()
    assert standing.rankings == 5
    assert stated_aliases(list(store.iter_judgements())) == ("answer-1",)
    assert standing.stated is None
    await revealed.aclose()


async def test_too_few_rankings_teach_no_policy(store: Store):
    await ranked(store, 3)
    with pytest.raises(ValueError, match="3 rankings, and a reward is learned from 20"):
        learned(store)


def test_the_command_prints_what_the_rankings_reveal(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    url = f"sqlite:///{tmp_path / 'podium.sqlite3'}"

    async def fill() -> None:
        async with Store.open(url) as store:
            await ranked(store)

    asyncio.run(fill())
    assert main(["fit", "--json", "--db", url]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rankings"] == BALLOTS
    assert found["weights"]["cost"]["mean"] == 1.0
    assert found["agreement"]["kendall_w"]["mean"] is None
    assert "annotator" not in found["agreement"]["leave_one_out_tau"][0]
    assert main(["fit", "--db", url, "--names"]) == 0
    assert f"{BALLOTS} rankings of 1 person" in capsys.readouterr().out
    assert main(["fit", "--db", url, "--aliases", "answer-9"]) == 2
    assert "no alias 'answer-9'" in capsys.readouterr().err


def test_a_database_without_rankings_is_said_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    url = f"sqlite:///{tmp_path / 'podium.sqlite3'}"
    Store.open(url).close()
    assert main(["fit", "--db", url]) == 2
    assert "nothing has been ranked" in capsys.readouterr().err


def test_the_decision_between_settings_is_told_with_the_rankings_that_it_saves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    url = f"sqlite:///{tmp_path / 'podium.sqlite3'}"

    async def fill() -> None:
        async with Store.open(url) as store:
            await ranked(store)

    asyncio.run(fill())
    dear = '{"accuracy": 0, "cost": 0, "latency": 1}'
    assert main(["decide", "Frugal", dear, "--planned", "100", "--json", "--db", url]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["leader"], found["certain"], found["saved"]) == ("Frugal", True, 100 - BALLOTS)
    assert main(["decide", "Frugal", dear, "--db", url]) == 0
    assert "99 % certain: Frugal" in capsys.readouterr().out
    assert main(["decide", "Frugal", "nobody", "--db", url]) == 2
    assert "'nobody' is no preset" in capsys.readouterr().err
