"""Whoever is forgotten is gone from every table, and all that stays is whole."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from prefs.ranking import Ranking, StepMark
from prefs.study import Study
from storage.accounts.account import Role
from storage.accounts.account_rows import NotAllowed
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, AuditLog
from storage.accounts.tables import AUDIT
from storage.database import check
from storage.errors import StoreConflict, StoreMissing
from storage.privacy.forgetting import Forgetting, Wish
from storage.privacy.sweeping import sweep
from storage.privacy_tables import FADING_TEXT
from storage.process_tables import CANCEL_WISH
from storage.ranked import Ranked
from storage.search_tables import LISTING
from storage.spending.rules import Payer
from storage.store import Store
from storage.studies import Studies
from storage.tables import ASSIGNMENT, RANKING, TEXT, Row
from storage.tombstones import PSEUDONYM
from tests.examples import NOON
from tests.kept import ended, going, keep_ballot, keep_whole, run, step

CONSOLE = Actor.at_console("root")
ANN = "Ann Zyxw"
WORDS = "Zyxw thinks that B is better"


def said(id: str, annotator: str = ANN, **changes: object) -> Ranking:
    """A ranking of ballot b1 with words in every place that takes them."""
    one = Ranking(
        id, "b1", (("B",), ("A", "C")), NOON + timedelta(minutes=1), reason=f"{WORDS} {id}", annotator=annotator,
        tags=("too slow", "Zyxw's own tag"), marks=(StepMark("B", 0, "good", f"{WORDS} here"),), active_s={"A": 2.5},
    )  # fmt: skip
    return replace(one, **changes)  # type: ignore[arg-type]


async def fill(store: Store) -> None:
    """A ballot of a study, with steps, that Ann has ranked, corrected, and Bob too."""
    shown = await keep_ballot(store)
    for alternative in shown.alternatives:
        await store.keep_step(alternative.trajectory, step(0))
    study = Study("s1", "a study", NOON, overlap=2)
    await Studies(store).create(study, [shown])
    await Studies(store).next("s1", ANN, NOON)
    await store.keep_ranking(said("k1"), idempotency_key=f"{ANN} 1")
    await store.keep_ranking(said("k2", groups=(("A",), ("B", "C")), marks=()))
    await store.keep_ranking(said("k3", "bob", reason="fine", tags=(), marks=()))


def everything(store: Store) -> str:
    """All texts of all tables."""
    found = []
    for table in Row.metadata.sorted_tables:
        found += [repr(tuple(row)) for row in store.rows(select(table))]
    return "\n".join(found)


def count(store: Store, name: str) -> int:
    return int(store.rows(select(func.count()).select_from(Row.metadata.tables[name]))[0][0])


async def test_rankings_stay_without_name_and_words(store: Store, url: str) -> None:
    await fill(store)
    before = list(store.iter_ranked())
    found = await Forgetting(store).forget(Wish(ANN), CONSOLE)
    assert (found.before.rankings, found.before.assignments) == (2, 1)
    assert "Zyxw" not in everything(store)
    first, second, bobs = (one for one, _ in store.iter_ranked())
    assert bobs == before[2][0]
    assert PSEUDONYM.fullmatch(first.annotator)
    assert first == replace(
        before[0][0], annotator=first.annotator, reason=None, tags=("too slow",), active_s={},
        marks=(StepMark("B", 0, "good"),),
    )  # fmt: skip
    assert (second.annotator, second.supersedes, second.groups) == (first.annotator, "k1", (("A",), ("B", "C")))
    assert [row[0] for row in store.rows(select(ASSIGNMENT.c.annotator).order_by(ASSIGNMENT.c.annotator))] == [
        "bob",
        first.annotator,
    ]
    assert check(url) == []


async def test_rankings_are_deleted_where_that_is_asked_for_and_their_places_are_free(store: Store, url: str) -> None:
    await fill(store)
    await Forgetting(store).forget(Wish(ANN, rankings=True), CONSOLE)
    assert [one.id for one, _ in store.iter_ranked()] == ["k3"]
    assert "Zyxw" not in everything(store)
    assert Studies(store).progress("s1", NOON).free == 1
    assert check(url) == []


@pytest.mark.parametrize("rankings", [False, True])
async def test_an_old_file_does_not_bring_somebody_back(store: Store, rankings: bool, url: str) -> None:
    await fill(store)
    file = [Ranked(place, one, ballot) for place, (one, ballot) in enumerate(store.iter_ranked(), 1)]
    later = said("k9", supersedes="k2", groups=(("C",), ("A", "B")), marks=())
    await Forgetting(store).forget(Wish(ANN, rankings=rankings), CONSOLE)
    before = everything(store)
    assert await store.add_rankings([*file, Ranked(4, later, file[0].ballot)]) == 0
    assert everything(store) == before
    assert check(url) == []


async def test_a_trajectory_whose_rankings_went_is_found_as_unranked(store: Store) -> None:
    await fill(store)
    await Forgetting(store).forget(Wish(ANN, rankings=True), CONSOLE)
    assert {row[0] for row in store.rows(select(LISTING.c.ranked))} == {True}  # Bob ranked them too
    await Forgetting(store).forget(Wish("bob", rankings=True), CONSOLE)
    assert {row[0] for row in store.rows(select(LISTING.c.ranked))} == {False}


async def test_an_account_goes_with_all_that_opens_it_and_its_name_leaves_the_log(store: Store) -> None:
    accounts = Accounts(store)
    await accounts.add("root", Role.ADMIN, None, CONSOLE)
    ann = await accounts.add(ANN, Role.ANNOTATOR, None, CONSOLE)
    await AuditLog(store).note(Actor(ANN, ann.id, "192.0.2.7"), Act.TOKEN_MADE, subject=ANN, detail=f"{ANN}'s: read")
    await fill(store)
    await Forgetting(store, late=timedelta()).forget(Wish("ann  zyxw"), Actor(ANN, ann.id))
    everywhere = everything(store)
    assert "zyxw" not in everywhere.casefold()
    assert ann.id not in everywhere
    assert "192.0.2.7" not in everywhere
    last = store.rows(select(AUDIT.c.actor, AUDIT.c.act, AUDIT.c.subject, AUDIT.c.detail).order_by(AUDIT.c.sequence))[
        -1
    ]
    assert last[1:] == (str(Act.DATA_FORGOTTEN), last[0], "2 rankings made anonymous")
    assert last[0] not in {one.annotator for one, _ in store.iter_ranked()}  # the log does not tell whose they were


async def test_nobody_is_forgotten_by_somebody_else_but_an_admin(store: Store) -> None:
    accounts = Accounts(store)
    root = await accounts.add("root", Role.ADMIN, None, CONSOLE)
    eve = await accounts.add("eve", Role.AUTHOR, None, CONSOLE)
    await accounts.add(ANN, Role.ANNOTATOR, None, CONSOLE)
    for actor in (Actor("eve", eve.id), Actor("stranger"), Actor(ANN)):
        with pytest.raises(NotAllowed):
            await Forgetting(store).forget(Wish(ANN), actor)
    with pytest.raises(StoreConflict, match="last admin"):
        await Forgetting(store).forget(Wish("root"), Actor("root", root.id))
    await Forgetting(store, late=timedelta()).forget(Wish(ANN), Actor("root", root.id))
    with pytest.raises(StoreMissing):
        await Forgetting(store).forget(Wish(ANN), CONSOLE)
    for name in ("nobody", "a\0b", ""):
        with pytest.raises(StoreMissing):
            Forgetting(store).look(name)


def _long(number: int, words: str) -> str:
    return f"{words} " * 100 + str(number)


async def asked(store: Store, number: int, payer: str, words: str) -> None:
    """A finished run of somebody whose one step holds a long text of its own and one that all share."""
    one = replace(step(0), calls=(replace(step(0).calls[0], prompt=_long(number, words), reply=_long(0, "shared")),))
    whole = replace(ended(going(number, f"r{number}"), 0), steps=(one,))
    of = run(id=f"r{number}")
    bare = replace(whole, steps=(), stop_reason=None, answer=None, outcome=going(1).outcome)
    await store.begin(of, [bare], Payer(payer))
    await store.keep_step(whole.id, one)
    await store.finish(whole)


async def test_runs_go_with_their_texts_but_not_those_that_others_need(store: Store, url: str) -> None:
    await fill(store)
    await asked(store, 11, ANN, "own")
    await asked(store, 12, "bob", "other")
    found = await Forgetting(store).forget(Wish(ANN, runs=True), CONSOLE)
    assert (found.runs_deleted, found.runs_kept, found.texts_deleted) == (1, 0, 1)
    assert store.trajectory("t11") is None
    assert store.run("r11") is None
    assert store.trajectory("t12") is not None
    assert count(store, "text") == 2
    assert (count(store, "leaving_run"), count(store, "fading_text"), count(store, "forgetting")) == (0, 0, 0)
    assert ANN not in everything(store)
    assert check(url) == []


async def test_a_text_that_is_named_again_while_it_lies_aside_comes_back(store: Store, url: str) -> None:
    await asked(store, 11, ANN, "own")
    rows = store.rows(select(TEXT))

    def aside(connection: object) -> None:
        for address, packed, characters in rows:
            row = {"address": address, "packed": packed, "characters": characters}
            connection.execute(FADING_TEXT.insert(), row)  # type: ignore[attr-defined]
        connection.execute(TEXT.delete())  # type: ignore[attr-defined]

    await store.write(aside)
    assert await sweep(store) == 0
    assert store.rows(select(TEXT).order_by(TEXT.c.address)) == sorted(rows)
    assert count(store, "fading_text") == 0
    assert check(url) == []


async def test_a_run_that_goes_on_waits_for_its_end(store: Store) -> None:
    await store.begin(run(id="r5"), [going(5, "r5")], Payer(ANN))
    found = await Forgetting(store).forget(Wish(ANN, runs=True), CONSOLE)
    assert (found.runs_deleted, found.runs_kept) == (0, 1)
    assert store.rows(select(CANCEL_WISH.c.trajectory_id)) == [("t5",)]  # whichever process drives it ends it
    await store.finish(replace(ended(going(5, "r5"), 0), started_at=going(5).started_at))
    assert (await Forgetting(store).resume()).runs == {"r5"}
    assert store.run("r5") is None
    assert "Zyxw" not in everything(store)


async def test_what_somebody_else_ranked_stays(store: Store, url: str) -> None:
    await store.begin(run(), [replace(going(1), id="r1-t1")], Payer(ANN))
    await store.finish(ended(replace(going(1), id="r1-t1"), 0))
    await store.write(lambda connection: connection.execute(text("SELECT 1")))
    await fill_ranked(store)
    found = await Forgetting(store).forget(Wish(ANN, runs=True), CONSOLE)
    assert (found.runs_deleted, found.runs_kept) == (0, 1)
    assert count(store, "leaving_run") == 0
    assert check(url) == []


async def fill_ranked(store: Store) -> None:
    """Two more alternatives of run r1, and a ranking of Bob's."""
    from prefs.ballot import ballot  # noqa: PLC0415

    for number in (2, 3):
        await keep_whole(store, ended(replace(going(number), id=f"r1-t{number}"), 0), run())
    ids = [f"r1-t{number}" for number in (1, 2, 3)]
    await store.keep_ballot(ballot("b1", ids, query=run().query, run="r1", seed=1, made_at=NOON))
    await store.keep_ranking(said("k3", "bob", reason="fine", tags=(), marks=()))


async def test_looking_changes_nothing(store: Store) -> None:
    await fill(store)
    before = everything(store)
    found = Forgetting(store).look(ANN)
    assert (found.rankings, found.assignments, found.account) == (2, 1, 0)
    assert everything(store) == before
    assert store.rows(select(RANKING.c.id).where(RANKING.c.annotator == ANN))
