"""Rankings beside what they rank, read from the store: each current one once, with the features of its trajectories."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot, ballot
from prefs.judgement import judgement
from prefs.ranking import Ranking
from storage import pages
from storage.errors import StoreMissing
from storage.judgements import Candidates
from storage.store import Store
from tests.examples import NOON
from tests.kept import edit, ended, going


async def shown(store: Store, number: int = 1, alternatives: int = 3) -> tuple[Ballot, dict[str, Trajectory]]:
    """A kept ballot of finished trajectories that differ in their steps."""
    ids = [f"t{number}-{place}" for place in range(alternatives)]
    made = {id: replace(ended(going(), place + 1), id=id, run=None) for place, id in enumerate(ids)}
    await store.add_all(list(made.values()))
    at = NOON + timedelta(minutes=number)
    kept = ballot(f"b{number}", ids, query="What is 17% of 2,340?", run=None, seed=number, made_at=at)
    await store.keep_ballot(kept)
    return kept, made


def said(of: Ballot, annotator: str = "ann", **changes: object) -> Ranking:
    first, *others = of.labels
    one = Ranking(f"{of.id}-{annotator}", of.id, ((first,), tuple(others)), of.made_at, annotator=annotator)
    return replace(one, **changes)  # type: ignore[arg-type]


async def test_judgement_has_the_features_of_the_whole_trajectories(store: Store) -> None:
    kept, made = await shown(store)
    ranking = await store.keep_ranking(said(kept))
    wanted = judgement(ranking, kept, made)
    assert list(store.iter_judgements()) == [wanted]
    assert store.judgement_of(ranking) == wanted
    assert list(store.iter_judged()) == [(wanted, tuple(made[one.trajectory] for one in kept.alternatives))]


async def test_only_what_people_say_now_is_judged(store: Store) -> None:
    kept, _ = await shown(store)
    await store.keep_ranking(said(kept))
    await store.keep_ranking(said(kept, "bob"))
    correction = await store.keep_ranking(said(kept, id="k9", groups=(kept.labels,)))
    assert [(one.ranking, one.annotator) for one in store.iter_judgements()] == [("k9", "ann"), ("b1-bob", "bob")]
    assert store.judgement_of(correction).groups == ((0, 1, 2),)


async def test_judgements_come_ballot_by_ballot_over_any_number_of_pages(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = []
    for number in (3, 1, 2):
        kept, _ = await shown(store, number)
        for person in ("ann", "bob", "cid"):
            await store.keep_ranking(said(kept, person))
            wanted.append((kept.id, person))
    for size in (1, 2, 3, 9, 10):
        monkeypatch.setitem(pages.pages.__kwdefaults__ or {}, "size", size)
        assert [(one.ballot, one.annotator) for one in store.iter_judgements()] == sorted(wanted)


async def test_each_trajectory_is_measured_once_while_it_is_remembered(store: Store) -> None:
    ballots = [(await shown(store, number))[0] for number in (1, 2, 3)]
    queries = []

    def read(query: object) -> list[tuple[object, ...]]:
        queries.append(query)
        return store.rows(query)  # type: ignore[arg-type]

    measures = Candidates(read, remembered=6)
    known = measures.of(ballots[:2])
    assert (len(known), len(queries)) == (6, 2)
    assert measures.of(ballots[:2]) == known
    assert len(queries) == 2
    measures.of([ballots[2]])
    assert len(measures._known) == 6


async def test_ballot_of_a_trajectory_that_is_gone_is_named(store: Store, file: Path, url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("edits the file")
    kept, _ = await shown(store)
    ranking = await store.keep_ranking(said(kept))
    edit(file, "DELETE FROM step WHERE trajectory_id = 't1-1'")
    edit(file, "DELETE FROM trajectory WHERE id = 't1-1'")
    with pytest.raises(StoreMissing, match="trajectory t1-1 of ballot b1 is not there"):
        list(store.iter_judgements())
    with pytest.raises(StoreMissing, match="t1-1"):
        store.judgement_of(ranking)
    with pytest.raises(StoreMissing, match="there is no ballot b7"):
        store.judgement_of(replace(ranking, ballot="b7"))


async def test_half_read_judgements_hold_nobody_up(store: Store) -> None:
    kept, _ = await shown(store)
    await store.keep_ranking(said(kept))
    reading = store.iter_judgements()
    next(reading)
    later, _ = await shown(store, 2)
    await store.keep_ranking(said(later))
    reading.close()
    assert len(list(store.iter_judgements())) == 2
