"""Whatever happens to runs, limits and the clock, in whatever order: no limit is passed, and no cent is lost."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
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

from orchestrator.trajectory import StopReason, Trajectory
from storage import trajectories
from storage.accounts.actor import Actor
from storage.spending import amounts, limits
from storage.spending.rules import EACH, LEAST_USD, Limit, Overspent, Payer, Period, Scope, Used
from storage.spending.switch import RunsStopped, turn_off
from storage.spending_acts import turn_on
from storage.store import Store
from tests.examples import NOON
from tests.storage.conftest import new_database
from tests.storage.spending.spenders import begin, keep, paid, settle_left

USERS = st.sampled_from(("ann", "bob"))
STUDIES = st.sampled_from((None, "s1"))
CENTS = st.integers(0, 200).map(lambda cents: f"{Decimal(cents) / 100}")
TODAY = datetime.now(UTC).date().isoformat()
"""What goes on reserves by the clock of this machine."""
PLACES = (("everybody", ""), ("user", EACH), ("user", "ann"), ("study", "s1"))


@dataclass(slots=True)
class Course:
    """What a trajectory reserved at a time and what it spent since, as this test saw it."""

    trajectory: Trajectory
    payer: Payer
    day: str
    reserved: Decimal
    spent: Decimal = Decimal(0)
    """Real dollars of kept steps."""
    state: str = "running"
    settled: bool = False
    kept: bool = True
    """Whether there is a reservation: before the first limit nothing is kept."""

    @property
    def open(self) -> bool:
        return self.kept and not self.settled

    @property
    def covered(self) -> bool:
        """Whether all that it may still spend is reserved: not where it was called free, or nothing limited it."""
        usd = self.trajectory.limits.usd
        return self.open and usd is not None and usd - self.trajectory.cost_usd <= self.reserved

    @property
    def counts(self) -> Decimal:
        return self.reserved if self.open else self.spent if self.kept else Decimal(0)


class Spenders(RuleBasedStateMachine):
    """One store; a model of its own knows what was reserved and spent."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = Store.open(self.new_url())
        self.now = NOON.replace(hour=20)
        self.limits: dict[tuple[str, str, str], Decimal] = {}
        self.courses: list[Course] = []
        self.runs = 0

    @staticmethod
    def new_url() -> str:
        return "sqlite://"

    def teardown(self) -> None:
        self.store.close()
        self.runner.close()

    @initialize(usd=CENTS, period=st.sampled_from(Period))
    def first_limit(self, usd: str, period: Period) -> None:
        self.set_limit(("everybody", ""), usd, period)

    @rule(place=st.sampled_from(PLACES), usd=CENTS, period=st.sampled_from(Period))
    def set_limit(self, place: tuple[str, str], usd: str, period: Period) -> None:
        limit = Limit(Scope(place[0]), period, Decimal(usd), place[1])
        self.runner.run(keep(self.store, limit))
        self.limits[(*place, period.value)] = limit.usd

    @precondition(lambda self: len(self.limits) > 1)
    @rule(which=st.integers(0, 99))
    def remove_limit(self, which: int) -> None:
        key = sorted(self.limits)[which % len(self.limits)]
        del self.limits[key]
        scope, subject, period = key
        self._write(lambda connection: limits.remove(connection, Scope(scope), subject, Period(period)))

    @rule(
        payer=st.builds(Payer, USERS, STUDIES, st.sampled_from((False, False, True))),
        budget=st.none() | CENTS,
        count=st.integers(1, 3),
    )
    def ask(self, payer: Payer, budget: str | None, count: int) -> None:
        self.runs += 1
        before, kept = None if payer.free else self._left(payer, self._day), self._keeping
        wanted = None if budget is None else Decimal(budget)
        try:
            begun = self.runner.run(begin(self.store, f"r{self.runs}", budget, payer, self.now, count))
        except Overspent:
            assert not _fits(wanted, count, before), "who is refused could not have been let in"
            return
        assert _fits(wanted, count, before), "more was let in than is left"
        for one in begun:
            usd = one.limits.usd
            assert usd is not None or before is None, "under a limit every run has a budget"
            reserved = Decimal(0) if payer.free else usd or Decimal(0)
            self.courses.append(Course(one, payer, self._day, reserved, kept=kept))
        reserved = sum((one.reserved for one in self.courses[-count:]), Decimal(0))
        assert before is None or reserved <= max(before, Decimal(0)), "no limit is passed"

    @rule(user=USERS, budget=st.sampled_from(("0.2", "0.4")))
    def ask_much(self, user: str, budget: str) -> None:
        """What is left becomes little soon."""
        self.ask(Payer(user), budget, 2)

    @precondition(lambda self: self._of("running"))
    @rule(which=st.integers(0, 99), cents=st.integers(0, 40), simulated=st.booleans())
    def spend(self, which: int, cents: int, simulated: bool) -> None:
        course = self._one("running", which)
        step = paid(len(course.trajectory.steps), f"{Decimal(cents) / 100}", simulated=simulated)
        self.runner.run(self.store.keep_step(course.trajectory.id, step))
        course.trajectory = replace(course.trajectory, steps=(*course.trajectory.steps, step))
        course.spent += 0 if simulated else Decimal(cents) / 100

    @precondition(lambda self: self._of("running"))
    @rule(which=st.integers(0, 99), twice=st.booleans())
    def finish(self, which: int, twice: bool) -> None:
        course = self._one("running", which)
        self._finish(course)
        if twice:
            self._finish(course)

    @precondition(lambda self: self._of("running"))
    @rule()
    def crash(self) -> None:
        self._write(trajectories.mark_interrupted)
        for course in self._of("running"):
            course.state = "interrupted"

    @precondition(lambda self: self._of("interrupted"))
    @rule(which=st.integers(0, 99), user=USERS)
    def resume(self, which: int, user: str) -> None:
        course = self._one("interrupted", which)
        if not course.covered:
            self._again(course, Payer(user, course.payer.study))
            return
        before = self._left(course.payer, course.day)
        try:
            usd = self.runner.run(self.store.reopen(course.trajectory.id, Payer(user)))
        except Overspent:
            assert before is not None
            assert before < 0
            return
        assert before is None or before >= 0
        assert usd == course.trajectory.limits.usd
        course.state = "running"

    @rule(payer=st.builds(Payer, USERS, STUDIES, st.booleans()), budget=st.none() | CENTS, settled=st.booleans())
    def crash_and_resume(self, payer: Payer, budget: str | None, settled: bool) -> None:
        """A run is begun, interrupted, perhaps settled, and goes on: with real models, whatever it began with."""
        count = len(self.courses)
        self.ask(payer, budget, 1)
        if len(self.courses) == count:
            return
        self.crash()
        if settled:
            self.settle_left()
        self.resume(len(self._of("interrupted")) - 1, payer.user)

    def _again(self, course: Course, payer: Payer) -> None:
        """It is settled, now or already, and reserves anew on the day of the machine that this runs on."""
        settled, course.settled = course.settled, True
        before, limit = self._left(payer, TODAY), course.trajectory.limits.usd
        wanted = None if limit is None else max(limit - course.trajectory.cost_usd, Decimal(0))
        try:
            usd = self.runner.run(self.store.reopen(course.trajectory.id, Payer(payer.user)))
        except Overspent:
            assert not _fits(wanted, 1, before), "who is refused could not have been let in"
            course.settled = settled
            return
        assert _fits(wanted, 1, before), "more was let in than is left"
        course.state = "over"
        assert usd is not None or before is None, "under a limit every run has a budget"
        mine = Course(course.trajectory, payer, TODAY, Decimal(0))
        if usd is not None:
            mine.trajectory = replace(course.trajectory, limits=replace(course.trajectory.limits, usd=usd))
            mine.reserved = max(usd - course.trajectory.cost_usd, Decimal(0))
        assert wanted is None or mine.reserved == wanted
        assert before is None or mine.reserved <= max(before, Decimal(0)), "no limit is passed"
        self.courses.append(mine)

    @precondition(lambda self: self._of("interrupted"))
    @rule(which=st.integers(0, 99))
    def end_by_hand(self, which: int) -> None:
        """This works whatever limits and the kill switch say."""
        course = self._one("interrupted", which)
        self.runner.run(self.store.reopen(course.trajectory.id))
        self.runner.run(self.store.finish(replace(course.trajectory, stop_reason=StopReason.CANCELLED)))
        course.state, course.settled = "finished", True

    @rule()
    def settle_left(self) -> None:
        cleared = self.runner.run(settle_left(self.store, self.now, interrupted=True))
        open_ones = [course for course in self._of("interrupted") if course.open]
        assert sorted(one.trajectory for one in cleared) == sorted(one.trajectory.id for one in open_ones)
        for course in open_ones:
            course.settled = True

    @rule(hours=st.integers(1, 9))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(user=USERS, which=st.integers(0, 99))
    def stop_everything_for_a_moment(self, user: str, which: int) -> None:
        """While the kill switch is on nothing begins, and what runs can end."""
        self._write(lambda connection: turn_on(connection, "test", Actor("root"), self.now))
        with pytest.raises(RunsStopped):
            self.runner.run(begin(self.store, "stopped", "0", Payer(user), self.now))
        if self._of("interrupted"):
            with pytest.raises(RunsStopped):
                self.runner.run(self.store.reopen(self._one("interrupted", which).trajectory.id, Payer(user)))
        if self._of("running"):
            self._finish(self._one("running", which))
        self._write(turn_off)

    @invariant()
    def nothing_drifts(self) -> None:
        for scope, subject in ((Scope.EVERYBODY, ""), (Scope.USER, "ann"), (Scope.USER, "bob"), (Scope.STUDY, "s1")):
            for day in {None, *(course.day for course in self.courses)}:
                of_it = [one for one in self.courses if self._counts(one, scope, subject) and day in (None, one.day)]
                kept = self.store.read(lambda connection, which=(scope, subject, day): amounts.used(connection, *which))
                spent = sum((one.counts for one in of_it if not one.open), Decimal(0))
                assert kept == Used(spent, sum((one.counts for one in of_it if one.open), Decimal(0)))

    def _finish(self, course: Course) -> None:
        self.runner.run(self.store.finish(replace(course.trajectory, stop_reason=StopReason.TURNS)))
        course.state, course.settled = "finished", True

    def _left(self, payer: Payer, day: str) -> Decimal | None:
        """What is left under the tightest limit, as this test reckons it."""
        found = []
        for (scope, subject, period), usd in self.limits.items():
            whom = {"everybody": "", "user": payer.user, "study": payer.study}[scope]
            own = subject != EACH or (scope, whom, period) not in self.limits
            if whom is None or not own or subject not in (whom, EACH):
                continue
            of_it = (one for one in self.courses if self._counts(one, Scope(scope), whom))
            found.append(usd - sum(one.counts for one in of_it if period == "total" or one.day == day))
        return min(found, default=None)

    @staticmethod
    def _counts(course: Course, scope: Scope, subject: str) -> bool:
        whose = {Scope.EVERYBODY: "", Scope.USER: course.payer.user, Scope.STUDY: course.payer.study}
        return whose[scope] == subject

    @property
    def _keeping(self) -> bool:
        """Whether reservations are kept: there is a limit, or there was one when something ran."""
        return bool(self.limits) or any(course.kept for course in self.courses)

    @property
    def _day(self) -> str:
        return self.now.date().isoformat()

    def _of(self, state: str) -> list[Course]:
        return [course for course in self.courses if course.state == state]

    def _one(self, state: str, which: int) -> Course:
        found = self._of(state)
        return found[which % len(found)]

    def _write(self, work: Callable[..., object]) -> None:
        self.runner.run(self.store.write(work))


def _fits(wanted: Decimal | None, count: int, left: Decimal | None) -> bool:
    """Whether so many runs may begin with that budget each, or without one, where so much is left."""
    if left is None:
        return True
    return left / count >= LEAST_USD if wanted is None else wanted * count <= max(left, Decimal(0))


def test_no_limit_is_passed_and_no_cent_is_lost_whatever_happens() -> None:
    run_state_machine_as_test(Spenders, settings=settings(max_examples=8, stateful_step_count=25, deadline=None))


def test_the_same_on_postgresql(migrated: str, postgres: str) -> None:
    class OnPostgreSQL(Spenders):
        @staticmethod
        def new_url() -> str:
            return new_database(postgres, template=migrated)

    run_state_machine_as_test(OnPostgreSQL, settings=settings(max_examples=5, stateful_step_count=25, deadline=None))
