"""The ballot after the next one: given while a person still ranks the one before."""

from prefs.ballot import ballot
from storage.store import Store
from tests.examples import NOON
from tests.studies import kept, rank


async def test_the_one_after_the_next_is_given_besides_it(store: Store) -> None:
    studies = await kept(store, 3)
    first = await studies.next("s1", "ann", NOON)
    assert first is not None
    second = await studies.next("s1", "ann", NOON, besides=[first.ballot])
    assert second is not None
    assert second.ballot != first.ballot
    again = await studies.next("s1", "ann", NOON, besides=[first.ballot])
    assert again is not None
    assert again.ballot == second.ballot, "asking again gives the same"
    assert await studies.next("s1", "ann", NOON, besides=["b0", "b1", "b2"]) is None
    await rank(store, first.ballot, "ann", NOON)
    following = await studies.next("s1", "ann", NOON)
    assert following is not None
    assert following.ballot == second.ballot, "what was given ahead comes next"


async def test_without_a_study_the_oldest_ballot_is_given_besides_those_at_hand(store: Store) -> None:
    for id in ("x0", "x1", "x2"):
        shown = [f"{id}-t1", f"{id}-t2"]
        await store.keep_ballot(ballot(id, shown, query="q", run=None, seed=1, made_at=NOON))
    found = store.next_ballot("ann", ["x0", "strange\0id"])
    assert found is not None
    assert found.id == "x1"
    assert store.next_ballot("ann", ["x0", "x1", "x2"]) is None
