"""Many people ask at once, in one process and in two, and the overlap is reached exactly."""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from storage.store import Store
from storage.studies import Studies
from tests.examples import NOON
from tests.studies import kept, rank

PEOPLE = [f"person-{number:02}" for number in range(50)]


async def _to_the_end(store: Store, person: str) -> list[str]:
    """Rank whatever comes until nothing does."""
    studies, seen = Studies(store), []
    while (one := await studies.next("s1", person, NOON)) is not None:
        seen.append(one.ballot)
        await asyncio.sleep(0)
        await rank(store, one.ballot, person, NOON)
    return seen


def _in_threads(stores: Sequence[Store]) -> dict[str, list[str]]:
    """Every person in a thread with an event loop of its own."""
    seen: dict[str, list[str]] = {}
    begin = threading.Barrier(len(PEOPLE))

    def work(number: int, person: str) -> None:
        begin.wait()
        seen[person] = asyncio.run(_to_the_end(stores[number % len(stores)], person))

    threads = [threading.Thread(target=work, args=numbered) for numbered in enumerate(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def _exact(studies: Studies, seen: dict[str, list[str]], count: int, overlap: int) -> None:
    assert seen.keys() == set(PEOPLE)
    assert all(len(set(mine)) == len(mine) for mine in seen.values())
    assert Counter(ballot for mine in seen.values() for ballot in mine) == {f"b{n}": overlap for n in range(count)}
    whole = studies.progress("s1", NOON)
    assert (whole.counted, whole.extra, whole.held, whole.free) == (count * overlap, 0, 0, 0)
    assert whole.complete == count


async def test_fifty_tasks_of_one_loop_reach_the_overlap_exactly(store: Store) -> None:
    studies = await kept(store, 20, overlap=3, next_by="random")
    found = await asyncio.gather(*(_to_the_end(store, person) for person in PEOPLE))
    _exact(studies, dict(zip(PEOPLE, found, strict=True)), 20, 3)


def test_fifty_threads_reach_the_overlap_exactly(store: Store) -> None:
    studies = asyncio.run(kept(store, 20, overlap=3, next_by="random"))
    _exact(studies, _in_threads([store]), 20, 3)


def test_two_servers_on_one_database_reach_the_overlap_exactly(store: Store, url: str) -> None:
    studies = asyncio.run(kept(store, 20, overlap=3))
    with Store.open(url) as other:
        _exact(studies, _in_threads([store, other]), 20, 3)


async def test_fifty_who_ask_at_once_get_no_more_leases_than_there_are_places(store: Store) -> None:
    studies = await kept(store, 7, overlap=4)
    given = await asyncio.gather(*(studies.next("s1", person, NOON) for person in PEOPLE))
    assert Counter(one.ballot for one in given if one is not None) == {f"b{n}": 4 for n in range(7)}


async def test_two_tabs_of_one_person_get_the_same_ballot(store: Store) -> None:
    studies = await kept(store, 7, overlap=4, next_by="random")
    given = await asyncio.gather(*(studies.next("s1", "ann", NOON) for _ in range(20)))
    assert len({one.ballot for one in given if one is not None}) == 1


@pytest.mark.parametrize("late", [2, 5])
async def test_of_those_who_rank_late_at_once_as_many_count_as_there_are_places(store: Store, late: int) -> None:
    studies = await kept(store, 1, overlap=3)
    for number in range(late):
        await studies.next("s1", PEOPLE[number], NOON + timedelta(minutes=number))
    after = NOON + timedelta(hours=1)
    await asyncio.gather(*(rank(store, "b0", PEOPLE[number], after) for number in range(late)))
    whole = studies.progress("s1", after)
    assert (whole.counted, whole.extra) == (min(late, 3), max(0, late - 3))
    assert len(store.rankings_of("b0")) == late
