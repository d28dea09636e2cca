"""What is old goes, what somebody refers to stays, and nobody who writes waits for long."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from prefs.ballot import ballot
from prefs.ranking import Ranking
from prefs.study import Study
from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, noted
from storage.accounts.invitations import Invitations
from storage.accounts.sessions import Sessions
from storage.accounts.tables import AUDIT, INVITATION, LOGIN_FAILURE, SESSION, TOKEN
from storage.accounts.tokens import Tokens
from storage.audiences import Audiences
from storage.database import check
from storage.privacy.periods import Retention
from storage.privacy.retention import Retirement
from storage.search_tables import LISTING
from storage.store import Store
from storage.studies import Studies
from storage.tables import BALLOT, RANKING, TRAJECTORY
from tests.examples import NOON
from tests.kept import ended, going, keep_whole, run

CONSOLE = Actor.at_console("root")
NOW = NOON + timedelta(days=100)
MONTH = Retention(runs_days=30)


def retirement(store: Store) -> Retirement:
    return Retirement(store, lambda: NOW, pause_s=0)


async def keep(store: Store, name: str, at: datetime = NOON, alternatives: int = 2) -> None:
    """A finished run of that name, with a ballot of its own."""
    of = run(id=name, asked_at=at)
    ids = [f"{name}-{number}" for number in range(alternatives)]
    for id in ids:
        await keep_whole(store, ended(replace(going(1, name), id=id, started_at=at), 1), of)
    await store.keep_ballot(ballot(f"b-{name}", ids, query=of.query, run=name, seed=1, made_at=at))


async def rank(store: Store, name: str, at: datetime = NOON, annotator: str = "ann") -> None:
    await store.keep_ranking(Ranking(f"k-{name}-{annotator}", f"b-{name}", (("A",), ("B",)), at, annotator=annotator))


async def rank3(store: Store, name: str) -> None:
    """A ranking of three alternatives."""
    await store.keep_ranking(Ranking(f"k-{name}", f"b-{name}", (("A",), ("B", "C")), NOON, annotator="ann"))


def runs(store: Store) -> set[str]:
    return {one.id for one in store.runs(limit=500)}


async def test_old_runs_go_and_what_somebody_refers_to_stays(store: Store, url: str) -> None:
    for name in ("plain", "ranked", "asked", "watched", "forked", "going"):
        await keep(store, name)
    await keep(store, "young", NOW - timedelta(days=29))
    await rank(store, "ranked")
    shown = store.ballot("b-asked")
    assert shown is not None
    await Studies(store).create(Study("s1", "a study", NOON), [shown])
    from prefs.audience import Audience  # noqa: PLC0415

    watched = store.ballot("b-watched")
    assert watched is not None
    audience = Audience("a1", "ABCD2345", "watched", "b-watched", NOON, NOON + timedelta(hours=1))
    await Audiences(store).create(audience, watched)
    await store.begin(run(id="forked", asked_at=NOON), [replace(going(1, "forked"), id="late", started_at=NOW)])
    await store.begin(run(id="going", asked_at=NOON), [replace(going(1, "going"), id="still", started_at=NOON)])
    expected = await retirement(store).retire(MONTH, CONSOLE, dry_run=True)
    assert runs(store) == {"plain", "ranked", "asked", "watched", "forked", "going", "young"}
    found = await retirement(store).retire(MONTH, CONSOLE)
    assert (found.runs, found.trajectories, found.kept) == (1, 2, 10)
    assert expected == found
    assert runs(store) == {"ranked", "asked", "watched", "forked", "going", "young"}
    assert store.ballot("b-plain") is None
    assert check(url) == []
    entries = store.rows(select(AUDIT.c.act, AUDIT.c.detail))
    assert [one[0] for one in entries] == [str(Act.DATA_RETIRED)]
    assert (await retirement(store).retire(MONTH, CONSOLE)).anything is False


async def test_ballots_of_several_runs_go_with_the_first_of_them(store: Store, url: str) -> None:
    await keep(store, "old")
    await keep(store, "new", NOW)
    mixed = ballot("mixed", ["old-0", "new-0"], query=run().query, run=None, seed=1, made_at=NOON)
    await store.keep_ballot(mixed)
    await retirement(store).retire(MONTH, CONSOLE)
    assert runs(store) == {"new"}
    assert [row[0] for row in store.rows(select(BALLOT.c.id))] == ["b-new"]
    assert check(url) == []


async def test_a_ballot_that_is_made_while_old_runs_go_keeps_its_trajectories(store: Store, url: str) -> None:
    from storage.privacy.removal import families, remove  # noqa: PLC0415
    from storage.privacy.shown import shown  # noqa: PLC0415

    await keep(store, "old")
    found = store.read(lambda connection: families(connection, ["old"]))
    seen = shown(store.rows, set(found[0].trajectories), NOW)
    await store.keep_ballot(ballot("b2", ["old-0", "old-1"], query="q", run="old", seed=2, made_at=NOW))
    assert await store.write(lambda connection: remove(connection, found, seen)) == []
    await store.write(lambda connection: connection.execute(BALLOT.delete().where(BALLOT.c.id == "b2")))
    await rank(store, "old", NOW)
    assert await store.write(lambda connection: remove(connection, found, seen)) == []
    assert check(url) == []


async def test_old_rankings_go_whole_and_free_their_runs(store: Store, url: str) -> None:
    for name in ("old", "corrected", "open"):
        await keep(store, name)
        await rank(store, name)
    one = store.current_ranking("b-corrected", "ann")
    assert one is not None
    later = replace(one, id="k9", groups=(("B",), ("A",)), supersedes=one.id, made_at=NOW - timedelta(days=1))
    await store.keep_ranking(later)
    shown = store.ballot("b-open")
    assert shown is not None
    await Studies(store).create(Study("s1", "a study", NOON), [shown])
    both = Retention(runs_days=30, rankings_days=60)
    expected = await retirement(store).retire(Retention(rankings_days=60), CONSOLE, dry_run=True)
    found = await retirement(store).retire(both, CONSOLE)
    assert (expected.rankings, found.rankings, found.runs) == (1, 1, 1)
    assert {row[0] for row in store.rows(select(RANKING.c.ballot_id))} == {"b-corrected", "b-open"}
    assert runs(store) == {"corrected", "open"}
    assert {row[0] for row in store.rows(select(LISTING.c.ranked))} == {True}
    assert check(url) == []


async def test_old_entries_of_the_log_and_old_logins_go(store: Store) -> None:
    def write(connection: object) -> None:
        for days in (1, 50, 99):
            noted(connection, CONSOLE, Act.EXPORTED, now=NOON + timedelta(days=days))  # type: ignore[arg-type]
        for hours in (24, 2398):
            row = {"name_sha256": "x", "place": "y", "failed_at": NOON + timedelta(hours=hours)}
            connection.execute(insert(LOGIN_FAILURE), row)  # type: ignore[attr-defined]

    await store.write(write)
    found = await retirement(store).retire(Retention(audit_days=55), CONSOLE)
    assert (found.audit, found.logins) == (1, 1)
    acts = [row[0] for row in store.rows(select(AUDIT.c.act).order_by(AUDIT.c.sequence))]
    assert acts == [str(Act.EXPORTED), str(Act.EXPORTED), str(Act.DATA_RETIRED)]


async def test_what_let_somebody_in_goes_thirty_days_after_it_is_over(store: Store) -> None:
    moment = [NOON]
    clock = lambda: moment[0]  # noqa: E731
    accounts, sessions = Accounts(store, clock), Sessions(store, clock)
    tokens, invitations = Tokens(store, clock), Invitations(store, clock)
    root = await accounts.add("root", Role.ADMIN, None, CONSOLE)
    year = timedelta(days=365)
    await sessions.begin(root, None, None, year)  # nobody comes back to it: over after two days
    ended = (await sessions.begin(root, None, None, year))[1]
    await sessions.end(ended.id, CONSOLE)
    used = (await sessions.begin(root, None, None, year))[1]
    revoked = (await tokens.make(root, "revoked", {"read"}, CONSOLE, year))[1]
    await tokens.revoke(revoked.id, CONSOLE)
    kept = (await tokens.make(root, "open", {"read"}, CONSOLE, year))[1]
    withdrawn = (await invitations.make(Role.VIEWER, CONSOLE, timedelta(days=30)))[1]
    await invitations.revoke(withdrawn.id, CONSOLE)
    secret = (await invitations.make(Role.VIEWER, CONSOLE, timedelta(days=30), "guest"))[0]
    await invitations.accept(secret, "guest", "correct horse battery")
    waiting = (await invitations.make(Role.VIEWER, CONSOLE, timedelta(days=30)))[1]
    moment[0] = NOON + timedelta(days=31)
    await sessions.seen(used)
    retirement = Retirement(store, clock, pause_s=0)
    assert (await retirement.retire(Retention(), CONSOLE, dry_run=True)).logins == 4
    assert (await retirement.retire(Retention(), CONSOLE)).logins == 4
    moment[0] = NOON + timedelta(days=33)
    assert (await retirement.retire(Retention(), CONSOLE)).logins == 1
    left = [store.rows(select(table.c.id)) for table in (SESSION, TOKEN, INVITATION)]
    assert left == [[(used.id,)], [(kept.id,)], [(waiting.id,)]]


@pytest.mark.parametrize("size", [1, 2, 3, 5_000])
async def test_a_dry_run_tells_what_goes_however_many_are_looked_at_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("storage.privacy.retention.PASS", size)
    for name in ("one", "two", "ranked", "marked"):
        await keep(store, name, alternatives=3)
    await rank3(store, "ranked")
    marked = update(LISTING).where(LISTING.c.trajectory_id == "marked-0").values(ranked=True)
    await store.write(lambda connection: connection.execute(marked))  # ranked on a ballot that came in a file
    expected = await retirement(store).retire(MONTH, CONSOLE, dry_run=True)
    found = await retirement(store).retire(MONTH, CONSOLE)
    assert expected == found
    assert (found.runs, found.trajectories, found.kept) == (2, 6, 6)


def test_periods_are_whole_days() -> None:
    assert Retention.read({}) == Retention()
    assert Retention.read({}).forever
    assert Retention.read({"PODIUM_RETAIN_RUNS_DAYS": " 30 "}) == Retention(runs_days=30)
    for text in ("0", "-1", "1.5", "x", "40000", "²"):
        with pytest.raises(ValueError, match="PODIUM_RETAIN_AUDIT_DAYS"):
            Retention.read({"PODIUM_RETAIN_AUDIT_DAYS": text})
    with pytest.raises(ValueError, match="runs_days"):
        Retention(runs_days=0)


async def test_writers_wait_little_while_much_is_deleted(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        for number in range(40):
            await keep(store, f"r{number}")
        waits = []
        deleting = asyncio.create_task(Retirement(store, lambda: NOW).retire(MONTH, CONSOLE))
        while not deleting.done():
            began = time.perf_counter()
            await store.write(lambda connection: connection.execute(select(func.count()).select_from(LISTING)).scalar())
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.002)
        assert (await deleting).trajectories == 80
        assert sorted(waits)[len(waits) // 2] < 0.1
        assert store.rows(select(TRAJECTORY.c.id)) == []
