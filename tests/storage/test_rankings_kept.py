"""Ballots and rankings: submitted twice is one, corrected is two, and nothing is ever overwritten."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from prefs.ballot import Ballot
from prefs.ranking import Ranking, RankingMismatch
from storage.database import check
from storage.errors import StoreConflict, StoreMissing
from storage.records import RecordError
from storage.store import Store
from tests.examples import NOON
from tests.kept import keep_ballot, run


async def test_ranking_is_read_as_it_was_submitted(store: Store, b_then_a_and_c: Ranking, url: str) -> None:
    shown = await keep_ballot(store)
    kept = await store.keep_ranking(b_then_a_and_c, shown.version, "key-1")
    assert kept == b_then_a_and_c
    assert store.ballot("b1") == shown
    assert store.ballot_of("r1") == shown
    assert store.rankings_of("b1") == (b_then_a_and_c,)
    assert store.current_ranking("b1", "ann") == b_then_a_and_c
    assert store.current_ranking("b1", "bob") is None
    assert store.runs()[0].ranked
    assert check(url) == []


@pytest.mark.parametrize("key", [None, "key-1"])
async def test_submitting_twice_is_one_ranking(store: Store, b_then_a_and_c: Ranking, key: str | None) -> None:
    await keep_ballot(store)
    await store.keep_ranking(b_then_a_and_c, idempotency_key=key)
    again = replace(b_then_a_and_c, id="k2", made_at=NOON + timedelta(minutes=1), groups=(("B",), ("C", "A")))
    assert await store.keep_ranking(again, idempotency_key=key) == b_then_a_and_c
    assert store.rankings_of("b1") == (b_then_a_and_c,)


@pytest.mark.parametrize("key", [None, "key-1"])
async def test_twenty_submissions_at_once_are_one_ranking(
    store: Store, b_then_a_and_c: Ranking, key: str | None
) -> None:
    await keep_ballot(store)
    same = [replace(b_then_a_and_c, id=f"k{number}") for number in range(20)]
    kept = await asyncio.gather(*(store.keep_ranking(one, idempotency_key=key) for one in same))
    assert set(kept) == {same[0]}
    assert store.rankings_of("b1") == (same[0],)


async def test_submissions_of_two_stores_at_once_are_one_ranking(
    store: Store, b_then_a_and_c: Ranking, url: str
) -> None:
    await keep_ballot(store)
    same = [replace(b_then_a_and_c, id=f"k{number}") for number in range(20)]
    with Store.open(url) as other:
        stores = [store, other] * 10
        kept = await asyncio.gather(*(at.keep_ranking(one) for at, one in zip(stores, same, strict=True)))
    assert len(set(kept)) == 1
    assert store.rankings_of("b1") == (kept[0],)


async def test_correction_supersedes_and_both_are_kept(store: Store, b_then_a_and_c: Ranking, url: str) -> None:
    await keep_ballot(store)
    await store.keep_ranking(b_then_a_and_c)
    for number, groups in ((2, (("A",), ("B", "C"))), (3, b_then_a_and_c.groups)):
        await store.keep_ranking(replace(b_then_a_and_c, id=f"k{number}", groups=groups, made_at=NOON))
    assert [(one.id, one.supersedes) for one in store.rankings_of("b1")] == [("k1", None), ("k2", "k1"), ("k3", "k2")]
    assert [one.id for one in store.iter_rankings()] == ["k1", "k2", "k3"]
    assert [one.id for one in store.iter_rankings(superseded=False)] == ["k3"]
    assert check(url) == []


async def test_correction_of_what_was_corrected_meanwhile_is_refused(store: Store, b_then_a_and_c: Ranking) -> None:
    await keep_ballot(store)
    await store.keep_ranking(b_then_a_and_c)
    await store.keep_ranking(replace(b_then_a_and_c, id="k2", reason="on second thought"))
    late = replace(b_then_a_and_c, id="k3", reason="I missed that", supersedes="k1")
    with pytest.raises(StoreConflict, match="was corrected meanwhile; reload it"):
        await store.keep_ranking(late)
    assert (await store.keep_ranking(replace(late, supersedes="k2"))).supersedes == "k2"


async def test_people_rank_independently(store: Store, b_then_a_and_c: Ranking) -> None:
    await keep_ballot(store)
    theirs = replace(b_then_a_and_c, id="k2", annotator="bob")
    await store.keep_ranking(b_then_a_and_c, idempotency_key="key-1")
    assert (await store.keep_ranking(theirs, idempotency_key="key-1")).supersedes is None
    assert len(store.rankings_of("b1")) == 2


async def test_ballot_that_changed_since_it_was_shown_is_refused(store: Store, b_then_a_and_c: Ranking) -> None:
    await keep_ballot(store)
    with pytest.raises(StoreConflict, match="the ballot changed since it was shown; reload it"):
        await store.keep_ranking(b_then_a_and_c, "000000000000")
    assert store.rankings_of("b1") == ()


async def test_idempotency_key_stands_for_one_content(store: Store, b_then_a_and_c: Ranking) -> None:
    await keep_ballot(store)
    await store.keep_ranking(b_then_a_and_c, idempotency_key="key-1")
    await store.keep_ranking(replace(b_then_a_and_c, id="k2", reason="changed"), idempotency_key="key-2")
    with pytest.raises(StoreConflict, match="idempotency key was used for another ranking"):
        await store.keep_ranking(replace(b_then_a_and_c, id="k3", reason="other"), idempotency_key="key-1")
    repeated = await store.keep_ranking(replace(b_then_a_and_c, id="k4"), "000000000000", "key-1")
    assert repeated == b_then_a_and_c
    with pytest.raises(RecordError, match="idempotency key must have 1 to 200"):
        await store.keep_ranking(b_then_a_and_c, idempotency_key="")


async def test_ranking_that_does_not_fit_is_refused(store: Store, b_then_a_and_c: Ranking) -> None:
    with pytest.raises(StoreMissing, match="there is no ballot b1"):
        await store.keep_ranking(b_then_a_and_c)
    await keep_ballot(store)
    with pytest.raises(RankingMismatch, match="not on the ballot, or named twice: D"):
        await store.keep_ranking(replace(b_then_a_and_c, groups=(("A", "B", "C", "D"),)))
    with pytest.raises(RankingMismatch, match="missing from the ranking: C"):
        await store.keep_ranking(replace(b_then_a_and_c, groups=(("A", "B"),)))
    with pytest.raises(RecordError, match="the id of an annotator"):
        await store.keep_ranking(replace(b_then_a_and_c, annotator=""))
    assert store.rankings_of("b1") == ()


async def test_id_of_a_ranking_is_used_once(store: Store, b_then_a_and_c: Ranking) -> None:
    await keep_ballot(store)
    await store.keep_ranking(b_then_a_and_c)
    with pytest.raises(StoreConflict, match="there is already a ranking k1"):
        await store.keep_ranking(replace(b_then_a_and_c, annotator="bob"))


async def test_next_ballot_is_the_oldest_one_not_ranked(store: Store, b_then_a_and_c: Ranking) -> None:
    assert store.next_ballot("ann") is None
    second = await keep_ballot(store, "b2", run(id="r2", asked_at=NOON + timedelta(hours=2)))
    first = await keep_ballot(store, "b1", run(asked_at=NOON + timedelta(hours=1)))
    assert store.next_ballot("ann") == first
    await store.keep_ranking(b_then_a_and_c)
    assert store.next_ballot("ann") == second
    assert store.next_ballot("bob") == first
    await store.keep_ranking(replace(b_then_a_and_c, id="k2", ballot="b2"))
    assert store.next_ballot("ann") is None


async def test_ballot_is_kept_once(store: Store) -> None:
    shown = await keep_ballot(store)
    await store.keep_ballot(shown)
    with pytest.raises(StoreConflict, match="there is already a ballot b1 with other content"):
        await store.keep_ballot(replace(shown, seed=5))


async def test_newest_ballot_of_a_run_is_found(store: Store) -> None:
    first = await keep_ballot(store)
    newer: Ballot = replace(first, id="b2", made_at=first.made_at + timedelta(seconds=1))
    await store.keep_ballot(newer)
    assert store.ballot_of("r1") == newer
    assert store.ballot_of("r2") is None


async def test_all_is_there_after_reopening(tmp_path: Path, b_then_a_and_c: Ranking) -> None:
    file = tmp_path / "100% of ü #1" / "x y.db"
    file.parent.mkdir()
    with Store.open(f"sqlite:///{file}") as store:
        shown = await keep_ballot(store)
        await store.keep_ranking(b_then_a_and_c)
    assert file.exists()
    with Store.open(f"sqlite:///{file}") as store:
        assert store.rankings_of(shown.id) == (b_then_a_and_c,)
