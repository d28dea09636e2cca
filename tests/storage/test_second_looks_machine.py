"""Whatever people do in two phases: one blind ranking each, both are kept, and every place is counted once."""

import asyncio
from collections import defaultdict
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from prefs.ranking import Phase, Ranking
from prefs.study import Assignment
from storage.errors import StoreConflict, StoreMissing
from storage.store import Store
from storage.studies import Studies
from tests.examples import NOON
from tests.storage.conftest import new_database
from tests.studies import ballots, study

PEOPLE = st.sampled_from(("ann", "bob", "cat"))
BALLOTS = ("b0", "b1", "b2")
LEASE_S = 60


class TwoPhases(RuleBasedStateMachine):
    """Every ranking that was acknowledged is remembered, as phase and order."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = Store.open(self.new_url())
        self.studies = Studies(self.store)
        self.now = NOON
        self.number = 0
        self.closed = False
        self.said: dict[tuple[str, str], list[tuple[Phase | None, str]]] = defaultdict(list)

    @staticmethod
    def new_url() -> str:
        return "sqlite://"

    def teardown(self) -> None:
        self.store.close()
        self.runner.close()

    @initialize(overlap=st.integers(1, 2), seed=st.integers(0, 2))
    def make(self, overlap: int, seed: int) -> None:
        self.study = study(
            overlap=overlap, seed=seed, lease_s=LEASE_S, two_phases=True, hidden=("cost",), next_by="random"
        )
        self.runner.run(self.studies.create(self.study, ballots(len(BALLOTS))))

    @rule(person=PEOPLE, skipped=st.booleans())
    def ask(self, person: str, skipped: bool) -> None:
        half_done = {ballot for ballot in BALLOTS if self._standing(person, ballot) == "blind"}
        one = self.runner.run(self.studies.next("s1", person, self.now, skipped=skipped))
        if half_done:
            assert one is not None, "what is half done comes back"
            assert one.ballot in half_done, "what is half done comes first"
            assert one.state == "ranked"
        elif one is not None:
            assert one.held(self.now)
            assert not self.said[person, one.ballot], "what is done never comes back"

    @rule(
        person=PEOPLE,
        ballot=st.sampled_from(BALLOTS),
        order=st.sampled_from(("AB", "BA")),
        phase=st.sampled_from((None, "blind", "revealed")),
    )
    def rank(self, person: str, ballot: str, order: str, phase: Phase | None) -> None:
        before = self.said[person, ballot]
        standing = before[-1] if before else None
        due: Phase = "revealed" if before else "blind"
        repeated = standing is not None and standing[1] == order and phase in (None, standing[0])
        try:
            kept = self.runner.run(self._send(person, ballot, order, phase))
        except StoreConflict:
            assert not repeated
            assert phase not in (None, due), "only what is not due is refused"
            return
        if repeated:
            assert standing is not None
            assert kept.phase == standing[0]
            return
        assert phase in (None, due)
        assert kept.phase == due
        before.append((due, order))

    @rule(person=PEOPLE, ballot=st.sampled_from(BALLOTS), verb=st.sampled_from(("skip", "flag", "take", "release")))
    def put_aside_or_take_back(self, person: str, ballot: str, verb: str) -> None:
        before = self.studies.assignment("s1", ballot, person)
        try:
            after = self.runner.run(self._done(verb, ballot, person))
        except StoreMissing:
            assert before is None
            return
        except StoreConflict:
            assert before is not None
            assert before.state == "ranked" or (verb == "take" and (self.closed or self._full(person, ballot)))
            return
        assert before is not None
        assert before.state != "ranked"
        if verb == "take":
            assert after.held(self.now)
            assert not self._full(person, ballot)
        else:
            assert not after.held(self.now)

    @rule(seconds=st.sampled_from((1, LEASE_S, 3 * LEASE_S)))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def close(self) -> None:
        self.closed = True
        self.runner.run(self.studies.close("s1", self.now))

    @invariant()
    def both_are_kept_and_places_are_exact(self) -> None:
        for (person, ballot), said in self.said.items():
            kept = [one for one in self.store.rankings_of(ballot) if one.annotator == person]
            assert [(one.phase, "".join(one.labels)) for one in kept] == said, "every ranking is kept, in its phase"
            assert [one.phase for one in kept].count("blind") == bool(kept), "never two blind ones"
        everything = self.studies.assignments("s1")
        for ballot in BALLOTS:
            places = sum(one.counted is True or one.held(self.now) for one in everything if one.ballot == ballot)
            assert places <= self.study.overlap
        whole = self.studies.progress("s1", self.now)
        assert whole.counted + whole.held + whole.free == whole.wanted
        assert whole.counted + whole.extra == sum(bool(said) for said in self.said.values())
        for person in ("ann", "bob", "cat"):
            listed = self.studies.queue("s1", person)
            assert {one.assignment.ballot for one in listed if one.phase == "blind"} == {
                ballot for ballot in BALLOTS if self._standing(person, ballot) == "blind"
            }

    def _standing(self, person: str, ballot: str) -> Phase | None:
        said = self.said[person, ballot]
        return said[-1][0] if said else None

    def _full(self, person: str, ballot: str) -> bool:
        others = [one for one in self.studies.assignments("s1") if one.ballot == ballot and one.annotator != person]
        return sum(one.counted is True or one.held(self.now) for one in others) >= self.study.overlap

    async def _send(self, person: str, ballot: str, order: str, phase: Phase | None) -> Ranking:
        self.number += 1
        at = NOON + timedelta(microseconds=self.number)
        groups = tuple(map(tuple, order))
        sent = Ranking(f"k{self.number}", ballot, groups, at, annotator=person, phase=phase)
        return await self.store.keep_ranking(sent)

    async def _done(self, verb: str, ballot: str, person: str) -> Assignment:
        if verb == "flag":
            return await self.studies.flag("s1", ballot, person, "odd", self.now)
        does = {"skip": self.studies.skip, "take": self.studies.take, "release": self.studies.release}
        return await does[verb]("s1", ballot, person, self.now)


def test_both_phases_are_kept_and_places_are_exact_whatever_people_do() -> None:
    run_state_machine_as_test(TwoPhases, settings=settings(max_examples=12, stateful_step_count=20, deadline=None))


def test_the_same_on_postgresql(migrated: str, postgres: str) -> None:
    class OnPostgreSQL(TwoPhases):
        @staticmethod
        def new_url() -> str:
            return new_database(postgres, template=migrated)

    run_state_machine_as_test(OnPostgreSQL, settings=settings(max_examples=6, stateful_step_count=20, deadline=None))
