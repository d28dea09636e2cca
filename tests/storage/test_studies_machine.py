"""Whatever people do with a study, in whatever order: no overlap is exceeded, nothing comes twice, nothing is lost.

Each example has a database of its own: the random order of a study follows from the names in it, so an example that
is tried again must find the same names.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from prefs.ranking import Ranking
from prefs.study import Assignment
from storage.errors import StoreConflict
from storage.store import Store
from storage.studies import Studies
from tests.examples import NOON
from tests.storage.conftest import new_database
from tests.studies import ballots, rank, study

PEOPLE = st.sampled_from(("ann", "bob", "cat", "dan"))
COUNT = 4
LEASE_S = 60


class StudyLife(RuleBasedStateMachine):
    """The clock only goes forward here; `test_studies` has one that lags behind."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = Store.open(self.new_url())
        self.ballots = tuple(f"b{place}" for place in range(COUNT))
        self.studies = Studies(self.store)
        self.now = NOON
        self.closed = False
        self.kept: dict[str, set[str]] = defaultdict(set)
        """Rankings that were acknowledged, by ballot."""
        self.done: dict[str, set[str]] = defaultdict(set)
        """What each person ranked or flagged."""
        self.skipped: dict[str, set[str]] = defaultdict(set)
        self.leases: dict[tuple[str, str], Assignment] = {}
        """Person and ballot to what was given last."""

    @staticmethod
    def new_url() -> str:
        return "sqlite://"

    def teardown(self) -> None:
        self.store.close()
        self.runner.close()

    @initialize(
        overlap=st.integers(1, 3),
        next_by=st.sampled_from(("order", "random")),
        gold_share=st.sampled_from((0.0, 0.5)),
        seed=st.integers(0, 3),
    )
    def make(self, overlap: int, next_by: str, gold_share: float, seed: int) -> None:
        self.study = study(id="s1", overlap=overlap, next_by=next_by, gold_share=gold_share, seed=seed, lease_s=LEASE_S)
        made = ballots(COUNT, "b")
        self.runner.run(self.studies.create(self.study, made, self.ballots[1:3]))

    @rule(person=PEOPLE, skipped=st.booleans())
    def ask(self, person: str, skipped: bool) -> None:
        self._got(person, self.runner.run(self.studies.next(self.study.id, person, self.now, skipped=skipped)), skipped)

    @rule(people=st.lists(PEOPLE, min_size=2, max_size=8))
    def ask_at_once(self, people: Sequence[str]) -> None:
        async def all_of_them() -> list[Assignment | None]:
            return await asyncio.gather(*(self.studies.next(self.study.id, person, self.now) for person in people))

        for person, one in zip(people, self.runner.run(all_of_them()), strict=True):
            self._got(person, one, skipped=False)

    @rule(person=PEOPLE, place=st.integers(0, COUNT - 1), order=st.sampled_from(("AB", "BA")))
    def rank_any(self, person: str, place: int, order: str) -> None:
        """On lease, too late, skipped, corrected or never asked for."""
        ballot = self.ballots[place]
        before = self.studies.assignment(self.study.id, ballot, person)
        key = f"{person}-{ballot}-{order}"
        if key in self.kept[ballot]:
            return
        kept = self.runner.run(rank(self.store, ballot, person, self.now, order))
        self.kept[ballot].add(kept.id)
        self.done[person].add(ballot)
        self.skipped[person].discard(ballot)
        after = self.studies.assignment(self.study.id, ballot, person)
        assert after is not None
        assert after.state == "ranked"
        if before is not None and before.held(self.now):
            assert after.counted, "a ranking on lease counts"
        if before is not None and before.state == "ranked":
            assert after == before, "a correction changes no place"

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), state=st.sampled_from(("skipped", "flagged")))
    def put_aside(self, data: st.DataObject, state: str) -> None:
        person, ballot = data.draw(st.sampled_from(sorted(self.leases)))
        if self.studies.assignment(self.study.id, ballot, person).state == "ranked":  # type: ignore[union-attr]
            return
        if state == "skipped":
            self.runner.run(self.studies.skip(self.study.id, ballot, person, self.now))
            self.done[person].discard(ballot)
            self.skipped[person].add(ballot)
        else:
            self.runner.run(self.studies.flag(self.study.id, ballot, person, "odd", self.now))
            self.skipped[person].discard(ballot)
            self.done[person].add(ballot)

    @rule(place=st.integers(0, COUNT - 1), order=st.sampled_from(("AB", "BA")))
    def all_rank_at_once(self, place: int, order: str) -> None:
        """Some on lease, some too late or unasked, some again; the overlap holds whoever comes first."""
        ballot, people = self.ballots[place], ("ann", "bob", "cat", "dan")
        before = {person: self.studies.assignment(self.study.id, ballot, person) for person in people}
        new = [person for person in people if f"{person}-{ballot}-{order}" not in self.kept[ballot]]
        kept = self.runner.run(_together([rank(self.store, ballot, person, self.now, order) for person in new]))
        for person, ranking in zip(new, kept, strict=True):
            self.kept[ballot].add(ranking.id)
            self.done[person].add(ballot)
            self.skipped[person].discard(ballot)
            was, now = before[person], self.studies.assignment(self.study.id, ballot, person)
            assert now is not None
            if was is not None and was.held(self.now):
                assert now.counted, "a ranking on lease counts, whoever else ranks"

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        person, ballot = data.draw(st.sampled_from(sorted(self.leases)))
        if self.studies.assignment(self.study.id, ballot, person).state == "ranked":  # type: ignore[union-attr]
            return
        one = self.runner.run(self.studies.release(self.study.id, ballot, person, self.now))
        assert not one.held(self.now)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        """Take back what was put aside, given back or lost: refused only where it is closed or no place is left."""
        person, ballot = data.draw(st.sampled_from(sorted(self.leases)))
        before = self.studies.assignment(self.study.id, ballot, person)
        assert before is not None
        if before.state == "ranked":
            return
        others = [
            one for one in self.studies.assignments(self.study.id) if one.ballot == ballot and one.annotator != person
        ]
        taken = sum(one.counted is True or one.held(self.now) for one in others)
        try:
            one = self.runner.run(self.studies.take(self.study.id, ballot, person, self.now))
        except StoreConflict:
            assert taken >= self.study.overlap or (self.closed and not before.held(self.now))
            assert self.studies.assignment(self.study.id, ballot, person) == before, "what is refused changes nothing"
            return
        assert one.held(self.now)
        assert taken < self.study.overlap
        self.done[person].discard(ballot)
        self.skipped[person].discard(ballot)
        self.leases[person, ballot] = one

    @rule(seconds=st.sampled_from((1, LEASE_S // 2, LEASE_S, 3 * LEASE_S)))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def close(self) -> None:
        self.closed = True
        self.runner.run(self.studies.close(self.study.id, self.now))

    @invariant()
    def all_is_well(self) -> None:
        everything = self.studies.assignments(self.study.id)
        for ballot in self.ballots:
            places = sum(one.counted is True or one.held(self.now) for one in everything if one.ballot == ballot)
            assert places <= self.study.overlap, "overlap is never exceeded"
        for ballot, ids in self.kept.items():
            assert ids <= {ranking.id for ranking in self.store.rankings_of(ballot)}, "nothing acknowledged is lost"
        whole = self.studies.progress(self.study.id, self.now)
        assert whole.counted + whole.held + whole.free == whole.wanted == COUNT * self.study.overlap
        assert whole.free >= 0
        ranked = {(one.annotator, one.ballot) for one in everything if one.state == "ranked"}
        assert ranked == {(id.split("-")[0], ballot) for ballot, ids in self.kept.items() for id in ids}
        assert whole.counted + whole.extra == len(ranked)
        for name in ("extra", "skipped", "flagged", "held", "expired"):
            assert getattr(whole, name) == sum(getattr(one, name) for one in whole.own)
        own = self.studies.progress(self.study.id, self.now, "ann").own[0]
        assert not (self.closed and own.left)

    def _got(self, person: str, one: Assignment | None, skipped: bool) -> None:
        if one is None:
            assert not self._open_to(person, skipped), "nobody is sent away while there is a ballot"
            return
        assert one.held(self.now)
        assert one.ballot not in self.done[person], "nobody gets a ballot again that is done"
        last = self.leases.get((person, one.ballot))
        if one.ballot in self.skipped[person]:
            assert skipped, "a skipped ballot comes back only where it is asked for"
            self.skipped[person].discard(one.ballot)
        if self.closed:
            assert last is not None, "a closed study gives out nothing new"
        self.leases[(person, one.ballot)] = one

    def _open_to(self, person: str, skipped: bool) -> list[str]:
        """The ballots that this person could be given: places are free, and they are not done or put aside."""
        found = []
        for ballot in self.ballots:
            of_it = {one.annotator: one for one in self.studies.assignments(self.study.id) if one.ballot == ballot}
            own = of_it.pop(person, None)
            if sum(one.counted is True or one.held(self.now) for one in of_it.values()) >= self.study.overlap:
                continue
            if own is not None and own.held(self.now):
                found.append(ballot)
            elif not self.closed and ballot not in self.done[person]:
                found += [ballot] if (ballot in self.skipped[person]) is skipped else []
        return found


async def _together(work: Sequence[Awaitable[Ranking]]) -> list[Ranking]:
    return await asyncio.gather(*work)


def test_no_overlap_is_exceeded_and_nothing_comes_twice_whatever_people_do() -> None:
    run_state_machine_as_test(StudyLife, settings=settings(max_examples=25, stateful_step_count=25, deadline=None))


def test_the_same_on_postgresql(migrated: str, postgres: str) -> None:
    class OnPostgreSQL(StudyLife):
        @staticmethod
        def new_url() -> str:
            return new_database(postgres, template=migrated)

    run_state_machine_as_test(OnPostgreSQL, settings=settings(max_examples=8, stateful_step_count=25, deadline=None))
