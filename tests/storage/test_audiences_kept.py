"""Audiences are kept with their ballot; each phone has one seat, and one number."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest

from prefs.audience import Audience, Seat
from prefs.ballot import Ballot, ballot
from storage.audiences import Audiences, create
from storage.database import open_engine, writing
from storage.errors import StoreConflict, StoreMissing
from storage.store import Store
from tests.examples import NOON

HOUR = timedelta(hours=1)
ROOM = Audience("a1", "ABCDEFGH", "r1", "b1", NOON, NOON + HOUR)


def shown(id: str = "b1") -> Ballot:
    return ballot(id, ["t1", "t2"], query="q", run=None, seed=1, made_at=NOON)


def phone(number: int) -> Seat:
    return Seat(f"audience-ABCDEFGH-{number}", NOON)


async def test_an_audience_is_found_by_id_code_and_run(store: Store) -> None:
    audiences = Audiences(store)
    assert await audiences.create(ROOM, shown()) == ROOM
    assert audiences.find("a1") == audiences.of_code("ABCDEFGH") == ROOM
    assert audiences.newest("r1") == audiences.newest() == (ROOM,)
    assert audiences.newest("r2") == ()
    assert audiences.find("a2") is audiences.of_code("ABCDEFGJ") is audiences.find("a\0") is None
    assert store.ballot("b1") == shown()


async def test_a_run_has_one_open_audience_and_another_one_when_that_is_over(store: Store) -> None:
    audiences = Audiences(store)
    await audiences.create(ROOM, shown())
    second = replace(ROOM, id="a2", code="HGFEDCBA", ballot="b2")
    assert await audiences.create(second, shown("b2")) == ROOM
    assert store.ballot("b2") is None
    later = replace(second, made_at=NOON + HOUR, until=NOON + 2 * HOUR)
    assert await audiences.create(later, shown("b2")) == later
    with pytest.raises(StoreConflict, match="another one"):
        await audiences.create(replace(later, id="a3", run="r2", code=ROOM.code), shown("b3"))
    assert store.ballot("b3") is None


def test_two_servers_open_one_audience_of_a_run(url: str) -> None:
    second = replace(ROOM, id="a2", code="HGFEDCBA", ballot="b2")
    opened: list[Audience] = []
    with Store.open(url) as store:
        other = Thread(target=lambda: opened.append(asyncio.run(Audiences(store).create(second, shown("b2")))))
        engine = open_engine(url)
        with writing(engine).begin() as connection:
            create(connection, ROOM, shown())
            other.start()
            other.join(timeout=0.5)
            assert opened == [], "the second server waits until the first has committed"
        other.join(timeout=60)
        engine.dispose()
        assert opened == list(Audiences(store).newest("r1")) == [ROOM]
        assert store.ballot("b2") is None


async def test_an_audience_gets_more_time_and_is_closed(store: Store) -> None:
    audiences = Audiences(store)
    await audiences.create(ROOM, shown())
    assert (await audiences.close("a1", NOON)).closed_at == NOON
    reopened = await audiences.give_time("a1", NOON + 2 * HOUR)
    assert reopened == replace(ROOM, until=NOON + 2 * HOUR) == audiences.find("a1")
    with pytest.raises(StoreMissing):
        await audiences.close("a2", NOON)


async def test_a_phone_has_one_seat_and_there_are_only_so_many(store: Store) -> None:
    audiences = Audiences(store)
    await audiences.create(ROOM, shown())
    assert await audiences.sit("a1", "x", phone(1), 2) == phone(1)
    assert await audiences.sit("a1", "x", phone(9), 2) == phone(1)
    assert await audiences.sit("a1", "y", phone(2), 2) == phone(2)
    assert await audiences.sit("a1", "z", phone(3), 2) is None
    assert await audiences.sit("a1", "x", phone(9), 2) == phone(1)
    assert audiences.seat("a1", "y") == phone(2)
    assert audiences.count(ROOM).joined == 2


async def test_phones_that_rank_at_once_get_numbers_without_gaps_or_repeats(store: Store) -> None:
    audiences = Audiences(store)
    await audiences.create(ROOM, shown())
    for number in range(20):
        await audiences.sit("a1", str(number), phone(number), 100)
    given = await asyncio.gather(*(audiences.number("a1", phone(n).annotator) for n in range(20)))
    assert sorted(given) == list(range(1, 21))
    assert await audiences.number("a1", phone(7).annotator) == given[7]


async def test_nobody_is_asked_for_the_ballot_of_an_audience(store: Store) -> None:
    await Audiences(store).create(ROOM, shown())
    assert store.next_ballot("local") is None
    await store.keep_ballot(shown("b2"))
    assert store.next_ballot("local") == shown("b2")
