"""Rankings in two phases as they are kept, imported, read by statistics, and left alone by older records."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from orchestrator.alternatives import Run
from prefs.ballot import Ballot, ballot
from prefs.ranking import Ranking, RankingMismatch, StepMark
from storage.database import migrate, upgrade
from storage.errors import StoreConflict, StoreMissing
from storage.ranked import NotAdded, Ranked, load_ranked, ranked_json
from storage.records import dump_ranking, load_ranking
from storage.store import Store
from storage.studies import Studies
from storage.study_records import dump_study, load_study
from storage.tables import RANKING
from tests.examples import NOON
from tests.kept import ended, going
from tests.studies import study

HIDDEN = ("cost", "latency")


async def two_phases(store: Store, count: int = 1, **changes: object) -> list[Ballot]:
    """A study of ballots with two alternatives, of one and of two steps."""
    shown = []
    for number in range(count):
        ids = [f"{number}-t{steps}" for steps in (1, 2)]
        await store.add_all([replace(ended(going(), steps), id=f"{number}-t{steps}", run=None) for steps in (1, 2)])
        shown.append(ballot(f"b{number}", ids, query="q", run=None, seed=1, made_at=NOON, hidden=HIDDEN))
    await Studies(store).create(study(**{"two_phases": True, "hidden": HIDDEN, **changes}), shown)
    return shown


def said(id: str, order: str = "AB", **changes: object) -> Ranking:
    at = NOON + timedelta(seconds=int(id.strip("k")))
    return Ranking(id, "b0", tuple(map(tuple, order)), at, annotator="ann", **changes)  # type: ignore[arg-type]


async def test_both_rankings_are_kept_and_the_later_one_stands(store: Store) -> None:
    await two_phases(store)
    blind = await store.keep_ranking(said("k1"))
    revealed = await store.keep_ranking(said("k2", "BA"))
    assert (blind.phase, revealed.phase, revealed.supersedes) == ("blind", "revealed", "k1")
    assert store.rankings_of("b0") == (blind, revealed)
    assert store.current_ranking("b0", "ann") == revealed
    phases = store.rows(select(RANKING.c.id, RANKING.c.phase).order_by(RANKING.c.id))
    assert phases == [("k1", "blind"), ("k2", "revealed")]
    with pytest.raises(StoreConflict, match="cost and time were shown to you"):
        await store.keep_ranking(said("k3", phase="blind"))


async def test_phases_are_read_from_the_records_where_an_older_version_was_here_meanwhile(url: str) -> None:
    with Store.open(url) as store:
        await two_phases(store)
        await store.keep_ranking(said("k1", reason='he said "phase": "revealed"'))
        await store.keep_ranking(said("k2", "BA"))
        await store.keep_ballot(ballot("b9", ["0-t1", "0-t2"], query="q", run=None, seed=1, made_at=NOON))
        await store.keep_ranking(replace(said("k3", reason='"phase": "blind"'), ballot="b9"))
    migrate(url, "0007")
    upgrade(url)
    with Store.open(url) as store:
        phases = store.rows(select(RANKING.c.id, RANKING.c.phase).order_by(RANKING.c.id))
        assert phases == [("k1", "blind"), ("k2", "revealed"), ("k3", None)]
        assert len(list(Studies(store).second_looks("s1"))) == 1


async def test_the_same_key_gives_the_blind_ranking_again_whatever_stands_now(store: Store) -> None:
    await two_phases(store)
    blind = await store.keep_ranking(said("k1"), idempotency_key="one")
    await store.keep_ranking(said("k2", "BA"), idempotency_key="two")
    assert await store.keep_ranking(said("k3", phase="blind"), idempotency_key="one") == blind
    assert await store.keep_ranking(said("k4"), idempotency_key="one") == blind
    with pytest.raises(StoreConflict, match="used for another ranking"):
        await store.keep_ranking(said("k5", phase="revealed"), idempotency_key="one")


async def test_who_ranked_before_the_study_is_in_no_phase(store: Store) -> None:
    shown = await two_phases(store, id="s0", name="once", two_phases=False)
    await store.keep_ranking(said("k1"))
    await Studies(store).create(study(two_phases=True, hidden=HIDDEN), shown)
    assert (await store.keep_ranking(said("k2", "BA"))).phase is None
    with pytest.raises(RankingMismatch, match="leave out `phase`"):
        await store.keep_ranking(said("k3", phase="revealed"))
    assert (await Studies(store).next("s1", "ann", NOON)) is None, "nothing of it is half done"


async def test_marks_are_checked_against_the_steps_that_are_there(store: Store) -> None:
    (shown,) = await two_phases(store)
    short = next(one.label for one in shown.alternatives if one.trajectory == "0-t1")
    with pytest.raises(RankingMismatch, match=f"{short} has no step 1: its steps are 0 to 0"):
        await store.keep_ranking(said("k1", marks=(StepMark(short, 1, "good"),)))
    await store.begin(Run("r1", "q", NOON), [replace(going(), id="bare")])
    await store.keep_ballot(ballot("b1", ["bare", "0-t1"], query="q", run=None, seed=1, made_at=NOON))
    bare = next(one.label for one in store.ballot("b1").alternatives if one.trajectory == "bare")
    with pytest.raises(RankingMismatch, match=f"{bare} has no steps"):
        await store.keep_ranking(replace(said("k1", marks=(StepMark(bare, 0, "good"),)), ballot="b1"))
    kept = await store.keep_ranking(said("k1", marks=(StepMark(short, 0, "wrong", "no"),)))
    assert store.current_ranking("b0", "ann") == kept
    assert store.judgement_of(kept).marks == kept.marks


async def test_second_looks_have_the_blind_and_the_latest_ranking_of_each_person(store: Store) -> None:
    await two_phases(store, 2, overlap=3)
    for id, order in (("k1", "AB"), ("k2", "BA"), ("k3", "AB")):
        await store.keep_ranking(said(id, order, tags=(id,)))
    await store.keep_ranking(replace(said("k4"), ballot="b1"))
    await store.keep_ranking(replace(said("k5"), annotator="bob"))
    (look,) = Studies(store).second_looks("s1")
    assert (look.blind.ranking, look.revealed.ranking, look.annotator) == ("k1", "k3", "ann")
    assert (look.blind.hidden, look.revealed.hidden) == (HIDDEN, ())
    assert look.blind.candidates == look.revealed.candidates
    assert list(Studies(store).second_looks("elsewhere")) == []
    assert len(list(Studies(store).second_looks())) == 1


async def test_phases_go_with_an_export_and_come_back_with_an_import(store: Store) -> None:
    (shown,) = await two_phases(store)
    for id, order in (("k1", "AB"), ("k2", "BA")):
        await store.keep_ranking(said(id, order, active_s={"A": 2.5}, tags=("too slow",)))
    told = [json.loads(json.dumps(ranked_json(one, shown))) for one in store.rankings_of("b0")]
    with Store.open("sqlite://") as other:
        await other.add_all([replace(ended(going(), steps), id=f"0-t{steps}", run=None) for steps in (1, 2)])
        some = [Ranked(place, *load_ranked(one)) for place, one in enumerate(told)]
        assert await other.add_rankings(some[::-1]) == 2
        assert other.rankings_of("b0") == store.rankings_of("b0")
        assert await other.add_rankings(some) == 0
        (look,) = Studies(other).second_looks()
        assert look.revealed.ranking == "k2"


async def test_an_import_cannot_bring_a_second_blind_ranking_or_a_lone_revealed_one(store: Store) -> None:
    (shown,) = await two_phases(store)
    blind = await store.keep_ranking(said("k1"))
    with pytest.raises(NotAdded, match="first ranking"):
        await store.add_rankings([Ranked(1, replace(blind, id="k9"), shown)])
    lone = ranked_json(replace(blind, id="k8", phase="revealed"), shown)
    with pytest.raises(RankingMismatch, match="stands after a blind one"):
        load_ranked(lone)
    beyond = replace(blind, id="k7", annotator="bob", marks=(StepMark("A", 9, "good"),))
    with pytest.raises(NotAdded, match="A has no step 9"):
        await store.add_rankings([Ranked(1, beyond, shown)])


def test_records_of_older_versions_are_read() -> None:
    record = json.loads(dump_ranking(said("k1")))
    for name in ("phase", "tags", "marks", "active_s"):
        del record[name]
    assert load_ranking(record) == said("k1")
    old = json.loads(dump_study(study()))
    del old["two_phases"], old["tags"]
    assert load_study(old) == study()


async def test_the_queue_of_an_unknown_study_is_missing_and_of_a_stranger_empty(store: Store) -> None:
    await two_phases(store)
    assert Studies(store).queue("s1", "nobody") == ()
    with pytest.raises(StoreMissing, match="no study"):
        Studies(store).queue("s9", "ann")


async def test_a_lease_that_was_given_back_is_free_for_others_at_once(store: Store) -> None:
    await two_phases(store)
    studies = Studies(store)
    one = await studies.next("s1", "ann", NOON)
    assert one is not None
    assert await studies.next("s1", "bob", NOON) is None
    later = NOON + timedelta(seconds=1)
    assert not (await studies.release("s1", "b0", "ann", later)).held(later)
    assert studies.progress("s1", later).free == 1
    assert (await studies.next("s1", "bob", later)) is not None
    with pytest.raises(StoreConflict, match="no place left"):
        await studies.take("s1", "b0", "ann", later)
    after = later + timedelta(seconds=61)
    assert (await studies.take("s1", "b0", "ann", after)).held(after)
